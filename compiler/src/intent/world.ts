/** A network model with the indexes that its questions need. */
import type { Family, Transport } from "@knet/language/values";
import type { ContainerPort, NetworkModel, Node, Pod } from "../model/types.ts";
import { AddressBook } from "./addresses.ts";
import { Crossings } from "./crossing.ts";
import { NodeFirewalls } from "./firewall.ts";
import { PolicyJudge } from "./policy.ts";
import { Replies } from "./reply.ts";
import { SelectorIndex } from "./selectors.ts";
import { ServiceTable } from "./services.ts";
import { Underlay } from "./underlay.ts";

/** Everything that a model answers, indexed once. */
export class World {
  readonly model: NetworkModel;
  readonly book: AddressBook;
  readonly underlay: Underlay;
  readonly firewalls: NodeFirewalls;
  readonly policies: PolicyJudge;
  readonly services: ServiceTable;
  readonly crossings: Crossings;
  readonly replies: Replies;
  /** Whether some pool wraps packets in VXLAN: then Calico exempts its port from connection tracking. */
  readonly usesVxlan: boolean;
  readonly #hostPods = new Map<string, Pod[]>();

  constructor(model: NetworkModel) {
    const selectors = new SelectorIndex(model.namespaces, model.pods);
    this.model = model;
    this.book = new AddressBook(model);
    this.underlay = new Underlay(model);
    this.firewalls = new NodeFirewalls(model);
    this.policies = new PolicyJudge(model, this.book, selectors);
    this.services = new ServiceTable(model, this.book, selectors);
    this.crossings = new Crossings(model, this.book, this.underlay, this.firewalls);
    this.replies = new Replies(this.book, this.underlay, this.crossings);
    this.usesVxlan = model.cluster.cni.pools.some((pool) => pool.encapsulation.startsWith("vxlan"));
    for (const pod of model.pods) {
      if (!pod.hostNetwork) continue;
      const list = this.#hostPods.get(pod.node);
      if (list === undefined) this.#hostPods.set(pod.node, [pod]);
      else list.push(pod);
    }
  }

  /**
   * Whether the node is a gateway to its pods. IPv4 pods ask for 169.254.1.1, which a node answers by proxy ARP only while it has
   * a route there, that is a default route; IPv6 pods use the link-local address of the node's end.
   */
  servesPods(node: string, family: Family): boolean {
    return family === 6 || this.underlay.hasGateway(this.book.node(node)?.subnet ?? "", family);
  }

  /** What listens in the node's own network namespace: kubelet, which is the node's, and pods on the host network. */
  nodeListener(node: Node, protocol: Transport, port: number): Node | Pod | null {
    if (protocol === "tcp" && port === kubeletPort) return node;
    return this.#hostPods.get(node.name)?.find((pod) => offers(pod.ports, protocol, port)) ?? null;
  }
}

const kubeletPort = 10250;

/** Whether one of a pod's containers declares the port: then it listens there, ready or not. */
export function offers(ports: readonly ContainerPort[], protocol: Transport, port: number): boolean {
  return ports.some((candidate) => candidate.protocol === protocol && candidate.port === port);
}
