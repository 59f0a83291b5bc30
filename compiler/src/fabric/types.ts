/**
 * The fabric: hosts with their dataplanes, the segments that join them, who listens, what DNS answers.
 * This is all that the judges see. They know no Kubernetes: hosts are Linux machines and origins are opaque.
 */
import type { Dataplane } from "../dataplane/types.ts";
import type { Ip, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";

export interface Fabric {
  /** In a stable order: routers, external machines, nodes, pods. */
  readonly hosts: readonly Host[];
  readonly segments: readonly Segment[];
  readonly listeners: readonly Listener[];
  readonly dns: readonly DnsZone[];
  host(id: string): Host | undefined;
  /** Built on first use and kept. */
  dataplane(id: string): Dataplane;
}

export interface Host {
  /** `node/node-a`, `pod/namespace001/pod-0`, `router/core`, `external/internet`. */
  readonly id: string;
  readonly kind: "node" | "pod" | "router" | "external";
  /** As a reader says it: `node-a`, `namespace001/pod-0`, `core`, `internet`. */
  readonly name: string;
  /** The node that a pod runs on. */
  readonly parent: string | null;
  /** Shares the parent's network namespace (host network): its dataplane is the parent's. */
  readonly sharesParent: boolean;
  readonly origin: Origin;
}

/** A broadcast domain: every attachment hears every other. A veth pair is one with two attachments. */
export interface Segment {
  readonly id: string;
  readonly name: string;
  readonly kind: "subnet" | "veth" | "outside";
  readonly mtu: number;
  readonly attachments: readonly Attachment[];
  readonly origin: Origin;
}

export interface Attachment {
  readonly host: string;
  readonly link: string;
  /** What the link carries, when that is known before the host's dataplane is built: who has an address is asked there first. */
  readonly addresses?: readonly Ip[];
}

export interface Listener {
  readonly host: string;
  readonly protocol: Transport;
  readonly port: number;
  /** Null: every address of the host. */
  readonly address: Ip | null;
  readonly origin: Origin;
}

/** What a name server answers for names at or under `zone`. */
export interface DnsZone {
  /** Lower case, without a trailing dot; empty for the root. */
  readonly zone: string;
  /** Answers for names that the zone holds. A zone without records forwards. */
  readonly records: ReadonlyMap<string, readonly DnsRecord[]>;
  /** Names that exist without an address of their own (NODATA instead of NXDOMAIN). */
  readonly emptyNonTerminals: ReadonlySet<string>;
  /** Upstream servers for a forwarded zone; empty when `records` is the authority, or when the host's own resolver is the upstream. */
  readonly forwardTo: readonly Ip[];
  /** A question that the zone cannot answer goes to the next shorter zone instead of being NXDOMAIN. */
  readonly fallthrough: boolean;
  /** Hosts that serve it. */
  readonly servers: readonly string[];
  readonly origin: Origin;
}

export type DnsRecord =
  | { readonly type: "A" | "AAAA"; readonly address: Ip; readonly ttl: number; readonly origin: Origin }
  | { readonly type: "CNAME" | "PTR"; readonly target: string; readonly ttl: number; readonly origin: Origin }
  | { readonly type: "SRV"; readonly priority: number; readonly weight: number; readonly port: number; readonly target: string; readonly ttl: number; readonly origin: Origin };
