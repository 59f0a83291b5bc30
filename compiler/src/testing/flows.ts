/** Flows that find out much about a cluster: aimed at its rules, beside them, and at random; a good part of them denied. */
import { addToIp, isSpecial } from "@knet/language/values";
import type { Family, Transport } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import { journeysOf, noteMatched } from "./judge.ts";
import type { KnownJourneys, MatchedRules } from "./judge.ts";
import { chosenFlowText } from "./chosen-flow.ts";
import type { ChosenFlow } from "./chosen-flow.ts";
import { aimIndexOf, partiesOf } from "./aims.ts";
import type { AimIndex, Parties } from "./aims.ts";
import type { Random } from "./random.ts";

export interface FlowOptions {
  /** At most so many flows; default 400. There are fewer in a cluster that has not so many different ones. */
  readonly limit?: number;
  /** How often a rule is aimed at while no flow has hit it; default 3. */
  readonly aims?: number;
  /** Filled with the journeys that were made to see what aimed flows hit. */
  readonly journeys?: KnownJourneys;
}

/** What share of the flows is denied at least. */
const leastDenied = 0.3;
/** Behind this share, random flows that are denied are left out. */
const mostDenied = 0.55;
/** The share of the flows that random ones make up where the rules leave room for it. */
const atRandom = 0.3;

/**
 * Flows aimed at each rule of each node that no earlier flow has hit, some that just miss, and others that combine any sender,
 * target and port that the cluster mentions. At least 30 % are denied: dropped, rejected or without a way.
 */
export function flowsOf(
  compilation: Pick<Compilation, "model" | "fabric" | "scenario">,
  random: Random,
  options: FlowOptions = {},
): readonly ChosenFlow[] {
  const { model, fabric, scenario } = compilation;
  const limit = options.limit ?? 400;
  const parties = partiesOf(model, fabric);
  const found = new Map<string, ChosenFlow>();
  let denied = 0;
  const isNew = (flow: ChosenFlow | null): flow is ChosenFlow =>
    flow !== null && flow.port >= 1 && flow.port <= 65535 && !isSpecial(flow.dst) && !found.has(chosenFlowText(flow));
  const isDenied = (flow: ChosenFlow): boolean =>
    scenario.intent.ask(flow).outcomes.every(({ kind }) => kind !== "delivered" && kind !== "refused");
  const add = (flow: ChosenFlow, deny = isDenied(flow)): void => {
    found.set(chosenFlowText(flow), flow);
    if (deny) denied++;
  };
  const hit: MatchedRules = new Map();
  for (const { index, rule } of random.shuffled(aimedRules(compilation))) {
    for (
      let tries = options.aims ?? 3;
      tries > 0 && hit.get(index.node)?.has(rule) !== true && found.size < limit * (1 - atRandom);
      tries--
    ) {
      const flow = index.aim(rule, random);
      if (!isNew(flow)) continue;
      const journeys = journeysOf(fabric, flow);
      options.journeys?.set(flow, journeys);
      noteMatched(journeys, hit);
      add(flow);
      const miss = random.chance(0.3) ? nearMiss(flow, parties, random) : null;
      if (isNew(miss)) add(miss);
    }
  }
  const ports = mentionedPorts(compilation);
  for (let attempts = 20 * limit; found.size < limit && attempts > 0; attempts--) {
    const flow = anyFlow(parties, ports, random);
    if (!isNew(flow)) continue;
    const deny = isDenied(flow);
    if (deny ? denied <= mostDenied * found.size : denied >= leastDenied * found.size) add(flow, deny);
  }
  return [...found.values()];
}

function aimedRules({
  model,
  fabric,
}: Pick<Compilation, "model" | "fabric">): readonly { readonly index: AimIndex; readonly rule: Parameters<AimIndex["aim"]>[0] }[] {
  return model.nodes.flatMap((node) => {
    const families = [...new Set<Family>(node.addresses.map((ip) => ip.family))];
    return families.flatMap((family) => {
      const index = aimIndexOf({ model, fabric }, `node/${node.name}`, family);
      return [...index.rules].map((rule) => ({ index, rule }));
    });
  });
}

/** The same flow with one thing changed, so that the rule that it aimed at should let it go by. */
function nearMiss(flow: ChosenFlow, parties: Parties, random: Random): ChosenFlow | null {
  switch (random.below(4)) {
    case 0:
      return { ...flow, port: flow.port + (random.chance(0.5) ? 1 : -1) };
    case 1:
      return { ...flow, dst: addToIp(flow.dst, random.chance(0.5) ? 1 : -1) };
    case 2:
      return { ...flow, protocol: random.pick(["tcp", "udp", "sctp"]) };
    default: {
      const others = parties.senders.filter((sender) => sender.ip.family === flow.dst.family);
      return others.length === 0 ? null : { ...flow, from: random.pick(others).host ?? flow.from };
    }
  }
}

function anyFlow(parties: Parties, ports: readonly Pick<ChosenFlow, "protocol" | "port">[], random: Random): ChosenFlow | null {
  const { host, ip } = random.pick(parties.senders);
  const { protocol, port } = random.pick(ports);
  const targets = parties.targets.filter((target) => target.ip.family === ip.family);
  if (host === null || targets.length === 0) return null;
  return { from: host, dst: random.pick(targets).ip, protocol, port };
}

/** Ports that the cluster mentions, each with its neighbours, and one that nobody mentions. */
function mentionedPorts({ model }: Pick<Compilation, "model">): readonly Pick<ChosenFlow, "protocol" | "port">[] {
  const found = new Map<string, Pick<ChosenFlow, "protocol" | "port">>();
  const add = (protocol: Transport, port: number): void => {
    if (port >= 1 && port <= 65535) found.set(`${port}/${protocol}`, { protocol, port });
  };
  const range = (protocol: Transport, first: number, last: number): void => {
    for (const port of [first - 1, first, last, last + 1]) add(protocol, port);
  };
  for (const pod of model.pods) for (const port of pod.ports) add(port.protocol, port.port);
  for (const service of model.services) {
    for (const port of service.ports) {
      add(port.protocol, port.port);
      if (port.nodePort !== null) add(port.protocol, port.nodePort);
    }
  }
  for (const policy of model.policies) {
    for (const rule of [...policy.ingress, ...policy.egress]) {
      for (const port of rule.ports) if (typeof port.port === "number") range(port.protocol, port.port, port.endPort ?? port.port);
    }
  }
  for (const firewall of model.firewalls)
    for (const rule of firewall.rules) for (const port of rule.ports) range(port.protocol, port.first, port.last);
  for (const [protocol, port] of [
    ["tcp", 10250],
    ["tcp", 80],
    ["tcp", 443],
    ["udp", 53],
    ["tcp", 9],
    ["udp", 9],
    ["sctp", 9],
    ["udp", 4789],
  ] as const)
    add(protocol, port);
  return [...found.values()];
}
