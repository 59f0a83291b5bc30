/** For tests: records written short. */
import { parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { Link, LinkKind } from "../links/types.ts";
import type { Route, RoutingRule } from "../routing/types.ts";

export const origin: Origin = { name: "node node-a", span: null };

export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}

export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`${text} is no prefix`);
  return parsed;
}

export function link(name: string, kind: LinkKind, rest: Partial<Link> = {}): Link {
  return { name, kind, mtu: kind.type === "loopback" ? 65_536 : 1500, mac: null, owner: "os", origin, ...rest };
}

/** Of the main table, by hand, without a way. */
export function route(destination: string, words: Partial<Route> = {}): Route {
  return {
    destination: cidr(destination),
    type: "unicast",
    via: null,
    link: null,
    protocol: 3,
    scope: "global",
    metric: 0,
    onlink: false,
    mtu: null,
    source: null,
    table: 254,
    owner: "os",
    origin,
    ...words,
  };
}

export function rule(priority: number, family: 4 | 6, table: number, words: Partial<RoutingRule> = {}): RoutingRule {
  return { priority, family, from: null, to: null, mark: null, invert: false, table, owner: "os", origin, ...words };
}

/** The error that a parser throws, for its fields to be looked at. */
export function thrownBy(parse: () => unknown): unknown {
  try {
    parse();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
