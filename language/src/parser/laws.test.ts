import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenize } from "../lexer/lexer.ts";
import { declarationsOf, everyForm, lost, membersOf } from "../testing/fixtures.ts";
import { printProgram, shapeOf } from "../testing/print.ts";
import { anyMembers, anyProgram } from "../testing/programs.ts";
import { parse } from "./parse.ts";

const seed = 20261122;
const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, times) => all + times, 0);

describe("parse", () => {
  it("reads every program that is printed back as the tree it was printed from", () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        const { tree, diagnostics } = parse("t.knet", printProgram(members));
        expect(
          diagnostics.map(({ message }) => message),
          tree.text,
        ).toEqual([]);
        expect(shapeOf(tree.root.members)).toEqual(shapeOf(members));
      }),
      { seed, numRuns: 400 },
    );
  });

  it("reads the same from text with Windows line breaks, with a comment to each line, and with a blank line between any two", () => {
    fc.assert(
      fc.property(anyMembers, fc.constantFrom("\r\n", " // aside\n", "\n\n", "\n\t"), (members, separator) => {
        const text = printProgram(members);
        const { tree, diagnostics } = parse("t.knet", text.replaceAll("\n", separator));
        expect(diagnostics.map(({ message }) => message)).toEqual([]);
        expect(shapeOf(tree.root.members)).toEqual(shapeOf(members));
      }),
      { seed, numRuns: 200 },
    );
  });

  it("reads a file that has every form without a word", () => {
    expect(parse("t.knet", everyForm).diagnostics).toEqual([]);
  });

  it("keeps at least 95 % of the declarations when a token of any program is deleted, doubled or replaced", () => {
    let kept = 0;
    let all = 0;
    fc.assert(
      fc.property(
        anyProgram,
        fc.nat(),
        fc.constantFrom("", "}", "{", "[", "(", ",", "=", "foo", "for", "+", '"x"', "in"),
        (text, at, put) => {
          const { tokens } = tokenize("t.knet", text);
          const token = tokens[at % Math.max(1, tokens.length)];
          if (token === undefined) return;
          const damaged = `${text.slice(0, token.start)}${put} ${text.slice(token.end)}`;
          const before = membersOf(parse("t.knet", text).tree);
          // The member that the token belongs to is touched; all others are not.
          const untouched = sum(before) - 1;
          all += untouched;
          kept += Math.min(untouched, sum(before) - lost(before, membersOf(parse("t.knet", damaged).tree)));
        },
      ),
      { seed, numRuns: 600 },
    );
    expect(kept / all).toBeGreaterThan(0.95);
  });

  const tokens = tokenize("t.knet", everyForm).tokens;
  const before = declarationsOf(parse("t.knet", everyForm).tree);
  const declared = sum(before);

  it.each(["", "}", "{", ")", "(", "for", "if x", "==", "foo", '"${a}"', "else"])(
    "keeps 98 % of them when %j is put in place of a token",
    (put) => {
      let kept = 0;
      const some = tokens.filter((_, i) => i % 4 === put.length % 4);
      for (const token of some) {
        const damaged = `${everyForm.slice(0, token.start)}${put} ${everyForm.slice(token.end)}`;
        kept += declared - lost(before, declarationsOf(parse("t.knet", damaged).tree));
      }
      expect(kept / (some.length * declared)).toBeGreaterThan(0.98);
    },
  );

  it("keeps every earlier declaration while somebody types at the end of the file", () => {
    const lines = [
      'for i in 1..3 if i != 2 { node "w-${i}" in west',
      "if size == large { node a in b } else if not (x or y) { node b in c } else { node c in",
      "const hosts = [host(cidr, i + 1) for i in 1..3 if i > 1]",
      'param names map of list of string = { a = ["b"] } where length(names) > 0',
      "template pair { param cidr cidr where prefix(cidr) <= 24",
      "use racks.pair { first = even[0].cidr, second = if a then b else c",
      'import "lib/racks.knet" as racks with { count = 3',
    ];
    for (const line of lines) {
      for (let end = 1; end <= line.length; end++) {
        const after = declarationsOf(parse("t.knet", `${everyForm}${line.slice(0, end)}`).tree);
        expect(lost(before, after)).toBe(0);
      }
    }
    for (let end = 0; end <= everyForm.length; end += 3) {
      const whole = everyForm.lastIndexOf("\n}\n", end - 3);
      if (whole < 0) continue;
      const earlier = declarationsOf(parse("t.knet", everyForm.slice(0, whole + 3)).tree);
      expect(lost(earlier, declarationsOf(parse("t.knet", everyForm.slice(0, end)).tree))).toBe(0);
    }
  });

  it.each([
    ["parentheses", `const x = ${"(".repeat(10_000)}1${")".repeat(10_000)}`],
    ["open parentheses", `const x = ${"(".repeat(10_000)}`],
    ["calls", `const x = ${"f(".repeat(10_000)}1${")".repeat(10_000)}`],
    ["steps", `const x = a${"[0]".repeat(10_000)}`],
    ["sums", `const x = 1${" + 1".repeat(10_000)}`],
    ["negations", `const x = ${"not ".repeat(10_000)}a`],
    ["signs", `const x = ${"-".repeat(10_000)}1`],
    ["choices", `const x = ${"if a then b else ".repeat(10_000)}c`],
    ["conditions", `if a {} ${"else if b {} ".repeat(10_000)}`],
    ["lists of lists", `param x ${"list of ".repeat(10_000)}integer`],
    ["sums in parentheses", `const x = ${"(".repeat(100)}a${" + a + a + a)".repeat(100)}`],
    ["strings", `const x = "\${${"(".repeat(10_000)}1${")".repeat(10_000)}}"`],
    ["loops", "for i in xs { ".repeat(10_000)],
  ])("says once that %s are nested too deep, and goes on", (_, text) => {
    const { tree, diagnostics } = parse("t.knet", `${text}\nnode last in blue\n`);
    expect(new Set(diagnostics.map(({ name }) => name)).has("nesting-too-deep")).toBe(true);
    expect(diagnostics.filter(({ name }) => name === "nesting-too-deep")).toHaveLength(1);
    expect(() => JSON.stringify(tree.root)).not.toThrow();
  });
});
