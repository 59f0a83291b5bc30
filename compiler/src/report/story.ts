/** A journey told: every step with the packet, the artifact line and the line of the program. */
import { equalIp, formatIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Fabric } from "../fabric/types.ts";
import type { Journey, Step } from "../simulate/steps.ts";
import { formatSocket, ICMP, ICMP6, TCP, UDP } from "../simulate/packet.ts";
import type { Packet } from "../simulate/packet.ts";
import type { Resolution } from "../simulate/resolve.ts";
import type { Locator } from "./locate.ts";
import type { Story, StoryChoice, StoryLookup, StoryPacket, StoryStep } from "./types.ts";

export interface StoryInput {
  readonly fabric: Fabric;
  readonly locator: Locator;
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  /** Null when the name led nowhere. */
  readonly journey: Journey | null;
  /** All journeys that were possible, the told one among them. */
  readonly alternatives: readonly Journey[];
  readonly lookup: { readonly name: string; readonly server: Ip; readonly search: readonly string[]; readonly resolution: Resolution; readonly journey: Journey | null; readonly lost: number } | null;
}

export function tellStory(input: StoryInput): Story {
  const { journey, lookup } = input;
  const told = lookup === null ? null : tellLookup(input, lookup);
  const base = { from: input.from, to: input.to, protocol: input.protocol, port: input.port, lookup: told };
  if (journey === null) {
    const served = lookup?.journey?.verdict === "delivered";
    return {
      ...base,
      steps: [],
      choices: [],
      verdict: served ? "no-such-name" : "no-name-server",
      summary: served ? unanswered(input) : `${input.from} cannot ask its name server ${lookup === null ? "" : formatIp(lookup.server)}: the query is ${lookup?.journey?.verdict ?? "not sent"}.`,
      decidedBy: null,
    };
  }
  const steps = [...tell(input, journey.request, "request"), ...tell(input, journey.reply, "reply")];
  return { ...base, steps, choices: choicesOf(input, journey), verdict: journey.verdict, summary: summarise(input, journey), decidedBy: decision(input, journey) };
}

/** Why a lookup ended without an address: nobody knows the name, or somebody outside the program is asked. */
function unanswered({ from, to, lookup }: StoryInput): string {
  const name = lookup?.name ?? to;
  const last = lookup?.resolution.queries.at(-1);
  if (last === undefined || last.status !== "FORWARDED") return `No name that ${from} tries for ${name} has an address.`;
  const servers = lookup?.resolution.forwardTo ?? [];
  const whom = servers.length === 0 ? "the name servers of its node" : servers.map(formatIp).join(", ");
  return `The cluster has no such name; the query for ${last.name} goes on to ${whom}, whose answer is not part of the program.`;
}

function tellLookup(input: StoryInput, lookup: NonNullable<StoryInput["lookup"]>): StoryLookup {
  const { fabric, locator } = input;
  const zone = fabric.dns.find((candidate) => candidate.records.size > 0);
  return {
    name: lookup.name,
    server: lookup.server,
    search: lookup.search,
    queries: lookup.resolution.queries.map((query) => ({
      name: query.name,
      type: query.type === "AAAA" ? "AAAA" : "A",
      status: query.status,
      answers: query.records.map((record) => ("address" in record ? formatIp(record.address) : record.target)),
    })),
    steps: lookup.journey === null ? [] : [...tell(input, lookup.journey.request, "dns"), ...tell(input, lookup.journey.reply, "dns")],
    verdict: lookup.journey?.verdict ?? "not sent",
    lost: lookup.lost,
    answeredBy: lookup.journey === null || lookup.journey.server === null ? null : nameOf(input, lookup.journey.server),
    source: zone === undefined ? null : locator.source(zone.origin),
  };
}

function tell(input: StoryInput, steps: readonly Step[], phase: StoryStep["phase"]): readonly StoryStep[] {
  return steps.map((step) => {
    const host = input.fabric.host(step.host);
    const artifacts = step.items.flatMap((item) => input.locator.artifact(step.host, item) ?? []);
    const causes = step.items.flatMap((item) => input.locator.sourceOfItem(step.host, item) ?? []);
    // A translation begins at the rule that recognised the service: that is what the program says of it.
    const source = (step.layer === "nat" ? causes.at(-1) : causes[0]) ?? null;
    return {
      phase,
      where: host?.name ?? step.host,
      kind: host?.kind ?? "node",
      parent: host === undefined || host.parent === null ? null : nameOf(input, host.parent),
      layer: step.layer,
      table: step.matched[0]?.table ?? null,
      wire: step.layer === "wire" ? wireOf(input.fabric, step) : null,
      outcome: step.outcome,
      decides: decides(input.locator, step),
      did: step.did,
      packet: packetOf(step.packet),
      artifacts,
      source,
      rules: step.matched.map((entry) => `${entry.table} ${entry.chain}:${entry.number}`),
    };
  });
}

function wireOf(fabric: Fabric, step: Step): string | null {
  const segment = fabric.segments.find((candidate) => step.items.includes(candidate));
  if (segment === undefined) return step.link;
  return segment.kind === "veth" ? "veth" : segment.name;
}

/** A filter names the rule that let the packet pass first. */
function decides(locator: Locator, step: Step): boolean {
  if (step.outcome === "stopped") return true;
  const [telling] = step.items;
  if ((step.layer !== "filter" && step.layer !== "track") || telling === undefined) return false;
  return locator.originOfItem(step.host, telling)?.kind !== undefined;
}

const protocolNames: Readonly<Record<number, string>> = { [ICMP]: "icmp", [TCP]: "tcp", [UDP]: "udp", [ICMP6]: "icmp6", 132: "sctp" };

function packetOf(packet: Packet): StoryPacket {
  const flat = flatten(packet);
  if (packet.inner === null) return { ...flat, outer: null };
  return { ...flatten(packet.inner.packet), outer: flat };
}

function flatten(packet: Packet): Omit<StoryPacket, "outer"> {
  return {
    src: packet.src,
    dst: packet.dst,
    protocol: protocolNames[packet.protocol] ?? String(packet.protocol),
    sport: packet.sport,
    dport: packet.dport,
    size: packet.size,
    note: packet.icmp?.kind ?? packet.tcp,
  };
}

function nameOf(input: StoryInput, host: string | null): string {
  return host === null ? "nobody" : (input.fabric.host(host)?.name ?? host);
}

/** The backends that the same request could have reached, with the probability of each. */
function choicesOf(input: StoryInput, told: Journey): readonly StoryChoice[] {
  if (input.alternatives.length < 2) return [];
  return input.alternatives.map((journey) => {
    const end = journey.requestEnd;
    const target = chosenAddress(journey);
    return {
      name: nameOf(input, journey.server ?? (target === null ? end.host : holderOf(input.fabric, target.dst))),
      address: target === null ? "" : formatSocket(target.dst, target.dport),
      probability: journey.probability,
      chosen: journey === told,
      verdict: journey.verdict,
    };
  });
}

/** Where the first translation of the destination led. */
function chosenAddress(journey: Journey): Packet | null {
  return journey.request.find((step) => step.layer === "nat" && (step.hook === "PREROUTING" || step.hook === "OUTPUT"))?.packet ?? null;
}

/** The pod or machine that has the address, reached or not. */
function holderOf(fabric: Fabric, ip: Ip): string | null {
  const holder = fabric.hosts.find((host) => !host.sharesParent && fabric.dataplane(host.id).addresses.some(({ address }) => equalIp(address.ip, ip)));
  return holder?.id ?? null;
}

function summarise(input: StoryInput, journey: Journey): string {
  const server = nameOf(input, journey.server);
  const seen = journey.sourceSeen === null ? "" : `, which sees ${formatIp(journey.sourceSeen)}`;
  const where = nameOf(input, journey.requestEnd.host);
  const why = stopOf(journey.request)?.did ?? "";
  switch (journey.verdict) {
    case "delivered":
      return `Delivered to ${server}${seen}; the answer comes back.`;
    case "refused":
      return `Refused: nobody on ${server} listens on port ${journey.serverPort ?? input.port}.`;
    case "rejected":
      return `Rejected by ${where}${journey.observed === "timeout" ? "; the sender does not even hear of it" : ""}.`;
    case "dropped":
      return `Dropped on ${where}: ${why}. ${journey.observed === "timeout" ? "The sender waits until it times out" : "The sender learns at once that it cannot send"}.`;
    case "no-route":
      return `No route: ${where} ${why}.`;
    case "unreachable":
      return `Unreachable: on ${where}, ${why}.`;
    case "ttl-exceeded":
      return `Lost: the packet's time to live ran out on ${where}.`;
    case "too-big":
      return `Too big: ${why} (on ${where}).`;
    case "reply-lost": {
      const end = journey.replyEnd;
      return `The request reaches ${server}, but the reply is lost${end === null ? "" : ` on ${nameOf(input, end.host)}: ${(stopOf(journey.reply) ?? journey.reply.at(-1))?.did ?? ""}`}.`;
    }
  }
}

/** Where the packet went no further. What is stopped after that is the answer about it. */
function stopOf(steps: readonly Step[]): Step | undefined {
  return steps.find((step) => step.outcome === "stopped");
}

function decision(input: StoryInput, journey: Journey): Story["decidedBy"] {
  const stop = stopOf(journey.verdict === "reply-lost" ? journey.reply : journey.request);
  if (stop === undefined) return null;
  for (const item of stop.items) {
    const artifact = input.locator.artifact(stop.host, item);
    const source = input.locator.sourceOfItem(stop.host, item);
    if (artifact !== null || source !== null) return { artifact, source };
  }
  return null;
}
