/** `knet trace --format html`: one self-contained page with the picture and every step. */
import { formatIp } from "@knet/language/values";
import { element, escapeText, textElement } from "./markup.ts";
import { formatPacket } from "./packets.ts";
import { traceSvg } from "./trace-svg.ts";
import { percent, verdictSentence, verdictWords } from "./trace-text.ts";
import type { ArtifactRef, SourceRef, Story, StoryLookup, StoryStep } from "./types.ts";
import { isQuiet } from "./visits.ts";

const stylesheet = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2733;--dim:#5b6573;--line:#d3d9e1;--head:#f4f6f9;--good:#0a7a48;--bad:#b3261e}
@media (prefers-color-scheme: dark){:root{--paper:#0f141b;--ink:#e6ebf2;--dim:#9aa6b5;--line:#323d4b;--head:#161d27;--good:#6fdca6;--bad:#ff9a92}}
body{margin:1.5rem auto;max-width:100rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.35rem;margin:0 0 .3rem}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}
.verdict{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}.dim{color:var(--dim)}
.scroll{overflow-x:auto}svg{max-width:none;height:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
th{background:var(--head);font-weight:600}code{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
td.number{text-align:right;color:var(--dim)}tr.quiet{opacity:.6}tr.phase th{padding-top:.9rem}
@media print{tr.quiet{opacity:1}.scroll{overflow:visible}svg{max-width:100%}}
`;

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The page, ending in a line break. It loads nothing and runs nothing. */
export function traceHtml(story: Story): string {
  const { from, to, protocol, port, lookup, choices, verdict, decidedBy } = story;
  const title = `${from} → ${to}, ${port}/${protocol}`;
  const body = [
    textElement("h1", {}, title),
    textElement("p", { class: `verdict ${verdict === "delivered" ? "good" : "bad"}` }, verdictSentence(story)),
    ...(decidedBy === null ? [] : [`<p>${because(decidedBy.artifact === null ? [] : [decidedBy.artifact], decidedBy.source)}</p>`]),
    element("div", { class: "scroll" }, [traceSvg(story)]),
    ...(lookup === null ? [] : [lookupSection(lookup)]),
    "<h2>Steps</h2>",
    stepsTable(story.steps),
    ...(choices.length === 0 ? [] : [choicesSection(story)]),
  ];
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
    ...body,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function lookupSection(lookup: StoryLookup): string {
  const rows = lookup.queries.map((query) =>
    row([code(query.name), code(query.type), code(query.status === "NOERROR" ? query.answers.join(", ") : query.status)]),
  );
  const asked = `${lookup.name} at ${formatIp(lookup.server)}, search path ${lookup.search.length === 0 ? "empty" : lookup.search.join(" ")}; queries: ${verdictWords(lookup.verdict)}`;
  return [
    "<h2>Name lookup</h2>",
    `<p>${escapeText(asked)}${lookup.source === null ? "" : `<br/>${because([], lookup.source)}`}</p>`,
    table(["Name", "Type", "Answer"], rows),
    ...(lookup.steps.length === 0 ? [] : [stepsTable(lookup.steps)]),
  ].join("\n");
}

function choicesSection(story: Story): string {
  const rows = story.choices.map((choice) =>
    row([
      code(choice.name),
      code(choice.address),
      percent(choice.probability),
      `${escapeText(verdictWords(choice.verdict))}${choice.chosen ? " (shown here)" : ""}`,
    ]),
  );
  return ["<h2>Chosen at random among</h2>", table(["Backend", "Address", "Probability", "Verdict"], rows)].join("\n");
}

const headings: Readonly<Record<StoryStep["phase"], string>> = { dns: "Query", request: "Request", reply: "Reply" };

function stepsTable(steps: readonly StoryStep[]): string {
  const rows: string[] = [];
  let phase: StoryStep["phase"] | null = null;
  let packet = "";
  for (const [index, step] of steps.entries()) {
    if (step.phase !== phase) rows.push(`<tr class="phase"><th colspan="5">${headings[step.phase]}</th></tr>`);
    ({ phase } = step);
    const now = formatPacket(step.packet);
    const quiet = isQuiet(step) && now === packet;
    const cells = [
      `<td class="number">${index + 1}</td>`,
      cell(escapeText(step.where)),
      cell(escapeText(step.layer)),
      cell([escapeText(step.did), ...(now === packet ? [] : [code(now)])].join("<br/>")),
      cell(because(step.artifacts, step.source)),
    ];
    rows.push(`<tr${quiet ? ' class="quiet"' : ""}>${cells.join("")}</tr>`);
    packet = now;
  }
  return table(["", "Where", "Layer", "What happened", "Why"], rows);
}

function because(artifacts: readonly ArtifactRef[], source: SourceRef | null): string {
  const lines = artifacts.map(
    (artifact) => `<span class="dim">${escapeText(`${artifact.file}:${artifact.line}`)}</span> ${code(artifact.text)}`,
  );
  if (source !== null)
    lines.push(`<span class="dim">${escapeText(`${source.file}:${source.line}`)}</span> ${escapeText(source.name)} ${code(source.text)}`);
  return lines.join("<br/>");
}

function table(titles: readonly string[], rows: readonly string[]): string {
  const head = titles.map((title) => textElement("th", { scope: "col" }, title)).join("");
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join("\n")}\n</tbody>\n</table></div>`;
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map(cell).join("")}</tr>`;
}

function cell(markup: string): string {
  return `<td>${markup}</td>`;
}

function code(text: string): string {
  return textElement("code", {}, text);
}
