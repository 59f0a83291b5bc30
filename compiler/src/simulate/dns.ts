/** What a name server answers, from the zones it serves. */
import type { Ip } from "@knet/language/values";
import type { DnsRecord, DnsZone } from "../fabric/types.ts";

export type QueryType = DnsRecord["type"];

export interface DnsAnswer {
  /**
   * `NODATA`: the name exists without such a record. `FORWARDED`: an upstream server decides; `records` then holds the
   * aliases that led to its name.
   */
  readonly status: "NOERROR" | "NODATA" | "NXDOMAIN" | "FORWARDED";
  /** CNAMEs in the order they were followed, then the records of the asked type. */
  readonly records: readonly DnsRecord[];
  /** The zone that decided; null when no zone holds the name. */
  readonly zone: DnsZone | null;
  /** Upstream servers of a forwarded question; empty when they are the name server's own resolver. */
  readonly forwardTo: readonly Ip[];
}

/** CNAMEs that a server follows for one question. */
const maxAliases = 10;

/**
 * The answer for `name`, which may end with a dot and is compared without case. The longest zone that holds the name
 * decides; CNAMEs are followed through all zones. An alias whose target does not resolve is returned alone.
 */
export function answerQuery(zones: readonly DnsZone[], name: string, type: QueryType): DnsAnswer {
  const aliases: DnsRecord[] = [];
  const seen = new Set<string>();
  let asked = canonicalName(name);
  for (;;) {
    seen.add(asked);
    const answer = answerDirectly(zones, asked, type);
    const alias = type === "CNAME" || answer.status !== "NODATA" ? undefined : aliasAt(answer.zone, asked);
    if (alias === undefined) {
      if (aliases.length === 0) return answer;
      const status = answer.status === "FORWARDED" ? "FORWARDED" : "NOERROR";
      return { ...answer, status, records: [...aliases, ...answer.records] };
    }
    aliases.push(alias);
    asked = canonicalName(alias.target);
    if (seen.has(asked) || aliases.length > maxAliases) return { status: "NOERROR", records: aliases, zone: answer.zone, forwardTo: [] };
  }
}

/** Lower case, without the trailing dot: the form of the zones' names. */
export function canonicalName(name: string): string {
  return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}

/** Whether `name` is `zone` or lies below it; both canonical. Everything lies below the root, which is empty. */
export function isAtOrBelow(name: string, zone: string): boolean {
  return zone === "" || name === zone || name.endsWith(`.${zone}`);
}

function answerDirectly(zones: readonly DnsZone[], name: string, type: QueryType): DnsAnswer {
  const holding = zones.filter((zone) => isAtOrBelow(name, zone.zone)).sort((x, y) => y.zone.length - x.zone.length);
  for (const zone of holding) {
    if (zone.records.size === 0 && zone.emptyNonTerminals.size === 0 && !zone.fallthrough) {
      return { status: "FORWARDED", records: [], zone, forwardTo: zone.forwardTo };
    }
    const records = zone.records.get(name);
    const matching = records?.filter((record) => record.type === type) ?? [];
    if (matching.length > 0) return { status: "NOERROR", records: matching, zone, forwardTo: [] };
    if (zone.fallthrough) continue;
    const exists = records !== undefined || zone.emptyNonTerminals.has(name);
    return { status: exists ? "NODATA" : "NXDOMAIN", records: [], zone, forwardTo: [] };
  }
  return { status: "NXDOMAIN", records: [], zone: null, forwardTo: [] };
}

function aliasAt(zone: DnsZone | null, name: string): Extract<DnsRecord, { target: string; type: "CNAME" | "PTR" }> | undefined {
  for (const record of zone?.records.get(name) ?? []) if (record.type === "CNAME") return record;
  return undefined;
}
