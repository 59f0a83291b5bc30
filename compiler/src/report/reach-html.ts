/** `knet reach --format html`: one self-contained page. */
import type { ReachReport } from "../reach/types.ts";
import { escapeText, textElement } from "./markup.ts";
import { code, htmlPage, htmlTable, tableRow } from "./page.ts";
import { allowedText, detourTexts, endpointName, reachSummary, rowsOf } from "./reach-view.ts";

const stylesheet = "body{max-width:80rem}small,ul{color:var(--dim)}\n";

/** The page, ending in a line break. It loads nothing and runs nothing. */
export function reachHtml(report: ReachReport): string {
  const rows = rowsOf(report).map(({ connection, from, to }) => {
    const ways = detourTexts(connection).map((way) => `<br/>${textElement("small", {}, `by ${way}`)}`);
    const allowed = [code(allowedText(connection.allowed)), ...ways, ...sentences(connection.explanation)];
    return tableRow([code(endpointName(from)), code(endpointName(to)), allowed.join("")]);
  });
  const refused = report.refusals.map(({ from, to, explanation }) =>
    tableRow([code(from), code(to), ["nothing", ...sentences(explanation)].join("")]),
  );
  return htmlPage({
    title: `Reachability: ${reachSummary(report)}`,
    stylesheet,
    body: [htmlTable(["From", "To", "Ports"], [...rows, ...refused]), `<ul>${report.notes.map((note) => textElement("li", {}, note)).join("")}</ul>`],
  });
}

function sentences(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `<br/><small>${escapeText(text)}</small>`);
}
