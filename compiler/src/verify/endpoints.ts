/** From the sets that assertions name to hosts and addresses. */
import { contains, equalIp, formatCidr, formatIp } from "@knet/language/values";
import type { Cidr, Ip, Transport } from "@knet/language/values";
import type { EndpointSet, NetworkModel, Pod, Service } from "../model/types.ts";
import type { Destination, Endpoint, Scenario } from "./types.ts";

/** Resolves sets in one scenario; what it lists is sorted by name within its kind: pods, nodes, outside. */
export class EndpointCatalogue {
  readonly #model: NetworkModel;
  readonly #pods: ReadonlyMap<string, Pod>;
  readonly #blocks: readonly Cidr[];

  constructor(scenario: Scenario) {
    this.#model = scenario.model;
    // The user's own pods before the system's: a witness is the first that is found.
    const pods = scenario.model.pods.toSorted((x, y) => Number(x.system) - Number(y.system));
    this.#pods = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
    this.#blocks = addressBlocks(scenario.model);
  }

  sources(set: EndpointSet, except: EndpointSet | null): readonly Endpoint[] {
    const left = new Set(except === null ? [] : this.#hosts(except).map((endpoint) => endpoint.host));
    return this.#hosts(set).filter((endpoint) => !left.has(endpoint.host));
  }

  /** `missing` are named targets that this scenario no longer has. */
  destinations(set: EndpointSet): { readonly found: readonly Destination[]; readonly missing: readonly string[] } {
    switch (set.kind) {
      case "union": {
        const parts = set.members.map((member) => this.destinations(member));
        return { found: parts.flatMap((part) => part.found), missing: parts.flatMap((part) => part.missing) };
      }
      case "service": {
        const service = this.#model.services.find((candidate) => `${candidate.namespace}/${candidate.name}` === set.service);
        if (service === undefined) return { found: [], missing: [`service ${set.service}`] };
        return { found: this.#serviceDestinations(service), missing: [] };
      }
      case "pods": {
        const missing = set.pods.filter((key) => !this.#pods.has(key)).map((key) => `pod ${key}`);
        return { found: this.#endpointDestinations(this.#hosts(set)), missing };
      }
      case "nodes": {
        const present = new Set(this.#model.nodes.map((node) => node.name));
        const missing = set.nodes.filter((name) => !present.has(name)).map((name) => `node ${name}`);
        return { found: this.#endpointDestinations(this.#hosts(set)), missing };
      }
      case "all":
      case "internet":
      case "cidr":
        return { found: this.#endpointDestinations(this.#hosts(set)), missing: [] };
    }
  }

  /**
   * Host ids of the pods that are to share what goes to a service's port at one of its cluster IPs; empty for any other destination.
   * Those that are going away share it only among themselves.
   */
  backends({ address }: Destination, protocol: Transport, port: number): readonly string[] {
    const service = this.#model.services.find((candidate) => candidate.clusterIps.some((ip) => equalIp(ip, address)));
    const servicePort = service?.ports.find((candidate) => candidate.protocol === protocol && candidate.port === port);
    if (service === undefined || servicePort === undefined) return [];
    const able = [...this.#pods.values()].filter(
      (pod) =>
        (pod.ready || service.publishNotReady) &&
        this.#backs(`${service.namespace}/${service.name}`, pod) &&
        pod.addresses.some((ip) => ip.family === address.family) &&
        targetOf(servicePort.targetPort, protocol, pod).length > 0,
    );
    const staying = able.filter((pod) => !pod.terminating || service.publishNotReady);
    return (staying.length > 0 ? staying : able).map((pod) => `pod/${pod.namespace}/${pod.name}`);
  }

  #hosts(set: EndpointSet): readonly Endpoint[] {
    switch (set.kind) {
      case "all":
        return [...[...this.#pods.values()].map((pod) => this.#podEndpoint(pod)), ...this.#external()];
      case "internet":
        return this.#external();
      case "pods":
        return set.pods.flatMap((key) => {
          const pod = this.#pods.get(key);
          return pod === undefined ? [] : [this.#podEndpoint(pod)];
        });
      case "nodes":
        return this.#model.nodes.filter((node) => set.nodes.includes(node.name)).map((node) => this.#nodeEndpoint(node.name, node.addresses));
      case "cidr": {
        const inside = (endpoint: Endpoint): Endpoint[] => {
          const addresses = endpoint.addresses.filter((ip) => contains(set.cidr, ip));
          return addresses.length === 0 ? [] : [{ ...endpoint, addresses }];
        };
        return [
          ...[...this.#pods.values()].filter((pod) => !pod.hostNetwork).flatMap((pod) => inside(this.#podEndpoint(pod))),
          ...this.#model.nodes.flatMap((node) => inside(this.#nodeEndpoint(node.name, node.addresses))),
          ...this.#external().flatMap(inside),
        ];
      }
      case "union":
        return set.members.flatMap((member) => this.#hosts(member));
      case "service":
        // A service sends nothing itself; its pods do.
        return [...this.#pods.values()].filter((pod) => this.#backs(set.service, pod)).map((pod) => this.#podEndpoint(pod));
    }
  }

  #backs(key: string, pod: Pod): boolean {
    const service = this.#model.services.find((candidate) => `${candidate.namespace}/${candidate.name}` === key);
    if (service === undefined || service.selector === null || service.namespace !== pod.namespace) return false;
    return Object.entries(service.selector).every(([label, value]) => pod.labels[label] === value);
  }

  #podEndpoint(pod: Pod): Endpoint {
    const labels = Object.entries(pod.labels)
      .map(([key, value]) => `${key}=${value}`)
      .toSorted()
      .join(",");
    const ports = pod.ports
      .map((port) => `${port.name ?? ""}:${port.port}/${port.protocol}`)
      .toSorted()
      .join(",");
    return {
      host: `pod/${pod.namespace}/${pod.name}`,
      name: `${pod.namespace}/${pod.name}`,
      addresses: pod.addresses,
      classKey: ["pod", pod.namespace, pod.node, pod.hostNetwork, pod.ready, pod.terminating, labels, ports, this.#membership(pod.addresses)].join("|"),
    };
  }

  #nodeEndpoint(name: string, addresses: readonly Ip[]): Endpoint {
    return { host: `node/${name}`, name: `node ${name}`, addresses, classKey: `node|${name}` };
  }

  #external(): readonly Endpoint[] {
    return (this.#model.external?.hosts ?? []).map((host) => ({
      host: `external/${host.name}`,
      name: host.name,
      addresses: host.addresses,
      classKey: `external|${host.name}`,
    }));
  }

  #membership(addresses: readonly Ip[]): string {
    return this.#blocks.map((cidr) => (addresses.some((ip) => contains(cidr, ip)) ? "1" : "0")).join("");
  }

  #endpointDestinations(endpoints: readonly Endpoint[]): readonly Destination[] {
    return endpoints.flatMap((endpoint) =>
      endpoint.addresses.map((address) => ({
        name: endpoint.name,
        address,
        host: endpoint.host,
        classKey: `${endpoint.classKey}|${address.family}`,
        offers: this.#offers(endpoint.host),
      })),
    );
  }

  #offers(host: string): Destination["offers"] {
    const key = host.startsWith("pod/") ? host.slice("pod/".length) : null;
    if (key !== null) return (this.#pods.get(key)?.ports ?? []).map(({ protocol, port }) => ({ protocol, port }));
    return host.startsWith("external/") ? [{ protocol: "tcp", port: 443 }] : [{ protocol: "tcp", port: 10250 }];
  }

  #serviceDestinations(service: Service): readonly Destination[] {
    const name = `service ${service.namespace}/${service.name}`;
    if (service.headless) {
      const backends = [...this.#pods.values()].filter((pod) => (pod.ready || service.publishNotReady) && this.#backs(`${service.namespace}/${service.name}`, pod));
      return backends.flatMap((pod) =>
        pod.addresses.filter((ip) => service.families?.includes(ip.family) !== false).map((address) => ({
          name: `${name} at ${pod.namespace}/${pod.name}`,
          address,
          host: `pod/${pod.namespace}/${pod.name}`,
          classKey: `${name}|${pod.name}|${formatIp(address)}`,
          offers: service.ports.flatMap((port) => targetOf(port.targetPort, port.protocol, pod)),
        })),
      );
    }
    return service.clusterIps.map((address) => ({
      name,
      address,
      host: null,
      classKey: `${name}|${address.family}`,
      offers: service.ports.map(({ protocol, port }) => ({ protocol, port })),
    }));
  }
}

function targetOf(target: number | string, protocol: Destination["offers"][number]["protocol"], pod: Pod): Destination["offers"] {
  if (typeof target === "number") return [{ protocol, port: target }];
  return pod.ports.filter((port) => port.name === target && port.protocol === protocol).map(({ port }) => ({ protocol, port }));
}

/** Every prefix that some rule compares addresses with. */
function addressBlocks(model: NetworkModel): readonly Cidr[] {
  const blocks = new Map<string, Cidr>();
  const add = (cidr: Cidr): void => {
    blocks.set(formatCidr(cidr), cidr);
  };
  for (const policy of model.policies) {
    for (const rule of [...policy.ingress, ...policy.egress]) {
      for (const peer of rule.peers) {
        if (peer.kind !== "ipBlock") continue;
        add(peer.cidr);
        peer.except.forEach(add);
      }
    }
  }
  for (const firewall of model.firewalls) {
    for (const rule of firewall.rules) for (const peer of rule.peers) if (peer.kind === "cidr") add(peer.cidr);
  }
  for (const pool of model.cluster.cni.pools) add(pool.cidr);
  return [...blocks.values()];
}
