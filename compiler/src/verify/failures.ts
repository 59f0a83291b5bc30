/** Which sets of things fail in "any k … fail". */
import * as fc from "fast-check";
import type { NetworkModel } from "../model/types.ts";
import type { Failures } from "./types.ts";

/** More combinations than this are sampled. */
const limit = 1000;

/** The wire between a subnet and a node or router. */
export interface NetworkLink {
  /** `node node-a to blue`, `router core to green`. */
  readonly name: string;
  /** Host id. */
  readonly host: string;
  readonly device: string;
}

/** Every link of the model; those of the nodes first. */
export function linksOf(model: Pick<NetworkModel, "nodes" | "routers">): readonly NetworkLink[] {
  return [
    ...model.nodes.map((node) => ({ name: `node ${node.name} to ${node.subnet}`, host: `node/${node.name}`, device: node.device })),
    ...model.routers.flatMap((router) =>
      router.interfaces.map((face) => ({ name: `router ${router.name} to ${face.subnet}`, host: `router/${router.name}`, device: face.device })),
    ),
  ];
}

/**
 * Every set of `count` nodes, pods or links, in name order; when those are too many, `runs` of them drawn with the seed,
 * and `complete` is false.
 */
export function failureSets(
  model: NetworkModel,
  what: "node" | "pod" | "link",
  count: number,
  runs: number,
  seed: number,
): { readonly sets: readonly Failures[]; readonly complete: boolean } {
  const names = namesOf(model, what).toSorted();
  const failures = (chosen: readonly string[]): Failures => {
    if (what === "link") return { nodes: [], pods: [], links: chosen };
    return what === "node" ? { nodes: chosen, pods: [] } : { nodes: [], pods: chosen };
  };
  if (combinationCount(names.length, count) <= limit) return { sets: [...combinations(names, count)].map(failures), complete: true };
  const drawn = fc.sample(fc.shuffledSubarray([...names], { minLength: count, maxLength: count }), { numRuns: runs, seed });
  return { sets: drawn.map((chosen) => failures(chosen.toSorted())), complete: false };
}

function namesOf(model: NetworkModel, what: "node" | "pod" | "link"): readonly string[] {
  switch (what) {
    case "node":
      return model.nodes.map((node) => node.name);
    case "pod":
      return model.pods.map((pod) => `${pod.namespace}/${pod.name}`);
    case "link":
      return linksOf(model).map((link) => link.name);
  }
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
