/** The frame of a report that is one self-contained page. */
import { textElement } from "./markup.ts";

const light = "color-scheme:light dark;--paper:#fff;--ink:#1d2733;--dim:#5b6573;--line:#d3d9e1;--head:#f4f6f9;--good:#0a7a48;--bad:#b3261e";
const dark = "--paper:#0f141b;--ink:#e6ebf2;--dim:#9aa6b5;--line:#323d4b;--head:#161d27;--good:#6fdca6;--bad:#ff9a92";

/** What every page has: colours for light and dark, text, tables and code. */
const common = `
:root{${light}}
@media (prefers-color-scheme: dark){:root{${dark}}}
body{margin:1.5rem auto;padding:0 1rem;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.35rem;margin:0 0 .5rem}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
th{background:var(--head);font-weight:600}code{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
`;

export interface Page {
  /** Also the heading. */
  readonly title: string;
  /** Rules of this kind of page, each line ended by a line break. */
  readonly stylesheet: string;
  /** Whether pictures inside the page (`data:`) may be shown. */
  readonly pictures?: boolean;
  /** Markup behind the heading. */
  readonly body: readonly string[];
}

/** The page, ending in a line break. It loads nothing and runs nothing. */
export function htmlPage({ title, stylesheet, pictures = false, body }: Page): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'${pictures ? "; img-src data:" : ""}`;
  return [
    "<!DOCTYPE html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8"/>',
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    `<meta http-equiv="Content-Security-Policy" content="${policy}"/>`,
    textElement("title", {}, title),
    `<style>${common}${stylesheet}</style>`,
    "</head>",
    "<body>",
    textElement("h1", {}, title),
    ...body,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** `rows` are markup, as {@link tableRow} makes it. */
export function htmlTable(titles: readonly string[], rows: readonly string[]): string {
  const head = titles.map((title) => textElement("th", { scope: "col" }, title)).join("");
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join("\n")}\n</tbody>\n</table></div>`;
}

/** The cells are markup. */
export function tableRow(cells: readonly string[]): string {
  return `<tr>${cells.map(tableCell).join("")}</tr>`;
}

export function tableCell(markup: string): string {
  return `<td>${markup}</td>`;
}

export function code(text: string): string {
  return textElement("code", {}, text);
}
