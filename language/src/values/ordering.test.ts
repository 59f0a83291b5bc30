import { describe, expect, it } from "vitest";
import { compareText } from "./ordering.ts";

describe("the order of texts", () => {
  it("is by code units: digits, capitals, small letters, and only then letters with accents", () => {
    expect(["é", "b", "a10", "a2", "B", "ab", "", "10"].toSorted(compareText)).toEqual(["", "10", "B", "a10", "a2", "ab", "b", "é"]);
  });

  it("keeps equal texts where they are", () => {
    expect(compareText("web", "web")).toBe(0);
  });
});
