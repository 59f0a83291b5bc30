/** `knet trace --format html`: one self-contained page with the picture and every step. */
import { formatIp } from "@knet/language/values";
import { element, escapeText, textElement } from "./markup.ts";
import { formatPacket } from "./packets.ts";
import { code, htmlPage, htmlTable, tableCell, tableRow } from "./page.ts";
import { traceSvg } from "./trace-svg.ts";
import { percent, verdictSentence, verdictWords } from "./trace-text.ts";
import type { ArtifactRef, SourceRef, Story, StoryLookup, StoryStep } from "./types.ts";
import { isQuiet } from "./visits.ts";

const stylesheet = `body{max-width:100rem}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}
.verdict{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}.dim{color:var(--dim)}
svg{max-width:none;height:auto}
td.number{text-align:right;color:var(--dim)}tr.quiet{opacity:.6}tr.phase th{padding-top:.9rem}
@media print{tr.quiet{opacity:1}.scroll{overflow:visible}svg{max-width:100%}}
`;

/** The page, ending in a line break. It loads nothing and runs nothing. */
export function traceHtml(story: Story): string {
  const { from, to, protocol, port, lookup, choices, verdict, decidedBy } = story;
  const title = `${from} → ${to}, ${port}/${protocol}`;
  const body = [
    textElement("p", { class: `verdict ${verdict === "delivered" ? "good" : "bad"}` }, verdictSentence(story)),
    ...(decidedBy === null ? [] : [`<p>${because(decidedBy.artifact === null ? [] : [decidedBy.artifact], decidedBy.source)}</p>`]),
    element("div", { class: "scroll" }, [traceSvg(story)]),
    ...(lookup === null ? [] : [lookupSection(lookup)]),
    "<h2>Steps</h2>",
    stepsTable(story.steps),
    ...(choices.length === 0 ? [] : [choicesSection(story)]),
  ];
  return htmlPage({ title, stylesheet, pictures: true, body });
}

function lookupSection(lookup: StoryLookup): string {
  const rows = lookup.queries.map((query) =>
    tableRow([code(query.name), code(query.type), code(query.status === "NOERROR" ? query.answers.join(", ") : query.status)]),
  );
  const asked = `${lookup.name} at ${formatIp(lookup.server)}, search path ${lookup.search.length === 0 ? "empty" : lookup.search.join(" ")}; queries: ${verdictWords(lookup.verdict)}`;
  return [
    "<h2>Name lookup</h2>",
    `<p>${escapeText(asked)}${lookup.source === null ? "" : `<br/>${because([], lookup.source)}`}</p>`,
    htmlTable(["Name", "Type", "Answer"], rows),
    ...(lookup.steps.length === 0 ? [] : [stepsTable(lookup.steps)]),
  ].join("\n");
}

function choicesSection(story: Story): string {
  const rows = story.choices.map((choice) =>
    tableRow([
      code(choice.name),
      code(choice.address),
      percent(choice.probability),
      `${escapeText(verdictWords(choice.verdict))}${choice.chosen ? " (shown here)" : ""}`,
    ]),
  );
  return ["<h2>Chosen at random among</h2>", htmlTable(["Backend", "Address", "Probability", "Verdict"], rows)].join("\n");
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
      tableCell(escapeText(step.where)),
      tableCell(escapeText(step.layer)),
      tableCell([escapeText(step.did), ...(now === packet ? [] : [code(now)])].join("<br/>")),
      tableCell(because(step.artifacts, step.source)),
    ];
    rows.push(`<tr${quiet ? ' class="quiet"' : ""}>${cells.join("")}</tr>`);
    packet = now;
  }
  return htmlTable(["", "Where", "Layer", "What happened", "Why"], rows);
}

function because(artifacts: readonly ArtifactRef[], source: SourceRef | null): string {
  const lines = artifacts.map(
    (artifact) => `<span class="dim">${escapeText(`${artifact.file}:${artifact.line}`)}</span> ${code(artifact.text)}`,
  );
  if (source !== null)
    lines.push(`<span class="dim">${escapeText(`${source.file}:${source.line}`)}</span> ${escapeText(source.name)} ${code(source.text)}`);
  return lines.join("<br/>");
}
