/** `knet verify --format markdown`: for job summaries and comments on pull requests. */
import { printable } from "./columns.ts";
import { escapeText } from "./markup.ts";
import type { Sources } from "./diagnostics.ts";
import { traceText } from "./trace-text.ts";
import { becauseOf, disagreementMessage, witnessFacts } from "./verify-messages.ts";
import { howOf, verdictNames, verifySummary } from "./verify-view.ts";
import type { AssertionView, VerifyView } from "./verify-view.ts";

const marks = { holds: "✅", fails: "❌", "not-refuted": "❔", unknown: "❔" } as const;

/** A table of all assertions, then a block for each witness. Ends in a line break. */
export function verifyMarkdown(view: VerifyView): string {
  const { assertions, disagreements } = view;
  const out = [`**${escapeMarkdown(verifySummary(view))}**`];
  if (assertions.length > 0) {
    const rows = assertions.map((assertion) => {
      const how = assertion.reason === null ? howOf(assertion) : `${howOf(assertion)}: ${assertion.reason}`;
      return `| ${marks[assertion.verdict]} ${verdictNames[assertion.verdict]} | ${escapeMarkdown(assertion.title)} | ${escapeMarkdown(how)} |`;
    });
    out.push(["| Verdict | Assertion | How |", "| --- | --- | --- |", ...rows].join("\n"));
  }
  for (const assertion of assertions) if (assertion.witness !== null) out.push(witnessBlock(assertion, view.sources));
  if (disagreements.length > 0) {
    out.push("### Internal disagreement", "The generated rules do not do what the specifications say: a defect of knet. Please report it.");
    for (const disagreement of disagreements) {
      const traces = disagreement.stories.map((story) => traceText(story));
      out.push(
        escapeMarkdown(disagreementMessage(disagreement)),
        ...(traces.length === 0 ? [] : [details("Traces", fenced(traces.join("\n")))]),
      );
    }
  }
  return `${out.join("\n\n")}\n`;
}

function witnessBlock({ title, witness }: AssertionView, sources: Sources): string {
  if (witness === null) return "";
  const facts = witnessFacts(witness, sources).map((line) => `- ${codeSpan(line)}`);
  const because = becauseOf(witness);
  const said = [witness.summary, ...(because === null ? [] : [because])].map(escapeMarkdown);
  const parts = [`### ${escapeMarkdown(title)}`, ...said, facts.join("\n")];
  if (witness.story !== null) parts.push(details("Trace", fenced(traceText(witness.story))));
  return parts.join("\n\n");
}

function details(summary: string, content: string): string {
  return `<details><summary>${escapeText(summary)}</summary>\n\n${content}\n\n</details>`;
}

/** One line of plain text: everything that Markdown or HTML would read as markup is escaped. */
export function escapeMarkdown(text: string): string {
  return printable(text).replaceAll(/[\\`*_{}[\]<>#|~&@$]|^[-+=]|(?<=^\d+)[.)]/gu, (character) => {
    if (character === "<") return "&lt;";
    if (character === ">") return "&gt;";
    if (character === "&") return "&amp;";
    // A mention would call people who have nothing to do with it.
    if (character === "@") return "@\u2060";
    return `\\${character}`;
  });
}

/** A code span with as many backticks around it as its text needs. */
function codeSpan(text: string): string {
  const plain = printable(text);
  const fence = "`".repeat(longestRun(plain) + 1);
  const blank = plain.startsWith("`") || plain.endsWith("`") ? " " : "";
  return `${fence}${blank}${plain}${blank}${fence}`;
}

function fenced(text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/gu)].map((run) => run[0].length));
}
