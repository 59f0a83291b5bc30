/** A dataplane made ready to be asked: rulesets loaded, sets and routes indexed. */
import type { Cidr, Family, Ip } from "@knet/language/values";
import { bitsOf, contains, ipFromBigInt, maskIp } from "@knet/language/values";
import type { Dataplane } from "../dataplane/types.ts";
import { ipKey } from "../dataplane/ip-key.ts";
import type { Address, FdbEntry, Link, Neighbour } from "../dataplane/links/types.ts";
import type { Route, RoutingRule } from "../dataplane/routing/types.ts";
import type { Ruleset } from "../dataplane/netfilter/types.ts";
import { loadRuleset } from "../dataplane/netfilter/ruleset.ts";
import { compileIpSet } from "../dataplane/ipset/compile.ts";
import type { CompiledIpSet } from "../dataplane/ipset/compile.ts";
import { RouteTable } from "./routing.ts";

export interface PreparedHost {
  readonly dataplane: Dataplane;
  readonly links: ReadonlyMap<string, Link>;
  /** In registration order: loopback, then as listed. */
  readonly addresses: readonly Address[];
  readonly routes: ReadonlyMap<number, RouteTable>;
  /** By priority. */
  readonly rules: Readonly<Record<Family, readonly RoutingRule[]>>;
  /** By name. */
  readonly sets: { get(name: string): CompiledIpSet | undefined };
  ruleset(family: Family): Ruleset;
  sysctl(key: string): string | undefined;
  /** The permanent neighbour entry of the device for the address. */
  neighbour(link: string, ip: Ip): Neighbour | undefined;
  /** The forwarding entry of the device for the MAC. */
  forwardingEntry(link: string, mac: string): FdbEntry | undefined;
  /** The link that holds the address, or undefined when it is not local. 127.0.0.0/8 is on `lo`. */
  localLink(ip: Ip): string | undefined;
}

const prepared = new WeakMap<Dataplane, PreparedHost>();

/** Prepared once for each dataplane object. */
export function prepareHost(dataplane: Dataplane): PreparedHost {
  const known = prepared.get(dataplane);
  if (known !== undefined) return known;
  const host = prepare(dataplane);
  prepared.set(dataplane, host);
  return host;
}

function prepare(dataplane: Dataplane): PreparedHost {
  // Link-local addresses, which only dumps list, follow from the devices' MACs and are no source for other networks.
  const addresses = dataplane.addresses.filter((address) => !isLinkLocal6(address.address.ip));
  const isDown = new Set(dataplane.links.flatMap((link) => (link.isDown === true ? [link.name] : [])));
  const local = new Map<number | string, string>();
  for (const address of addresses) {
    const key = ipKey(address.address.ip);
    if (!local.has(key)) local.set(key, address.link);
  }
  const tables = new Map<number, Route[]>();
  const table = (id: number): Route[] => {
    const routes = tables.get(id) ?? [];
    tables.set(id, routes);
    return routes;
  };
  for (const address of addresses) {
    // A device that is down keeps its addresses and has no routes.
    const connected = isDown.has(address.link) ? null : connectedRoute(address);
    if (connected !== null) table(254).push(connected);
  }
  for (const route of dataplane.routes) table(route.table).push(route);
  const rulesets = new Map<Family, Ruleset>();
  const rulesOf = (family: Family): readonly RoutingRule[] => dataplane.rules.filter((rule) => rule.family === family).toSorted((x, y) => x.priority - y.priority);
  // The last entry of one key is the one that stays.
  const neighbours = perLink(dataplane.neighbours, (entry) => ipKey(entry.ip));
  const fdb = perLink(dataplane.fdb, (entry) => entry.mac);
  const sysctls = new Map(dataplane.sysctls.map((sysctl) => [sysctl.key, sysctl.value]));
  return {
    dataplane,
    links: new Map(dataplane.links.map((link) => [link.name, link])),
    addresses,
    routes: new Map([...tables].map(([id, routes]) => [id, new RouteTable(routes)])),
    rules: { 4: rulesOf(4), 6: rulesOf(6) },
    sets: lazySets(dataplane),
    ruleset(family) {
      let ruleset = rulesets.get(family);
      if (ruleset === undefined) {
        ruleset = loadRuleset(
          family,
          dataplane.iptables.filter((file) => file.family === family),
        );
        rulesets.set(family, ruleset);
      }
      return ruleset;
    },
    sysctl: (key) => sysctls.get(key),
    neighbour: (link, ip) => neighbours().get(link)?.get(ipKey(ip)),
    forwardingEntry: (link, mac) => fdb().get(link)?.get(mac),
    localLink(ip) {
      if (ip.family === 4 && ip.d >>> 24 === 127) return "lo";
      if (ip.family === 6 && ip.a === 0 && ip.b === 0 && ip.c === 0 && ip.d === 1) return "lo";
      return local.get(ipKey(ip));
    },
  };
}

/** Entries by device and key, put in order when they are first asked for. */
function perLink<T extends { readonly link: string }>(entries: readonly T[], keyOf: (entry: T) => number | string): () => ReadonlyMap<string, ReadonlyMap<number | string, T>> {
  let made: Map<string, Map<number | string, T>> | null = null;
  return () => {
    if (made !== null) return made;
    made = new Map();
    for (const entry of entries) {
      const there = made.get(entry.link);
      if (there === undefined) made.set(entry.link, new Map([[keyOf(entry), entry]]));
      else there.set(keyOf(entry), entry);
    }
    return made;
  };
}

/** Sets are compiled when they are first asked: a node has many that no packet of a journey meets. */
function lazySets(dataplane: Dataplane): PreparedHost["sets"] {
  const byName = new Map(dataplane.ipsets.map((set) => [set.name, set]));
  const compiled = new Map<string, CompiledIpSet>();
  return {
    get(name) {
      const set = byName.get(name);
      let known = compiled.get(name);
      if (known === undefined && set !== undefined) {
        known = compileIpSet(set);
        compiled.set(name, known);
      }
      return known;
    },
  };
}

/** The route that the kernel adds for an address with a subnet; none for /32 and /128. */
function connectedRoute(address: Address): Route | null {
  const { ip, prefix } = address.address;
  if (prefix === bitsOf(ip.family) && address.peer === undefined) return null;
  const destination: Cidr = { ip: maskIp(address.peer ?? ip, prefix), prefix };
  return {
    destination,
    type: "unicast",
    via: null,
    link: address.link,
    protocol: 2,
    scope: "link",
    metric: ip.family === 6 ? 256 : 0,
    onlink: false,
    mtu: null,
    source: ip.family === 4 ? ip : null,
    table: 254,
    owner: "kernel",
    origin: address.origin,
  };
}

/** The IPv6 link-local address that follows from a device's MAC (RFC 4291, modified EUI-64); null without a fixed MAC. */
export function linkLocalOf(link: Link): Ip | null {
  if (link.mac === null) return null;
  const bytes = link.mac.split(":").map((pair) => Number.parseInt(pair, 16));
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0] = bytes;
  const id = [b0 ^ 2, b1, b2, 0xff, 0xfe, b3, b4, b5].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return ipFromBigInt(6, (0xfe80n << 112n) | id);
}

export function isLinkLocal6(ip: Ip): boolean {
  return ip.family === 6 && ip.a >>> 22 === 0x3fa;
}

export function isMulticast(ip: Ip): boolean {
  return ip.family === 4 ? ip.d >>> 28 === 14 : ip.a >>> 24 === 0xff;
}

/** Whether packets that came in by `link` are forwarded. */
export function forwards(host: PreparedHost, family: Family, link: string): boolean {
  const version = family === 4 ? "ipv4" : "ipv6";
  const own = host.sysctl(`net/${version}/conf/${link}/forwarding`);
  if (family === 4 && own !== undefined) return own === "1";
  const all = host.sysctl(`net/${version}/conf/all/forwarding`) ?? (family === 4 ? host.sysctl("net/ipv4/ip_forward") : undefined);
  return all === "1";
}

/**
 * The address that the host puts on packets that leave by `link` towards `towards`; null when it has none of the family.
 * IPv4 takes the device's own (the one in the destination's subnet, else its first), else the first of any device.
 */
export function sourceAddress(host: PreparedHost, link: string, towards: Ip): Ip | null {
  const ofFamily = host.addresses.filter((address) => address.address.ip.family === towards.family && address.link !== "lo");
  if (towards.family === 6) return sourceAddress6(ofFamily, link, towards);
  const onLink = ofFamily.filter((address) => address.link === link);
  const sameNet = onLink.find((address) => contains(address.address, towards));
  return (sameNet ?? onLink[0] ?? ofFamily[0])?.address.ip ?? null;
}

/**
 * RFC 6724 as Linux follows it: the outgoing device (rule 5), then the same label (rule 6), then the longest common
 * prefix, counted no further than the address's own prefix length (rule 8).
 */
function sourceAddress6(candidates: readonly Address[], link: string, towards: Ip): Ip | null {
  const score = ({ link: on, address }: Address): number =>
    (on === link ? 1 << 16 : 0) + (label6(address.ip) === label6(towards) ? 1 << 8 : 0) + Math.min(commonPrefix(address.ip, towards), address.prefix);
  let best: Address | null = null;
  for (const candidate of candidates) if (best === null || score(candidate) > score(best)) best = candidate;
  return best?.address.ip ?? null;
}

/** The kernel's policy table: the prefixes that any address of a cluster can fall into. */
function label6(ip: Ip): number {
  if (ip.a >>> 25 === 0x7e) return 5;
  if (ip.a >>> 16 === 0x2002) return 2;
  if (ip.a === 0x20010000) return 6;
  if (ip.a >>> 4 === 0x2001001) return 7;
  return 1;
}

function commonPrefix(x: Ip, y: Ip): number {
  const words = [
    [x.a, y.a],
    [x.b, y.b],
    [x.c, y.c],
    [x.d, y.d],
  ] as const;
  let bits = 0;
  for (const [left, right] of words) {
    const different = Math.clz32(left ^ right);
    bits += different;
    if (different < 32) break;
  }
  return bits;
}
