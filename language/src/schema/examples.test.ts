import { describe, expect, it } from "vitest";
import { inCluster, messages } from "../testing/fixtures.ts";
import { blocks } from "./blocks.ts";
import { blockExamples } from "./examples.ts";

describe("examples of blocks", () => {
  it("there is one for every kind, and none for anything else", () => {
    expect([...blockExamples.keys()].toSorted()).toEqual(blocks.map((block) => block.keyword).toSorted());
  });

  it.each([...blockExamples])("%s is a sound program, and shows the block", (keyword, example) => {
    expect(messages(inCluster(example))).toEqual([]);
    expect(example).toMatch(new RegExp(`^ *${keyword}\\b`, "m"));
  });
});
