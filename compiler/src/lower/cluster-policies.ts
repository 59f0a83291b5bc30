/** ClusterNetworkPolicies as the API server will hold them. */
import { bitsOf, ipFromBigInt, ipToBigInt, maskCidr, rangeOf } from "@knet/language/values";
import type { Cidr, Family } from "@knet/language/values";
import type { ClusterProgram, ClusterPolicyDeclaration, ClusterPolicyPeerDeclaration, ClusterPolicyRuleDeclaration, Origin } from "@knet/language";
import type { ClusterNetworkPolicy, ClusterPolicyPeer, ClusterPolicyPort, ClusterPolicyRule } from "../model/types.ts";
import { lowerSelector } from "./selectors.ts";

/** CIDRs that one party of a rule may hold, and parties that one rule may have. */
const most = 25;

/** `inside` is everything declared: the internet is all the rest. */
export function lowerClusterPolicies(program: ClusterProgram, inside: readonly Cidr[]): readonly ClusterNetworkPolicy[] {
  const outside = outsideOf(inside);
  return program.clusterPolicies.map((policy) => lowerPolicy(policy, outside));
}

function lowerPolicy(policy: ClusterPolicyDeclaration, outside: readonly Cidr[]): ClusterNetworkPolicy {
  const name = `${policy.tier === "Admin" ? "admin-policy" : "baseline-policy"} ${policy.name}`;
  const rules = (direction: "ingress" | "egress"): readonly ClusterPolicyRule[] =>
    policy.rules.filter((rule) => rule.direction === direction).flatMap((rule) => lowerRule(rule, outside, name));
  const { namespaces, pods } = policy.subject;
  return {
    name: policy.name,
    tier: policy.tier,
    priority: policy.priority.value,
    subject: { namespaces: lowerSelector(namespaces), pods: pods === null ? null : lowerSelector(pods) },
    ingress: rules("ingress"),
    egress: rules("egress"),
    origin: { name, span: policy.span, kind: "policy" },
  };
}

/** More rules than one where the internet is made of more CIDRs than a rule can hold. */
function lowerRule(rule: ClusterPolicyRuleDeclaration, outside: readonly Cidr[], name: string): readonly ClusterPolicyRule[] {
  const cidrs = rule.peers.flatMap((peer) => (peer.kind === "cidr" ? [maskCidr(peer.cidr)] : []));
  const origin: Origin = { name, span: rule.span, kind: "policy" };
  const peers = [...rule.peers.flatMap((peer) => lowerPeer(peer, outside)), ...networksOf(cidrs)];
  const ports = rule.ports.map((port): ClusterPolicyPort => (port.kind === "named" ? { kind: "named", name: port.name } : { kind: "range", protocol: port.protocol, first: port.first, last: port.last }));
  return inParts(peers).map((part): ClusterPolicyRule => ({ name: rule.name, action: rule.action, peers: part, ports, origin }));
}

function inParts<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, index) => items.slice(index * most, (index + 1) * most));
}

/** CIDRs stand together behind the others. */
function lowerPeer(peer: ClusterPolicyPeerDeclaration, outside: readonly Cidr[]): readonly ClusterPolicyPeer[] {
  switch (peer.kind) {
    case "pods":
      return [{ kind: "pods", namespaces: lowerSelector(peer.namespaces), pods: peer.pods === null ? null : lowerSelector(peer.pods) }];
    case "nodes":
      return [{ kind: "nodes", nodes: { requirements: peer.node === null ? [] : [{ key: "kubernetes.io/hostname", operator: "In", values: [peer.node] }] } }];
    case "cidr":
      return [];
    case "internet":
      return networksOf(outside);
  }
}

function networksOf(cidrs: readonly Cidr[]): readonly ClusterPolicyPeer[] {
  return inParts(cidrs).map((part) => ({ kind: "networks", cidrs: part }));
}

/** The fewest CIDRs that hold every address but those inside; of the families that some range inside has. */
function outsideOf(inside: readonly Cidr[]): readonly Cidr[] {
  const families = [...new Set(inside.map((cidr) => cidr.ip.family))].toSorted((x, y) => x - y);
  return families.flatMap((family) => gapsBetween(family, inside.filter((cidr) => cidr.ip.family === family)));
}

function gapsBetween(family: Family, taken: readonly Cidr[]): readonly Cidr[] {
  const ranges = taken
    .map((cidr) => {
      const { first, last } = rangeOf(cidr);
      return { first: ipToBigInt(first), last: ipToBigInt(last) };
    })
    .toSorted((x, y) => (x.first < y.first ? -1 : x.first > y.first ? 1 : 0));
  const out: Cidr[] = [];
  let next = 0n;
  for (const { first, last } of ranges) {
    if (first > next) out.push(...cidrsBetween(family, next, first - 1n));
    if (last >= next) next = last + 1n;
  }
  const end = (1n << BigInt(bitsOf(family))) - 1n;
  return next > end ? out : [...out, ...cidrsBetween(family, next, end)];
}

/** The fewest CIDRs from one address to another, both included. */
function cidrsBetween(family: Family, first: bigint, last: bigint): readonly Cidr[] {
  const bits = bitsOf(family);
  const out: Cidr[] = [];
  for (let start = first; start <= last;) {
    let host = 0;
    while (host < bits && (start & ((1n << BigInt(host + 1)) - 1n)) === 0n && start + (1n << BigInt(host + 1)) - 1n <= last) host++;
    out.push({ ip: ipFromBigInt(family, start), prefix: bits - host });
    start += 1n << BigInt(host);
  }
  return out;
}
