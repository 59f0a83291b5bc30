/** Clusters on which judges once disagreed, and the journey: they agree. */
import { readdirSync, readFileSync } from "node:fs";
import { compileText, disagreementText, flowsOf, judge, randomFrom } from "@knet/compiler/testing";
import { describe, expect, it } from "vitest";

const folder = new URL("../regressions/", import.meta.url);
const programs = [
  { name: "examples/journey/journey.knet", url: new URL("../../examples/journey/journey.knet", import.meta.url) },
  ...readdirSync(folder)
    .filter((name) => name.endsWith(".knet"))
    .toSorted()
    .map((name) => ({ name: `test/regressions/${name}`, url: new URL(name, folder) })),
];

describe("intent and simulator", () => {
  it.each(programs)("should agree on $name", ({ name, url }) => {
    const compilation = compileText(readFileSync(url, "utf8"), name);
    const { disagreements, compared } = judge(compilation.scenario, flowsOf(compilation, randomFrom(1), { limit: 1200 }));
    expect(disagreements.map(disagreementText)).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });
});
