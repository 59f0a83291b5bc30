/** What Calico's IPAM holds: which node owns which block, tunnel addresses, and addresses outside their node's blocks. */
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";

export interface IpamPlan {
  /** Every node, sorted by name. */
  readonly nodes: readonly NodeIpam[];
  /** Sorted by address. Such an address needs a host route on every other node. */
  readonly borrowed: readonly BorrowedAddress[];
}

export interface NodeIpam {
  readonly node: string;
  /** Confirmed affinities, sorted by address. */
  readonly blocks: readonly IpamBlock[];
  /** At most one per encapsulation and family, IPv4 before IPv6. */
  readonly tunnels: readonly TunnelAddress[];
  readonly origin: Origin;
}

export interface IpamBlock {
  readonly cidr: Cidr;
  /** Name of the pool that it is cut from. */
  readonly pool: string;
}

export interface TunnelAddress {
  readonly encapsulation: "ipip" | "vxlan";
  readonly address: Ip;
}

/** An address in a block that its node does not own. */
export interface BorrowedAddress {
  readonly ip: Ip;
  /** Name of the pool that it lies in. */
  readonly pool: string;
  /** The node that really holds it. */
  readonly node: string;
  /** `namespace/name` of the pod, or null for the node's tunnel address. */
  readonly pod: string | null;
}
