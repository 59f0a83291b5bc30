import { labSupport, openLab } from "@knet/compiler";
import type { LabProbeResult } from "@knet/compiler";
import { disagreementText, judge } from "@knet/compiler/testing";
import { formatIp } from "@knet/language/values";
import { describe, it } from "vitest";
import { scenarios } from "./journey-scenarios.ts";
import { blockedAlike, compileScenario, flowOf, intendedEnds, journeysOf, kernelEnds, kernelProbes, simulatedEnds } from "./scenario.ts";
import type { Expectation } from "./scenario.ts";

const support = labSupport();
const why = support.available ? "" : ` (skipped: ${support.reason})`;

function title({ from, to, on, size, ends }: Expectation): string {
  return `${from} → ${to} ${on}${size === undefined ? "" : ` with ${size} bytes`}: ${ends.join(" or ")}`;
}

// Their laboratories wait most of their time, so that several are open at once.
describe.concurrent.each(scenarios)("the journey, $name", (scenario) => {
  const compilation = compileScenario(scenario);
  const judged = scenario.expect.filter((expectation) => expectation.open !== true);

  it("should end as written for the simulator", ({ expect }) => {
    const said = scenario.expect.map((expectation) => [title(expectation), simulatedEnds(journeysOf(compilation, expectation))]);
    expect(said).toEqual(scenario.expect.map((expectation) => [title(expectation), expectation.ends.toSorted()]));
  });

  it("should end as written for the intent judge", ({ expect }) => {
    const said = judged.map((expectation) => [title(expectation), intendedEnds(compilation, expectation)]);
    expect(said).toEqual(judged.map((expectation) => [title(expectation), blockedAlike(expectation.ends)]));
  });

  it.skipIf(!support.available)(`should end as written for the kernel${why}`, async ({ expect }) => {
    await using lab = await openLab(compilation.fabric);
    const probes = scenario.expect.flatMap((expectation, index) => kernelProbes(compilation, expectation, String(index)));
    const results = await lab.probe(probes);
    const of = (index: number): readonly LabProbeResult[] => results.filter((result) => result.id.startsWith(`${index}.`));
    const said = scenario.expect.map((expectation, index) => [title(expectation), kernelEnds(of(index))]);
    expect(said).toEqual(scenario.expect.map((expectation) => [title(expectation), expectation.ends.toSorted()]));
  });

  it("should end alike for the simulator and the intent judge, with the same source before the same server", ({ expect }) => {
    const flows = judged.map((expectation) => flowOf(compilation, expectation));
    expect(judge(compilation.scenario, flows).disagreements.map(disagreementText)).toEqual([]);
  });

  const seen = scenario.expect.filter((expectation) => expectation.sees !== undefined);
  if (seen.length > 0)
    it("should show the server the source as written, to both judges", ({ expect }) => {
      for (const expectation of seen) {
        const simulated = journeysOf(compilation, expectation).map(({ sourceSeen }) => (sourceSeen === null ? null : formatIp(sourceSeen)));
        const { outcomes } = compilation.scenario.intent.ask(flowOf(compilation, expectation));
        expect([simulated, outcomes.flatMap(({ sources }) => sources.map(formatIp))]).toEqual([[expectation.sees], [expectation.sees]]);
      }
    });
});
