/** Routes and policy rules of one Linux host. Connected and local routes follow from addresses and are not listed. */
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";

export interface Route {
  readonly destination: Cidr;
  readonly type: "unicast" | "blackhole" | "unreachable" | "prohibit" | "throw";
  readonly via: Ip | null;
  readonly link: string | null;
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

/** `ip rule`: first match by priority decides the table. The kernel's own three rules are not listed. */
export interface RoutingRule {
  readonly priority: number;
  readonly family: 4 | 6;
  readonly from: Cidr | null;
  readonly to: Cidr | null;
  readonly mark: { readonly value: number; readonly mask: number } | null;
  readonly invert: boolean;
  readonly table: number;
  readonly owner: string;
  readonly origin: Origin;
}
