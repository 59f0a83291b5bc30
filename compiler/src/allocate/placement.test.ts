import { describe, expect, it } from "vitest";
import { placePods, spreadReplicas } from "./placement.ts";

const names = (prefix: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function loads(placed: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const node of placed.values()) counts.set(node, (counts.get(node) ?? 0) + 1);
  return counts;
}

describe("pods without a node", () => {
  const pods = names("shop/p", 3000);

  it("go where their name says, whatever the order of pods and nodes", () => {
    const placed = placePods(pods, names("n", 10));
    expect(placePods(pods.toReversed(), names("n", 10).toReversed())).toEqual(new Map(placed));
    expect(Math.min(...loads(placed).values())).toBeGreaterThan(150);
  });

  it("mostly stay where they are when a node joins", () => {
    const before = placePods(pods, names("n", 10));
    const after = placePods(pods, names("n", 11));
    const moved = pods.filter((pod) => before.get(pod) !== after.get(pod));
    expect(moved.every((pod) => after.get(pod) === "n10")).toBe(true);
    expect(moved.length).toBeLessThan(600);
  });

  it("stay where the lock has them while that node is there", () => {
    const held = new Map([
      ["shop/p0", "n3"],
      ["shop/p1", "gone"],
    ]);
    const placed = placePods(["shop/p0", "shop/p1"], names("n", 5), held);
    expect(placed.get("shop/p0")).toBe("n3");
    expect(placed.get("shop/p1")).toBe(placePods(["shop/p1"], names("n", 5)).get("shop/p1"));
  });

  it("are not placed without nodes", () => {
    expect(placePods(pods, []).size).toBe(0);
  });
});

describe("replicas of a workload", () => {
  const pods = names("shop/web-", 7);

  it("go round the nodes in name order", () => {
    const placed = spreadReplicas({ workload: "shop/web", pods, nodes: ["c", "a", "b"] });
    const order = pods.map((pod) => placed.get(pod));
    expect([...loads(placed).values()].toSorted((x, y) => x - y)).toEqual([2, 2, 3]);
    const start = ["a", "b", "c"].indexOf(order[0] ?? "");
    expect(order).toEqual(pods.map((_, i) => ["a", "b", "c"][(start + i) % 3]));
  });

  it("fill up what the lock left uneven", () => {
    const held = new Map([
      ["shop/web-0", "a"],
      ["shop/web-1", "a"],
      ["shop/web-2", "gone"],
    ]);
    const placed = spreadReplicas({ workload: "shop/web", pods, nodes: ["a", "b", "c"], held });
    expect([placed.get("shop/web-0"), placed.get("shop/web-1")]).toEqual(["a", "a"]);
    expect([...loads(placed).values()].toSorted((x, y) => x - y)).toEqual([2, 2, 3]);
  });

  it("need a node", () => {
    expect(spreadReplicas({ workload: "shop/web", pods, nodes: [] }).size).toBe(0);
  });
});
