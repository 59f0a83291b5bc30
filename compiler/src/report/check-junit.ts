/** `knet check --format junit`: a suite a file, a case a finding; a file without findings is one case that passed. */
import type { CheckView } from "./check-view.ts";
import { codeFrame, inOrder, rangeOfSpan } from "./diagnostics.ts";
import { junitXml } from "./junit.ts";
import type { JunitCase } from "./junit.ts";
import { plainReportStyle } from "./style.ts";

export interface CheckJunitOptions {
  /** Warnings fail as errors do. */
  readonly denyWarnings?: boolean;
}

export function checkJunit({ files, diagnostics, sources }: CheckView, options: CheckJunitOptions = {}): string {
  const ordered = inOrder(diagnostics);
  const names = [...new Set([...files, ...ordered.map((diagnostic) => diagnostic.span.file)])];
  const suites = names.map((file) => {
    const cases = ordered
      .filter((diagnostic) => diagnostic.span.file === file)
      .map((diagnostic): JunitCase => {
        const { line, column } = rangeOfSpan(diagnostic.span, sources).start;
        const text = codeFrame(diagnostic, sources, plainReportStyle.frame);
        const fails = diagnostic.severity === "error" || options.denyWarnings === true;
        return {
          name: `${diagnostic.code} at ${line}:${column}`,
          className: file,
          place: { file, line },
          outcome: fails
            ? { kind: "failed", type: diagnostic.severity, message: diagnostic.message, text }
            : { kind: "passed", output: text },
        };
      });
    const clean: JunitCase = { name: "no problems", className: file, place: { file, line: 1 }, outcome: { kind: "passed", output: null } };
    return { name: file, cases: cases.length === 0 ? [clean] : cases };
  });
  return junitXml(suites);
}
