/** What reporters print: plain data, joined from simulation, artifacts and source. */
import type { Ip } from "@knet/language/values";
import type { TableName } from "../dataplane/netfilter/types.ts";
import type { Outcome } from "../simulate/steps.ts";

/** A line of a generated file. */
export interface ArtifactRef {
  /** `nodes/node-a/kube-proxy.iptables`. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/** A line of the program, and the declaration that stands there. */
export interface SourceRef {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** `service namespace001/myapp`. */
  readonly name: string;
  /** The source line, trimmed. */
  readonly text: string;
}

export interface StoryPacket {
  readonly src: Ip;
  readonly dst: Ip;
  /** `tcp`, `udp`, `sctp`, `icmp`, `icmp6`. */
  readonly protocol: string;
  readonly sport: number;
  readonly dport: number;
  /** Bytes. */
  readonly size: number;
  /** `syn`, `syn-ack`, `rst`, or an ICMP error's name. */
  readonly note: string | null;
  readonly outer: Omit<StoryPacket, "outer"> | null;
}

export interface StoryStep {
  readonly phase: "dns" | "request" | "reply";
  /** Host as a reader says it: `node-a`, `namespace001/pod-0`, `core`, `internet`. */
  readonly where: string;
  readonly kind: "pod" | "node" | "router" | "external";
  /** The node that a pod is on; null for every other host. */
  readonly parent: string | null;
  readonly layer: "dns" | "send" | "track" | "nat" | "filter" | "route" | "encapsulate" | "wire" | "decapsulate" | "deliver" | "error";
  /** The netfilter table whose rules matched; null when none did. */
  readonly table: TableName | null;
  /** Of a wire step, what carries the packet: a segment's name (`subnet blue`), or `veth`, whose ends say whose it is. */
  readonly wire: string | null;
  readonly outcome: Outcome;
  /** It stopped the packet, or the rule that let it pass is one of a policy or a firewall. */
  readonly decides: boolean;
  /** Starts in lower case, no full stop. */
  readonly did: string;
  readonly packet: StoryPacket;
  /** Most telling first; may be empty. */
  readonly artifacts: readonly ArtifactRef[];
  /** The declaration that caused it, or null. */
  readonly source: SourceRef | null;
  /** Every rule that matched, `table CHAIN:number`, for those who want all. */
  readonly rules: readonly string[];
}

/** One name lookup on the way: what was asked and what came back. */
export interface StoryQuery {
  readonly name: string;
  readonly type: "A" | "AAAA";
  readonly status: "NOERROR" | "NODATA" | "NXDOMAIN" | "FORWARDED";
  /** Address texts or targets. */
  readonly answers: readonly string[];
}

export interface StoryLookup {
  readonly name: string;
  readonly server: Ip;
  readonly search: readonly string[];
  readonly queries: readonly StoryQuery[];
  /** The journey of the first query to the name server; empty when it was not asked for. */
  readonly steps: readonly StoryStep[];
  /** Whether queries reach the server at all. */
  readonly verdict: string;
  /** The share of queries that gets no answer, 0 to 1: servers that cannot be reached. */
  readonly lost: number;
  /** The host that answers them, or null. */
  readonly answeredBy: string | null;
  readonly source: SourceRef | null;
}

/** A backend that the service could have chosen. */
export interface StoryChoice {
  readonly name: string;
  readonly address: string;
  readonly probability: number;
  readonly chosen: boolean;
  /** What would have happened there. */
  readonly verdict: string;
}

export interface Story {
  readonly from: string;
  /** As the user named it. */
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  readonly lookup: StoryLookup | null;
  readonly steps: readonly StoryStep[];
  /** Empty when nothing was chosen at random. */
  readonly choices: readonly StoryChoice[];
  readonly verdict: "delivered" | "refused" | "rejected" | "dropped" | "no-route" | "unreachable" | "ttl-exceeded" | "too-big" | "reply-lost" | "no-such-name" | "no-name-server";
  /** One sentence with a full stop: what happened and, when it failed, what decided. */
  readonly summary: string;
  /** Where to look when it failed. */
  readonly decidedBy: { readonly artifact: ArtifactRef | null; readonly source: SourceRef | null } | null;
}
