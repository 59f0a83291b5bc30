/** Kubernetes policies as Calico sees them: selectors combined with namespaces, one rule per protocol and peer. */
import type { Cidr, Selector, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule } from "../../../model/types.ts";
import { namespaceSelectorText, podSelectorText } from "../selector/kubernetes.ts";
import { parseSelector } from "@knet/language/values";
import { printSelector } from "../selector/print.ts";

export interface CalicoPolicy {
  readonly namespace: string;
  readonly name: string;
  /** The policy's selector as Calico combines it, not canonical: groups of policies compare this text. */
  readonly selectorText: string;
  readonly selector: Selector;
  /** Null: the policy does not apply to the direction. */
  readonly ingress: readonly CalicoRule[] | null;
  readonly egress: readonly CalicoRule[] | null;
  readonly origin: Origin;
}

/** An Allow rule. Of the alternatives in `ports` and `namedPorts` one must hold, unless both are empty. */
export interface CalicoRule {
  /** Null: any protocol. */
  readonly protocol: Transport | null;
  /** The other side of the connection: the source of ingress, the destination of egress. */
  readonly peer: CalicoPeer;
  /** Destination ports, sorted, joined where they touch. */
  readonly ports: readonly NumericPorts[];
  readonly namedPorts: readonly string[];
  readonly origin: Origin;
}

export interface CalicoPeer {
  /** Null: not matched by labels. */
  readonly selector: Selector | null;
  readonly net: Cidr | null;
  readonly notNets: readonly Cidr[];
}

/** Inclusive. */
export interface NumericPorts {
  readonly first: number;
  readonly last: number;
}

export function calicoPolicy(policy: NetworkPolicy): CalicoPolicy {
  const inNamespace = `projectcalico.org/namespace == '${policy.namespace}'`;
  const selectorText = `(${podSelectorText(policy.podSelector)}) && ${inNamespace}`;
  const rules = (type: "Ingress" | "Egress", list: readonly PolicyRule[]): readonly CalicoRule[] | null =>
    policy.policyTypes.includes(type) ? list.flatMap((rule) => calicoRules(rule, policy.namespace)) : null;
  return {
    namespace: policy.namespace,
    name: policy.name,
    selectorText,
    selector: parseSelector(selectorText),
    ingress: rules("Ingress", policy.ingress),
    egress: rules("Egress", policy.egress),
    origin: policy.origin,
  };
}

/** One rule per protocol, sorted as SCTP, TCP, UDP, and within it per peer in the source's order. */
function calicoRules(rule: PolicyRule, namespace: string): readonly CalicoRule[] {
  const peers = rule.peers.length === 0 ? [null] : rule.peers;
  const protocols = (["sctp", "tcp", "udp"] as const).filter((protocol) => rule.ports.some((port) => port.protocol === protocol));
  const perProtocol = protocols.length === 0 ? [null] : protocols;
  const calicoPeers = peers.map((peer) => calicoPeer(peer, namespace));
  return perProtocol.flatMap((protocol) => {
    const { ports, namedPorts } = calicoPorts(rule.ports.filter((port) => port.protocol === protocol));
    return calicoPeers.map((peer) => ({ protocol, peer, ports, namedPorts, origin: rule.origin }));
  });
}

/** An entry without a port opens the protocol, whatever else is listed for it. */
function calicoPorts(ports: readonly PolicyPort[]): Pick<CalicoRule, "ports" | "namedPorts"> {
  if (ports.some(({ port }) => port === null)) return { ports: [], namedPorts: [] };
  const namedPorts = ports.flatMap(({ port }) => (typeof port === "string" ? port : []));
  const joined: { first: number; last: number }[] = [];
  const numeric = ports.flatMap(({ port, endPort }) => (typeof port === "number" ? { first: port, last: endPort ?? port } : []));
  for (const range of numeric.toSorted((x, y) => x.first - y.first || x.last - y.last)) {
    const before = joined.at(-1);
    if (before !== undefined && range.first <= before.last + 1) before.last = Math.max(before.last, range.last);
    else joined.push({ ...range });
  }
  return { ports: joined, namedPorts: [...new Set(namedPorts)] };
}

function calicoPeer(peer: PolicyPeer | null, namespace: string): CalicoPeer {
  if (peer === null) return { selector: null, net: null, notNets: [] };
  if (peer.kind === "ipBlock") return { selector: null, net: peer.cidr, notNets: peer.except };
  const where =
    peer.namespaceSelector === null
      ? `projectcalico.org/namespace == '${namespace}'`
      : inheritedText(parseSelector(namespaceSelectorText(peer.namespaceSelector)));
  return { selector: parseSelector(`(${where}) && (${podSelectorText(peer.podSelector)})`), net: null, notNets: [] };
}

/** A namespace selector on the labels that pods inherit from their namespace's profile. */
function inheritedText(selector: Selector): string {
  return printSelector(prefixed(selector));
}

function prefixed(selector: Selector): Selector {
  switch (selector.kind) {
    case "all":
      return { kind: "has", key: "projectcalico.org/namespace" };
    case "global":
      return { kind: "not", operand: { kind: "has", key: "projectcalico.org/namespace" } };
    case "has":
    case "compare":
    case "in":
    case "not-in":
      return { ...selector, key: `pcns.${selector.key}` };
    case "not":
      return { kind: "not", operand: prefixed(selector.operand) };
    case "and":
    case "or":
      return { kind: selector.kind, operands: selector.operands.map(prefixed) };
  }
}
