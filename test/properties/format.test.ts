/** The laws of the formatter over random clusters, which are programs that mean something. */
import * as fc from "fast-check";
import { checkSource } from "@knet/compiler";
import { clusterSketch, printSketch } from "@knet/compiler/testing";
import { parse } from "@knet/language";
import { defaultFormat, format, sameProgram } from "@knet/language/formatter";
import { describe, expect, it } from "vitest";

const runs = { seed: 20261122, numRuns: 200 };

function formatted(text: string, printWidth: number): string {
  const done = format("random.knet", text, { ...defaultFormat, printWidth });
  if (!done.ok) throw new Error(done.diagnostics.map(({ message }) => message).join("; "));
  return done.text;
}

describe("a random cluster", () => {
  it("should be formatted once and for all, and say the same in every width", () => {
    fc.assert(
      fc.property(clusterSketch(), fc.constantFrom(140, 60, 30), (sketch, width) => {
        const text = printSketch(sketch);
        const once = formatted(text, width);
        expect(formatted(once, width)).toBe(once);
        expect(sameProgram(parse("random.knet", text).tree, parse("random.knet", once).tree)).toBe(true);
        expect(formatted(once.replaceAll("\n", "\r\n"), width)).toBe(once);
      }),
      runs,
    );
  });

  it("should get the same messages before and after", () => {
    const said = (text: string): readonly string[] =>
      checkSource("random.knet", text, null).diagnostics.map(({ code, message }) => `${code} ${message}`);
    fc.assert(
      fc.property(clusterSketch(), (sketch) => {
        const text = printSketch(sketch);
        expect(said(formatted(text, 60))).toEqual(said(text));
      }),
      { ...runs, numRuns: 30 },
    );
  });
});
