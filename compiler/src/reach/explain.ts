/** Why a connection is allowed or not, in sentences that name the policies and where their rules stand. */
import type { Ip, Transport } from "@knet/language/values";
import type { Origin, Span } from "@knet/language";
import type { NetworkModel, NetworkPolicy, Pod, PolicyRule } from "../model/types.ts";
import type { Member } from "./classes.ts";
import type { Masks } from "./matrix.ts";
import { bit, portsText } from "./ports.ts";
import type { PortClassRange, PortSpace } from "./ports.ts";
import type { Detour } from "./types.ts";
import type { Unit } from "./units.ts";

/** A line of the program: `shop.knet:97`. */
export type PlaceOf = (span: Span) => string;

interface DirectionWord {
  readonly allowed: boolean;
  readonly isolatedBy: readonly NetworkPolicy[];
  readonly allowedBy: readonly { readonly policy: NetworkPolicy; readonly rule: PolicyRule }[];
}

/** What sentences need of the intent judge. */
export interface PolicyOracle {
  ask(flow: { readonly from: string; readonly dst: Ip; readonly protocol: Transport; readonly port: number }): {
    readonly outcomes: readonly { readonly reason: string; readonly causes: readonly Origin[] }[];
  };
  policyVerdict(
    source: Pod | Ip,
    destination: Pod,
    protocol: Transport,
    port: number,
  ): {
    readonly allowed: boolean;
    readonly egress: DirectionWord | null;
    readonly ingress: DirectionWord | null;
  };
}

export class Explainer {
  readonly #model: NetworkModel;
  readonly #oracle: PolicyOracle;
  readonly #ports: PortSpace;
  readonly #place: PlaceOf;

  constructor(model: NetworkModel, oracle: PolicyOracle, ports: PortSpace, place: PlaceOf) {
    this.#model = model;
    this.#oracle = oracle;
    this.#ports = ports;
    this.#place = place;
  }

  /** One sentence for each set of ports that the same rules allow. */
  connection(source: Unit, target: Unit, masks: Masks, through: readonly Detour[]): readonly string[] {
    const detoured = new Set(through.map(({ protocol, port }) => this.#ports.at(protocol, port)));
    const direct = this.#grouped(masks, (entry) =>
      detoured.has(entry.index) ? null : this.#why(source, target, entry.protocol, entry.first),
    );
    const ways = through.map(({ service, protocol, nodePort, port }) => {
      const said = target.members[0]?.pod;
      const into =
        said == null
          ? ""
          : `; ${this.#isolation(said, "ingress") ? `its policies admit what the nodes pass on` : `no policy isolates ingress of ${target.endpoint.id}`}`;
      return `${protocol.toUpperCase()} ${port}: through node port ${nodePort}/${protocol} of service ${service}${into}.`;
    });
    return [...direct, ...ways];
  }

  toOwnNode(source: Unit, masks: Masks): readonly string[] {
    const [member] = source.members;
    const node = this.#model.nodes.find((candidate) => candidate.name === member?.node);
    if (member === undefined || node === undefined) return [];
    return this.#grouped(
      masks,
      (entry) =>
        `${this.#egress(source, member, node.addresses, entry.protocol, entry.first)}; the firewall of the node stands on the wire and is not asked`,
    );
  }

  #grouped(masks: Masks, why: (entry: PortClassRange) => string | null): readonly string[] {
    const reached = [...masks.values()].reduce((union, mask) => union | mask, 0n);
    const groups = new Map<string, bigint>();
    for (const entry of this.#ports.classes) {
      if ((reached & bit(entry.index)) === 0n) continue;
      const reason = why(entry);
      if (reason !== null) groups.set(reason, (groups.get(reason) ?? 0n) | bit(entry.index));
    }
    return [...groups].map(([reason, mask]) => `${portsText(this.#ports.allowed(new Map([[4, mask]])))}: ${reason}.`);
  }

  #why(source: Unit, target: Unit, protocol: Transport, port: number): string {
    const [from, to] = aPair(source, target);
    if (from === undefined || to === undefined) return "";
    if (from.pod !== null && to.pod !== null) {
      const { egress, ingress } = this.#oracle.policyVerdict(from.pod, to.pod, protocol, port);
      return [this.#direction(egress, "egress", source), this.#direction(ingress, "ingress", target)].join("; ");
    }
    if (to.pod !== null) return this.#ingress(target, from, to, protocol, port);
    const out = from.pod === null ? "nothing filters what machines send" : this.#egress(source, from, to.addresses, protocol, port);
    const own = source.endpoint.kind === "External" ? [] : [out];
    return [...own, ...(to.node === null ? [] : [this.#firewall(to.node)])].join("; ");
  }

  #direction(verdict: DirectionWord | null, direction: "ingress" | "egress", unit: Unit): string {
    if (verdict === null || verdict.isolatedBy.length === 0) return `no policy isolates ${direction} of ${unit.endpoint.id}`;
    const rules = verdict.allowedBy.map(({ policy, rule }) => this.#rule(`policy ${policy.namespace}/${policy.name}`, rule.origin.span));
    return `${listed(rules)} ${rules.length === 1 ? "lets" : "let"} it ${direction === "egress" ? "out" : "in"}`;
  }

  /** Where policy meets an address, its rules stand among the causes of the whole flow. */
  #egress(source: Unit, from: Member, to: readonly Ip[], protocol: Transport, port: number): string {
    return this.#byCauses("egress", source, from, to, protocol, port);
  }

  #ingress(target: Unit, from: Member, to: Member, protocol: Transport, port: number): string {
    return this.#byCauses("ingress", target, from, to.addresses, protocol, port);
  }

  #byCauses(direction: "ingress" | "egress", unit: Unit, from: Member, to: readonly Ip[], protocol: Transport, port: number): string {
    const dst = to.find((ip) => from.addresses.some((own) => own.family === ip.family));
    const [outcome] = dst === undefined ? [] : this.#oracle.ask({ from: from.host, dst, protocol, port }).outcomes;
    const rules = (outcome?.causes ?? [])
      .filter((cause) => cause.name.startsWith("policy "))
      .map((cause) => this.#rule(cause.name, cause.span));
    if (rules.length === 0) return `no policy isolates ${direction} of ${unit.endpoint.id}`;
    return `${listed([...new Set(rules)])} ${rules.length === 1 ? "lets" : "let"} it ${direction === "egress" ? "out" : "in"}`;
  }

  #rule(name: string, span: Span | null): string {
    return span === null ? name : `${name} (${this.#place(span)})`;
  }

  #firewall(node: string): string {
    const names = this.#model.firewalls.filter((firewall) => firewall.nodes.includes(node)).map((firewall) => `firewall ${firewall.name}`);
    return names.length === 0 ? "no firewall stands before the node" : `${listed(names)} ${names.length === 1 ? "admits" : "admit"} it`;
  }

  #isolation(pod: Pod, direction: "ingress" | "egress"): boolean {
    const [address] = pod.addresses;
    return address !== undefined && (this.#oracle.policyVerdict(outsider(address), pod, "tcp", 1)[direction]?.isolatedBy.length ?? 0) > 0;
  }

  /** Why nothing gets there. */
  refusal(source: Unit, target: Unit): readonly string[] {
    const [from, to] = aPair(source, target);
    if (from === undefined || to === undefined) return [];
    const offered = to.pod?.ports[0] ?? { protocol: "tcp" as const, port: 443 };
    if (from.pod !== null && to.pod !== null && from.addresses.some((ip) => to.addresses.some((other) => other.family === ip.family))) {
      const verdict = this.#oracle.policyVerdict(from.pod, to.pod, offered.protocol, offered.port);
      const denials = [
        this.#denial(verdict.egress, "egress", source, `lets it reach ${target.endpoint.id}`),
        this.#denial(verdict.ingress, "ingress", target, `admits ${source.endpoint.id}`),
      ].filter((text) => text !== null);
      if (denials.length > 0) return denials;
    }
    const dst = to.addresses.find((ip) => from.addresses.some((own) => own.family === ip.family));
    if (dst === undefined) return [`${source.endpoint.id} and ${target.endpoint.id} have no address family in common.`];
    const reasons = this.#oracle
      .ask({ from: from.host, dst, protocol: offered.protocol, port: offered.port })
      .outcomes.map(({ reason }) => `${reason}.`);
    return [...new Set(reasons)];
  }

  #denial(verdict: DirectionWord | null, direction: "ingress" | "egress", unit: Unit, rest: string): string | null {
    if (verdict === null || verdict.allowed) return null;
    const policies = [
      ...new Map(
        verdict.isolatedBy.map((policy) => [policy, this.#rule(`policy ${policy.namespace}/${policy.name}`, policy.origin.span)]),
      ).values(),
    ];
    return `${listed(policies)} ${policies.length === 1 ? "isolates" : "isolate"} ${direction} of ${unit.endpoint.id}, and no rule ${rest}.`;
  }
}

/** Any address that is not the pod's. */
function outsider(ip: Ip): Ip {
  return { ...ip, d: (ip.d ^ 1) >>> 0 };
}

/** One of each that are not the same. */
function aPair(source: Unit, target: Unit): readonly [Member | undefined, Member | undefined] {
  const [from] = source.members;
  return [
    from,
    target.members.find((member) => member.host !== from?.host && (member.node === null || member.node !== from?.node)) ??
      target.members.find((member) => member.host !== from?.host),
  ];
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
