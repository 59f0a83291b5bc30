/** What the nodes' firewalls admit: packets that come in by the wire to the node's own addresses. */
import { contains } from "@knet/language/values";
import type { Cidr, Ip, Transport } from "@knet/language/values";
import type { Firewall, FirewallPeer, FirewallRule, NetworkModel } from "../model/types.ts";
import { insideRanges } from "../model/ranges.ts";

export class NodeFirewalls {
  readonly #inside: readonly Cidr[];
  readonly #byNode = new Map<string, Firewall[]>();

  constructor(model: NetworkModel) {
    this.#inside = insideRanges(model).map(({ cidr }) => cidr);
    for (const firewall of model.firewalls) {
      for (const node of new Set(firewall.nodes)) {
        const list = this.#byNode.get(node);
        if (list === undefined) this.#byNode.set(node, [firewall]);
        else list.push(firewall);
      }
    }
  }

  /** The firewalls of a node; none admits everything, several admit what one of them does. */
  of(node: string): readonly Firewall[] {
    return this.#byNode.get(node) ?? [];
  }

  /** Whether a new connection may come in. `transport` null: a protocol without ports, which only rules without ports admit. */
  admits(node: string, src: Ip, transport: { readonly protocol: Transport; readonly port: number } | null): boolean {
    return this.of(node).length === 0 || this.admitting(node, src, transport) !== null;
  }

  /** The first firewall that lets a new connection in; null when none does, or none stands there. */
  admitting(node: string, src: Ip, transport: { readonly protocol: Transport; readonly port: number } | null): Firewall | null {
    return this.of(node).find(({ rules }) => rules.some((rule) => this.#allows(rule, src, transport))) ?? null;
  }

  #allows(rule: FirewallRule, src: Ip, transport: { readonly protocol: Transport; readonly port: number } | null): boolean {
    const port =
      rule.ports.length === 0 ||
      (transport !== null &&
        rule.ports.some(
          ({ protocol, first, last }) => protocol === transport.protocol && first <= transport.port && transport.port <= last,
        ));
    return port && (rule.peers.length === 0 || rule.peers.some((peer) => this.#matches(peer, src)));
  }

  #matches(peer: FirewallPeer, src: Ip): boolean {
    if (peer.kind === "cidr") return contains(peer.cidr, src);
    return peer.kind === "any" || !this.#inside.some((cidr) => contains(cidr, src));
  }
}
