/** Draws a cluster that has something of everything that the language describes. */
import type { Family, Transport } from "@knet/language/values";
import { familyOfText } from "./print-sketch.ts";
import type { Random } from "./random.ts";
import { repaired } from "./repair.ts";
import type {
  ClusterSketch,
  FirewallPeerSketch,
  FirewallRuleSketch,
  FirewallSketch,
  LabelsSketch,
  NamespaceSketch,
  NodeSketch,
  PodSketch,
  PolicyPeerSketch,
  PolicyRuleSketch,
  PolicySketch,
  PortSketch,
  RequirementSketch,
  RouterSketch,
  ServicePortSketch,
  ServiceSketch,
  SubnetSketch,
  WorkloadSketch,
} from "./sketch.ts";

export interface SketchOptions {
  /** Where given, the only choice of families. */
  readonly families?: readonly Family[];
  /** Pods of a namespace beside its workloads: 2 up to this. Default 5. */
  readonly pods?: number;
  /** Policies beside the three that every cluster has. Default 4. */
  readonly policies?: number;
  /** Whether ports may be of SCTP, which not every kernel has. Default true. */
  readonly sctp?: boolean;
}

/** What has been decided so far, that later parts name. */
interface Draft {
  readonly random: Random;
  readonly families: readonly Family[];
  readonly pools: ClusterSketch["pools"];
  readonly subnets: readonly SubnetSketch[];
  readonly nodes: readonly NodeSketch[];
  readonly sctp: boolean;
}

const teams = ["red", "blue"];
const apps = ["web", "api", "db"] as const;
const tierKey = "example.com/tier";
const tiers = ["front", "back"];

export function drawSketch(random: Random, options: SketchOptions = {}): ClusterSketch {
  const families = options.families ?? random.pick<readonly Family[]>([[4], [6], [4, 6], [6, 4], [4, 6]]);
  const subnets = drawSubnets(random);
  const draft: Draft = {
    random,
    families,
    pools: drawPools(random),
    subnets,
    nodes: drawNodes(random, subnets),
    sctp: options.sctp ?? true,
  };
  const names = ["shop", "data", "ops"].slice(0, 2 + random.below(2));
  const plain = names.map((name, index) => drawNamespace(draft, name, index, options.pods ?? 5));
  const pinned = plain.flatMap((namespace) => namespace.pods.flatMap((pod) => pod.addresses));
  const blocks = drawBlocks(draft, pinned);
  const [shop, data, ...others] = plain;
  if (shop === undefined || data === undefined) throw new Error("a sketch has two namespaces");
  const policies = new Map<string, PolicySketch[]>([
    [shop.name, [openPolicy(draft, blocks)]],
    [data.name, [egressPolicy(draft, blocks), portPolicy(draft)]],
  ]);
  for (let i = random.below((options.policies ?? 4) + 1); i > 0; i--) {
    const name = random.pick(names);
    const list = policies.get(name) ?? [];
    policies.set(name, [...list, drawPolicy(draft, blocks, `extra-${list.length}`)]);
  }
  return repaired({
    families,
    encapsulation: random.pick(["vxlan", "vxlan-cross-subnet"]),
    natOutgoing: random.chance(0.6),
    pools: draft.pools,
    serviceCidrs: [random.pick(["172.16.0.0/16", "10.96.0.0/20"]), "fd20::/112"],
    subnets,
    routers: drawRouters(random, subnets),
    nodes: draft.nodes,
    firewalls: drawFirewalls(draft, blocks),
    namespaces: [shop, data, ...others].map((namespace) => ({ ...namespace, policies: policies.get(namespace.name) ?? [] })),
  });
}

function drawPools(random: Random): ClusterSketch["pools"] {
  return [
    { name: "pods", cidr: random.pick(["10.10.0.0/16", "10.244.0.0/17"]), blockSize: random.pick([26, 26, 28, 29]) },
    { name: "pods6", cidr: random.pick(["fd10::/64", "fd10:0:0:7::/100"]), blockSize: random.pick([122, 122, 124]) },
  ];
}

function drawSubnets(random: Random): readonly SubnetSketch[] {
  const wide = random.chance(0.3);
  return ["blue", "green", "red"].slice(0, 2 + random.below(2)).map((name, index) => ({
    name,
    cidrs: [wide ? `10.${20 + index}.4.0/22` : `192.168.${index + 1}.0/24`, `fd00:${index + 1}::/64`],
  }));
}

/** The first router leads everywhere; a second one is another way between the same subnets. */
function drawRouters(random: Random, subnets: readonly SubnetSketch[]): readonly RouterSketch[] {
  const names = subnets.map((subnet) => subnet.name);
  if (names.length > 2 && random.chance(0.3)) {
    return [
      { name: "core", joins: names.slice(0, 2), nat: random.chance(0.75) },
      { name: "edge", joins: names.slice(1), nat: false },
    ];
  }
  return [{ name: "core", joins: names, nat: random.chance(0.75) }];
}

function drawNodes(random: Random, subnets: readonly SubnetSketch[]): readonly NodeSketch[] {
  return Array.from({ length: 3 + random.below(2) }, (_unused, index): NodeSketch => {
    const subnet = subnets[index] ?? random.pick(subnets);
    const pinned = random.chance(0.4)
      ? subnet.cidrs.map((cidr) => cidr.replace(/\.0\/\d+$/, `.${20 + index}`).replace(/::\/\d+$/, `::${20 + index}`))
      : [];
    return { name: `node-${"abcdef".charAt(index)}`, subnet: subnet.name, addresses: pinned };
  });
}

/** Ranges that policies and firewalls name: wide, narrow, one address, and others inside them for `except`. */
function drawBlocks(draft: Draft, pinned: readonly string[]): readonly string[] {
  const nodes = draft.nodes.flatMap((node) => node.addresses);
  const all = [
    "0.0.0.0/0",
    "::/0",
    "203.0.113.0/24",
    "198.51.100.0/24",
    "2001:db8:ffff::/64",
    "2001:db8:77::/48",
    ...draft.pools.map((pool) => pool.cidr),
    ...draft.subnets.flatMap((subnet) => subnet.cidrs),
    ...[...nodes, ...pinned].map((address) => `${address}/${address.includes(":") ? 128 : 32}`),
  ];
  return all.filter((text) => draft.families.includes(familyOfText(text)));
}

// Namespaces ----------------------------------------------------------------------------------------

function drawNamespace(draft: Draft, name: string, index: number, most: number): NamespaceSketch {
  const { random } = draft;
  const pods: PodSketch[] = Array.from({ length: 2 + random.below(Math.max(1, most - 1)) }, (_unused, n) => drawPod(draft, index, n));
  const [first] = pods;
  // The first pod of each namespace is an endpoint that is not ready.
  if (first !== undefined)
    pods[0] = { ...first, labels: { ...first.labels, app: "web" }, ports: portsOf(draft, "web"), ready: false, hostNetwork: false };
  const workloads: readonly WorkloadSketch[] = random.chance(0.7) ? [drawWorkload(draft)] : [];
  const labels: LabelsSketch = random.chance(0.8) ? { team: teams[index] ?? random.pick(teams) } : {};
  return { name, labels, pods, workloads, services: drawServices(draft, index, [...pods, ...workloads]), policies: [] };
}

function portsOf({ random, sctp }: Draft, app: string): readonly PortSketch[] {
  const http = { name: "http", port: random.pick([80, 8080, 8081]), protocol: "tcp" as const };
  switch (app) {
    case "web":
      return [http, ...(random.chance(0.3) ? [{ name: "metrics", port: 9100, protocol: "tcp" as const }] : [])];
    case "api":
      return [
        http,
        { name: "dns", port: 53, protocol: "udp" },
        ...(sctp && random.chance(0.4) ? [{ name: "sig", port: 7000, protocol: "sctp" as const }] : []),
      ];
    default:
      return [{ name: random.chance(0.5) ? "sql" : null, port: 5432, protocol: "tcp" }];
  }
}

function drawLabels(random: Random, app: string): LabelsSketch {
  return { app, ...(random.chance(0.5) ? { [tierKey]: random.pick(tiers) } : {}) };
}

function drawPod(draft: Draft, namespace: number, n: number): PodSketch {
  const { random } = draft;
  const app = random.pick(apps);
  const hostNetwork = random.chance(0.12);
  const pinned = !hostNetwork && random.chance(0.3) ? draft.pools.map((pool) => pinnedIn(pool.cidr, namespace, n)) : [];
  return {
    name: `p${n}`,
    node: random.chance(0.8) ? random.pick(draft.nodes).name : null,
    labels: drawLabels(random, app),
    // Two pods of one node's network cannot listen on one port.
    ports: hostNetwork ? [{ name: "http", port: 20_000 + 100 * namespace + n, protocol: "tcp" }] : portsOf(draft, app),
    ready: random.chance(0.8),
    hostNetwork,
    addresses: pinned,
  };
}

/** An address of its own for each pod, high in the pool, where nothing is allocated early. */
function pinnedIn(pool: string, namespace: number, n: number): string {
  const [base = ""] = pool.split("/");
  return base.includes(":") ? `${base}${namespace + 1}:${n + 16}` : base.replace(/\.0\.0$/, `.${100 + namespace}.${n + 16}`);
}

function drawWorkload(draft: Draft): WorkloadSketch {
  const { random } = draft;
  const replicas = 1 + random.below(3);
  const app = random.pick(apps);
  return {
    name: "crew",
    replicas,
    ready: random.chance(0.4) ? random.below(replicas + 1) : null,
    labels: drawLabels(random, app),
    ports: portsOf(draft, app),
    spreadOver: random.chance(0.4) ? random.shuffled(draft.nodes.map((node) => node.name)).slice(0, 1 + random.below(2)) : null,
  };
}

// Services ------------------------------------------------------------------------------------------

type Backend = Pick<PodSketch, "labels" | "ports">;

function drawServices(draft: Draft, namespace: number, backends: readonly Backend[]): readonly ServiceSketch[] {
  const { random } = draft;
  const base = 30_000 + 100 * namespace;
  const web: ServiceSketch = {
    name: "web",
    selector: { app: "web" },
    headless: false,
    publishNotReady: random.chance(0.2),
    ports: [{ name: "http", port: 80, protocol: "tcp", target: "http", nodePort: namespace === 0 || random.chance(0.4) ? base : null }],
  };
  const headless: ServiceSketch = {
    name: "peers",
    selector: { app: random.pick(apps) },
    headless: true,
    publishNotReady: random.chance(0.5),
    ports: [],
  };
  const more = Array.from({ length: 1 + random.below(3) }, (_unused, n) => drawService(draft, backends, `svc-${n}`, base + 10 * (n + 1)));
  return [web, headless, ...more];
}

function drawService({ random }: Draft, backends: readonly Backend[], name: string, nodePort: number): ServiceSketch {
  const chosen = random.pick(backends);
  // Some select nothing: no endpoints.
  const selector: LabelsSketch = random.chance(0.12)
    ? { app: "nobody" }
    : random.chance(0.7)
      ? { app: chosen.labels["app"] ?? "web" }
      : chosen.labels;
  const opened = random.chance(0.4);
  const ports = chosen.ports.map((port, n): ServicePortSketch => {
    const target = port.name !== null && random.chance(0.5) ? port.name : port.port;
    return {
      name: `port-${n}`,
      port: random.pick([80, 443, port.port]) + n,
      protocol: port.protocol,
      target,
      nodePort: opened ? nodePort + n : null,
    };
  });
  return { name, selector, headless: false, publishNotReady: random.chance(0.15), ports };
}

// Policies ------------------------------------------------------------------------------------------

function requirement(random: Random, key: string, values: readonly string[]): RequirementSketch {
  const operator = random.pick(["in", "in", "in", "not in", "has", "not has"] as const);
  if (operator === "has" || operator === "not has") return { key, operator, values: [] };
  return { key, operator, values: random.shuffled(values).slice(0, 1 + random.below(2)) };
}

function podRequirements(random: Random): readonly RequirementSketch[] {
  return [
    ...(random.chance(0.7) ? [requirement(random, "app", apps)] : []),
    ...(random.chance(0.3) ? [requirement(random, tierKey, tiers)] : []),
  ];
}

function namespaceRequirements(random: Random): readonly RequirementSketch[] {
  if (random.chance(0.2)) return [];
  if (random.chance(0.3))
    return [{ key: "kubernetes.io/metadata.name", operator: random.pick(["in", "not in"]), values: [random.pick(["shop", "data"])] }];
  return [requirement(random, "team", teams)];
}

function blockPeer(random: Random, blocks: readonly string[]): PolicyPeerSketch {
  // Whatever does not lie inside is taken out by the repair.
  return { kind: "cidr", cidr: random.pick(blocks), except: random.shuffled(blocks).slice(0, random.below(3)) };
}

function drawPeer(draft: Draft, blocks: readonly string[]): PolicyPeerSketch {
  const { random } = draft;
  if (random.chance(0.3)) return blockPeer(random, blocks);
  if (random.chance(0.12)) return { kind: "internet" };
  return { kind: "pods", pods: podRequirements(random), namespaces: random.chance(0.4) ? null : namespaceRequirements(random) };
}

function drawPorts({ random, sctp }: Draft): readonly string[] {
  const choices = [
    "http",
    "sql",
    "dns",
    "metrics",
    "80/tcp",
    "8080/tcp",
    "8000..8080/tcp",
    "1..1023/tcp",
    "53/udp",
    "udp",
    "tcp",
    ...(sctp ? ["7000/sctp", "sctp"] : []),
  ];
  return random.chance(0.35) ? [] : random.shuffled(choices).slice(0, 1 + random.below(3));
}

function drawRule(draft: Draft, blocks: readonly string[], direction: "ingress" | "egress"): PolicyRuleSketch {
  const { random } = draft;
  const peers = random.chance(0.2) ? [] : Array.from({ length: 1 + random.below(2) }, () => drawPeer(draft, blocks));
  return { direction, peers, ports: drawPorts(draft) };
}

function drawPolicy(draft: Draft, blocks: readonly string[], name: string): PolicySketch {
  const { random } = draft;
  const rules = Array.from({ length: random.below(4) }, () => drawRule(draft, blocks, random.chance(0.6) ? "ingress" : "egress"));
  return {
    name,
    subjects: podRequirements(random),
    isolates: rules.length === 0 || random.chance(0.2) ? [random.pick(["ingress", "egress"])] : [],
    rules,
  };
}

/** Ingress from pods, from namespaces, from both together, and from a range with exceptions. */
function openPolicy(draft: Draft, blocks: readonly string[]): PolicySketch {
  const { random } = draft;
  const wide = random.pick(blocks.filter((block) => block.endsWith("/0")));
  const family = familyOfText(wide);
  return {
    name: "open",
    subjects: random.chance(0.6) ? [{ key: "app", operator: "in", values: ["web"] }] : [],
    isolates: [],
    rules: [
      {
        direction: "ingress",
        peers: [{ kind: "pods", pods: [requirement(random, "app", apps)], namespaces: null }],
        ports: drawPorts(draft),
      },
      {
        direction: "ingress",
        peers: [{ kind: "pods", pods: podRequirements(random), namespaces: namespaceRequirements(random) }],
        ports: ["http"],
      },
      {
        direction: "ingress",
        peers: [
          { kind: "cidr", cidr: wide, except: [random.pick(blocks.filter((block) => familyOfText(block) === family && block !== wide))] },
        ],
        ports: drawPorts(draft),
      },
    ],
  };
}

function egressPolicy(draft: Draft, blocks: readonly string[]): PolicySketch {
  const { random } = draft;
  return {
    name: "way-out",
    subjects: random.chance(0.7) ? [{ key: "app", operator: random.pick(["in", "not in"]), values: ["db"] }] : [],
    isolates: [],
    rules: [
      drawRule(draft, blocks, "egress"),
      { direction: "egress", peers: [blockPeer(random, blocks)], ports: ["53/udp", "1..8079/tcp"] },
    ],
  };
}

/** A range of ports and a port by its name, which different pods give different numbers. */
function portPolicy(draft: Draft): PolicySketch {
  const { random } = draft;
  const ranges: readonly [Transport, number, number][] = [
    ["tcp", 8000, 8080],
    ["tcp", 5432, 5433],
    ["udp", 50, 60],
  ];
  const [protocol, first, last] = random.pick(ranges);
  return {
    name: "ports",
    subjects: podRequirements(random),
    isolates: random.chance(0.3) ? ["egress"] : [],
    rules: [
      {
        direction: "ingress",
        peers: [{ kind: "pods", pods: [], namespaces: namespaceRequirements(random) }],
        ports: [`${first}..${last}/${protocol}`, "http"],
      },
    ],
  };
}

// The nodes' firewall -------------------------------------------------------------------------------

function drawFirewalls(draft: Draft, blocks: readonly string[]): readonly FirewallSketch[] {
  const { random } = draft;
  const tunnel: FirewallRuleSketch = { peers: [{ kind: "nodes" }], ports: ["4789/udp"] };
  const all: FirewallSketch = {
    name: "guard",
    nodes: random.chance(0.6) ? null : random.shuffled(draft.nodes.map((node) => node.name)).slice(0, 2),
    rules: [...(random.chance(0.9) ? [tunnel] : []), ...Array.from({ length: 1 + random.below(4) }, () => drawFirewallRule(draft, blocks))],
  };
  if (random.chance(0.75)) return [all];
  return [all, { name: "more", nodes: [random.pick(draft.nodes).name], rules: [drawFirewallRule(draft, blocks)] }];
}

function drawFirewallRule(draft: Draft, blocks: readonly string[]): FirewallRuleSketch {
  const { random } = draft;
  const peers: readonly FirewallPeerSketch[] = [
    { kind: "internet" },
    { kind: "nodes" },
    { kind: "subnet", subnet: random.pick(draft.subnets).name },
    { kind: "cidr", cidr: random.pick(blocks) },
  ];
  const ports = ["30000..32767/tcp", "10250/tcp", "4789/udp", "20000..29999/tcp", "udp", "80/tcp"];
  return {
    peers: random.chance(0.15) ? [] : [random.pick(peers)],
    ports: random.chance(0.15) ? [] : random.shuffled(ports).slice(0, 1 + random.below(2)),
  };
}
