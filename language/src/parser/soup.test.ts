import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../testing/fixtures.ts";
import { faultOf } from "../testing/fuzz.ts";

describe("any text", () => {
  it("is read and checked within a second, without a crash, into a tree that holds all of it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(faultOf(text)).toBeNull();
      }),
      { seed: 20261122, numRuns: 2000 },
    );
  });
});
