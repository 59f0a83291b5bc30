"""Runs the tools of Linux.

A thread that is inside a host's namespace starts tools there without ip-netns: children inherit the namespace of the
thread that starts them.
"""

import os
import subprocess

# Seconds that one tool may take: loading 430,000 rules takes some twelve.
TOOL_TIMEOUT = 120


def run_tool(argv, text=None, env=None):
    """(exit status, standard output, standard error) of a tool in the namespace of the calling thread."""
    try:
        done = subprocess.run(
            argv,
            input=None if text is None else text.encode(),
            stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=TOOL_TIMEOUT,
            env=dict(os.environ, **(env or {})),
        )
    except FileNotFoundError:
        return 127, "", "%s is not installed" % argv[0]
    except subprocess.TimeoutExpired:
        return 124, "", "%s did not end within %d s" % (argv[0], TOOL_TIMEOUT)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
