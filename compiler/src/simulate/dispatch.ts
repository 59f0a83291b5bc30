/** Which rules of a chain a packet has to be held against. The others name an address, a port or a device that it does not have. */
import { bitsOf } from "@knet/language/values";
import { ipKey } from "../dataplane/ip-key.ts";
import type { Chain, Match, Rule } from "../dataplane/netfilter/types.ts";
import { hasPorts } from "./packet.ts";
import type { Packet } from "./packet.ts";

/** What of a packet cannot change while it goes through a table. */
export interface Dispatched {
  readonly packet: Packet;
  readonly inLink: string | null;
  readonly outLink: string | null;
}

type Positions = readonly number[];

const dispatches = new WeakMap<Chain, Dispatch>();

/** Positions in the chain of all rules that may match, in order, counted from 0. */
export function candidates(chain: Chain, skb: Dispatched): Positions {
  let dispatch = dispatches.get(chain);
  if (dispatch === undefined) {
    dispatch = new Dispatch(chain.rules);
    dispatches.set(chain, dispatch);
  }
  return dispatch.candidates(skb);
}

/** Each rule stands in one place: under the first of its addresses, devices and ports that is exact, or among the rest. */
class Dispatch {
  readonly #destinations = new Map<number | string, number[]>();
  readonly #sources = new Map<number | string, number[]>();
  readonly #out = new Map<string, number[]>();
  readonly #in = new Map<string, number[]>();
  /** By protocol and destination port. */
  readonly #ports = new Map<number, number[]>();
  readonly #rest: number[] = [];

  constructor(rules: readonly Rule[]) {
    for (const [position, rule] of rules.entries()) this.#enter(rule, position);
  }

  #enter(rule: Rule, position: number): void {
    const told = before(rule.matches);
    const destination = told.find((match) => match.kind === "destination" && isHost(match));
    if (destination?.kind === "destination") return add(this.#destinations, ipKey(destination.cidr.ip), position);
    const source = told.find((match) => match.kind === "source" && isHost(match));
    if (source?.kind === "source") return add(this.#sources, ipKey(source.cidr.ip), position);
    const out = told.find((match) => match.kind === "out-interface" && isDevice(match));
    if (out?.kind === "out-interface") return add(this.#out, out.name, position);
    const into = told.find((match) => match.kind === "in-interface" && isDevice(match));
    if (into?.kind === "in-interface") return add(this.#in, into.name, position);
    const port = told.find((match) => match.kind === "port" && match.side === "destination" && match.first === match.last && !match.negated);
    const protocol = told.find((match) => match.kind === "protocol" && !match.negated);
    if (port?.kind === "port" && protocol?.kind === "protocol") return add(this.#ports, portKey(protocol.protocol, port.first), position);
    this.#rest.push(position);
  }

  candidates({ packet, inLink, outLink }: Dispatched): Positions {
    let found: Positions = this.#rest;
    if (this.#destinations.size > 0) found = merged(found, this.#destinations.get(ipKey(packet.dst)));
    if (this.#sources.size > 0) found = merged(found, this.#sources.get(ipKey(packet.src)));
    if (outLink !== null && this.#out.size > 0) found = merged(found, this.#out.get(outLink));
    if (inLink !== null && this.#in.size > 0) found = merged(found, this.#in.get(inLink));
    if (this.#ports.size > 0 && hasPorts(packet)) found = merged(found, this.#ports.get(portKey(packet.protocol, packet.dport)));
    return found;
  }
}

/**
 * The matches that are held against a packet before one that has a say beyond itself: a random choice, a list that remembers,
 * or one that cannot be answered on every host. To skip a rule for what stands behind those would lose what they do.
 */
function before(matches: readonly Match[]): readonly Match[] {
  const end = matches.findIndex(({ kind }) => kind === "statistic" || kind === "recent" || kind === "set" || kind === "addrtype" || kind === "rpfilter");
  return end < 0 ? matches : matches.slice(0, end);
}

function isHost(match: Extract<Match, { kind: "source" | "destination" }>): boolean {
  return !match.negated && match.cidr.prefix === bitsOf(match.cidr.ip.family);
}

function isDevice(match: Extract<Match, { kind: "in-interface" | "out-interface" }>): boolean {
  return !match.negated && !match.name.endsWith("+");
}

function portKey(protocol: number, port: number): number {
  return protocol * 65_536 + port;
}

function add<K>(index: Map<K, number[]>, key: K, position: number): void {
  const there = index.get(key);
  if (there === undefined) index.set(key, [position]);
  else there.push(position);
}

function merged(x: Positions, y: Positions | undefined): Positions {
  if (y === undefined) return x;
  if (x.length === 0) return y;
  const out: number[] = [];
  let at = 0;
  for (const position of x) {
    for (let other = y[at]; other !== undefined && other < position; other = y[at]) {
      out.push(other);
      at++;
    }
    out.push(position);
  }
  for (; at < y.length; at++) {
    const other = y[at];
    if (other !== undefined) out.push(other);
  }
  return out;
}
