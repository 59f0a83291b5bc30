/** Subnets, routers, nodes and node firewalls of a program. */
import { addToIp, compareText, contains, maskCidr, rangeOf } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { ClusterProgram, FirewallDeclaration, FirewallPeerDeclaration, NodeDeclaration, Origin } from "@knet/language";
import { allocateNodeAddresses } from "../allocate/index.ts";
import type { Allocation } from "../allocate/index.ts";
import type { Firewall, FirewallPeer, Node, Router, RouterInterface, Subnet } from "../model/types.ts";
import { describeAddressProblem } from "./describe.ts";
import type { LoweringProblem } from "./problems.ts";

export function lowerSubnets(program: ClusterProgram): readonly Subnet[] {
  return program.networks.flatMap((network) =>
    network.subnets.map((subnet) => ({
      network: network.name,
      name: subnet.name,
      cidrs: subnet.cidrs.value.map(maskCidr),
      mtu: subnet.mtu.value,
      origin: { name: `subnet ${subnet.name}`, span: subnet.span },
    })),
  );
}

/** The n-th router that joins a subnet has its n-th host address there. */
export function lowerRouters(program: ClusterProgram, subnets: readonly Subnet[], outside: readonly Cidr[]): readonly Router[] {
  const joined = new Map<string, number>();
  let outsideRouters = 0;
  return program.networks.flatMap((network) =>
    network.routers.map((router): Router => {
      const interfaces = router.joins.value.map((name, index): RouterInterface => {
        const before = joined.get(name) ?? 0;
        joined.set(name, before + 1);
        const subnet = subnets.find((candidate) => candidate.name === name);
        return { subnet: name, device: `eth${index}`, addresses: (subnet?.cidrs ?? []).map((cidr) => addToIp(rangeOf(cidr).first, before + 1)) };
      });
      const nat = router.nat.value === "internet";
      if (nat) outsideRouters++;
      return {
        network: network.name,
        name: router.name,
        interfaces,
        outside: nat ? { addresses: outside.map((cidr) => addToIp(cidr.ip, outsideRouters)), prefixes: outside } : null,
        origin: { name: `router ${router.name}`, span: router.span },
      };
    }),
  );
}

export interface LoweredNodes {
  readonly nodes: readonly Node[];
  readonly problems: readonly LoweringProblem[];
}

/**
 * Sorted by name. Every node has an address in every range of its subnet.
 * @param addresses `taken` are addresses of other clusters' nodes
 */
export function lowerNodes(
  program: ClusterProgram,
  subnets: readonly Subnet[],
  routers: readonly Router[],
  { held, taken }: { readonly held: Allocation; readonly taken: readonly Ip[] },
): LoweredNodes {
  const problems: LoweringProblem[] = [];
  const given = new Map<string, Ip[]>();
  for (const subnet of subnets) {
    const members = program.nodes.filter((node) => node.subnet.value === subnet.name);
    const gateways = routers.flatMap((router) => router.interfaces.filter((face) => face.subnet === subnet.name).flatMap((face) => face.addresses));
    const reserved = [...gateways, ...taken.filter((ip) => subnet.cidrs.some((cidr) => contains(cidr, ip)))];
    for (const cidr of subnet.cidrs) {
      const { family } = cidr.ip;
      const ofFamily = (ips: readonly Ip[]): Ip | null => ips.find((ip) => ip.family === family) ?? null;
      const heldHere = new Map<string, Ip>();
      for (const [name, ips] of held.nodes) {
        const ip = ofFamily(ips);
        if (ip !== null) heldHere.set(name, ip);
      }
      const result = allocateNodeAddresses({
        cidr,
        reserved: reserved.filter((ip) => ip.family === family),
        nodes: members.map((node) => ({ key: node.name, pinned: ofFamily(node.addresses.value) })),
        held: heldHere,
      });
      for (const [name, ip] of result.addresses) given.set(name, [...(given.get(name) ?? []), ip]);
      for (const problem of result.problems) {
        const node = members.find((member) => member.name === problem.key);
        if (node !== undefined) problems.push(describeAddressProblem(problem, `node ${node.name}`, node.header, { span: subnet.origin.span, label: `subnet ${subnet.name}` }));
      }
    }
  }
  const nodes = program.nodes.toSorted(byName).map((node) => lowerNode(node, subnets, given.get(node.name) ?? []));
  return { nodes, problems };
}

function lowerNode(node: NodeDeclaration, subnets: readonly Subnet[], addresses: readonly Ip[]): Node {
  const labels = { "kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux", ...node.labels.value };
  return {
    name: node.name,
    subnet: node.subnet.value,
    addresses,
    device: "eth0",
    mtu: subnets.find((subnet) => subnet.name === node.subnet.value)?.mtu ?? 1500,
    labels,
    zone: node.labels.value["topology.kubernetes.io/zone"] ?? null,
    origin: { name: `node ${node.name}`, span: node.span },
  };
}

export function lowerFirewalls(program: ClusterProgram, subnets: readonly Subnet[], nodes: readonly Node[]): readonly Firewall[] {
  return program.firewalls.map((firewall) => lowerFirewall(firewall, subnets, nodes));
}

function lowerFirewall(firewall: FirewallDeclaration, subnets: readonly Subnet[], nodes: readonly Node[]): Firewall {
  const origin: Origin = { name: `firewall ${firewall.name}`, span: firewall.span, kind: "firewall" };
  return {
    name: firewall.name,
    nodes: (firewall.nodes ?? nodes.map((node) => node.name)).toSorted(),
    rules: firewall.rules.map((rule) => ({
      direction: rule.direction,
      peers: rule.peers.flatMap((peer) => lowerFirewallPeer(peer, subnets, nodes)),
      ports: rule.ports,
      origin: { ...origin, span: rule.span },
    })),
    origin,
  };
}

function lowerFirewallPeer(peer: FirewallPeerDeclaration, subnets: readonly Subnet[], nodes: readonly Node[]): readonly FirewallPeer[] {
  switch (peer.kind) {
    case "any":
    case "internet":
      return [{ kind: peer.kind }];
    case "cidr":
      return [{ kind: "cidr", cidr: maskCidr(peer.cidr) }];
    case "subnet":
      return (subnets.find((subnet) => subnet.name === peer.subnet)?.cidrs ?? []).map((cidr) => ({ kind: "cidr", cidr }));
    case "nodes":
      return nodes.flatMap((node) => node.addresses.map((ip) => ({ kind: "cidr", cidr: { ip, prefix: ip.family === 4 ? 32 : 128 } }) as const));
  }
}

function byName(x: { readonly name: string }, y: { readonly name: string }): number {
  return compareText(x.name, y.name);
}
