/** Who reaches whom on what: the question and its answer. */
import type { Cidr, Family, Ip, Transport } from "@knet/language/values";
import type { Disagreement } from "../verify/types.ts";

export type EndpointKind = "Deployment" | "Pod" | "Node" | "External";

/** What a report has a row for: a workload, a pod, machines that nothing tells apart, a range of external addresses. */
export interface ReachEndpoint {
  /** `shop/web`, `node:node-a`, `nodes`, `own-node`, `internet:0.0.0.0/0`, `internet:10.0.0.0-10.0.0.9`. Unique. */
  readonly id: string;
  readonly kind: EndpointKind;
  /** Of pods and workloads; null for others. */
  readonly namespace: string | null;
  /** Without the namespace. */
  readonly name: string;
  /** How many pods it stands for; 0 for machines and ranges. */
  readonly pods: number;
  /** Names of the machines; empty for pods and ranges, and for `own-node`. */
  readonly nodes: readonly string[];
  /** Of External: one range without gaps. */
  readonly range: AddressRange | null;
}

export interface AddressRange {
  readonly first: Ip;
  readonly last: Ip;
  /** The fewest CIDRs that make it, in order. */
  readonly cidrs: readonly Cidr[];
}

/** Inclusive. */
export type PortInterval = readonly [first: number, last: number];

export interface AllowedPorts {
  readonly protocol: Transport;
  /** Sorted, merged, never empty. */
  readonly ports: readonly PortInterval[];
  /** Null: in every family that the two have in common. */
  readonly family: Family | null;
}

/** A way in by a port of the nodes, for ports that the endpoint's own address does not give. */
export interface Detour {
  /** `namespace/name`. */
  readonly service: string;
  readonly protocol: Transport;
  readonly nodePort: number;
  /** Where it ends on the pod. */
  readonly port: number;
}

export interface ReachConnection {
  /** Ids of endpoints. */
  readonly from: string;
  readonly to: string;
  /** Never empty; by protocol (TCP, UDP, SCTP), both families first. */
  readonly allowed: readonly AllowedPorts[];
  readonly through: readonly Detour[];
  /** Sentences with full stops; empty unless asked for. */
  readonly explanation: readonly string[];
}

/** A pair that cannot talk, with the reason; only when explanations were asked for and both sides were named. */
export interface ReachRefusal {
  readonly from: string;
  readonly to: string;
  readonly explanation: readonly string[];
}

export interface ReachReport {
  /** Everything asked about, also what talks to nobody: pods by name, then machines, then ranges by address. */
  readonly endpoints: readonly ReachEndpoint[];
  /** One for each ordered pair that can talk, in the order of the endpoints. */
  readonly connections: readonly ReachConnection[];
  readonly refusals: readonly ReachRefusal[];
  /** What the answer takes for granted; sentences with full stops. */
  readonly notes: readonly string[];
  /** Cases on which the generated rules and the specifications differ: defects of knet. */
  readonly disagreements: readonly Disagreement[];
  /** Flows on which the two were compared. */
  readonly compared: number;
}
