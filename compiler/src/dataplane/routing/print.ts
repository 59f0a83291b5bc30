/** Routes and rules as `ip -batch` reads them. */
import { formatCidr, formatCidrShort, formatIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import { lineOnce } from "../printed.ts";
import type { PrintedLine } from "../printed.ts";
import type { Route, RouteType, RoutingRule } from "./types.ts";

/** Types that `ip route add` puts in table 255 unless told otherwise. */
const typesOfLocalTable: ReadonlySet<RouteType> = new Set<RouteType>(["local", "broadcast", "anycast"]);

/**
 * The words behind `ip route add`; `boot` and `scope global` are the defaults and left out, as `ip route` does.
 * A batch file takes no `-6`: `ip` infers the family from the addresses, and of `default` from the gateway.
 * Without a gateway `ip` takes an IPv4 route for one of scope link, so that `global` must then be said.
 * Protocols are numbers: in a batch, iproute2 6.1 gives a name that it has met before the number it has read since.
 */
export function routeWords(route: Route): string {
  const family = route.destination.ip.family;
  // `default` names no family: without a gateway of its own family `ip` would take it for IPv4, or for the gateway's.
  const inferred = route.via === null ? (route.nextHops?.[0]?.via?.family ?? 4) : route.via.family;
  const destination = route.destination.prefix === 0 && inferred === family ? "default" : formatCidrShort(route.destination);
  const words = [route.type === "unicast" ? destination : `${route.type} ${destination}`];
  words.push(...(route.qualifiers ?? []), ...wayWords(route, family));
  if (route.table !== 254 || typesOfLocalTable.has(route.type)) words.push(`table ${route.table}`);
  if (route.protocol !== 3) words.push(`proto ${route.protocol}`);
  if (family === 4 && (route.scope !== "global" || impliedScope(route) !== "global")) words.push(`scope ${route.scope}`);
  if (route.source !== null) words.push(`src ${formatIp(route.source)}`);
  if (route.metric !== 0) words.push(`metric ${route.metric}`);
  if (route.onlink) words.push("onlink");
  if (route.mtu !== null) words.push(`mtu ${route.mtu}`);
  for (const hop of route.nextHops ?? []) {
    words.push("nexthop", ...wayWords(hop, family), `weight ${hop.weight}`);
    if (hop.onlink) words.push("onlink");
  }
  return words.join(" ");
}

/** The scope that `ip route add` gives an IPv4 route by itself. */
function impliedScope({ type, via, nextHops }: Route): Route["scope"] {
  if (type === "local") return "host";
  if (type === "broadcast" || type === "multicast" || type === "anycast") return "link";
  return type === "unicast" && via === null && nextHops === undefined ? "link" : "global";
}

function wayWords({ via, link }: { readonly via: Ip | null; readonly link: string | null }, family: Family): readonly string[] {
  const words: string[] = [];
  if (via !== null) words.push(`via ${via.family === family ? "" : `inet${via.family === 6 ? "6" : ""} `}${formatIp(via)}`);
  if (link !== null) words.push(`dev ${link}`);
  return words;
}

export function printRoutes(routes: readonly Route[]): readonly PrintedLine[] {
  return routes.map(routeLine);
}

const routeLine = lineOnce((route: Route) => ({ text: `route add ${routeWords(route)}`, item: route, origin: route.origin }));

/** Rules of one family: `ip -batch` and `ip -6 -batch` read them from files of their own. */
export function printRules(rules: readonly RoutingRule[]): readonly PrintedLine[] {
  return rules.map((rule) => {
    const words = [`priority ${rule.priority}`];
    if (rule.invert) words.push("not");
    words.push(`from ${rule.from === null ? "all" : formatCidr(rule.from)}`);
    if (rule.to !== null) words.push(`to ${formatCidr(rule.to)}`);
    if (rule.mark !== null) words.push(`fwmark 0x${rule.mark.value.toString(16)}/0x${rule.mark.mask.toString(16)}`);
    words.push(...(rule.qualifiers ?? []));
    if (rule.table !== 0) words.push(`lookup ${rule.table}`);
    return { text: `rule add ${words.join(" ")}`, item: rule, origin: rule.origin };
  });
}
