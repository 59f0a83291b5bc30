import { describe, expect, it } from "vitest";
import { cookedEntry, GoRandom } from "./go-random.ts";
import { fnv1, startIndex } from "./start-index.ts";

describe("Go's random source", () => {
  it("computes Go's constant table", () => {
    const started = performance.now();
    expect([0, 1, 2, 3, 606].map(cookedEntry)).toEqual([
      -4181792142133755926n,
      -4576982950128230565n,
      1395769623340756751n,
      5333664234075297259n,
      4152330101494654406n,
    ]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("draws Go's stream for seed 1", () => {
    const random = new GoRandom(1n);
    expect(Array.from({ length: 6 }, () => random.uint32())).toEqual([
      2596996162, 4039455774, 2854263694, 1879968118, 1823804162, 2949882636,
    ]);
  });

  it("seeds modulo 2^31 - 1, with Go's substitute for zero", () => {
    const draw = (seed: bigint): number => new GoRandom(seed).uint32();
    expect(draw(2n ** 31n)).toBe(draw(1n));
    expect(draw(-(2n ** 31n - 2n))).toBe(draw(1n));
    expect(draw(0n)).toBe(draw(89482311n));
  });

  it("stays below limits of more than one word", () => {
    const limit = 1n << 74n;
    const random = new GoRandom(7n);
    const draws = Array.from({ length: 50 }, () => random.below(limit));
    expect(draws.every((value) => value >= 0n && value < limit)).toBe(true);
    expect(draws.some((value) => value >= 1n << 64n)).toBe(true);
    expect(new GoRandom(7n).below(1n)).toBe(0n);
  });
});

describe("the first block of a node", () => {
  const vectors: readonly (readonly [string, number, bigint, bigint])[] = [
    ["node1", 3957252814, 666n, 154n],
    ["node2", 3957252813, 416n, 44n],
    ["node3", 3957252812, 540n, 28n],
    ["node-1", 568266919, 338n, 25n],
    ["node-2", 568266916, 988n, 5n],
    ["master", 4056684167, 877n, 134n],
    ["kind-control-plane", 2016776422, 328n, 232n],
    ["kind-worker", 801257890, 650n, 138n],
    ["kind-worker2", 3502291508, 442n, 104n],
    ["k8s-node-01", 2308525672, 619n, 127n],
  ];

  it.each(vectors)("of %s is what Calico chooses", (node, hash, of1024, of256) => {
    expect(fnv1(node)).toBe(hash);
    expect(startIndex(node, 1024n, false)).toBe(of1024);
    expect(startIndex(node, 256n, false)).toBe(of256);
  });

  it("is index 0 when blocks hold one address", () => {
    expect(startIndex("node1", 1024n, true)).toBe(0n);
  });
});
