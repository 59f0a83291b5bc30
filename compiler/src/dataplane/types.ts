/** What one Linux host holds. Components write it; printers, simulator and lab read it. */
import type { Address, FdbEntry, Link, Neighbour } from "./links/types.ts";
import type { Route, RoutingRule } from "./routing/types.ts";
import type { IptablesFile } from "./netfilter/types.ts";
import type { IpSet } from "./ipset/types.ts";
import type { Sysctl } from "./sysctl/types.ts";
import type { Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";

export interface Dataplane {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingRule[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  readonly sysctls: readonly Sysctl[];
  /** In load order. */
  readonly iptables: readonly IptablesFile[];
  readonly ipsets: readonly IpSet[];
  /** The host's resolv.conf; null when it resolves nothing. */
  readonly resolver: Resolver | null;
}

export interface Resolver {
  readonly nameservers: readonly Ip[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly origin: Origin;
}

/** What one component adds to a host. */
export type DataplanePart = Partial<Dataplane>;

export const emptyDataplane: Dataplane = {
  links: [],
  addresses: [],
  routes: [],
  rules: [],
  neighbours: [],
  fdb: [],
  sysctls: [],
  iptables: [],
  ipsets: [],
  resolver: null,
};

/** The union of the parts in order. */
export function mergeParts(parts: readonly DataplanePart[]): Dataplane {
  const all = <K extends keyof Omit<Dataplane, "resolver">>(key: K): Dataplane[K] =>
    parts.flatMap((part) => (part[key] ?? []) as readonly unknown[]) as unknown as Dataplane[K];
  return {
    links: all("links"),
    addresses: all("addresses"),
    routes: all("routes"),
    rules: all("rules"),
    neighbours: all("neighbours"),
    fdb: all("fdb"),
    sysctls: all("sysctls"),
    iptables: all("iptables"),
    ipsets: all("ipsets"),
    resolver: parts.map((part) => part.resolver ?? null).find((resolver) => resolver !== null) ?? null,
  };
}
