/** `knet check --format pretty`: code frames and one line that counts them. */
import type { CheckView } from "./check-view.ts";
import { codeFrame, countBySeverity, inOrder } from "./diagnostics.ts";
import { plainReportStyle } from "./style.ts";
import type { ReportStyle } from "./style.ts";
import { counted } from "./words.ts";

/** Ends in a line break; the summary is the last line, behind a hint when repairs can be applied. */
export function checkPretty(view: CheckView, style: ReportStyle = plainReportStyle): string {
  const { files, diagnostics, sources } = view;
  if (diagnostics.length === 0) return `${style.good(`no problems in ${counted(files.length, "file")}`)}\n`;
  const frames = inOrder(diagnostics).map((diagnostic) => `${codeFrame(diagnostic, sources, style.frame)}\n`);
  const fixable = diagnostics.filter((diagnostic) => diagnostic.fixes.some((fix) => fix.safe)).length;
  const hint = fixable === 0 ? "" : `${style.dim(`${counted(fixable, "problem")} can be repaired with --fix`)}\n`;
  const summary = checkSummary(view);
  return `${frames.join("")}${hint}${countBySeverity(diagnostics).error > 0 ? style.bad(summary) : style.warning(summary)}\n`;
}

/** `2 errors, 1 warning in 1 file`: files that have any. */
export function checkSummary({ diagnostics }: CheckView): string {
  const counts = countBySeverity(diagnostics);
  const parts = [
    ...(counts.error > 0 ? [counted(counts.error, "error")] : []),
    ...(counts.warning > 0 ? [counted(counts.warning, "warning")] : []),
  ];
  const files = new Set(diagnostics.map((diagnostic) => diagnostic.span.file)).size;
  return parts.length === 0 ? "no problems" : `${parts.join(", ")} in ${counted(files, "file")}`;
}
