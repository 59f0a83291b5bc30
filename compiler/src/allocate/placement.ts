/** Which node a pod runs on when the source does not say. */
import { createHash } from "node:crypto";
import { compareText } from "@knet/language/values";
import { hash64 } from "./hash.ts";

/** Points of one node on the ring: eight digests of eight 32-bit words. The load of a node is then within some 15 % of the mean. */
const pointsPerNode = 64;

function* pointsOf(node: string): Generator<number> {
  for (let i = 0; i < pointsPerNode / 8; i++) {
    const digest = createHash("sha256").update(`${node}#${i}`).digest();
    for (let word = 0; word < 8; word++) yield digest.readUInt32BE(word * 4);
  }
}

/**
 * Consistent hashing: each pod goes to the node whose point follows the hash of the pod's key on a ring, so a new
 * node takes over its share and leaves all other pods where they are. A pod that the lock has on a node which is
 * still there stays. `pods` are keys (`namespace/name`); their order and that of `nodes` do not matter.
 * Without nodes nothing is placed.
 */
export function placePods(
  pods: readonly string[],
  nodes: readonly string[],
  held: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const known = new Set(nodes);
  const placed = new Map<string, string>();
  if (known.size === 0) return placed;
  // A point and the rank of its node in one number: 32 + 20 bits, so one numeric sort orders both.
  const names = [...known].toSorted(compareText);
  const ring = Float64Array.from(names.flatMap((name, rank) => Array.from(pointsOf(name), (point) => point * 0x100000 + rank))).sort();
  for (const pod of pods) {
    const kept = held.get(pod);
    if (kept !== undefined && known.has(kept)) {
      placed.set(pod, kept);
      continue;
    }
    const target = Number(hash64(pod) >> 32n) * 0x100000;
    let low = 0;
    let high = ring.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ring[middle] ?? 0) < target) low = middle + 1;
      else high = middle;
    }
    const point = ring[low === ring.length ? 0 : low] ?? 0;
    placed.set(pod, names[point % 0x100000] ?? "");
  }
  return placed;
}

export interface SpreadRequest {
  /** `namespace/name`: its hash modulo the number of nodes is where the round starts. */
  readonly workload: string;
  /** Keys of the replicas, in order. */
  readonly pods: readonly string[];
  readonly nodes: readonly string[];
  /** From the lock: pod to node. */
  readonly held?: ReadonlyMap<string, string>;
}

interface NodeOrder {
  /** Each once, in name order. */
  readonly names: readonly string[];
  readonly known: ReadonlySet<string>;
}

/** By the list itself: most workloads may run on all nodes, and then ask with one and the same list. */
const orders = new WeakMap<readonly string[], NodeOrder>();

function orderOf(nodes: readonly string[]): NodeOrder {
  let order = orders.get(nodes);
  if (order === undefined) {
    const known = new Set(nodes);
    order = { names: [...known].toSorted(compareText), known };
    orders.set(nodes, order);
  }
  return order;
}

/**
 * Replicas of one workload, evenly: each goes to the node that has fewest of them so far, and among those to the
 * first in name order counted from the start of the round. Without a lock that is a plain round.
 */
export function spreadReplicas(request: SpreadRequest): ReadonlyMap<string, string> {
  const { names, known } = orderOf(request.nodes);
  const placed = new Map<string, string>();
  if (names.length === 0) return placed;
  const start = Number(hash64(request.workload) % BigInt(names.length));
  const counts = new Map<string, number>();
  const add = (pod: string, node: string): void => {
    placed.set(pod, node);
    counts.set(node, (counts.get(node) ?? 0) + 1);
  };
  for (const pod of request.pods) {
    const kept = request.held?.get(pod);
    if (kept !== undefined && known.has(kept)) add(pod, kept);
  }
  let level = 0;
  let at = 0;
  for (const pod of request.pods) {
    if (placed.has(pod)) continue;
    for (;;) {
      if (at === names.length) {
        at = 0;
        level++;
      }
      const node = names[(start + at++) % names.length] ?? "";
      if ((counts.get(node) ?? 0) === level) {
        add(pod, node);
        break;
      }
    }
  }
  return placed;
}
