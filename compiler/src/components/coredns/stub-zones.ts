/** The zones that CoreDNS forwards, one server block each. */
import { equalIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { NetworkModel } from "../../model/types.ts";

export interface StubZone {
  /** Lower case, without a trailing dot; empty for the root, whose servers replace the node's resolver. */
  readonly zone: string;
  readonly servers: readonly Ip[];
  readonly origin: Origin;
}

/** One per zone, in source order: two server blocks of one zone would be refused, so the servers of several forwards are joined. */
export function stubZones(model: NetworkModel): readonly StubZone[] {
  const zones = new Map<string, StubZone>();
  for (const forward of model.cluster.dns.forwards) {
    const zone = forward.zone.replace(/\.$/, "").toLowerCase();
    const before = zones.get(zone);
    const servers = [...(before?.servers ?? [])];
    for (const server of forward.servers) if (!servers.some((known) => equalIp(known, server))) servers.push(server);
    zones.set(zone, { zone, servers, origin: before?.origin ?? forward.origin });
  }
  return [...zones.values()];
}
