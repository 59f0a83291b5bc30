/** For tests: a small model, written short. */
import { parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { NetworkModel, Node, Pod, Service, ServicePort } from "../model/types.ts";

export function origin(name: string): Origin {
  return { name, span: null };
}

export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`not a prefix: ${text}`);
  return parsed;
}

export function node(name: string, address: string, zone: string | null = null): Node {
  return { name, subnet: "blue", addresses: [ip(address)], device: "eth0", mtu: 1500, labels: {}, zone, origin: origin(`node ${name}`) };
}

/** A ready pod of namespace `shop` on node-a with the label app=web. */
export function pod(name: string, addresses: readonly string[], more: Partial<Pod> = {}): Pod {
  const namespace = more.namespace ?? "shop";
  return {
    namespace,
    name,
    node: "node-a",
    labels: { app: "web" },
    ports: [],
    ready: true,
    terminating: false,
    hostNetwork: false,
    addresses: addresses.map(ip),
    serviceAccount: "default",
    workload: null,
    hostname: null,
    subdomain: null,
    system: false,
    origin: origin(`pod ${namespace}/${name}`),
    ...more,
  };
}

export function port(number: number, more: Partial<ServicePort> = {}): ServicePort {
  return { name: null, port: number, protocol: "tcp", targetPort: number, nodePort: null, origin: origin(`port ${number}`), ...more };
}

/** A ClusterIP service of namespace `shop` that selects app=web. */
export function service(name: string, clusterIps: readonly string[], ports: readonly ServicePort[], more: Partial<Service> = {}): Service {
  const namespace = more.namespace ?? "shop";
  return {
    namespace,
    name,
    type: "ClusterIP",
    headless: clusterIps.length === 0,
    clusterIps: clusterIps.map(ip),
    selector: { app: "web" },
    ports,
    externalIps: [],
    loadBalancerIps: [],
    loadBalancerSourceRanges: [],
    internalTrafficPolicy: "Cluster",
    externalTrafficPolicy: "Cluster",
    healthCheckNodePort: null,
    sessionAffinity: null,
    publishNotReady: false,
    manualEndpoints: [],
    system: false,
    origin: origin(`service ${namespace}/${name}`),
    ...more,
  };
}

export interface ModelParts {
  readonly pods?: readonly Pod[];
  readonly services?: readonly Service[];
  readonly nodes?: readonly Node[];
  readonly serviceCidrs?: readonly string[];
  readonly pools?: readonly string[];
}

/** node-a in zone z1 and node-b in z2; services 10.96.0.0/16, pods 10.244.0.0/16. */
export function model(parts: ModelParts): NetworkModel {
  return {
    cluster: {
      name: "test",
      kubernetesVersion: "1.34",
      domain: "cluster.local",
      serviceCidrs: (parts.serviceCidrs ?? ["10.96.0.0/16"]).map(cidr),
      nodePorts: { first: 30000, last: 32767 },
      cni: {
        kind: "calico",
        version: "3.32",
        pools: (parts.pools ?? ["10.244.0.0/16"]).map((text, i) => ({
          name: `pool-${i}`,
          cidr: cidr(text),
          blockSize: text.includes(":") ? 122 : 26,
          encapsulation: "vxlan",
          natOutgoing: true,
          origin: origin(`pool-${i}`),
        })),
        vxlanPort: 4789,
        vxlanVni: 4096,
        vxlanMtu: null,
        origin: origin("cni"),
      },
      proxy: { mode: "iptables", origin: origin("proxy") },
      dns: { addresses: [], forwards: [], origin: origin("dns") },
      origin: origin("cluster"),
    },
    subnets: [],
    routers: [],
    external: null,
    nodes: parts.nodes ?? [node("node-a", "192.168.10.11", "z1"), node("node-b", "192.168.10.12", "z2")],
    firewalls: [],
    namespaces: [],
    pods: parts.pods ?? [],
    workloads: [],
    services: parts.services ?? [],
    policies: [],
    assertions: [],
    ipam: { nodes: [], borrowed: [] },
  };
}
