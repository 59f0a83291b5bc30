/**
 * Routes and policy rules of one Linux host. Connected and local routes follow from addresses: a compiled dataplane does
 * not list them, and a dump does, with the owner `kernel`.
 */
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";

export type RouteType =
  | "unicast"
  | "blackhole"
  | "unreachable"
  | "prohibit"
  | "throw"
  /** Made by the kernel for its own addresses, in table 255; `local` also by hand. */
  | "local"
  | "broadcast"
  | "anycast"
  | "multicast";

export interface Route {
  readonly destination: Cidr;
  readonly type: RouteType;
  readonly via: Ip | null;
  readonly link: string | null;
  /** Two or more ways, each flow takes one; `via` and `link` are then null. Absent: the one way of `via` and `link`. */
  readonly nextHops?: readonly NextHop[];
  /** What knet keeps but does not simulate, as `ip route` writes it: `tos 0x10`, `from fd00:9::/64`. Absent: nothing. */
  readonly qualifiers?: readonly string[];
  /** As rtnetlink numbers it: 2 kernel, 3 boot, 4 static, 12 bird, 80 Felix. */
  readonly protocol: number;
  readonly scope: "global" | "link" | "host";
  /** 0 when none is written. */
  readonly metric: number;
  readonly onlink: boolean;
  readonly mtu: number | null;
  readonly source: Ip | null;
  /** 254 is main. */
  readonly table: number;
  readonly owner: string;
  readonly origin: Origin;
}

export interface NextHop {
  readonly via: Ip | null;
  readonly link: string;
  /** 1 to 256, against the sum of all. */
  readonly weight: number;
  readonly onlink: boolean;
}

/**
 * `ip rule`: first match by priority decides the table. The kernel's own rules (0 local, 32766 main, 32767 default) are listed
 * in a dump only, with the owner `kernel`.
 */
export interface RoutingRule {
  readonly priority: number;
  readonly family: 4 | 6;
  readonly from: Cidr | null;
  readonly to: Cidr | null;
  readonly mark: { readonly value: number; readonly mask: number } | null;
  readonly invert: boolean;
  /** 0 when the rule does something else, which `qualifiers` then says. */
  readonly table: number;
  /** What knet keeps but does not simulate, as `ip rule` writes it: `iif eth0`, `suppress_prefixlength 0`, `blackhole`. Absent: nothing. */
  readonly qualifiers?: readonly string[];
  readonly owner: string;
  readonly origin: Origin;
}
