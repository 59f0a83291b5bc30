/** Names that iproute2 gives to numbers of rtnetlink; with `-N` it prints the numbers. */
import type { Place } from "../dump/entries.ts";
import type { Route, RouteType } from "./types.ts";

/** /etc/iproute2/rt_protos as it comes. */
const protocols: ReadonlyMap<string, number> = new Map([
  ["unspec", 0],
  ["none", 0],
  ["redirect", 1],
  ["kernel", 2],
  ["boot", 3],
  ["static", 4],
  ["gated", 8],
  ["ra", 9],
  ["mrt", 10],
  ["zebra", 11],
  ["bird", 12],
  ["dnrouted", 13],
  ["xorp", 14],
  ["ntk", 15],
  ["dhcp", 16],
  ["mrouted", 17],
  ["keepalived", 18],
  ["babel", 42],
  ["openr", 99],
  ["bgp", 186],
  ["isis", 187],
  ["ospf", 188],
  ["rip", 189],
  ["eigrp", 192],
]);

const tables: ReadonlyMap<string, number> = new Map([
  ["default", 253],
  ["main", 254],
  ["local", 255],
]);

const scopes: ReadonlyMap<string, Route["scope"]> = new Map([
  ["global", "global"],
  ["0", "global"],
  ["link", "link"],
  ["253", "link"],
  ["host", "host"],
  ["254", "host"],
]);

const types: readonly RouteType[] = [
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
];

/** `RTPROT_BOOT`, which `ip route` leaves out. */
const defaultProtocol = 3;
/** `RT_TABLE_MAIN`, which `ip route` leaves out. */
const mainTable = 254;

export function protocolNumber(place: Place, name: string | undefined): number {
  if (name === undefined) return defaultProtocol;
  const number = protocols.get(name) ?? decimal(name, 255);
  if (number === null) throw place.error("protocol", `${name} is a name of that machine's /etc/iproute2/rt_protos; ip -N prints numbers`);
  return number;
}

export function tableNumber(place: Place, name: string | undefined): number {
  if (name === undefined) return mainTable;
  const number = tables.get(name) ?? decimal(name, 0xffffffff);
  if (number === null) throw place.error("table", `${name} is a name of that machine's /etc/iproute2/rt_tables; ip -N prints numbers`);
  return number;
}

export function scopeName(place: Place, name: string | undefined): Route["scope"] {
  const scope = scopes.get(name ?? "global");
  if (scope === undefined) throw place.error("scope", `knet does not model the scope ${name ?? ""}`);
  return scope;
}

/** By name, or as `-N` numbers them: 1 is `unicast`. */
export function routeType(place: Place, name: string | undefined): RouteType {
  const type = name === undefined ? "unicast" : (types.find((known) => known === name) ?? types[Number(name) - 1]);
  if (type === undefined) throw place.error("type", `knet does not model the type ${name ?? ""}`);
  return type;
}

function decimal(text: string, last: number): number | null {
  return /^[0-9]{1,10}$/.test(text) && Number(text) <= last ? Number(text) : null;
}
