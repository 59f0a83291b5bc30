/** Who has which address, and which pool it lies in. */
import { contains, equalIp, formatIp, rangeOf } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { ExternalHost, IpPool, NetworkModel, Node, Pod, Router } from "../model/types.ts";

export type Place =
  /** A pod with a network namespace of its own. */
  | { readonly kind: "pod"; readonly pod: Pod }
  /** One of the node's own addresses; `tunnel` when it is that of its VXLAN or IPIP device. */
  | { readonly kind: "node"; readonly node: Node; readonly tunnel: boolean }
  | { readonly kind: "router"; readonly router: Router }
  | { readonly kind: "external"; readonly host: ExternalHost }
  /** Nobody has it. `block` is the node that owns its block of a pool; `broadcast`: it is the last address of its subnet, or of the wire outside, and means all of it. */
  | { readonly kind: "vacant"; readonly block: string | null; readonly subnet: string | null; readonly broadcast: boolean };

export class AddressBook {
  readonly #model: NetworkModel;
  readonly #places = new Map<string, Place>();
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #tunnels = new Map<string, Ip>();

  constructor(model: NetworkModel) {
    this.#model = model;
    this.#nodes = new Map(model.nodes.map((node) => [node.name, node]));
    for (const node of model.nodes) for (const ip of node.addresses) this.#enter(ip, { kind: "node", node, tunnel: false });
    for (const { node: name, tunnels } of model.ipam.nodes) {
      const node = this.#nodes.get(name);
      if (node === undefined) continue;
      for (const { address, encapsulation } of tunnels) {
        this.#enter(address, { kind: "node", node, tunnel: true });
        this.#tunnels.set(`${name} ${encapsulation} ${address.family}`, address);
      }
    }
    for (const pod of model.pods) if (!pod.hostNetwork) for (const ip of pod.addresses) this.#enter(ip, { kind: "pod", pod });
    for (const router of model.routers) {
      for (const ip of [...router.interfaces.flatMap((face) => face.addresses), ...(router.outside?.addresses ?? [])])
        this.#enter(ip, { kind: "router", router });
    }
    for (const host of model.external?.hosts ?? []) for (const ip of host.addresses) this.#enter(ip, { kind: "external", host });
  }

  #enter(ip: Ip, place: Place): void {
    const text = formatIp(ip);
    if (!this.#places.has(text)) this.#places.set(text, place);
  }

  at(ip: Ip): Place {
    const place = this.#places.get(formatIp(ip));
    if (place !== undefined) return place;
    const pooled = this.pool(ip) !== undefined;
    const block = (pooled ? this.#model.ipam.nodes.find((node) => node.blocks.some(({ cidr }) => contains(cidr, ip)))?.node : null) ?? null;
    const subnet = this.#model.subnets.find(({ cidrs }) => cidrs.some((cidr) => contains(cidr, ip)));
    const wires = [...(subnet?.cidrs ?? []), ...(this.#model.external?.prefixes ?? [])];
    // RFC 3021: a range of two addresses has no broadcast address.
    const broadcast = ip.family === 4 && wires.some((cidr) => cidr.ip.family === 4 && cidr.prefix <= 30 && equalIp(rangeOf(cidr).last, ip));
    return { kind: "vacant", block, subnet: subnet?.name ?? null, broadcast };
  }

  node(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  /** The address that the node's wire carries. */
  nodeAddress(node: string, family: Family): Ip | undefined {
    return this.#nodes.get(node)?.addresses.find((ip) => ip.family === family);
  }

  tunnel(node: string, encapsulation: "ipip" | "vxlan", family: Family): Ip | undefined {
    return this.#tunnels.get(`${node} ${encapsulation} ${family}`);
  }

  /** Whether the node takes packets to this address for itself. */
  isLocal(node: string, ip: Ip): boolean {
    if (isLoopback(ip)) return true;
    const place = this.at(ip);
    return place.kind === "node" && place.node.name === node;
  }

  pool(ip: Ip): IpPool | undefined {
    return this.#model.cluster.cni.pools.find(({ cidr }) => contains(cidr, ip));
  }
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(ip: Ip): boolean {
  return ip.family === 4 ? ip.d >>> 24 === 127 : ip.a === 0 && ip.b === 0 && ip.c === 0 && ip.d === 1;
}

export function includesIp(addresses: readonly Ip[], ip: Ip): boolean {
  return addresses.some((address) => equalIp(address, ip));
}
