/**
 * Which policies can tell endpoints and ports apart. Nothing is decided here: it says which pods, and which ports
 * between two of them, need to be asked about once.
 */
import { compareText, contains, formatCidr } from "@knet/language/values";
import type { Cidr, Family, Ip, Transport } from "@knet/language/values";
import type { Labels, LabelSelector, NetworkModel, NetworkPolicy, Pod, PolicyPeer, PolicyPort } from "../model/types.ts";

interface IndexedRule {
  readonly ports: readonly PolicyPort[];
  readonly peers: readonly number[];
  /** Without peers: anyone. */
  readonly anyone: boolean;
}

/** The policies that apply to a pod. */
export interface Subject {
  /** Positions of the policies that isolate it, in each direction. */
  readonly isolation: { readonly ingress: readonly number[]; readonly egress: readonly number[] };
  /** Positions of their rules. */
  readonly ingress: readonly number[];
  readonly egress: readonly number[];
}

export const nobody: Subject = { isolation: { ingress: [], egress: [] }, ingress: [], egress: [] };

interface Peer {
  readonly namespace: string;
  readonly peer: PolicyPeer;
}

export class PolicyRules {
  /** Every prefix that a policy or a firewall names. */
  readonly prefixes: readonly Cidr[];
  readonly #policies: readonly NetworkPolicy[];
  readonly #rules: IndexedRule[] = [];
  readonly #ownRules: { readonly ingress: readonly number[]; readonly egress: readonly number[] }[] = [];
  readonly #peers: Peer[] = [];
  readonly #blocks: { readonly index: number; readonly cidr: Cidr; readonly except: readonly Cidr[] }[] = [];
  readonly #namespaces: ReadonlyMap<string, Labels>;
  readonly #portNames: ReadonlySet<string>;
  readonly #byLabels = new Map<string, { readonly subject: Subject; readonly peers: readonly number[] }>();

  constructor(model: NetworkModel) {
    this.#policies = model.policies;
    this.#namespaces = new Map(model.namespaces.map((namespace) => [namespace.name, namespace.labels]));
    const known = new Map<string, number>();
    for (const policy of model.policies) {
      const enter = (rule: NetworkPolicy["ingress"][number]): number => {
        const peers = rule.peers.map((peer) => this.#peer(known, policy.namespace, peer));
        this.#rules.push({ ports: rule.ports, peers, anyone: rule.peers.length === 0 });
        return this.#rules.length - 1;
      };
      this.#ownRules.push({ ingress: policy.ingress.map(enter), egress: policy.egress.map(enter) });
    }
    const rules = model.policies.flatMap((policy) => [...policy.ingress, ...policy.egress]);
    this.#portNames = new Set(rules.flatMap((rule) => rule.ports.flatMap(({ port }) => (typeof port === "string" ? [port] : []))));
    const prefixes = [
      ...this.#blocks.flatMap(({ cidr, except }) => [cidr, ...except]),
      ...model.firewalls.flatMap((firewall) =>
        firewall.rules.flatMap((rule) => rule.peers.flatMap((peer) => (peer.kind === "cidr" ? [peer.cidr] : []))),
      ),
    ];
    this.prefixes = [...new Map(prefixes.map((cidr) => [formatCidr(cidr), cidr])).values()];
  }

  /** Equal peers of equal scope are one. */
  #peer(known: Map<string, number>, namespace: string, peer: PolicyPeer): number {
    const { origin: _origin, ...said } = peer;
    const scope = peer.kind === "pods" && peer.namespaceSelector === null ? namespace : "";
    const key = `${scope} ${JSON.stringify(said)}`;
    let index = known.get(key);
    if (index === undefined) {
      index = this.#peers.length;
      known.set(key, index);
      this.#peers.push({ namespace, peer });
      if (peer.kind === "ipBlock") this.#blocks.push({ index, cidr: peer.cidr, except: peer.except });
    }
    return index;
  }

  subject(pod: Pod): Subject {
    return pod.hostNetwork ? nobody : this.#labelled(pod).subject;
  }

  /** Positions of the peers of rules that the pod is, by its labels. */
  peersByLabels(pod: Pod): readonly number[] {
    return pod.hostNetwork ? [] : this.#labelled(pod).peers;
  }

  /** Positions of the peers of rules that hold the address. */
  peersByAddress(ip: Ip): readonly number[] {
    return this.#blocks
      .filter(({ cidr, except }) => contains(cidr, ip) && !except.some((hole) => contains(hole, ip)))
      .map(({ index }) => index);
  }

  #labelled(pod: Pod): { readonly subject: Subject; readonly peers: readonly number[] } {
    const key = JSON.stringify([pod.namespace, Object.entries(pod.labels).toSorted(([x], [y]) => compareText(x, y))]);
    let found = this.#byLabels.get(key);
    if (found === undefined) {
      found = { subject: this.#subjectOf(pod), peers: this.#peers.flatMap((peer, index) => (this.#isPeer(peer, pod) ? [index] : [])) };
      this.#byLabels.set(key, found);
    }
    return found;
  }

  #subjectOf(pod: Pod): Subject {
    const isolation = { ingress: [] as number[], egress: [] as number[] };
    const rules = { ingress: [] as number[], egress: [] as number[] };
    for (const [index, policy] of this.#policies.entries()) {
      if (policy.namespace !== pod.namespace || !selects(policy.podSelector, pod.labels)) continue;
      for (const [type, direction] of [["Ingress", "ingress"] as const, ["Egress", "egress"] as const]) {
        if (!policy.policyTypes.includes(type)) continue;
        isolation[direction].push(index);
        rules[direction].push(...(this.#ownRules[index]?.[direction] ?? []));
      }
    }
    return { isolation, ...rules };
  }

  #isPeer({ namespace, peer }: Peer, pod: Pod): boolean {
    if (peer.kind !== "pods") return false;
    const scope =
      peer.namespaceSelector === null
        ? pod.namespace === namespace
        : selects(peer.namespaceSelector, this.#namespaces.get(pod.namespace) ?? {});
    return scope && (peer.podSelector === null || selects(peer.podSelector, pod.labels));
  }

  /** The numbers behind port names that policies use. */
  namedPorts(pod: Pod): string {
    return pod.ports
      .filter((port) => port.name !== null && this.#portNames.has(port.name))
      .map((port) => `${port.name ?? ""}=${port.port}/${port.protocol}`)
      .toSorted()
      .join(",");
  }

  /** Positions of the peers that the rule names. */
  peersOf(rule: number): readonly number[] {
    return this.#rules[rule]?.peers ?? [];
  }

  /** Those of the rules that one of these peers may use. */
  between(rules: readonly number[], peers: ReadonlySet<number>): readonly number[] {
    return rules.filter((index) => {
      const rule = this.#rules[index];
      return rule !== undefined && (rule.anyone || rule.peers.some((peer) => peers.has(peer)));
    });
  }

  /** Those of the rules that are about the port; names are those of the destination. */
  about(rules: readonly number[], protocol: Transport, port: number, destination: Pod | null): readonly number[] {
    return rules.filter((index) => {
      const ports = this.#rules[index]?.ports ?? [];
      return ports.length === 0 || ports.some((entry) => isPort(entry, protocol, port, destination));
    });
  }
}

function isPort(entry: PolicyPort, protocol: Transport, port: number, destination: Pod | null): boolean {
  if (entry.protocol !== protocol) return false;
  if (entry.port === null) return true;
  if (typeof entry.port === "number") return entry.port <= port && port <= (entry.endPort ?? entry.port);
  return (
    destination?.ports.some((candidate) => candidate.name === entry.port && candidate.protocol === protocol && candidate.port === port) ===
    true
  );
}

function selects(selector: LabelSelector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    switch (requirement.operator) {
      case "In":
        return value !== undefined && requirement.values.includes(value);
      case "NotIn":
        return value === undefined || !requirement.values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
    }
  });
}

/** Families in which two address lists meet. */
export function commonFamilies(x: readonly Ip[], y: readonly Ip[]): readonly Family[] {
  return ([4, 6] as const).filter((family) => x.some((ip) => ip.family === family) && y.some((ip) => ip.family === family));
}
