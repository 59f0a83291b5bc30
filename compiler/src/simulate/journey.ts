/** A request and its reply; and every journey that random choices on the way allow. */
import { transportNumbers } from "@knet/language/values";
import type { Ip, Transport } from "@knet/language/values";
import type { Fabric } from "../fabric/types.ts";
import type { Choose, RecentLists } from "./netfilter.ts";
import { formatIp } from "@knet/language/values";
import { sourceAddress } from "./host.ts";
import { equalTuple, formatDestination, formatSource, ICMP, ICMP6, invert, TCP } from "./packet.ts";
import type { Packet } from "./packet.ts";
import { decideRoute } from "./routing.ts";
import type { Choice, End, Journey, Observation, Step, Verdict } from "./steps.ts";
import { PacketWalk } from "./walk.ts";
import { World } from "./world.ts";

export interface Probe {
  /** Host id. */
  readonly from: string;
  /** Null: the address that the sender's routes choose. */
  readonly src: Ip | null;
  readonly dst: Ip;
  readonly protocol: Transport;
  readonly dport: number;
  readonly sport: number;
  /** Bytes of the IP packet. A TCP SYN has 60. */
  readonly size: number;
}

/** Hosts that do not answer, links that are cut, and what the hosts' `recent` lists remember from earlier requests. */
export interface JourneyOptions {
  readonly down?: ReadonlySet<string>;
  /** By {@link linkKey}. */
  readonly cut?: ReadonlySet<string>;
  readonly recent?: Map<string, RecentLists>;
}

export const defaultSourcePort = 40000;
export const defaultSize = 60;

/** One journey; `choose` decides each random rule. */
export function travel(fabric: Fabric, probe: Probe, choose: Choose, options: JourneyOptions = {}): Journey {
  const choices: Choice[] = [];
  let probability = 1;
  const recorded: Choose = (rule, p) => {
    const matched = choose(rule, p);
    choices.push({ matched, probability: p });
    probability *= matched ? p : 1 - p;
    return matched;
  };
  const world = new World(fabric, recorded, options.down ?? new Set(), options.recent, options.cut);
  const sender = world.namespaceOf(probe.from);
  const src = probe.src ?? senderAddress(world, sender, probe.dst);
  const finish = (parts: Omit<Journey, "probability" | "choices">): Journey => ({ ...parts, probability, choices });
  const nowhere = { server: null, serverPort: null, sourceSeen: null, reply: [], replyEnd: null };
  if (src === null) {
    const requestEnd: End = { kind: "local-error", host: sender, error: "net-unreachable", by: null };
    const step: Step = {
      host: sender,
      layer: "route",
      hook: null,
      link: null,
      outcome: "stopped",
      did: `has no route to ${formatIp(probe.dst)}`,
      packet: requestPacket(probe, probe.dst),
      items: [],
      matched: [],
    };
    return finish({ ...nowhere, verdict: "no-route", observed: "netunreach", request: [step], requestEnd });
  }

  const packet = requestPacket(probe, src);
  const request = new PacketWalk(world);
  request.steps.push({
    host: sender,
    layer: "send",
    hook: null,
    link: null,
    outcome: "passed",
    did: `sends ${probe.protocol.toUpperCase()} ${formatSource(packet)} → ${formatDestination(packet)}`,
    packet,
    items: [],
    matched: [],
  });
  const requestEnd = request.send(sender, packet);
  if (requestEnd.kind !== "delivered") {
    return finish({ ...nowhere, ...failure(requestEnd), request: request.steps, requestEnd });
  }

  const { host, packet: seen } = requestEnd;
  const listener = listenerFor(fabric, world, host, seen, probe.protocol);
  const listening = listener !== undefined;
  const answer = replyPacket(seen, listening);
  const reply = new PacketWalk(world);
  const words = listening ? "answers" : probe.protocol === "udp" ? "has nobody listening: answers with ICMP port-unreachable" : "has nobody listening: answers with a reset";
  reply.steps.push({ host, layer: "send", hook: null, link: null, outcome: "passed", did: `${words} ${formatSource(answer)} → ${formatDestination(answer)}`, packet: answer, items: [], matched: [] });
  const replyEnd = reply.send(host, answer, null);
  const came = replyEnd.kind === "delivered" && replyEnd.host === sender && answersRequest(replyEnd.packet, packet);
  const parts = { request: request.steps, reply: reply.steps, requestEnd, replyEnd, server: listener?.host ?? host, serverPort: seen.dport, sourceSeen: seen.src };
  if (!came) return finish({ ...parts, verdict: "reply-lost", observed: "timeout" });
  return finish({ ...parts, verdict: listening ? "delivered" : "refused", observed: listening ? "ok" : "refused" });
}

/** Every journey that the random rules on the way allow, most probable first choice first. */
export function everyJourney(fabric: Fabric, probe: Probe, options: JourneyOptions = {}, limit = 4096): readonly Journey[] {
  const journeys: Journey[] = [];
  let script: boolean[] = [];
  while (journeys.length < limit) {
    let position = 0;
    const journey = travel(fabric, probe, (_rule, p) => (script[position++] ?? p > 0), options);
    journeys.push(journey);
    const taken = journey.choices.map((choice) => choice.matched);
    let last = taken.length - 1;
    while (last >= 0 && !(taken[last] === true && (journey.choices[last]?.probability ?? 1) < 1)) last--;
    if (last < 0) return journeys;
    script = [...taken.slice(0, last), false];
  }
  throw new Error(`more than ${limit} different journeys`);
}

function senderAddress(world: World, host: string, dst: Ip): Ip | null {
  const prepared = world.prepared(host);
  const decision = decideRoute(prepared, dst, 0, null, null);
  switch (decision.kind) {
    case "local":
      return dst;
    case "unicast":
      return decision.route?.source ?? sourceAddress(prepared, decision.link, dst);
    default:
      return decision.kind === "no-route" ? null : sourceAddress(prepared, "", dst);
  }
}

function requestPacket(probe: Probe, src: Ip): Packet {
  return {
    src,
    dst: probe.dst,
    protocol: transportNumbers[probe.protocol],
    sport: probe.sport,
    dport: probe.dport,
    tcp: probe.protocol === "tcp" ? "syn" : null,
    icmp: null,
    size: probe.size,
    dontFragment: true,
    ttl: 64,
    inner: null,
  };
}

function replyPacket(seen: Packet, listening: boolean): Packet {
  const back = invert(seen);
  const base = { ...back, icmp: null, size: defaultSize, dontFragment: true, ttl: 64, inner: null };
  if (seen.protocol === TCP) return { ...base, tcp: listening ? "syn-ack" : "rst" };
  if (listening) return { ...base, tcp: null };
  const { src, dst, protocol, sport, dport } = seen;
  return {
    ...base,
    protocol: src.family === 4 ? ICMP : ICMP6,
    sport: src.family === 4 ? 3 : 1,
    dport: src.family === 4 ? 3 : 4,
    tcp: null,
    size: 88,
    icmp: { kind: "port-unreachable", mtu: null, about: { src, dst, protocol, sport, dport } },
  };
}

function answersRequest(packet: Packet, request: Packet): boolean {
  return packet.icmp === null ? equalTuple(packet, invert(request)) : equalTuple(packet.icmp.about, request);
}

/** What answers in the network namespace: of a node, that may be a pod on the host network. */
function listenerFor(fabric: Fabric, world: World, namespace: string, seen: Packet, protocol: Transport): Fabric["listeners"][number] | undefined {
  return listenersOf(fabric, world, namespace).find(
    (listener) => listener.protocol === protocol && listener.port === seen.dport && (listener.address === null || formatIp(listener.address) === formatIp(seen.dst)),
  );
}

const listenerIndexes = new WeakMap<Fabric, ReadonlyMap<string, Fabric["listeners"]>>();

function listenersOf(fabric: Fabric, world: World, namespace: string): Fabric["listeners"] {
  let index = listenerIndexes.get(fabric);
  if (index === undefined) {
    const built = new Map<string, Fabric["listeners"][number][]>();
    for (const listener of fabric.listeners) {
      const key = world.namespaceOf(listener.host);
      const list = built.get(key);
      if (list === undefined) built.set(key, [listener]);
      else list.push(listener);
    }
    index = built;
    listenerIndexes.set(fabric, index);
  }
  return index.get(namespace) ?? [];
}

function failure(end: End): { readonly verdict: Verdict; readonly observed: Observation } {
  switch (end.kind) {
    case "delivered":
      throw new Error("a delivered request did not fail");
    case "dropped":
      return { verdict: "dropped", observed: "timeout" };
    case "local-error": {
      const table = {
        "net-unreachable": { verdict: "no-route", observed: "netunreach" },
        "host-unreachable": { verdict: "unreachable", observed: "hostunreach" },
        "too-big": { verdict: "too-big", observed: "msgsize" },
        invalid: { verdict: "dropped", observed: "invalid" },
      } as const;
      return table[end.error];
    }
    case "error": {
      const table = {
        "port-unreachable": { verdict: "rejected", observed: "refused" },
        "admin-prohibited": { verdict: "rejected", observed: "hostunreach" },
        "tcp-reset": { verdict: "rejected", observed: "refused" },
        "host-unreachable": { verdict: "unreachable", observed: "hostunreach" },
        "net-unreachable": { verdict: "no-route", observed: "netunreach" },
        "ttl-exceeded": { verdict: "ttl-exceeded", observed: "hostunreach" },
        "too-big": { verdict: "too-big", observed: "msgsize" },
      } as const;
      const { verdict, observed } = table[end.error];
      return { verdict, observed: end.noticed ? observed : "timeout" };
    }
  }
}
