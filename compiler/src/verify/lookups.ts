/** What a pod's resolver makes of a name, against what an assertion says of it. */
import { compareIp, formatIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { ResolveTarget } from "@knet/language";
import type { ResolveStatement } from "../model/types.ts";
import { resolve } from "../simulate/resolve.ts";
import type { Journey } from "../simulate/steps.ts";
import type { Destination, Endpoint, Flow, Scenario } from "./types.ts";

/** How a lookup ended: as it was asserted, otherwise, or nobody can tell. */
export type LookupEnd =
  | { readonly kind: "as-asserted" }
  /** `journey` is the query's when that was lost. */
  | { readonly kind: "otherwise"; readonly flow: Flow; readonly summary: string; readonly journey: Journey | null }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * The lookup of one sender. A name server counts as out of reach only when no query to it comes back: a resolver asks again.
 * @param expected the addresses of the target service
 * @param journeysOf every journey of a query
 */
export function lookUp(
  { fabric }: Scenario,
  statement: ResolveStatement,
  from: Endpoint,
  expected: readonly Ip[],
  journeysOf: (flow: Flow) => readonly Journey[],
): LookupEnd {
  const families = new Set<Family>(from.addresses.map((ip) => ip.family));
  const { resolver } = fabric.dataplane(from.host);
  const server = resolver?.nameservers.find((ip) => families.has(ip.family));
  if (resolver === null || server === undefined) {
    return { kind: "unknown", reason: `nothing is known of the name servers that ${from.name} asks` };
  }
  const to: Destination = { name: `name server ${formatIp(server)}`, address: server, host: null, classKey: formatIp(server), offers: [{ protocol: "udp", port: 53 }] };
  const flow: Flow = { from, to, protocol: "udp", port: 53 };
  const asked = `${from.name} resolves ${JSON.stringify(statement.name)}`;
  const journeys = journeysOf(flow);
  const lost = journeys.some((journey) => journey.verdict === "delivered") ? null : (journeys[0] ?? null);
  const resolution = resolve(fabric.dns, resolver, statement.name, [...families].toSorted((x, y) => x - y));
  if (lost === null && resolution.forwardTo !== null) {
    const who = resolution.forwardTo.length === 0 ? "outside the cluster" : `by ${resolution.forwardTo.map(formatIp).join(", ")}`;
    return { kind: "unknown", reason: `${JSON.stringify(statement.name)} is answered ${who}, which the program says nothing of` };
  }
  const found = lost === null ? distinct(resolution.addresses) : [];
  const wanted = distinct(wantedOf(statement.target, expected).filter((ip) => statement.target.kind === "addresses" || families.has(ip.family)));
  // A service that has no address resolves to nothing, which is not what the assertion means.
  if (listed(found) === listed(wanted) && (found.length > 0 || statement.target.kind === "nothing")) return { kind: "as-asserted" };
  const because = lost === null ? "" : `: no query to ${to.name} comes back`;
  return { kind: "otherwise", flow, summary: `${asked} to ${found.length === 0 ? "nothing" : listed(found)}, not to ${targetText(statement.target, wanted)}${because}`, journey: lost };
}

function wantedOf(target: ResolveTarget, expected: readonly Ip[]): readonly Ip[] {
  switch (target.kind) {
    case "service":
      return expected;
    case "addresses":
      return target.addresses;
    case "nothing":
      return [];
  }
}

function targetText(target: ResolveTarget, wanted: readonly Ip[]): string {
  if (target.kind !== "service") return wanted.length === 0 ? "nothing" : listed(wanted);
  const addresses = wanted.length === 0 ? "which has no address for it" : listed(wanted);
  return `service ${target.namespace}/${target.name} (${addresses})`;
}

function distinct(ips: readonly Ip[]): readonly Ip[] {
  return [...new Map(ips.map((ip) => [formatIp(ip), ip])).values()].toSorted(compareIp);
}

function listed(ips: readonly Ip[]): string {
  return ips.map(formatIp).join(", ");
}
