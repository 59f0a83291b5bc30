/** Kernel parameters of one Linux host. */
import type { Origin } from "@knet/language";

export interface Sysctl {
  /** In the slash form, which interface names with dots need: `net/ipv4/conf/vxlan.calico/rp_filter`. */
  readonly key: string;
  readonly value: string;
  readonly owner: string;
  readonly origin: Origin;
}
