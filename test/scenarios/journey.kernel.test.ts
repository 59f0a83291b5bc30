import { labSupport, openLab } from "@knet/compiler";
import type { LabProbeResult } from "@knet/compiler";
import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { scenarios } from "./journey-scenarios.ts";
import { blockedAlike, compileScenario, intendedEnds, journeysOf, kernelEnds, kernelProbes, simulatedEnds } from "./scenario.ts";
import type { Expectation } from "./scenario.ts";

const support = labSupport();
const why = support.available ? "" : ` (skipped: ${support.reason})`;

function title({ from, to, on, size, ends }: Expectation): string {
  return `${from} → ${to} ${on}${size === undefined ? "" : ` with ${size} bytes`}: ${ends.join(" or ")}`;
}

describe.each(scenarios)("the journey, $name", (scenario) => {
  const compilation = compileScenario(scenario);

  it("should end as written for the simulator", () => {
    const said = scenario.expect.map((expectation) => [title(expectation), simulatedEnds(journeysOf(compilation, expectation))]);
    expect(said).toEqual(scenario.expect.map((expectation) => [title(expectation), expectation.ends.toSorted()]));
  });

  it("should end as written for the intent judge", () => {
    const judged = scenario.expect.filter((expectation) => expectation.open !== true);
    const said = judged.map((expectation) => [title(expectation), intendedEnds(compilation, expectation)]);
    expect(said).toEqual(judged.map((expectation) => [title(expectation), blockedAlike(expectation.ends)]));
  });

  it.skipIf(!support.available)(`should end as written for the kernel${why}`, async () => {
    await using lab = await openLab(compilation.fabric);
    const probes = scenario.expect.flatMap((expectation, index) => kernelProbes(compilation, expectation, String(index)));
    const results = await lab.probe(probes);
    const of = (index: number): readonly LabProbeResult[] => results.filter((result) => result.id.startsWith(`${index}.`));
    const said = scenario.expect.map((expectation, index) => [title(expectation), kernelEnds(of(index))]);
    expect(said).toEqual(scenario.expect.map((expectation) => [title(expectation), expectation.ends.toSorted()]));
  });

  const seen = scenario.expect.filter((expectation) => expectation.sees !== undefined);
  if (seen.length > 0)
    it("should show the server the source as written", () => {
    for (const expectation of seen) {
      expect(journeysOf(compilation, expectation).map((journey) => (journey.sourceSeen === null ? null : formatIp(journey.sourceSeen)))).toEqual([expectation.sees]);
    }
  });
});
