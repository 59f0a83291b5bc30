/** For tests: the parts of a network model, written short; what a test does not name is plain. */
import { parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type {
  ContainerPort,
  Encapsulation,
  IpPool,
  LabelSelector,
  Labels,
  Namespace,
  NetworkModel,
  NetworkPolicy,
  Node,
  Pod,
  PolicyRule,
  Service,
  ServicePort,
} from "./types.ts";

export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}

export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`${text} is no prefix`);
  return parsed;
}

export function origin(name: string): Origin {
  return { name, span: null };
}

export function transport(text: string | undefined): Transport {
  if (text === "tcp" || text === "udp" || text === "sctp") return text;
  throw new Error(`${text ?? "nothing"} is no transport`);
}

/** `http=8080/tcp` or `53/udp`. */
export function containerPort(text: string): ContainerPort {
  const [, name, port, protocol] = /^(?:([a-z-]+)=)?(\d+)\/(tcp|udp|sctp)$/.exec(text) ?? [];
  return { name: name ?? null, port: Number(port), protocol: transport(protocol), origin: origin(`port ${text}`) };
}

export function node(name: string, subnet: string, addresses: readonly string[], more: Partial<Node> = {}): Node {
  return {
    name,
    subnet,
    addresses: addresses.map(ip),
    device: "eth0",
    mtu: 1500,
    labels: { "kubernetes.io/hostname": name },
    zone: null,
    origin: origin(`node ${name}`),
    ...more,
  };
}

/** `namespace/name`: a ready pod without labels and ports. */
export function pod(key: string, node: string, addresses: readonly Ip[], more: Partial<Pod> = {}): Pod {
  const [namespace = "", name = ""] = key.split("/");
  return {
    namespace,
    name,
    node,
    labels: {},
    ports: [],
    ready: true,
    terminating: false,
    hostNetwork: false,
    addresses,
    serviceAccount: "default",
    workload: null,
    hostname: null,
    subdomain: null,
    system: false,
    origin: origin(`pod ${key}`),
    ...more,
  };
}

/** `namespace/name`: a ClusterIP service, headless without addresses. */
export function service(
  key: string,
  clusterIps: readonly Ip[],
  ports: readonly ServicePort[],
  more: Partial<Service> & Pick<Service, "selector">,
): Service {
  const [namespace = "", name = ""] = key.split("/");
  return {
    namespace,
    name,
    type: "ClusterIP",
    headless: clusterIps.length === 0,
    clusterIps,
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
    origin: origin(`service ${key}`),
    ...more,
  };
}

/** `namespace/name`: isolates in the directions that it has rules of, be they none. */
export function policy(
  key: string,
  podSelector: LabelSelector,
  rules: { readonly ingress?: readonly PolicyRule[]; readonly egress?: readonly PolicyRule[] },
): NetworkPolicy {
  const [namespace = "", name = ""] = key.split("/");
  return {
    namespace,
    name,
    podSelector,
    policyTypes: [...(rules.ingress === undefined ? [] : ["Ingress" as const]), ...(rules.egress === undefined ? [] : ["Egress" as const])],
    ingress: rules.ingress ?? [],
    egress: rules.egress ?? [],
    origin: origin(`policy ${key}`),
  };
}

/** Sorted by name, with kube-system. */
export function namespaces(names: readonly string[], labels: Readonly<Record<string, Labels>> = {}): readonly Namespace[] {
  return [...new Set(["kube-system", ...names, ...Object.keys(labels)])].toSorted().map((name) => ({
    name,
    labels: { "kubernetes.io/metadata.name": name, ...labels[name] },
    origin: origin(`namespace ${name}`),
  }));
}

export function pool(name: string, range: Cidr, blockSize: number, encapsulation: Encapsulation, natOutgoing = true): IpPool {
  return { name, cidr: range, blockSize, encapsulation, natOutgoing, origin: origin(`pool ${name}`) };
}

export interface ModelWords extends Partial<Omit<NetworkModel, "cluster">> {
  readonly pools: readonly IpPool[];
  readonly serviceCidrs: readonly string[];
  /** Addresses of kube-dns. */
  readonly dns?: readonly Ip[];
  readonly vxlanMtu?: number | null;
}

/** Kubernetes 1.34 with Calico 3.32 and kube-proxy in iptables mode, and nothing else that the words do not name. */
export function model({ pools, serviceCidrs, dns = [], vxlanMtu = null, ...parts }: ModelWords): NetworkModel {
  return {
    cluster: {
      name: "demo",
      kubernetesVersion: "1.34",
      domain: "cluster.local",
      serviceCidrs: serviceCidrs.map(cidr),
      nodePorts: { first: 30000, last: 32767 },
      cni: {
        kind: "calico",
        version: "3.32",
        pools,
        vxlanPort: 4789,
        vxlanVni: 4096,
        vxlanMtu,
        origin: origin("cluster demo · cni calico"),
      },
      proxy: { mode: "iptables", origin: origin("cluster demo · proxy iptables") },
      dns: { addresses: dns, forwards: [], origin: origin("cluster demo · dns coredns") },
      origin: origin("cluster demo"),
    },
    subnets: [],
    routers: [],
    external: null,
    nodes: [],
    firewalls: [],
    namespaces: [],
    pods: [],
    workloads: [],
    services: [],
    policies: [],
    assertions: [],
    ipam: { nodes: [], borrowed: [] },
    ...parts,
  };
}
