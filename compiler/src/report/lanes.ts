/** Which hosts a picture of a journey shows, in which order, and which pods stand in which node. */
import type { StoryStep } from "./types.ts";
import type { Visit } from "./visits.ts";

export interface Lane {
  /** Kind and name: a router may be called like a node. */
  readonly key: string;
  readonly where: string;
  readonly kind: StoryStep["kind"];
  /** Key of the node that the pod runs on, when it is in the picture; of the host itself for everything else. */
  readonly group: string;
}

/**
 * One lane a host, in the order of the packet's way, with the pods of a node beside it: before it when the packet came from them,
 * after it when it went to them.
 */
export function lanesOf(visits: readonly Visit[]): readonly Lane[] {
  const hosts = new Map<string, Visit>();
  for (const visit of visits) if (!hosts.has(laneKey(visit))) hosts.set(laneKey(visit), visit);
  const groups = new Map<string, Lane[]>();
  for (const [key, { where, kind, parent }] of hosts) {
    const node = parent === null ? key : laneKey({ kind: "node", where: parent });
    const group = hosts.has(node) ? node : key;
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
