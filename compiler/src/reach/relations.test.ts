import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EndpointClass, Member } from "./classes.ts";
import { nobody } from "./rules.ts";
import { relations, relationsBetween, representativePairs } from "./relations.ts";

const subnets = [["n-0", "n-1"], ["n-2", "n-3"], ["n-4"]];
const nodes = subnets.flat();

/** A class with pods on these nodes, one for each mention. */
function classOn(id: number, on: readonly string[]): EndpointClass {
  const members = on.map((node, index): Member => ({ host: `pod/x/${id}-${index}`, server: `pod/x/${id}-${index}`, name: `${id}-${index}`, addresses: [], node, pod: null }));
  const byNode = new Map<string, Member[]>();
  for (const member of members) byNode.set(member.node ?? "", [...(byNode.get(member.node ?? "") ?? []), member]);
  const bySubnet = new Map<string, string[]>();
  for (const [index, names] of subnets.entries()) {
    const own = names.filter((name) => byNode.has(name));
    if (own.length > 0) bySubnet.set(`s-${index}`, own);
  }
  return { id, kind: "pod", members, byNode, bySubnet, families: [4], subject: nobody, pod: null, peers: new Map(), place: "", firewalls: [] };
}

function names(bits: number): readonly string[] {
  return relations.filter((_name, index) => (bits & (1 << index)) !== 0);
}

describe("how members of two classes can stand to each other", () => {
  it("should be what their nodes and subnets say", () => {
    const [a, b] = [classOn(0, ["n-0"]), classOn(1, ["n-0", "n-1"])];
    expect(names(relationsBetween(a, b))).toEqual(["node", "subnet"]);
    expect(names(relationsBetween(a, classOn(2, ["n-0"])))).toEqual(["node"]);
    expect(names(relationsBetween(a, classOn(2, ["n-4"])))).toEqual(["routed"]);
    // One pod is not two.
    expect(names(relationsBetween(a, a))).toEqual([]);
    expect(names(relationsBetween(b, b))).toEqual(["subnet"]);
  });

  it("should be the ways of which there is a pair to ask", () => {
    const placement = fc.array(fc.constantFrom(...nodes), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(placement, placement, fc.boolean(), fc.subarray(nodes), (x, y, isSame, known) => {
        const a = classOn(0, x);
        const b = isSame ? a : classOn(1, y);
        const asked = new Set<string>(representativePairs(a, b, new Set(known)).map(([relation]) => relation));
        expect(names(relationsBetween(a, b))).toEqual(relations.filter((relation) => asked.has(relation)));
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });
});
