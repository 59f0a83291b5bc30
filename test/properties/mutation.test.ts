/** Deliberate faults in generated dataplanes: the judges must tell them. */
import { readFileSync } from "node:fs";
import { compileText, drawFault, faultSites, mutateClusters, randomFrom, scoreOf } from "@knet/compiler/testing";
import { describe, expect, it } from "vitest";

const journey = readFileSync(new URL("../../examples/journey/journey.knet", import.meta.url), "utf8");
const committed: unknown = JSON.parse(readFileSync(new URL("mutation-score.json", import.meta.url), "utf8"));

function committedScore(): number {
  if (typeof committed === "object" && committed !== null && "total" in committed) {
    const { total } = committed;
    if (typeof total === "object" && total !== null && "score" in total && typeof total.score === "number") return total.score;
  }
  throw new Error("mutation-score.json has no total score");
}

/** What chance may take from so small a part of the large trial: one fault of its two dozen or so that tell. */
const tolerance = 0.04;

describe("faults in generated rules, routes and sets", () => {
  it("should be told by the judges as often as in the large trial", { timeout: 120_000 }, () => {
    const { total, caughtBy } = mutateClusters({ seed: 20261122, texts: [journey], clusters: 1, faults: 70, flows: 1200 });
    process.stderr.write(
      `faults: ${JSON.stringify(total)}, caught by flows ${JSON.stringify(caughtBy)}, score ${scoreOf(total).toFixed(3)}, committed ${committedScore().toFixed(3)}\n`,
    );
    expect(scoreOf(total)).toBeGreaterThanOrEqual(committedScore() - tolerance);
  });

  it("should be drawn from every rule, route and set member of every host", () => {
    const { fabric } = compileText(journey);
    const sites = faultSites(fabric);
    const dataplanes = fabric.hosts.filter((host) => !host.sharesParent).map((host) => fabric.dataplane(host.id));
    const count = (of: string): number => sites.filter((site) => site.of === of).length;
    const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
    const lines = dataplanes.flatMap((dataplane) => dataplane.iptables.flatMap((file) => file.tables.flatMap((table) => table.rules)));
    expect([count("rule"), count("route"), count("set member")]).toEqual([
      lines.filter((line) => line.operation !== "delete-chain").length,
      sum(dataplanes.map((dataplane) => dataplane.routes.length)),
      sum(dataplanes.map((dataplane) => sum(dataplane.ipsets.map((set) => set.members.length)))),
    ]);
  });

  it("should change one place of one host and nothing else", () => {
    const { fabric } = compileText(journey);
    const random = randomFrom(7);
    const sites = faultSites(fabric);
    const wrong: string[] = [];
    for (let n = 0; n < 100; n++) {
      const site = random.pick(sites);
      const fault = drawFault(fabric, site, random);
      if (fault === null) continue;
      for (const host of fabric.hosts) {
        const isSame = fault.fabric.dataplane(host.id) === fabric.dataplane(host.id);
        const isAtFault = host.id === site.host || (host.sharesParent && host.parent === site.host);
        if (isSame === isAtFault) wrong.push(`${fault.text}: ${host.id}`);
      }
      const before = JSON.stringify(fabric.dataplane(site.host));
      if (JSON.stringify(fault.fabric.dataplane(site.host)) === before) wrong.push(`${fault.text} changes nothing`);
    }
    expect(wrong).toEqual([]);
  });
});
