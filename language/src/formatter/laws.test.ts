/** What holds for every file that can be formatted. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "../parser/parse.ts";
import { tokenize } from "../lexer/lexer.ts";
import { anyText, journey } from "../testing/fixtures.ts";
import { anyProgram as printedProgram } from "../testing/programs.ts";
import { applyEdits } from "../text/edit.ts";
import { defaultFormat } from "./options.ts";
import { format } from "./format.ts";
import { coveringDeclarations, formatEdits, formatRange } from "./range.ts";
import { sameProgram } from "./same.ts";
import { anyProgram as spacedProgram, respaced, samples } from "./testing.ts";

const runs = { seed: 20261122, numRuns: 200 };
/** Some with line breaks, remarks and empty lines in odd places, some with every form of value and statement. */
const anyProgram = fc.oneof(spacedProgram, printedProgram);
const widths = fc.constantFrom(140, 80, 30);

/** The formatted text; null for a text with errors, which no law is about. */
function formatted(text: string, printWidth = 140): string | null {
  if (parse("t.knet", text).diagnostics.length > 0) return null;
  const done = format("t.knet", text, { ...defaultFormat, printWidth });
  return done.ok ? done.text : null;
}

/** Formats a text that has no errors. */
function clean(text: string, printWidth = 140): string {
  const done = format("t.knet", text, { ...defaultFormat, printWidth });
  if (!done.ok) throw new Error(`${done.diagnostics.map(({ message }) => message).join("; ")}\n${text}`);
  return done.text;
}

function expectSame(text: string, other: string): void {
  expect(sameProgram(parse("t.knet", text).tree, parse("t.knet", other).tree), `${text}\n=>\n${other}`).toBe(true);
}

const numbers = fc.infiniteStream(fc.nat(3));
const chooser = (stream: Iterator<number>) => (): number => Number(stream.next().value);

describe("a formatted file", () => {
  it("should be what it is when it is formatted again", () => {
    fc.assert(
      fc.property(anyProgram, widths, (text, width) => {
        const once = formatted(text, width);
        fc.pre(once !== null);
        expect(clean(once ?? "", width)).toBe(once);
      }),
      runs,
    );
  });

  it("should say what it said, with every comment", () => {
    fc.assert(
      fc.property(anyProgram, widths, (text, width) => {
        const once = formatted(text, width);
        fc.pre(once !== null);
        expectSame(text, once ?? "");
      }),
      runs,
    );
  });

  it("should be the same text however the file was spaced", () => {
    fc.assert(
      fc.property(fc.oneof(anyProgram, fc.constantFrom(...samples, journey)), numbers, widths, (text, stream, width) => {
        const once = formatted(text, width);
        fc.pre(once !== null);
        expect(clean(respaced(text, chooser(stream)), width)).toBe(once);
      }),
      runs,
    );
  });

  it("should be the same text for LF, CRLF and CR", () => {
    fc.assert(
      fc.property(anyProgram, (text) => {
        const once = formatted(text);
        fc.pre(once !== null);
        expect(clean(text.replaceAll("\n", "\r\n"))).toBe(once);
        expect(clean(text.replaceAll("\n", "\r"))).toBe(once);
      }),
      runs,
    );
  });

  it("should have no line that ends in white space, no two empty lines, and no tabs", () => {
    fc.assert(
      fc.property(anyProgram, widths, (text, width) => {
        const once = formatted(text, width);
        fc.pre(once !== null);
        expect(once).not.toMatch(/[ \t]\n|\n\n\n|\t|^\n|\n\n$/);
      }),
      runs,
    );
  });
});

describe("any text", () => {
  /** Its tokens but for commas, and for what the formatter puts right. */
  const wordsOf = (text: string): readonly string[] =>
    tokenize("t.knet", text.replaceAll(/\r\n?/g, "\n"))
      .tokens.filter((token) => token.text !== ",")
      .map((token) => (token.text === ":" ? "=" : token.text.replaceAll(/^['"]|["']$|\\/g, "")));

  it("should be refused or formatted without losing a word, and then be what it is when it is formatted again", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const done = format("t.knet", text);
        if (!done.ok) {
          expect(done.diagnostics.length).toBeGreaterThan(0);
          return;
        }
        expect(wordsOf(done.text)).toEqual(wordsOf(text));
        expect(clean(done.text)).toBe(done.text);
      }),
      { ...runs, numRuns: 1000 },
    );
  });
});

describe("a comment", () => {
  const small = samples.flatMap((text) => {
    const gaps = [0, ...tokenize("t.knet", text).tokens.map((token) => token.end)];
    return gaps.flatMap((at) => [" // here\n", "\n// here\n", "\n\n// here\n\n"].map((put) => text.slice(0, at) + put + text.slice(at)));
  });
  const accepted = small.filter((text) => parse("t.knet", text).diagnostics.length === 0);

  it("should survive and stay where it is in every gap between two tokens that can hold one", () => {
    expect(accepted.length).toBeGreaterThan(small.length / 2);
    for (const [i, text] of accepted.entries()) {
      const width = i % 2 === 0 ? 140 : 40;
      const once = clean(text, width);
      expect(once.match(/\/\/ here/g), text).toHaveLength(1);
      expect(clean(once, width), `${text}\n=>\n${once}`).toBe(once);
      expectSame(text, once);
    }
  });

  it("should survive together with others in neighbouring gaps", () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.infiniteStream(fc.nat(9)), widths, (sample, stream, width) => {
        let text = "";
        let edge = 0;
        for (const token of tokenize("t.knet", sample).tokens) {
          text += sample.slice(edge, token.end);
          edge = token.end;
          const choice = Number(stream.next().value);
          const put = choice === 0 ? " // one\n" : choice === 1 ? "\n// two\n" : choice === 2 ? " // three\n\n/// four\n" : "";
          if (put !== "" && parse("t.knet", text + put + sample.slice(edge)).diagnostics.length === 0) text += put;
        }
        text += sample.slice(edge);
        const once = clean(text, width);
        expect(clean(once, width), `${text}\n=>\n${once}`).toBe(once);
        expectSame(text, once);
      }),
      runs,
    );
  });
});

describe("formatting a range", () => {
  const mangled = fc
    .tuple(fc.oneof(anyProgram, fc.constantFrom(...samples, journey)), numbers)
    .map(([text, stream]) => respaced(text, chooser(stream)));

  it("should change nothing outside the declarations that cover it, and say the same", () => {
    fc.assert(
      fc.property(mangled, fc.nat(), fc.nat(200), (text, at, length) => {
        const parsed = parse("t.knet", text);
        fc.pre(parsed.diagnostics.length === 0);
        const start = at % (text.length + 1);
        const end = Math.min(text.length, start + length);
        const edits = formatRange(parsed.tree, start, end);
        const covered = coveringDeclarations(parsed.tree, start, end);
        for (const { span } of edits) {
          expect(span.start).toBeGreaterThanOrEqual(covered?.start ?? Number.POSITIVE_INFINITY);
          expect(span.end).toBeLessThanOrEqual(covered?.end ?? -1);
        }
        expectSame(text, applyEdits(text, edits));
      }),
      runs,
    );
  });

  it("should give the formatted file where the range is all of it", () => {
    fc.assert(
      fc.property(mangled, (text) => {
        const parsed = parse("t.knet", text);
        fc.pre(parsed.diagnostics.length === 0);
        expect(applyEdits(text, formatEdits(parsed.tree))).toBe(clean(text));
      }),
      runs,
    );
  });

  it("should have nothing to do in a formatted file", () => {
    fc.assert(
      fc.property(anyProgram, fc.nat(), (text, at) => {
        const once = formatted(text);
        fc.pre(once !== null);
        const parsed = parse("t.knet", once ?? "");
        expect(formatEdits(parsed.tree)).toEqual([]);
        expect(formatRange(parsed.tree, at % ((once ?? "").length + 1), (once ?? "").length)).toEqual([]);
      }),
      runs,
    );
  });
});
