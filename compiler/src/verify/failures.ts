/** Which sets of things fail in "any k … fail". */
import * as fc from "fast-check";
import type { NetworkModel } from "../model/types.ts";
import type { Failures } from "./types.ts";

/** More combinations than this are sampled. */
const limit = 1000;

/**
 * Every set of `count` nodes or pods, in name order; when those are too many, `runs` of them drawn with the seed,
 * and `complete` is false.
 */
export function failureSets(
  model: NetworkModel,
  what: "node" | "pod",
  count: number,
  runs: number,
  seed: number,
): { readonly sets: readonly Failures[]; readonly complete: boolean } {
  const names = (what === "node" ? model.nodes.map((node) => node.name) : model.pods.map((pod) => `${pod.namespace}/${pod.name}`)).toSorted();
  const failures = (chosen: readonly string[]): Failures => (what === "node" ? { nodes: chosen, pods: [] } : { nodes: [], pods: chosen });
  if (combinationCount(names.length, count) <= limit) return { sets: [...combinations(names, count)].map(failures), complete: true };
  const drawn = fc.sample(fc.shuffledSubarray([...names], { minLength: count, maxLength: count }), { numRuns: runs, seed });
  return { sets: drawn.map((chosen) => failures(chosen.toSorted())), complete: false };
}

function combinationCount(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) {
    result = (result * (n - k + i)) / i;
    if (result > limit) return Infinity;
  }
  return Math.round(result);
}

function* combinations(names: readonly string[], count: number, from = 0): Generator<readonly string[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= names.length - count; i++) {
    const first = names[i];
    if (first === undefined) return;
    for (const rest of combinations(names, count - 1, i + 1)) yield [first, ...rest];
  }
}
