/** Routes as `ip -j route show table all` prints them. */
import { everyAddress } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import { deviceName, entryReader, list, record, text, unsigned } from "../dump/entries.ts";
import type { Place } from "../dump/entries.ts";
import { ownerOfRoute } from "../dump/owners.ts";
import { protocolNumber, routeType, scopeName, tableNumber } from "./names.ts";
import type { NextHop, Route } from "./types.ts";

interface RawHop {
  readonly gateway?: string;
  /** A gateway of the other family. */
  readonly via?: { readonly family: string; readonly host: string };
  readonly dev?: string;
  readonly flags?: readonly string[];
}

interface RawNextHop extends RawHop {
  readonly weight?: number;
  readonly encap?: string;
}

interface RawRoute extends RawHop {
  readonly dst: string;
  readonly type?: string;
  readonly from?: string;
  readonly tos?: string;
  readonly encap?: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly metrics?: readonly { readonly mtu?: number }[];
  readonly nexthops?: readonly RawNextHop[];
  /** Router preference, which every IPv6 route has and no other. */
  readonly pref?: string;
}

const hop = { gateway: text, via: record({ family: text, host: text }), dev: deviceName, flags: list(text) };

const readRoutes = entryReader<RawRoute>(
  record(
    { dst: text },
    {
      ...hop,
      type: text,
      from: text,
      tos: text,
      encap: text,
      table: text,
      protocol: text,
      scope: text,
      prefsrc: text,
      metric: unsigned,
      metrics: list(record({}, { mtu: unsigned })),
      nexthops: list(record({}, { ...hop, weight: { type: "integer", minimum: 1, maximum: 65_536 }, encap: text })),
      pref: text,
    },
  ),
);

/**
 * The routes of one family in the order of the dump: also those that the kernel makes for the host's own addresses, with the
 * owner `kernel`. `ip route show table all` lists both families, so that entries of the other one are passed over.
 * What only tunes a way (`advmss`, `pref`, `expires`, `linkdown`) is left out.
 *
 * @throws {DumpError}
 */
export function parseRoutes(source: string, family: Family, file = family === 4 ? "ip -j route" : "ip -6 -j route"): readonly Route[] {
  return readRoutes(file, source).flatMap(({ value, place }) => {
    if (familyOf(value, place, family) !== family) return [];
    // iproute2 writes the tunnel's destination under the name of the route's own, which is thereby lost.
    if (value.encap === "ip" || value.encap === "ip6")
      throw place.error("encap", "the destination of a route with encapsulation of its own cannot be told");
    const destination = value.dst === "default" ? everyAddress(family) : place.cidr("dst", value.dst);
    const protocol = protocolNumber(place, value.protocol);
    const ways = waysOf(value, place, family);
    const qualifiers = qualifiersOf(value);
    const route: Route = {
      destination,
      type: routeType(place, value.type),
      ...ways,
      ...(qualifiers.length === 0 ? {} : { qualifiers }),
      protocol,
      scope: scopeName(place, value.scope),
      metric: value.metric ?? 0,
      onlink: isOnlink(value),
      mtu: value.metrics?.find((metrics) => metrics.mtu !== undefined)?.mtu ?? null,
      source: value.prefsrc === undefined ? null : place.ip("prefsrc", value.prefsrc),
      table: tableNumber(place, value.table),
      owner: ownerOfRoute(protocol, ways.link),
      origin: place.origin,
    };
    return [route];
  });
}

/** `default` says no family: then the addresses beside it do, or the preference that only IPv6 has; else it is the asked one. */
function familyOf(value: RawRoute, place: Place, asked: Family): Family {
  if (value.dst !== "default") return place.cidr("dst", value.dst).ip.family;
  if (value.pref !== undefined) return 6;
  const [first] = value.nexthops ?? [];
  const beside = { prefsrc: value.prefsrc, from: value.from, gateway: value.gateway, "nexthops/0/gateway": first?.gateway };
  for (const [field, named] of Object.entries(beside)) if (named !== undefined) return place.cidr(field, named).ip.family;
  // A gateway of the other family.
  const via = value.via ?? first?.via;
  if (via !== undefined) return via.family === "inet6" ? 4 : 6;
  return asked;
}

function waysOf(value: RawRoute, place: Place, family: Family): Pick<Route, "via" | "link" | "nextHops"> {
  if (value.nexthops === undefined || value.nexthops.length === 0)
    return { via: gatewayOf(value, place, family, ""), link: value.dev ?? null };
  const nextHops = value.nexthops.map((way, index): NextHop => {
    const path = `nexthops/${index}/`;
    if (way.encap !== undefined) throw place.error(`${path}encap`, "knet does not model a next hop with encapsulation of its own");
    if (way.dev === undefined) throw place.error(`${path}dev`, "missing");
    return { via: gatewayOf(way, place, family, path), link: way.dev, weight: way.weight ?? 1, onlink: isOnlink(way) };
  });
  const [only, second] = nextHops;
  if (only !== undefined && second === undefined) return { via: only.via, link: only.link };
  return { via: null, link: null, nextHops };
}

function gatewayOf(way: RawHop, place: Place, family: Family, path: string): Ip | null {
  if (way.gateway !== undefined) return place.ipOf(family, `${path}gateway`, way.gateway);
  return way.via === undefined ? null : place.ip(`${path}via/host`, way.via.host);
}

function isOnlink(way: RawHop): boolean {
  return way.flags?.includes("onlink") === true;
}

/** What decides or changes where a packet goes, and has no place in a route of knet. */
function qualifiersOf(value: RawRoute): readonly string[] {
  const words: string[] = [];
  if (value.from !== undefined) words.push(`from ${value.from}`);
  if (value.tos !== undefined) words.push(`tos ${value.tos}`);
  if (value.encap !== undefined) words.push(`encap ${value.encap}`);
  return words;
}
