/** `knet reach --format html`: one self-contained page. */
import type { ReachReport } from "../reach/types.ts";
import { escapeText, textElement } from "./markup.ts";
import { allowedText, detourTexts, endpointName, reachSummary, rowsOf } from "./reach-view.ts";

const stylesheet = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2733;--dim:#5b6573;--line:#d3d9e1;--head:#f4f6f9}
@media (prefers-color-scheme: dark){:root{--paper:#0f141b;--ink:#e6ebf2;--dim:#9aa6b5;--line:#323d4b;--head:#161d27}}
body{margin:1.5rem auto;max-width:80rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.35rem;margin:0 0 .6rem}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
th{background:var(--head);font-weight:600}code{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
small,ul{color:var(--dim)}
`;

const policy = "default-src 'none'; style-src 'unsafe-inline'";

/** The page, ending in a line break. It loads nothing and runs nothing. */
export function reachHtml(report: ReachReport): string {
  const rows = rowsOf(report).map(({ connection, from, to }) => {
    const ways = detourTexts(connection).map((way) => `<br/>${textElement("small", {}, `by ${way}`)}`);
    return row(
      code(endpointName(from)),
      code(endpointName(to)),
      [code(allowedText(connection.allowed)), ...ways, ...sentences(connection.explanation)].join(""),
    );
  });
  const refused = report.refusals.map(({ from, to, explanation }) =>
    row(code(from), code(to), ["nothing", ...sentences(explanation)].join("")),
  );
  const title = `Reachability: ${reachSummary(report)}`;
  return [
    "<!DOCTYPE html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8"/>',
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    `<meta http-equiv="Content-Security-Policy" content="${policy}"/>`,
    textElement("title", {}, title),
    `<style>${stylesheet}</style>`,
    "</head>",
    "<body>",
    textElement("h1", {}, title),
    `<div class="scroll"><table>\n<thead><tr>${["From", "To", "Ports"].map((name) => textElement("th", { scope: "col" }, name)).join("")}</tr></thead>`,
    `<tbody>\n${[...rows, ...refused].join("\n")}\n</tbody>\n</table></div>`,
    `<ul>${report.notes.map((note) => textElement("li", {}, note)).join("")}</ul>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function row(...cells: readonly string[]): string {
  return `<tr>${cells.map((markup) => `<td>${markup}</td>`).join("")}</tr>`;
}

function code(text: string): string {
  return textElement("code", {}, text);
}

function sentences(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `<br/><small>${escapeText(text)}</small>`);
}
