/** One mistake gives one message: programs with a single random edit. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenize } from "../lexer/lexer.ts";
import { journey } from "../testing/fixtures.ts";
import { checkProgram } from "./check.ts";

const shop = readFileSync(new URL("../../../examples/shop/shop.knet", import.meta.url), "utf8");
const manual = readFileSync(new URL("../../../docs/language.md", import.meta.url), "utf8");

/** The examples of the manual that are programs by themselves. */
const examples = [...manual.matchAll(/^```knet\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "").filter((text) => checkProgram("t.knet", text).diagnostics.length === 0);
const programs: readonly string[] = [journey, shop, ...examples];

interface Edit {
  readonly text: string;
  /** What was done, for the message of a failure. */
  readonly what: string;
}

/** A slip of the hand: a word or sign lost, doubled, exchanged with its neighbour or written as another one; a letter lost, doubled, or wrong. */
const edits: fc.Arbitrary<Edit> = fc
  .record({ text: fc.constantFrom(...programs), at: fc.nat(), kind: fc.constantFrom("lose", "double", "swap", "replace", "lose letter", "double letter", "swap letters", "wrong letter"), other: fc.nat() })
  .map(({ text, at, kind, other }) => {
    const { tokens } = tokenize("t.knet", text);
    const i = at % tokens.length;
    const token = tokens[i] ?? { start: 0, end: 0, text: "" };
    const after = tokens[i + 1] ?? token;
    // Nobody exchanges the words at a line break by a slip.
    const next = text.slice(token.end, after.start).includes("\n") ? token : after;
    const letter = token.start + (other % Math.max(1, token.text.length));
    const put = (start: number, end: number, by: string): Edit => ({ text: text.slice(0, start) + by + text.slice(end), what: `${kind}: ${text.slice(Math.max(0, start - 24), start)}⟦${text.slice(start, end)} → ${by}⟧${text.slice(end, end + 16)}` });
    switch (kind) {
      case "lose":
        return put(token.start, token.end, "");
      case "double":
        return put(token.end, token.end, ` ${token.text}`);
      case "swap":
        return next === token ? put(token.start, token.end, "") : put(token.start, next.end, next.text + text.slice(token.end, next.start) + token.text);
      case "replace":
        return put(token.start, token.end, tokens[other % tokens.length]?.text ?? "");
      case "lose letter":
        return put(letter, letter + 1, "");
      case "double letter":
        return put(letter, letter, text.slice(letter, letter + 1));
      case "swap letters":
        return text.slice(letter, letter + 2).includes("\n") ? put(letter, letter + 1, "") : put(letter, letter + 2, text.charAt(letter + 1) + text.charAt(letter));
      default:
        return put(letter, letter + 1, "qz7-".charAt(other % 4));
    }
  });

describe("one random edit of a good program", () => {
  it("gives at most one message nearly always, and never more than three", () => {
    const sample = fc.sample(edits, { seed: 20261122, numRuns: 600 });
    const counts = new Map<number, number>();
    const worst: string[] = [];
    for (const { text, what } of sample) {
      const { diagnostics } = checkProgram("t.knet", text);
      counts.set(diagnostics.length, (counts.get(diagnostics.length) ?? 0) + 1);
      if (diagnostics.length > 1) worst.push(`${diagnostics.length}× ${JSON.stringify(what)}\n${diagnostics.map(({ code, message }) => `      ${code} ${message}`).join("\n")}`);
    }
    const distribution = [...counts].sort(([x], [y]) => x - y).map(([messages, times]) => `${messages} messages: ${times} edits`);
    const few = (counts.get(0) ?? 0) + (counts.get(1) ?? 0);
    const report = [...distribution, ...worst.sort().reverse()].join("\n");
    expect(few / sample.length, report).toBeGreaterThanOrEqual(0.95);
    expect(Math.max(...counts.keys()), report).toBeLessThanOrEqual(3);
  });
});
