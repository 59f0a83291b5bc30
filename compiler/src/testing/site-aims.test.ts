import { readFileSync } from "node:fs";
import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { chosenFlowText } from "./chosen-flow.ts";
import { faultSites } from "./faults.ts";
import type { FaultSite } from "./faults.ts";
import { SiteAims } from "./site-aims.ts";
import { compileText } from "./trial.ts";

const journey = readFileSync(new URL("../../../examples/journey/journey.knet", import.meta.url), "utf8");
const compilation = compileText(journey);
const sites = faultSites(compilation.fabric);

function site(found: (site: FaultSite) => boolean): FaultSite {
  const first = sites.find(found);
  if (first === undefined) throw new Error("the journey has such a place");
  return first;
}

describe("flows aimed at one place", () => {
  const aims = new SiteAims(compilation);

  it("should ask for the address and the port of a service's rule, and the ports beside it", () => {
    const flows = aims.at(
      site(
        (each) => each.of === "rule" && each.host === "node/node-a" && /-d 172\.16\.10\.10 .*--dport 80 .*-j KUBE-SVC/.test(each.line.text),
      ),
    );
    const asked = flows.filter(({ dst }) => formatIp(dst) === "172.16.10.10").map(({ port, protocol }) => `${port}/${protocol}`);
    expect([...new Set(asked)].toSorted()).toEqual(["79/tcp", "80/tcp", "81/tcp"]);
  });

  it("should send to what a route leads to, or have answers take it", () => {
    // node-b's block of the pool, seen from node-a.
    const of = site((each) => each.of === "route" && each.host === "node/node-a" && each.route.link === "vxlan.calico");
    if (of.of !== "route") throw new Error("it is a route");
    const [first] = formatIp(of.route.destination.ip).split(/\.\d+$/);
    const flows = aims.at(of);
    const there = compilation.model.pods.filter((pod) => pod.addresses.some((ip) => formatIp(ip).startsWith(`${first ?? "?"}.`)));
    const names = new Set(there.map((pod) => `pod/${pod.namespace}/${pod.name}`));
    expect(there.length).toBeGreaterThan(0);
    expect(flows.filter(({ from, dst }) => !names.has(from) && !formatIp(dst).startsWith(`${first ?? "?"}.`))).toEqual([]);
  });

  it("should be the same for the same place, whatever was aimed at before", () => {
    const [one, other] = [sites[3], sites[40]];
    if (one === undefined || other === undefined) throw new Error("the journey has places");
    const texts = (of: FaultSite): readonly string[] => new SiteAims(compilation).at(of).map(chosenFlowText);
    const after = new SiteAims(compilation);
    after.at(other);
    expect(after.at(one).map(chosenFlowText)).toEqual(texts(one));
  });
});
