/** Small models for specifications, written the short way. */
import { parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { planBlocks } from "../../../allocate/index.ts";
import type {
  IpPool,
  LabelRequirement,
  LabelSelector,
  Labels,
  NetworkModel,
  NetworkPolicy,
  Node,
  Pod,
  PolicyPeer,
  PolicyPort,
  PolicyRule,
  Subnet,
} from "../../../model/types.ts";

export function ip(text: string): Ip {
  const value = parseIp(text);
  if (value === null) throw new TypeError(`${text} is no address`);
  return value;
}

export function cidr(text: string): Cidr {
  const value = parseCidr(text);
  if (value === null) throw new TypeError(`${text} is no CIDR`);
  return value;
}

export function from(name: string): Origin {
  return { name, span: null };
}

export interface PodSketch {
  /** `namespace/name`. */
  readonly key: string;
  readonly node: string;
  readonly labels?: Labels;
  /** `http=8080/tcp`. */
  readonly ports?: readonly string[];
  readonly serviceAccount?: string;
  readonly hostNetwork?: boolean;
}

export interface Sketch {
  readonly pools: readonly Pick<IpPool, "cidr" | "blockSize" | "encapsulation" | "natOutgoing">[];
  /** Subnet name to CIDRs. */
  readonly subnets: Readonly<Record<string, readonly string[]>>;
  /** Node name to `subnet address address…`. */
  readonly nodes: Readonly<Record<string, string>>;
  readonly namespaces?: Readonly<Record<string, Labels>>;
  readonly pods?: readonly PodSketch[];
  readonly policies?: readonly NetworkPolicy[];
  readonly vxlanMtu?: number;
  readonly mtu?: number;
}

export function pool(text: string, blockSize: number, encapsulation: IpPool["encapsulation"]): Sketch["pools"][number] {
  return { cidr: cidr(text), blockSize, encapsulation, natOutgoing: true };
}

function podOf(sketch: PodSketch, addresses: readonly Ip[]): Pod {
  const [namespace = "", name = ""] = sketch.key.split("/");
  return {
    namespace,
    name,
    node: sketch.node,
    labels: sketch.labels ?? {},
    ports: (sketch.ports ?? []).map((text) => {
      const [, portName, port, protocol] = /^(?:([^=]*)=)?(\d+)\/(tcp|udp|sctp)$/.exec(text) ?? [];
      if (protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp") throw new TypeError(`${text} is no port`);
      return { name: portName ?? null, port: Number(port), protocol, origin: from(`port ${text}`) };
    }),
    ready: true,
    terminating: false,
    hostNetwork: sketch.hostNetwork ?? false,
    addresses,
    serviceAccount: sketch.serviceAccount ?? "default",
    workload: null,
    hostname: null,
    subdomain: null,
    system: false,
    origin: from(`pod ${sketch.key}`),
  };
}

export function model(sketch: Sketch): NetworkModel {
  const mtu = sketch.mtu ?? 1500;
  const subnets = Object.entries(sketch.subnets).map(([name, cidrs]): Subnet => ({
    network: "dc",
    name,
    cidrs: cidrs.map(cidr),
    mtu,
    origin: from(`subnet ${name}`),
  }));
  const nodes = Object.entries(sketch.nodes).map(([name, text]): Node => {
    const [subnet = "", ...addresses] = text.split(" ");
    return {
      name,
      subnet,
      addresses: addresses.map(ip),
      device: "eth0",
      mtu,
      labels: { "kubernetes.io/hostname": name },
      zone: null,
      origin: from(`node ${name}`),
    };
  });
  const pools = sketch.pools.map(({ cidr, blockSize, encapsulation, natOutgoing }, i): IpPool => {
    const name = `pool-${i}`;
    return { name, cidr, blockSize, encapsulation, natOutgoing, origin: from(`pool ${name}`) };
  });
  const sketches = (sketch.pods ?? []).toSorted((x, y) => (x.key < y.key ? -1 : 1));
  const planned = planBlocks({ pools, nodes, pods: sketches.filter(({ hostNetwork }) => hostNetwork !== true) });
  if (planned.problems.length > 0) throw new TypeError(JSON.stringify(planned.problems));
  const nodeAddresses = new Map(nodes.map((node) => [node.name, node.addresses]));
  const pods = sketches.map((entry) =>
    podOf(entry, (entry.hostNetwork === true ? nodeAddresses.get(entry.node) : planned.pods.get(entry.key)) ?? []),
  );
  const names = [
    ...new Set(["kube-system", ...Object.keys(sketch.namespaces ?? {}), ...pods.map(({ namespace }) => namespace)]),
  ].toSorted();
  return {
    cluster: {
      name: "demo",
      kubernetesVersion: "1.34",
      domain: "cluster.local",
      serviceCidrs: [cidr("10.96.0.0/16")],
      nodePorts: { first: 30000, last: 32767 },
      cni: {
        kind: "calico",
        version: "3.32",
        pools,
        vxlanPort: 4789,
        vxlanVni: 4096,
        vxlanMtu: sketch.vxlanMtu ?? null,
        origin: from("cluster demo · cni calico"),
      },
      proxy: { mode: "iptables", origin: from("cluster demo · proxy iptables") },
      dns: { addresses: [ip("10.96.0.10")], forwards: [], origin: from("cluster demo · dns coredns") },
      origin: from("cluster demo"),
    },
    subnets,
    routers: [],
    external: null,
    nodes,
    firewalls: [],
    namespaces: names.map((name) => ({
      name,
      labels: { "kubernetes.io/metadata.name": name, ...sketch.namespaces?.[name] },
      origin: from(`namespace ${name}`),
    })),
    pods,
    workloads: [],
    services: [],
    policies: sketch.policies ?? [],
    assertions: [],
    ipam: planned.plan,
  };
}

// Policies ----------------------------------------------------------------------------------------

export function labels(...requirements: readonly (LabelRequirement | readonly [key: string, value: string])[]): LabelSelector {
  return {
    requirements: requirements.map((entry) => ("operator" in entry ? entry : { key: entry[0], operator: "In", values: [entry[1]] })),
  };
}

export function pods(podSelector: LabelSelector | null, namespaceSelector: LabelSelector | null = null): PolicyPeer {
  return { kind: "pods", podSelector, namespaceSelector, origin: from("peer") };
}

export function block(text: string, ...except: readonly string[]): PolicyPeer {
  return { kind: "ipBlock", cidr: cidr(text), except: except.map(cidr), origin: from("peer") };
}

export function port(protocol: PolicyPort["protocol"], value: number | string | null, endPort: number | null = null): PolicyPort {
  return { protocol, port: value, endPort };
}

export function rule(peers: readonly PolicyPeer[], ports: readonly PolicyPort[] = [], name = "rule"): PolicyRule {
  return { peers, ports, origin: from(name) };
}

export function policy(
  key: string,
  podSelector: LabelSelector,
  body: { readonly ingress?: readonly PolicyRule[]; readonly egress?: readonly PolicyRule[] },
): NetworkPolicy {
  const [namespace = "", name = ""] = key.split("/");
  const policyTypes = [
    ...(body.ingress === undefined ? [] : (["Ingress"] as const)),
    ...(body.egress === undefined ? [] : (["Egress"] as const)),
  ];
  return {
    namespace,
    name,
    podSelector,
    policyTypes,
    ingress: body.ingress ?? [],
    egress: body.egress ?? [],
    origin: from(`policy ${key}`),
  };
}

// The worked example ------------------------------------------------------------------------------

/** Three nodes in two subnets, one pool, one pod on each of the first two nodes. */
export function example(encapsulation: "vxlan" | "vxlan-cross-subnet", policies: readonly NetworkPolicy[] = []): NetworkModel {
  return model({
    pools: [pool("192.168.0.0/16", 26, encapsulation)],
    subnets: { blue: ["10.0.1.0/24"], green: ["10.0.2.0/24"] },
    nodes: { node1: "blue 10.0.1.11", node2: "blue 10.0.1.12", node3: "green 10.0.2.13" },
    namespaces: { shop: { team: "shop" } },
    pods: [
      { key: "shop/web-0", node: "node1", labels: { app: "web" } },
      { key: "shop/api-0", node: "node2", labels: { app: "api" }, ports: ["http=8080/tcp"] },
    ],
    policies,
  });
}

export function nodeOf(of: NetworkModel, name: string): Node {
  const node = of.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new TypeError(`no node ${name}`);
  return node;
}
