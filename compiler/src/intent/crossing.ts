/** How a packet gets from one node to another: by the wire, or in a tunnel that both firewalls must know. */
import type { Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { NetworkModel } from "../model/types.ts";
import type { AddressBook } from "./addresses.ts";
import type { NodeFirewalls } from "./firewall.ts";
import type { Underlay } from "./underlay.ts";

export type Crossing =
  | { readonly kind: "wire" }
  | { readonly kind: "tunnel"; readonly encapsulation: "ipip" | "vxlan" }
  | { readonly kind: "failed"; readonly outcome: "dropped" | "unreachable"; readonly reason: string; readonly causes: readonly Origin[] };

export class Crossings {
  readonly #model: NetworkModel;
  readonly #book: AddressBook;
  readonly #underlay: Underlay;
  readonly #firewalls: NodeFirewalls;

  constructor(model: NetworkModel, book: AddressBook, underlay: Underlay, firewalls: NodeFirewalls) {
    this.#model = model;
    this.#book = book;
    this.#underlay = underlay;
    this.#firewalls = firewalls;
  }

  /**
   * The way of a packet to `dst`, which lives on node `to`. The pool of `dst` says whether it is wrapped; an outer packet is a
   * new one for the receiving node's firewall every time, as VXLAN is not tracked.
   */
  between(from: string, to: string, dst: Ip): Crossing {
    const sender = this.#book.node(from);
    const receiver = this.#book.node(to);
    const source = this.#book.nodeAddress(from, dst.family);
    const destination = this.#book.nodeAddress(to, dst.family);
    if (sender === undefined || receiver === undefined || source === undefined || destination === undefined) {
      return failed("unreachable", `${source === undefined ? from : to} has no IPv${dst.family} address`, []);
    }
    const pool = this.#book.pool(dst);
    const together = sender.subnet === receiver.subnet;
    if (!this.#underlay.joined(sender.subnet, receiver.subnet, dst.family)) {
      return failed("unreachable", `no router joins subnet ${sender.subnet} of ${from} to subnet ${receiver.subnet} of ${to}`, [
        sender.origin,
        receiver.origin,
      ]);
    }
    if (pool === undefined || (together && pool.encapsulation !== "vxlan" && pool.encapsulation !== "ipip")) return { kind: "wire" };
    if (pool.encapsulation === "none")
      return failed("dropped", `pool ${pool.name} is not encapsulated and routers do not know pod addresses`, [pool.origin]);
    const encapsulation = pool.encapsulation.startsWith("vxlan") ? "vxlan" : "ipip";
    if ([from, to].some((node) => this.#book.tunnel(node, encapsulation, dst.family) === undefined)) {
      return failed("unreachable", `pool ${pool.name} needs an IPv${dst.family} tunnel between ${from} and ${to}`, [pool.origin]);
    }
    const { vxlanPort } = this.#model.cluster.cni;
    const outer = encapsulation === "vxlan" ? { protocol: "udp" as const, port: vxlanPort } : null;
    if (!this.#firewalls.admits(to, source, outer)) {
      const what = outer === null ? "IPIP" : `VXLAN (${vxlanPort}/udp)`;
      return failed(
        "dropped",
        `the firewall of ${to} does not admit ${what} from ${from}`,
        this.#firewalls.of(to).map((firewall) => firewall.origin),
      );
    }
    return { kind: "tunnel", encapsulation };
  }
}

function failed(outcome: "dropped" | "unreachable", reason: string, causes: readonly Origin[]): Crossing {
  return { kind: "failed", outcome, reason, causes };
}
