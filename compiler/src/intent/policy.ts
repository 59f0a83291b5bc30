/**
 * NetworkPolicy as networking.k8s.io/v1 defines it: a pod that some policy selects in a direction is isolated in it
 * and gets the union of what those policies allow. `ipBlock` is read as the dataplane reads it: addresses are addresses,
 * those of pods too. Selectors mean pods with a network namespace of their own; a host-network pod is its node.
 */
import { contains, formatIp } from "@knet/language/values";
import type { Ip, Transport } from "@knet/language/values";
import type { NetworkModel, NetworkPolicy, Pod, PolicyPeer, PolicyPort, PolicyRule } from "../model/types.ts";
import type { AddressBook } from "./addresses.ts";
import type { SelectorIndex } from "./selectors.ts";
import type { DirectionVerdict } from "./types.ts";

interface Subject {
  readonly ingress: NetworkPolicy[];
  readonly egress: NetworkPolicy[];
}

/** The other end of the connection and the destination's port. */
interface Counterpart {
  readonly ip: Ip;
  readonly pod: Pod | null;
  /** The pod that the packet goes to, which named ports are looked up on; null when it is no pod. */
  readonly destination: Pod | null;
  readonly protocol: Transport;
  readonly port: number;
}

export class PolicyJudge {
  readonly #book: AddressBook;
  readonly #selectors: SelectorIndex;
  readonly #subjects = new Map<Pod, Subject>();

  constructor(model: NetworkModel, book: AddressBook, selectors: SelectorIndex) {
    this.#book = book;
    this.#selectors = selectors;
    for (const policy of model.policies) {
      for (const pod of selectors.pods(policy.namespace, policy.podSelector)) {
        if (pod.hostNetwork) continue;
        const subject = this.#subjects.get(pod) ?? { ingress: [], egress: [] };
        this.#subjects.set(pod, subject);
        if (policy.policyTypes.includes("Ingress")) subject.ingress.push(policy);
        if (policy.policyTypes.includes("Egress")) subject.egress.push(policy);
      }
    }
  }

  /** Whether `pod` may be reached from this address. The exemption of the pod's own node is not judged here. */
  ingress(pod: Pod, source: Ip, protocol: Transport, port: number): DirectionVerdict {
    return this.#judge("ingress", pod, { ip: source, pod: this.#podAt(source), destination: pod, protocol, port });
  }

  /** Whether `pod` may reach this address. */
  egress(pod: Pod, destination: Ip, protocol: Transport, port: number): DirectionVerdict {
    const other = this.#podAt(destination);
    return this.#judge("egress", pod, { ip: destination, pod: other, destination: other, protocol, port });
  }

  #podAt(ip: Ip): Pod | null {
    const place = this.#book.at(ip);
    return place.kind === "pod" ? place.pod : null;
  }

  #judge(direction: "ingress" | "egress", pod: Pod, other: Counterpart): DirectionVerdict {
    const isolatedBy = this.#subjects.get(pod)?.[direction] ?? [];
    const allowedBy = isolatedBy.flatMap((policy) =>
      policy[direction].filter((rule) => this.#matches(policy, rule, other)).map((rule) => ({ policy, rule })),
    );
    return { direction, pod, allowed: isolatedBy.length === 0 || allowedBy.length > 0, isolatedBy, allowedBy };
  }

  #matches(policy: NetworkPolicy, rule: PolicyRule, other: Counterpart): boolean {
    const port = rule.ports.length === 0 || rule.ports.some((entry) => matchesPort(entry, other));
    return port && (rule.peers.length === 0 || rule.peers.some((peer) => this.#matchesPeer(policy, peer, other)));
  }

  #matchesPeer(policy: NetworkPolicy, peer: PolicyPeer, other: Counterpart): boolean {
    if (peer.kind === "ipBlock") return contains(peer.cidr, other.ip) && !peer.except.some((cidr) => contains(cidr, other.ip));
    return other.pod !== null && this.#selectors.peers(policy.namespace, peer.podSelector, peer.namespaceSelector).has(other.pod);
  }
}

function matchesPort(entry: PolicyPort, other: Counterpart): boolean {
  if (entry.protocol !== other.protocol) return false;
  const { port } = entry;
  if (port === null) return true;
  if (typeof port === "number") return port <= other.port && other.port <= (entry.endPort ?? port);
  const ports = other.destination?.ports ?? [];
  return ports.some((candidate) => candidate.name === port && candidate.protocol === entry.protocol && candidate.port === other.port);
}

/** `policy shop/a` or `policies shop/a and shop/b`, without repeats. */
function policyNames(policies: readonly NetworkPolicy[]): string {
  const names = [...new Set(policies.map((policy) => `${policy.namespace}/${policy.name}`))];
  const last = names.pop();
  return names.length === 0 ? `policy ${last ?? ""}` : `policies ${names.join(", ")} and ${last ?? ""}`;
}

/** A sentence about a denied direction. */
export function describeDenial(verdict: DirectionVerdict, other: Ip, protocol: Transport, port: number): string {
  const pod = `${verdict.pod.namespace}/${verdict.pod.name}`;
  const names = policyNames(verdict.isolatedBy);
  const by = `${names} ${names.startsWith("policies") ? "isolate" : "isolates"}`;
  return verdict.direction === "ingress"
    ? `${by} ingress of pod ${pod} and no rule admits ${formatIp(other)} on ${port}/${protocol}`
    : `${by} egress of pod ${pod} and no rule lets it reach ${formatIp(other)} on ${port}/${protocol}`;
}
