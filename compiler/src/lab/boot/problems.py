"""What is told of a file, a parameter or a listener that was refused."""


class LoadProblem(Exception):
    """A tool refused a file; the argument is what is reported."""

    def __init__(self, problem):
        super().__init__(problem["message"])
        self.problem = problem


def problem_of(namespace, name, text, line, message):
    lines = text.split("\n")
    return {
        "namespace": namespace,
        "file": name,
        "line": line,
        "text": lines[line - 1] if line is not None and 0 < line <= len(lines) else None,
        "message": message.strip(),
    }
