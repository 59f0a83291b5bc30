/** `knet reach --format md`: for job summaries and comments on pull requests. */
import type { ReachReport } from "../reach/types.ts";
import { allowedText, detourTexts, endpointName, reachSummary, rowsOf } from "./reach-view.ts";
import { escapeMarkdown } from "./verify-markdown.ts";

/** A table, the explanations behind it, what is taken for granted. Ends in a line break. */
export function reachMarkdown(report: ReachReport): string {
  const rows = rowsOf(report);
  const out = [`**${escapeMarkdown(reachSummary(report))}**`];
  if (rows.length > 0) {
    const lines = rows.map(({ connection, from, to }) => {
      const ports = [allowedText(connection.allowed), ...detourTexts(connection).map((way) => `by ${way}`)].join("; ");
      return `| ${[endpointName(from), endpointName(to), ports].map(escapeMarkdown).join(" | ")} |`;
    });
    out.push(["| From | To | Ports |", "| --- | --- | --- |", ...lines].join("\n"));
  }
  const explained = [...report.connections, ...report.refusals].filter(({ explanation }) => explanation.length > 0);
  const sentences = explained.map(
    ({ from, to, explanation }) =>
      `- ${escapeMarkdown(`${from} → ${to}`)}\n${explanation.map((sentence) => `  - ${escapeMarkdown(sentence)}`).join("\n")}`,
  );
  if (sentences.length > 0) out.push("### Why", sentences.join("\n"));
  if (report.notes.length > 0) out.push(report.notes.map((note) => `- ${escapeMarkdown(note)}`).join("\n"));
  return `${out.join("\n\n")}\n`;
}
