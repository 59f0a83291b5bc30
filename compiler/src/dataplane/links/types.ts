/** Network devices of one Linux host. */
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";

export interface Link {
  /** At most 15 characters. */
  readonly name: string;
  readonly kind: LinkKind;
  readonly mtu: number;
  /** Null: the kernel's own choice (veth, physical). */
  readonly mac: string | null;
  /** Administratively down. Absent: up. */
  readonly isDown?: boolean;
  /** The component that creates it: `os`, `cni`, `felix`. Devices of `os` exist before any artifact is applied. */
  readonly owner: string;
  readonly origin: Origin;
}

export type LinkKind =
  | { readonly type: "loopback" }
  | { readonly type: "physical" }
  /** One end of a pair; the other end is a link of another host. Created by the CNI plugin. Both names are empty in a dump, which does not have them. */
  | { readonly type: "veth"; readonly peerHost: string; readonly peerLink: string }
  | {
      readonly type: "vxlan";
      readonly id: number;
      readonly local: Ip;
      readonly parent: string;
      readonly port: number;
      readonly learning: boolean;
    }
  /**
   * A device that knet neither makes nor simulates, by its kernel name: `bridge`, `dummy`, `ipip`, `wireguard`, and `vxlan`
   * where it has no fixed end of its own (`external`) or floods to a multicast group.
   */
  | { readonly type: "other"; readonly name: string };

export interface Address {
  readonly link: string;
  /** The host's own address. The prefix length is that of the peer when there is one. */
  readonly address: Cidr;
  /** The other end of a point-to-point address: the connected route leads there. Absent: none. */
  readonly peer?: Ip;
  readonly owner: string;
  readonly origin: Origin;
}

/** A permanent neighbour entry: `ip neighbour add IP lladdr MAC dev LINK nud permanent`. */
export interface Neighbour {
  readonly link: string;
  readonly ip: Ip;
  readonly mac: string;
  readonly owner: string;
  readonly origin: Origin;
}

/** `bridge fdb add MAC dev LINK dst IP self permanent`. */
export interface FdbEntry {
  readonly link: string;
  readonly mac: string;
  readonly destination: Ip;
  /** What knet keeps but does not simulate, as `bridge fdb` writes it: `vni 6`, `port 99`, `via eth0`. Absent: nothing. */
  readonly qualifiers?: readonly string[];
  readonly owner: string;
  readonly origin: Origin;
}
