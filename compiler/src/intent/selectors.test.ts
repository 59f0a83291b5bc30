import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LabelSelector, Namespace, Pod } from "../model/types.ts";
import { matchesSelector, SelectorIndex } from "./selectors.ts";
import { origin, pod, selector } from "./testing/cluster.ts";

describe("a label selector", () => {
  it("is a conjunction, and empty it selects everything", () => {
    expect(matchesSelector(selector("app=web,tier=front"), { app: "web", tier: "front" })).toBe(true);
    expect(matchesSelector(selector("app=web,tier=front"), { app: "web" })).toBe(false);
    expect(matchesSelector(selector(""), {})).toBe(true);
  });

  it("In needs the key, NotIn holds without it", () => {
    expect(matchesSelector(selector("app in web api"), { app: "api" })).toBe(true);
    expect(matchesSelector(selector("app in web api"), {})).toBe(false);
    expect(matchesSelector(selector("app notin web api"), {})).toBe(true);
    expect(matchesSelector(selector("app notin web api"), { app: "web" })).toBe(false);
  });

  it("Exists and DoesNotExist look at the key alone, whatever its value", () => {
    expect(matchesSelector(selector("app"), { app: "" })).toBe(true);
    expect(matchesSelector(selector("!app"), { app: "" })).toBe(false);
    expect(matchesSelector(selector("!app"), { tier: "x" })).toBe(true);
  });

  it("takes only labels for labels, not what every object has", () => {
    expect(matchesSelector(selector("constructor"), {})).toBe(false);
    expect(matchesSelector(selector("!toString"), {})).toBe(true);
  });
});

describe("the index", () => {
  const namespaces: readonly Namespace[] = [
    { name: "shop", labels: { team: "a" }, origin: origin("shop") },
    { name: "batch", labels: { team: "b" }, origin: origin("batch") },
    { name: "lab", labels: {}, origin: origin("lab") },
  ];
  const web = pod("shop/web", "a1", "10.10.1.1", { labels: { app: "web" } });
  const job = pod("batch/job", "a1", "10.10.1.2", { labels: { app: "web" } });
  const toy = pod("lab/toy", "a1", "10.10.1.3", { labels: { app: "toy" } });
  const index = new SelectorIndex(namespaces, [web, job, toy]);

  it("keeps to one namespace", () => {
    expect(index.pods("shop", selector("app=web"))).toEqual([web]);
    expect(index.pods("nowhere", selector(""))).toEqual([]);
  });

  it("reads a peer without namespace selector in the policy's own namespace", () => {
    expect([...index.peers("batch", selector("app=web"), null)]).toEqual([job]);
  });

  it("reads a peer with both selectors as those pods in those namespaces", () => {
    expect([...index.peers("lab", selector("app=web"), selector("team=a"))]).toEqual([web]);
    expect([...index.peers("lab", selector("app=toy"), selector("team"))]).toEqual([]);
  });

  it("reads a peer with a namespace selector alone as all pods of those namespaces", () => {
    expect([...index.peers("lab", null, selector("team"))]).toEqual([web, job]);
    expect([...index.peers("lab", null, selector(""))]).toEqual([web, job, toy]);
  });

  it("finds what a look at every pod finds", () => {
    const key = fc.constantFrom("app", "tier", "x");
    const value = fc.constantFrom("a", "b", "");
    const requirement = fc.oneof(
      fc.record({ key, operator: fc.constantFrom("In" as const, "NotIn" as const), values: fc.array(value, { maxLength: 2 }) }),
      fc.record({ key, operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const) }),
    );
    const somePods = fc.array(fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true }), { maxLength: 8 });
    fc.assert(
      fc.property(somePods, fc.array(requirement, { maxLength: 3 }), (labels, requirements) => {
        const all: readonly Pod[] = labels.map((each, i) => pod(`shop/p${i}`, "a1", `10.10.1.${i + 1}`, { labels: each }));
        const wanted: LabelSelector = { requirements };
        const found = new SelectorIndex(namespaces, all).pods("shop", wanted);
        expect(found).toEqual(all.filter((each) => matchesSelector(wanted, each.labels)));
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});
