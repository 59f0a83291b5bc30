/** Which hosts a picture of a journey shows, in which order, and which pods stand in which node. */
import type { StoryStep } from "./types.ts";
import type { Visit } from "./visits.ts";

export interface Lane {
  /** Kind and name: a router may be called like a node. */
  readonly key: string;
  readonly where: string;
  readonly kind: StoryStep["kind"];
  /** Key of the node that the pod runs on; of the host itself for everything else. */
  readonly group: string;
}

/**
 * One lane a host, in the order of the packet's way, with the pods of a node beside it: before it when the packet came from them,
 * after it when it went to them.
 */
export function lanesOf(visits: readonly Visit[]): readonly Lane[] {
  const hosts = new Map<string, Visit>();
  const parents = new Map<string, string>();
  for (const [index, visit] of visits.entries()) {
    if (!hosts.has(laneKey(visit))) hosts.set(laneKey(visit), visit);
    const next = visits[index + 1];
    if (next === undefined || next.phase !== visit.phase) continue;
    // A pod's only wire leads to its node.
    const [pod, node] = visit.kind === "pod" ? [visit, next] : [next, visit];
    if (pod.kind === "pod" && node.kind === "node") parents.set(laneKey(pod), laneKey(node));
  }
  const groups = new Map<string, Lane[]>();
  for (const [key, { where, kind }] of hosts) {
    const group = parents.get(key) ?? key;
    const lane = { key, where, kind, group };
    const lanes = groups.get(group);
    if (lanes === undefined) groups.set(group, [lane]);
    else lanes.push(lane);
  }
  return [...groups.values()].flat();
}

export function laneKey(host: Pick<Visit, "kind" | "where">): string {
  return `${host.kind}/${host.where}`;
}
