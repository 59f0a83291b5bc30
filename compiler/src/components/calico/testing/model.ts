/** Small models for specifications, written the short way. */
import { compareText } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { planBlocks } from "../../../allocate/index.ts";
import * as parts from "../../../model/testing.ts";
import { cidr, ip, origin as from } from "../../../model/testing.ts";
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

export { cidr, ip, origin as from, policy } from "../../../model/testing.ts";

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

function podOf({ key, node, ports = [], ...more }: PodSketch, addresses: readonly Ip[]): Pod {
  return parts.pod(key, node, addresses, { ports: ports.map(parts.containerPort), ...more });
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
    return parts.node(name, subnet, addresses, { mtu });
  });
  const pools = sketch.pools.map(({ cidr, blockSize, encapsulation, natOutgoing }, i) =>
    parts.pool(`pool-${i}`, cidr, blockSize, encapsulation, natOutgoing),
  );
  const sketches = (sketch.pods ?? []).toSorted((x, y) => compareText(x.key, y.key));
  const planned = planBlocks({ pools, nodes, pods: sketches.filter(({ hostNetwork }) => hostNetwork !== true) });
  if (planned.problems.length > 0) throw new TypeError(JSON.stringify(planned.problems));
  const nodeAddresses = new Map(nodes.map((node) => [node.name, node.addresses]));
  const pods = sketches.map((entry) =>
    podOf(entry, (entry.hostNetwork === true ? nodeAddresses.get(entry.node) : planned.pods.get(entry.key)) ?? []),
  );
  return parts.model({
    pools,
    serviceCidrs: ["10.96.0.0/16"],
    dns: [ip("10.96.0.10")],
    vxlanMtu: sketch.vxlanMtu ?? null,
    subnets,
    nodes,
    namespaces: parts.namespaces(
      pods.map(({ namespace }) => namespace),
      sketch.namespaces,
    ),
    pods,
    policies: sketch.policies ?? [],
    ipam: planned.plan,
  });
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
