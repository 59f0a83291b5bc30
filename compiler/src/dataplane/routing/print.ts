/** Routes and rules as `ip -batch` reads them. */
import { formatCidr, formatCidrShort, formatIp } from "@knet/language/values";
import type { PrintedLine } from "../printed.ts";
import type { Route, RoutingRule } from "./types.ts";

/** Names of /etc/iproute2/rt_protos that need no file: anything else is written as its number. */
const protocolNames: Readonly<Record<number, string>> = { 2: "kernel", 3: "boot", 4: "static" };

/**
 * The words behind `ip route add`; `boot` and `scope global` are the defaults and left out, as `ip route` does.
 * A batch file takes no `-6`: `ip` infers the family from the addresses, and of `default` from the gateway.
 */
export function routeWords(route: Route): string {
  const family = route.destination.ip.family;
  // `default` names no family: without a gateway of its own family `ip` would take it for IPv4, or for the gateway's.
  const inferred = route.via === null ? 4 : route.via.family;
  const destination = route.destination.prefix === 0 && inferred === family ? "default" : formatCidrShort(route.destination);
  const words = [route.type === "unicast" ? destination : `${route.type} ${destination}`];
  if (route.via !== null) words.push(`via ${route.via.family === family ? "" : `inet${route.via.family === 6 ? "6" : ""} `}${formatIp(route.via)}`);
  if (route.link !== null) words.push(`dev ${route.link}`);
  if (route.table !== 254) words.push(`table ${route.table}`);
  if (route.protocol !== 3) words.push(`proto ${protocolNames[route.protocol] ?? route.protocol}`);
  if (route.scope !== "global" && family === 4) words.push(`scope ${route.scope}`);
  if (route.source !== null) words.push(`src ${formatIp(route.source)}`);
  if (route.metric !== 0) words.push(`metric ${route.metric}`);
  if (route.onlink) words.push("onlink");
  if (route.mtu !== null) words.push(`mtu ${route.mtu}`);
  return words.join(" ");
}

export function printRoutes(routes: readonly Route[]): readonly PrintedLine[] {
  return routes.map((route) => ({
    text: `route add ${routeWords(route)}`,
    item: route,
    origin: route.origin,
  }));
}

/** Rules of one family: `ip -batch` and `ip -6 -batch` read them from files of their own. */
export function printRules(rules: readonly RoutingRule[]): readonly PrintedLine[] {
  return rules.map((rule) => {
    const words = [`priority ${rule.priority}`];
    if (rule.invert) words.push("not");
    words.push(`from ${rule.from === null ? "all" : formatCidr(rule.from)}`);
    if (rule.to !== null) words.push(`to ${formatCidr(rule.to)}`);
    if (rule.mark !== null) words.push(`fwmark 0x${rule.mark.value.toString(16)}/0x${rule.mark.mask.toString(16)}`);
    words.push(`lookup ${rule.table}`);
    return { text: `rule add ${words.join(" ")}`, item: rule, origin: rule.origin };
  });
}
