import { describe, expect, it } from "vitest";
import { agrees, repeatsFor } from "./kernel.ts";

const outcomes = (...entries: readonly (readonly [string, number])[]): ReadonlyMap<string, number> => new Map(entries);

describe("how often the kernel is asked", () => {
  it("should be once where there is one outcome", () => {
    expect(repeatsFor(outcomes(["ok", 1]))).toBe(1);
  });

  it("should miss an outcome with less than 10⁻⁶, whatever its probability", () => {
    // (1/2)²⁰ = 9.5 · 10⁻⁷; (3/4)⁴⁸ = 1.006 · 10⁻⁶ and (3/4)⁴⁹ = 7.5 · 10⁻⁷; (7/8)¹⁰⁴ = 9.3 · 10⁻⁷.
    expect(repeatsFor(outcomes(["a", 0.5], ["b", 0.5]))).toBe(20);
    expect(repeatsFor(outcomes(["a", 0.75], ["b", 0.25]))).toBe(49);
    expect(repeatsFor(outcomes(["a", 0.875], ["b", 0.125]))).toBe(104);
  });

  it("should be bounded, and then not insist on what is too rare", () => {
    const rare = outcomes(["a", 0.99], ["b", 0.01]);
    expect(repeatsFor(rare)).toBe(300);
    expect(agrees(rare, new Set(["a"]))).toBe(true);
    expect(agrees(rare, new Set(["b"]))).toBe(false);
  });

  it("should insist on every outcome that the repeats must show, and on no other", () => {
    const even = outcomes(["a", 0.5], ["b", 0.5]);
    expect(agrees(even, new Set(["a", "b"]))).toBe(true);
    expect(agrees(even, new Set(["a"]))).toBe(false);
    expect(agrees(even, new Set(["a", "b", "timeout"]))).toBe(false);
  });
});
