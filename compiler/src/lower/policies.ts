/** NetworkPolicies as Kubernetes will hold them. */
import { containsCidr, everyAddress, maskCidr } from "@knet/language/values";
import type { Cidr } from "@knet/language/values";
import type { ClusterProgram, Origin, PolicyDeclaration, PolicyPeerDeclaration, PolicyRuleDeclaration } from "@knet/language";
import type { NetworkPolicy, PolicyPeer, PolicyRule } from "../model/types.ts";
import { lowerSelector } from "./selectors.ts";

/** `inside` is everything declared: the internet is all the rest. */
export function lowerPolicies(program: ClusterProgram, inside: readonly Cidr[]): readonly NetworkPolicy[] {
  const internet = [...new Set(inside.map((cidr) => cidr.ip.family))]
    .toSorted((x, y) => x - y)
    .map((family) => ({ cidr: everyAddress(family), except: outermost(inside.filter((cidr) => cidr.ip.family === family)) }));
  return program.namespaces.flatMap((namespace) => namespace.policies.map((policy) => lowerPolicy(policy, internet)));
}

/** Everything of one family but what is declared. */
interface Outside {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

function lowerPolicy(policy: PolicyDeclaration, internet: readonly Outside[]): NetworkPolicy {
  const name = `policy ${policy.namespace}/${policy.name}`;
  const rules = (direction: "ingress" | "egress"): readonly PolicyRule[] =>
    policy.rules.filter((rule) => rule.direction === direction).map((rule) => lowerRule(rule, internet, name));
  return {
    namespace: policy.namespace,
    name: policy.name,
    podSelector: lowerSelector(policy.podSelector),
    policyTypes: (["ingress", "egress"] as const).flatMap((direction) => (policy.directions.includes(direction) ? [direction === "ingress" ? "Ingress" : "Egress"] : [])),
    ingress: rules("ingress"),
    egress: rules("egress"),
    origin: { name, span: policy.span, kind: "policy" },
  };
}

function lowerRule(rule: PolicyRuleDeclaration, internet: readonly Outside[], name: string): PolicyRule {
  const origin: Origin = { name, span: rule.span, kind: "policy" };
  return {
    peers: rule.peers.flatMap((peer) => lowerPeer(peer, internet, name)),
    ports: rule.ports.map(({ protocol, port, endPort }) => ({ protocol, port, endPort })),
    origin,
  };
}

function lowerPeer(peer: PolicyPeerDeclaration, internet: readonly Outside[], name: string): readonly PolicyPeer[] {
  const origin: Origin = { name, span: peer.span, kind: "policy" };
  switch (peer.kind) {
    case "pods":
      return [{ kind: "pods", podSelector: peer.pods === null ? null : lowerSelector(peer.pods), namespaceSelector: peer.namespaces === null ? null : lowerSelector(peer.namespaces), origin }];
    case "cidr":
      return [{ kind: "ipBlock", cidr: maskCidr(peer.cidr), except: peer.except.map(maskCidr), origin }];
    case "internet":
      return internet.map(({ cidr, except }) => ({ kind: "ipBlock", cidr, except, origin }));
  }
}

/** Without ranges that lie in another one. */
function outermost(ranges: readonly Cidr[]): readonly Cidr[] {
  return ranges.filter((range, index) => !ranges.some((other, at) => at !== index && containsCidr(other, range) && (other.prefix < range.prefix || at < index)));
}
