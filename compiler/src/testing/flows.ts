/** Flows that find out much about a cluster: aimed at its rules, beside them, and at random; a good part of them denied. */
import { addToIp, formatIp, isSpecial } from "@knet/language/values";
import type { Family, Ip, Transport } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import { AimIndex, partiesOf } from "./aims.ts";
import type { AimedFlow, Parties } from "./aims.ts";
import type { Random } from "./random.ts";

export interface ChosenFlow {
  /** Host id. */
  readonly from: string;
  readonly dst: Ip;
  readonly protocol: Transport;
  readonly port: number;
}

export interface FlowOptions {
  /** About how many flows; default 400. There are fewer in a cluster that has not so many different ones. */
  readonly limit?: number;
  /** How often each rule is aimed at before the limit is applied; default 1. */
  readonly aims?: number;
}

/** What share of the flows is denied at least. */
const leastDenied = 0.3;

export function chosenFlowText(flow: ChosenFlow): string {
  return `${flow.from} → ${formatIp(flow.dst)} ${flow.port}/${flow.protocol}`;
}

/**
 * At least 30 % of the flows are denied: dropped, rejected or without a way. A third aims at rules of nodes, a third just misses
 * one; the rest combines any sender, target and port that the cluster mentions.
 */
export function flowsOf(compilation: Pick<Compilation, "model" | "fabric" | "scenario">, random: Random, options: FlowOptions = {}): readonly ChosenFlow[] {
  const { model, fabric, scenario } = compilation;
  const limit = options.limit ?? 400;
  const parties = partiesOf(model, fabric);
  const ports = mentionedPorts(compilation);
  const found = new Map<string, { readonly flow: ChosenFlow; readonly denied: boolean }>();
  const add = (flow: ChosenFlow | null): void => {
    if (flow === null || flow.port < 1 || flow.port > 65535 || isSpecial(flow.dst)) return;
    const text = chosenFlowText(flow);
    if (found.has(text)) return;
    const { outcomes } = scenario.intent.ask(flow);
    found.set(text, { flow, denied: outcomes.every(({ kind }) => kind !== "delivered" && kind !== "refused") });
  };
  const targets = aimedRules(compilation, parties);
  const rounds = options.aims ?? 1;
  const chosen = random.shuffled(Array.from({ length: rounds }, () => targets).flat());
  for (const { index, rule } of chosen) {
    if (found.size >= (limit * 2) / 3) break;
    const flow = index.aim(rule, random);
    add(flow);
    if (flow !== null) add(nearMiss(flow, parties, random));
  }
  for (let attempts = limit; found.size < limit && attempts > 0; attempts--) add(anyFlow(parties, ports, random));
  const deniedCount = (): number => [...found.values()].reduce((sum, entry) => sum + (entry.denied ? 1 : 0), 0);
  for (let attempts = 20 * limit; deniedCount() < leastDenied * found.size && attempts > 0; attempts -= 50) {
    for (let i = 0; i < 50; i++) {
      const flow = anyFlow(parties, ports, random);
      if (flow === null) continue;
      const { outcomes } = scenario.intent.ask(flow);
      if (outcomes.every(({ kind }) => kind !== "delivered" && kind !== "refused")) add(flow);
    }
  }
  return [...found.values()].map(({ flow }) => flow);
}

function aimedRules({ model, fabric }: Pick<Compilation, "model" | "fabric">, parties: Parties): readonly { readonly index: AimIndex; readonly rule: Parameters<AimIndex["aim"]>[0] }[] {
  return model.nodes.flatMap((node) => {
    const families = [...new Set<Family>(node.addresses.map((ip) => ip.family))];
    return families.flatMap((family) => {
      const index = new AimIndex(fabric, `node/${node.name}`, family, parties);
      return [...index.rules].map((rule) => ({ index, rule }));
    });
  });
}

/** The same flow with one thing changed, so that the rule that it aimed at should let it go by. */
function nearMiss(flow: AimedFlow, parties: Parties, random: Random): ChosenFlow | null {
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
  for (const firewall of model.firewalls) for (const rule of firewall.rules) for (const port of rule.ports) range(port.protocol, port.first, port.last);
  for (const [protocol, port] of [["tcp", 10250], ["tcp", 80], ["tcp", 443], ["udp", 53], ["tcp", 9], ["udp", 9], ["sctp", 9], ["udp", 4789]] as const) add(protocol, port);
  return [...found.values()];
}
