/** Longest-prefix match over one routing table. */
import { contains, formatCidr, formatIp, maskIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import { ipKey } from "../dataplane/ip-key.ts";
import type { Route, RoutingRule } from "../dataplane/routing/types.ts";
import type { PreparedHost } from "./host.ts";
import { isLinkLocal6 } from "./host.ts";
import { UnsupportedError } from "./unsupported.ts";

/** Routes by family and prefix length, longest first; within a prefix the lowest metric wins, then the first. */
export class RouteTable {
  readonly #lengths: { readonly family: Family; readonly prefix: number; readonly routes: ReadonlyMap<number | string, Route> }[] = [];

  constructor(routes: readonly Route[]) {
    const byLength = new Map<number, Map<number | string, Route>>();
    for (const route of routes) {
      const { ip, prefix } = route.destination;
      const code = ip.family * 256 + prefix;
      let level = byLength.get(code);
      if (level === undefined) {
        level = new Map();
        byLength.set(code, level);
      }
      const key = ipKey(maskIp(ip, prefix));
      const there = level.get(key);
      if (there === undefined || route.metric < there.metric) level.set(key, route);
    }
    for (const [code, level] of byLength) {
      const family: Family = code >= 6 * 256 ? 6 : 4;
      this.#lengths.push({ family, prefix: code - family * 256, routes: level });
    }
    this.#lengths.sort((x, y) => y.prefix - x.prefix);
  }

  lookup(ip: Ip): Route | undefined {
    for (const level of this.#lengths) {
      if (level.family !== ip.family) continue;
      const route = level.routes.get(ipKey(maskIp(ip, level.prefix)));
      if (route !== undefined) return route;
    }
    return undefined;
  }
}

export type RouteDecision =
  | { readonly kind: "local"; readonly link: string }
  | { readonly kind: "unicast"; readonly link: string; readonly nextHop: Ip; readonly route: Route | null; readonly rule: RoutingRule | null }
  | { readonly kind: "blackhole" | "unreachable" | "prohibit"; readonly route: Route }
  | { readonly kind: "no-route" };

/**
 * What the host does with a packet to `dst`. `link` binds link-local IPv6 destinations to the device they were
 * named with. Rules are tried by priority; the kernel's own (local, main, default) close the list.
 *
 * @throws {UnsupportedError} for a rule or a route of a dump whose conditions the simulator does not know.
 */
export function decideRoute(host: PreparedHost, dst: Ip, mark: number, src: Ip | null, link: string | null): RouteDecision {
  const local = host.localLink(dst);
  if (local !== undefined) return { kind: "local", link: local };
  if (isLinkLocal6(dst) && link !== null) {
    if (host.localLink(dst) === link) return { kind: "local", link };
    return { kind: "unicast", link, nextHop: dst, route: null, rule: null };
  }
  for (const rule of host.rules[dst.family]) {
    if (!matchesRule(rule, dst, mark, src)) continue;
    const [unknown] = rule.qualifiers ?? [];
    if (unknown !== undefined) throw new UnsupportedError(`rule ${rule.priority} with ${unknown}`, rule);
    const decision = lookUp(host, rule.table, dst, rule);
    if (decision !== null) return decision;
  }
  return lookUp(host, mainTable, dst, null) ?? { kind: "no-route" };
}

const mainTable = 254;

/** What a table says of `dst`; null when it leaves the question to the next rule. */
function lookUp(host: PreparedHost, table: number, dst: Ip, rule: RoutingRule | null): RouteDecision | null {
  const route = host.routes.get(table)?.lookup(dst);
  return route === undefined ? null : follow(route, dst, rule);
}

/** What a route says of `dst`; null for a route without a device. */
function follow(route: Route, dst: Ip, rule: RoutingRule | null): RouteDecision | null {
  const prefix = formatCidr(route.destination);
  const [unknown] = route.qualifiers ?? [];
  if (unknown !== undefined) throw new UnsupportedError(`the route to ${prefix} with ${unknown}`, route);
  switch (route.type) {
    case "throw":
      return null;
    case "blackhole":
    case "unreachable":
    case "prohibit":
      return { kind: route.type, route };
    // A host takes what is sent to the anycast address of its subnet.
    case "local":
    case "anycast":
      return { kind: "local", link: route.link ?? "lo" };
    case "broadcast":
    case "multicast":
      throw new UnsupportedError(`a packet to the ${route.type} address ${formatIp(dst)}`, route);
    case "unicast":
      if (route.nextHops !== undefined) throw new UnsupportedError(`the route to ${prefix} with several next hops`, route);
      return route.link === null ? null : { kind: "unicast", link: route.link, nextHop: route.via ?? dst, route, rule };
  }
}

function matchesRule(rule: RoutingRule, dst: Ip, mark: number, src: Ip | null): boolean {
  const from = rule.from === null || (src !== null && contains(rule.from, src));
  const to = rule.to === null || contains(rule.to, dst);
  const marked = rule.mark === null || (mark & rule.mark.mask) >>> 0 === rule.mark.value;
  // Whether a rule with unknown conditions matches is open where `not` turns them round.
  if (rule.invert && rule.qualifiers !== undefined) return true;
  return (from && to && marked) !== rule.invert;
}

/** The largest packet that a route takes: its own MTU, else its device's. */
export function mtuOf(host: PreparedHost, decision: { readonly link: string; readonly route: Route | null }): number {
  return decision.route?.mtu ?? host.links.get(decision.link)?.mtu ?? 1500;
}

