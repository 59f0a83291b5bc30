/**
 * Services as kube-proxy serves them in iptables mode with a ClusterCIDR detector: which addresses and ports a node
 * translates, to which endpoints, and whether it hides the source.
 */
import { compareText, contains, equalIp, formatIp } from "@knet/language/values";
import type { Family, Ip, Transport } from "@knet/language/values";
import type { NetworkModel, Pod, Service, ServicePort } from "../model/types.ts";
import type { AddressBook } from "./addresses.ts";
import { equalities } from "./selectors.ts";
import type { SelectorIndex } from "./selectors.ts";

export interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
  /** Null for endpoints written by hand. */
  readonly pod: Pod | null;
  readonly ready: boolean;
  /** Passes its readiness probe although it is being deleted. */
  readonly servingTerminating: boolean;
}

export type Redirect =
  | { readonly kind: "none" }
  | {
      readonly kind: "backends";
      readonly service: Service;
      /** Sorted by address and port, without repeats; never empty. */
      readonly endpoints: readonly Endpoint[];
      readonly masquerade: boolean;
      /** Came in by node port, external or load balancer address: the way on which the source may be hidden. */
      readonly external: boolean;
    }
  | { readonly kind: "rejected" | "dropped"; readonly service: Service; readonly reason: string };

interface Frontend {
  readonly service: Service;
  readonly port: ServicePort;
  readonly by: "clusterIp" | "externalIp" | "loadBalancerIp" | "nodePort";
}

const none: Redirect = { kind: "none" };

export class ServiceTable {
  readonly #book: AddressBook;
  readonly #selectors: SelectorIndex;
  readonly #addresses = new Map<string, Frontend>();
  readonly #nodePorts = new Map<string, Frontend>();
  readonly #endpoints = new Map<string, readonly Endpoint[]>();

  constructor(model: Pick<NetworkModel, "services">, book: AddressBook, selectors: SelectorIndex) {
    this.#book = book;
    this.#selectors = selectors;
    for (const service of model.services) {
      if (service.type === "ExternalName" || service.headless) continue;
      for (const port of service.ports) this.#enter(service, port);
    }
  }

  #enter(service: Service, port: ServicePort): void {
    const add = (index: Map<string, Frontend>, place: string, by: Frontend["by"]): void => {
      if (!index.has(place)) index.set(place, { service, port, by });
    };
    const families = new Set(service.clusterIps.map((ip) => ip.family));
    for (const ip of service.clusterIps) add(this.#addresses, frontendKey(formatIp(ip), port.protocol, port.port), "clusterIp");
    for (const ip of service.externalIps) {
      if (families.has(ip.family)) add(this.#addresses, frontendKey(formatIp(ip), port.protocol, port.port), "externalIp");
    }
    for (const ip of service.loadBalancerIps) {
      if (families.has(ip.family)) add(this.#addresses, frontendKey(formatIp(ip), port.protocol, port.port), "loadBalancerIp");
    }
    if (port.nodePort === null) return;
    for (const family of families) add(this.#nodePorts, frontendKey(`${family}`, port.protocol, port.nodePort), "nodePort");
  }

  /** Whether the node serves a node port there. */
  isNodePort(family: Family, protocol: Transport, port: number): boolean {
    return this.#nodePorts.has(frontendKey(`${family}`, protocol, port));
  }

  /** What the node does with the first packet of a connection. `own`: a process of the node sends it. */
  redirect(node: string, src: Ip, dst: Ip, protocol: Transport, port: number, own: boolean): Redirect {
    const byAddress = this.#addresses.get(frontendKey(formatIp(dst), protocol, port));
    if (byAddress !== undefined)
      return byAddress.by === "clusterIp"
        ? this.#internal(byAddress, node, src, dst.family)
        : this.#external(byAddress, node, src, dst, own);
    if (!this.#book.isLocal(node, dst) || (dst.family === 6 && !this.#isHeld(dst))) return none;
    const byPort = this.#nodePorts.get(frontendKey(`${dst.family}`, protocol, port));
    return byPort === undefined ? none : this.#external(byPort, node, src, dst, own);
  }

  /** An address of an interface: IPv6 node ports are not served on ::1. */
  #isHeld(ip: Ip): boolean {
    return this.#book.at(ip).kind === "node";
  }

  #internal({ service, port }: Frontend, node: string, src: Ip, family: Family): Redirect {
    const all = this.endpoints(service, port, family);
    if (!hasAny(all)) return { kind: "rejected", service, reason: `${nameOf(service, port)} has no endpoints` };
    const endpoints = service.internalTrafficPolicy === "Local" ? usable(onNode(all, node)) : usable(all);
    if (endpoints.length === 0)
      return { kind: "dropped", service, reason: `${nameOf(service, port)} is internal to each node and has no endpoint on ${node}` };
    return { kind: "backends", service, endpoints, masquerade: !this.#inCluster(src), external: false };
  }

  #external({ service, port, by }: Frontend, node: string, src: Ip, dst: Ip, own: boolean): Redirect {
    const all = this.endpoints(service, port, dst.family);
    if (!hasAny(all)) {
      // The rule for external addresses stands where packets arrive, not where the node's own leave.
      if (own && by !== "nodePort") return none;
      return { kind: "rejected", service, reason: `${nameOf(service, port)} has no endpoints` };
    }
    if (by === "loadBalancerIp" && !this.#admittedByRanges(service, node, src)) {
      return { kind: "dropped", service, reason: `the source ranges of ${nameOf(service, port)} do not hold ${formatIp(src)}` };
    }
    const backends = (endpoints: readonly Endpoint[], masquerade: boolean): Redirect => ({
      kind: "backends",
      service,
      endpoints,
      masquerade,
      external: true,
    });
    if (service.externalTrafficPolicy === "Cluster") return backends(usable(all), true);
    // Clients in the cluster are not held to the node's own endpoints.
    if (this.#inCluster(src)) return backends(usable(all), false);
    if (this.#book.isLocal(node, src)) return backends(usable(all), true);
    const local = usable(onNode(all, node));
    if (local.length === 0)
      return {
        kind: "dropped",
        service,
        reason: `${nameOf(service, port)} keeps outside traffic on the node and has no endpoint on ${node}`,
      };
    return backends(local, false);
  }

  #inCluster(ip: Ip): boolean {
    return this.#book.pool(ip) !== undefined;
  }

  #admittedByRanges(service: Service, node: string, src: Ip): boolean {
    const ranges = service.loadBalancerSourceRanges.filter((cidr) => cidr.ip.family === src.family);
    if (ranges.length === 0 || ranges.some((cidr) => contains(cidr, src))) return true;
    // A node that the ranges hold may use a balancer address that is bound to one of its own interfaces.
    const own = this.#book.nodeAddress(node, src.family);
    return own !== undefined && ranges.some((cidr) => contains(cidr, own)) && service.loadBalancerIps.some((ip) => equalIp(ip, src));
  }

  /** Everything that the EndpointSlices of the family hold for the port. */
  endpoints(service: Service, port: ServicePort, family: Family): readonly Endpoint[] {
    const place = `${service.namespace}/${service.name} ${family} ${service.ports.indexOf(port)}`;
    let found = this.#endpoints.get(place);
    if (found === undefined) {
      found = this.#endpointsOf(service, port, family).toSorted((x, y) => compareText(endpointText(x), endpointText(y)));
      this.#endpoints.set(place, found);
    }
    return found;
  }

  #endpointsOf(service: Service, port: ServicePort, family: Family): readonly Endpoint[] {
    if (service.selector === null || Object.keys(service.selector).length === 0) {
      const { targetPort } = port;
      if (typeof targetPort !== "number") return [];
      return service.manualEndpoints
        .filter((ip) => ip.family === family)
        .map((ip) => ({ ip, port: targetPort, pod: null, ready: true, servingTerminating: false }));
    }
    return this.#selectors.pods(service.namespace, equalities(service.selector)).flatMap((pod): readonly Endpoint[] => {
      const ip = pod.addresses.find((address) => address.family === family);
      const number = targetOf(port, pod);
      const nodeMissing = this.#book.node(pod.node) === undefined;
      if (ip === undefined || number === null || (nodeMissing && !service.publishNotReady)) return [];
      return [
        {
          ip,
          port: number,
          pod,
          ready: service.publishNotReady || (pod.ready && !pod.terminating),
          servingTerminating: pod.ready && pod.terminating,
        },
      ];
    });
  }
}

function frontendKey(address: string, protocol: Transport, port: number): string {
  return `${address} ${port}/${protocol}`;
}

function nameOf(service: Service, port: ServicePort): string {
  return `service ${service.namespace}/${service.name}${port.name === null ? "" : ` port ${port.name}`}`;
}

/** The first container port of that name and protocol; a pod without it is no endpoint of the port. */
function targetOf(port: ServicePort, pod: Pod): number | null {
  if (typeof port.targetPort === "number") return port.targetPort;
  return pod.ports.find((candidate) => candidate.name === port.targetPort && candidate.protocol === port.protocol)?.port ?? null;
}

function hasAny(endpoints: readonly Endpoint[]): boolean {
  return endpoints.some(({ ready, servingTerminating }) => ready || servingTerminating);
}

function onNode(endpoints: readonly Endpoint[], node: string): readonly Endpoint[] {
  return endpoints.filter(({ pod }) => pod?.node === node);
}

/** The ready ones; when there is none, those that are being deleted and still serve. Two pods may share a node's address and port. */
function usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const chosen = ready.length > 0 ? ready : endpoints.filter((endpoint) => endpoint.servingTerminating);
  return [...new Map(chosen.map((endpoint) => [endpointText(endpoint), endpoint])).values()];
}

function endpointText({ ip, port }: Endpoint): string {
  return `${formatIp(ip)} ${port}`;
}
