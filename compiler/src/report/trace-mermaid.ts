/** `knet trace --format mermaid`: a sequence diagram for documents that render Mermaid. */
import { printable } from "./columns.ts";
import { formatPacket } from "./packets.ts";
import { laneKey, lanesOf } from "./lanes.ts";
import { lookupSentence, verdictSentence } from "./trace-text.ts";
import type { Story } from "./types.ts";
import { isDrawn, isQuiet, visitsOf } from "./visits.ts";
import type { Visit } from "./visits.ts";

/** The diagram, ending in a line break. */
export function traceMermaid(story: Story): string {
  const visits = visitsOf(story.steps);
  const lanes = lanesOf(visits);
  const id = new Map(lanes.map((lane, index) => [lane.key, `h${index}`]));
  const of = (visit: Visit | undefined): string => (visit === undefined ? undefined : id.get(laneKey(visit))) ?? "h0";
  const out = ["sequenceDiagram", "  autonumber"];

  let group: string | null = null;
  for (const lane of lanes) {
    const shared = lanes.some((other) => other.group === lane.group && other.key !== lane.key);
    const next = shared ? lane.group : null;
    if (group !== null && group !== next) out.push("  end");
    // Mermaid would read a group's first word as its colour.
    if (next !== null && group !== next)
      out.push(`  box transparent ${escapeMermaid(lanes.find(({ key }) => key === next)?.where ?? next)}`);
    group = next;
    out.push(`  ${shared ? "  " : ""}participant ${id.get(lane.key) ?? "h0"} as ${escapeMermaid(lane.where)}`);
  }
  if (group !== null) out.push("  end");
  // Nothing was sent: only the one who would have sent is there.
  if (lanes.length === 0) out.push(`  participant h0 as ${escapeMermaid(story.from)}`);

  if (story.lookup !== null) {
    out.push(`  Note over ${of(visits[0])}: ${escapeMermaid(lookupSentence(story.lookup))}`);
  }
  for (const [index, visit] of visits.entries()) {
    const words = visit.steps.filter((step) => isDrawn(step) && !isQuiet(step)).map((step) => escapeMermaid(step.did));
    if (words.length > 0) out.push(`  Note over ${of(visit)}: ${words.join("<br/>")}`);
    const next = visits[index + 1];
    const packet = visit.steps.at(-1)?.packet;
    if (next === undefined || packet === undefined || next.phase !== visit.phase) continue;
    out.push(`  ${of(visit)}${visit.phase === "reply" ? "-->>" : "->>"}${of(next)}: ${escapeMermaid(formatPacket(packet))}`);
  }
  out.push(`  Note over ${of(visits.at(-1))}: ${escapeMermaid(verdictSentence(story))}`);
  return `${out.join("\n")}\n`;
}

/** Characters that end a statement, start a comment or become markup are written as Mermaid's entity codes. */
export function escapeMermaid(text: string): string {
  return printable(text).replaceAll(/[#;<>%"&{}\\]/gu, (character) => `#${character.charCodeAt(0)};`);
}
