/**
 * What a packet must look like to come to a rule, read off the rule and the jumps that lead to it: who sends it, where it goes,
 * on which port. Marks and connection states are left out, so that an aim may miss; most do not.
 */
import { addToIp, contains, formatIp, rangeOf } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import { compileIpSet } from "../dataplane/ipset/compile.ts";
import type { CompiledIpSet } from "../dataplane/ipset/compile.ts";
import { parseMember } from "../dataplane/ipset/member.ts";
import type { Match, Rule, Ruleset, TableName } from "../dataplane/netfilter/types.ts";
import type { Fabric } from "../fabric/types.ts";
import type { NetworkModel } from "../model/types.ts";
import { prepareHost } from "../simulate/host.ts";
import type { ChosenFlow } from "./chosen-flow.ts";
import type { Random } from "./random.ts";

/** A machine that sends, under one of its addresses; or an address that packets are sent to. */
export interface Party {
  /** Host id; null for an address that nobody has. */
  readonly host: string | null;
  readonly ip: Ip;
}

/** The parties of a cluster and the devices at which nodes see them. */
export interface Parties {
  readonly senders: readonly Party[];
  readonly targets: readonly Party[];
  /** Node and pod host ids, joined by a blank, to the node's device of that pod. */
  readonly devices: ReadonlyMap<string, string>;
}

/** What was worked out of a fabric; nothing of it changes. */
interface Known {
  readonly parties: Parties;
  readonly indexes: Map<string, AimIndex>;
}

const known = new WeakMap<Fabric, Known>();

function knownOf(model: NetworkModel, fabric: Fabric): Known {
  let found = known.get(fabric);
  if (found === undefined) {
    found = { parties: findParties(model, fabric), indexes: new Map() };
    known.set(fabric, found);
  }
  return found;
}

export function partiesOf(model: NetworkModel, fabric: Fabric): Parties {
  return knownOf(model, fabric).parties;
}

/** The index of one family's rules of a node, by its host id; made once. */
export function aimIndexOf(
  { model, fabric }: { readonly model: NetworkModel; readonly fabric: Fabric },
  node: string,
  family: Family,
): AimIndex {
  const { parties, indexes } = knownOf(model, fabric);
  const key = `${node} ${family}`;
  let index = indexes.get(key);
  if (index === undefined) {
    index = new AimIndex(fabric, node, family, parties);
    indexes.set(key, index);
  }
  return index;
}

function findParties(model: NetworkModel, fabric: Fabric): Parties {
  const senders: Party[] = [
    ...model.pods
      .filter((pod) => !pod.hostNetwork)
      .flatMap((pod) => pod.addresses.map((ip) => ({ host: `pod/${pod.namespace}/${pod.name}`, ip }))),
    ...model.nodes.flatMap((node) => node.addresses.map((ip) => ({ host: `node/${node.name}`, ip }))),
    ...(model.external?.hosts ?? []).flatMap((host) => host.addresses.map((ip) => ({ host: `external/${host.name}`, ip }))),
  ];
  const vacant = (ip: Ip): Party => ({ host: null, ip });
  const targets: Party[] = [
    ...senders,
    ...model.ipam.nodes.flatMap((entry) => entry.tunnels.map(({ address }) => ({ host: `node/${entry.node}`, ip: address }))),
    ...model.routers.flatMap((router) =>
      [...router.interfaces.flatMap((face) => face.addresses), ...(router.outside?.addresses ?? [])].map((ip) => ({
        host: `router/${router.name}`,
        ip,
      })),
    ),
    ...model.services.flatMap((service) => service.clusterIps.map(vacant)),
    // Edges of every range: the last address inside, the first behind it.
    ...rangesOf(model).flatMap((cidr) => [
      vacant(rangeOf(cidr).last),
      vacant(addToIp(rangeOf(cidr).last, -1)),
      vacant(addToIp(rangeOf(cidr).last, 1)),
      vacant(addToIp(rangeOf(cidr).first, 9)),
    ]),
  ];
  const devices = new Map<string, string>();
  for (const segment of fabric.segments) {
    if (segment.kind !== "veth") continue;
    const pod = segment.attachments.find((end) => end.host.startsWith("pod/"));
    const node = segment.attachments.find((end) => end.host.startsWith("node/"));
    if (pod !== undefined && node !== undefined) devices.set(`${node.host} ${pod.host}`, node.link);
  }
  const seen = new Set<string>();
  const distinct = targets.filter(({ ip }) => {
    const text = formatIp(ip);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
  return { senders, targets: distinct, devices };
}

function rangesOf(model: NetworkModel): readonly Cidr[] {
  const blocks = model.policies
    .flatMap((policy) => [...policy.ingress, ...policy.egress])
    .flatMap((rule) => rule.peers.flatMap((peer) => (peer.kind === "ipBlock" ? [peer.cidr, ...peer.except] : [])));
  return [
    ...blocks,
    ...model.subnets.flatMap((subnet) => subnet.cidrs),
    ...model.cluster.cni.pools.map((pool) => pool.cidr),
    ...model.cluster.serviceCidrs,
    ...model.ipam.nodes.flatMap((node) => node.blocks.map((block) => block.cidr)),
  ].filter((cidr) => cidr.prefix > 0);
}

type Side = "source" | "destination";

/** One family's rules of one node, with the jumps that lead to each chain. */
export class AimIndex {
  readonly #node: string;
  readonly #ruleset: Ruleset;
  readonly #sets: ReadonlyMap<
    string,
    {
      readonly has: CompiledIpSet;
      readonly members: readonly {
        readonly cidr: Cidr;
        readonly ports: { readonly protocol: number; readonly first: number; readonly last: number } | null;
      }[];
    }
  >;
  readonly #callers = new Map<string, Rule[]>();
  readonly #places = new Map<
    Rule,
    { readonly table: TableName; readonly name: string; readonly chain: readonly Rule[]; readonly at: number }
  >();
  readonly #parties: Parties;
  /** The senders that the node sees: what passes a node begins or ends there. */
  readonly #near: readonly Party[];
  readonly #here: ReadonlySet<string>;
  /** For each match, which of a list of parties fit, in the order of the list. */
  readonly #fitting = new Map<Match, Map<readonly Party[], Readonly<Record<Side, readonly boolean[]>>>>();

  constructor(fabric: Fabric, node: string, family: Family, parties: Parties) {
    const dataplane = fabric.dataplane(node);
    this.#node = node;
    this.#ruleset = prepareHost(dataplane).ruleset(family);
    this.#parties = {
      ...parties,
      senders: parties.senders.filter(({ ip }) => ip.family === family),
      targets: parties.targets.filter(({ ip }) => ip.family === family),
    };
    this.#here = new Set([
      node,
      ...this.#parties.senders.flatMap(({ host }) => (host !== null && parties.devices.has(`${node} ${host}`) ? [host] : [])),
    ]);
    this.#near = this.#parties.senders.filter((sender) => this.#isHere(sender));
    this.#sets = new Map(
      dataplane.ipsets.map((set) => [
        set.name,
        { has: compileIpSet(set), members: set.members.map((member) => parseMember(set, member.text)) },
      ]),
    );
    for (const [table, chains] of this.#ruleset.tables) {
      for (const chain of chains.values()) {
        for (const [at, rule] of chain.rules.entries()) {
          this.#places.set(rule, { table, name: chain.name, chain: chain.rules, at });
          if (rule.target?.kind !== "jump" && rule.target?.kind !== "goto") continue;
          const key = `${table} ${rule.target.chain}`;
          const list = this.#callers.get(key);
          if (list === undefined) this.#callers.set(key, [rule]);
          else list.push(rule);
        }
      }
    }
  }

  get node(): string {
    return this.#node;
  }

  get rules(): Iterable<Rule> {
    return this.#places.keys();
  }

  /** A flow that should come to the rule and match it; null when no party of the cluster fits. */
  aim(rule: Rule, random: Random): ChosenFlow | null {
    const path: Rule[] = [rule];
    for (let place = this.#places.get(rule); place !== undefined;) {
      const callers = this.#callers.get(`${place.table} ${place.name}`);
      if (callers === undefined || callers.length === 0 || path.length > 12) break;
      const caller = random.pick(callers);
      path.push(caller);
      place = this.#places.get(caller);
    }
    const matches = path.flatMap((step) => [...step.matches, ...this.#whatMarks(step, random)]);
    // A rule for replies: whoever fits as its source is asked, by whoever fits as its destination.
    const isReply = matches.some(
      (match) => match.kind === "conntrack" && !match.negated && match.states.includes("ESTABLISHED") && !match.states.includes("NEW"),
    );
    const [fromSide, toSide] = isReply ? (["destination", "source"] as const) : (["source", "destination"] as const);
    const to = this.#choose(matches, toSide, this.#parties.targets, random);
    if (to === null) return null;
    // What passes a node begins or ends there; a service's address is translated on the first one.
    const passing = this.#isHere(to.party) ? this.#parties.senders : this.#near;
    const from = this.#choose(matches, fromSide, passing, random);
    if (from === null || from.party.host === null) return null;
    return { from: from.party.host, dst: to.party.ip, ...portFor(isReply ? [] : matches, to.port, random) };
  }

  /** The node itself or a pod of it. */
  #isHere({ host }: Party): boolean {
    return host !== null && this.#here.has(host);
  }

  /** The rule's own matches and, where only one rule leads to each chain above it, those of the jumps. */
  demands(rule: Rule): readonly Match[] {
    const matches = [...rule.matches];
    for (let place = this.#places.get(rule), depth = 0; place !== undefined && depth < 12; depth++) {
      const callers = this.#callers.get(`${place.table} ${place.name}`) ?? [];
      const [only] = callers;
      if (only === undefined || callers.length > 1) break;
      matches.push(...only.matches);
      place = this.#places.get(only);
    }
    return matches;
  }

  /** Whether any of many tries finds a sender and a target. */
  canAim(rule: Rule, random: Random): boolean {
    for (let tries = 0; tries < 40; tries++) if (this.aim(rule, random) !== null) return true;
    return false;
  }

  /** A rule that asks for a mark: the matches of a rule just before it, or in the chain just called, that sets it. */
  #whatMarks(rule: Rule, random: Random): readonly Match[] {
    const asked = rule.matches.find((match) => match.kind === "mark");
    const where = this.#places.get(rule);
    if (asked?.kind !== "mark" || asked.negated || asked.value === 0 || where === undefined) return [];
    const before = where.chain[where.at - 1];
    const setters = (
      before?.target?.kind === "jump" ? this.#chain(where.table, before.target.chain) : before === undefined ? [] : [before]
    ).filter(({ target }) => target?.kind === "mark" && (target.value & asked.value) !== 0);
    return setters.length === 0 ? [] : [...(before?.matches ?? []), ...random.pick(setters).matches];
  }

  #chain(table: TableName, name: string): readonly Rule[] {
    return this.#ruleset.tables.get(table)?.get(name)?.rules ?? [];
  }

  #choose(
    matches: readonly Match[],
    side: Side,
    parties: readonly Party[],
    random: Random,
  ): { readonly party: Party; readonly port: MemberPort | null } | null {
    const fits = matches.map((match) => this.#fittingOf(match, parties)[side]);
    const fitting = parties.filter((_party, at) => fits.every((each) => each[at]));
    const set = matches.find((match) => match.kind === "set" && !match.negated && match.sides[0] === (side === "source" ? "src" : "dst"));
    if (fitting.length === 0) return null;
    const party = random.pick(fitting);
    if (set?.kind !== "set") return { party, port: null };
    const members = this.#sets.get(set.set)?.members.filter(({ cidr }) => contains(cidr, party.ip)) ?? [];
    return { party, port: members.length === 0 ? null : random.pick(members).ports };
  }

  #fittingOf(match: Match, parties: readonly Party[]): Readonly<Record<Side, readonly boolean[]>> {
    let lists = this.#fitting.get(match);
    if (lists === undefined) {
      lists = new Map();
      this.#fitting.set(match, lists);
    }
    let found = lists.get(parties);
    if (found === undefined) {
      const fits = (side: Side): readonly boolean[] => parties.map((party) => this.#fits(match, side, party));
      found = { source: fits("source"), destination: fits("destination") };
      lists.set(parties, found);
    }
    return found;
  }

  #fits(match: Match, side: Side, party: Party): boolean {
    switch (match.kind) {
      case "source":
      case "destination":
        return match.kind !== side || contains(match.cidr, party.ip) !== match.negated;
      case "set": {
        if (match.sides[0] !== (side === "source" ? "src" : "dst")) return true;
        const set = this.#sets.get(match.set);
        return set === undefined || set.members.some(({ cidr }) => contains(cidr, party.ip)) !== match.negated;
      }
      case "in-interface":
        return side === "destination" || isAt(match.name, this.#deviceTowards(party)) !== match.negated;
      case "out-interface":
        return side === "source" || isAt(match.name, this.#deviceTowards(party)) !== match.negated;
      case "addrtype": {
        if (match.side !== side || match.type !== "LOCAL") return true;
        return (party.host === this.#node) !== match.negated;
      }
      default:
        return true;
    }
  }

  /** The node's device that a packet of, or to, the party passes; the wire where the node cannot tell. */
  #deviceTowards(party: Party): string {
    if (party.host === this.#node) return "lo";
    return party.host === null ? "" : (this.#parties.devices.get(`${this.#node} ${party.host}`) ?? "");
  }
}

/** An unknown device may be the wire or the tunnel, so that only pods' devices are told apart. */
function isAt(pattern: string, device: string): boolean {
  const prefix = pattern.endsWith("+") ? pattern.slice(0, -1) : null;
  if (device === "") return !pattern.startsWith("cali");
  return prefix === null ? device === pattern : device.startsWith(prefix);
}

type MemberPort = { readonly protocol: number; readonly first: number; readonly last: number };

const transportOf: ReadonlyMap<number, ChosenFlow["protocol"]> = new Map([
  [6, "tcp"],
  [17, "udp"],
  [132, "sctp"],
]);

function portFor(
  matches: readonly Match[],
  member: MemberPort | null,
  random: Random,
): { readonly protocol: ChosenFlow["protocol"]; readonly port: number } {
  if (member !== null) return { protocol: transportOf.get(member.protocol) ?? "tcp", port: random.pick([member.first, member.last]) };
  const protocol =
    matches.flatMap((match) => (match.kind === "protocol" && !match.negated ? (transportOf.get(match.protocol) ?? []) : []))[0] ??
    random.pick(["tcp", "udp"] as const);
  const ranges = matches.flatMap((match) => {
    if (match.kind === "port" && match.side === "destination" && !match.negated) return [{ first: match.first, last: match.last }];
    return match.kind === "multiport" && match.side !== "source" && !match.negated ? [random.pick(match.ports)] : [];
  });
  const first = Math.max(1, ...ranges.map((range) => range.first));
  const last = Math.min(65535, ...ranges.map((range) => range.last));
  if (ranges.length === 0) return { protocol, port: random.pick([80, 8080, 8081, 53, 443, 5432, 10250, 9]) };
  return { protocol, port: random.pick([first, Math.max(first, last)]) };
}
