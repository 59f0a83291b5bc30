/** One table at one hook, walked as the kernel walks it. */
import type { Ip } from "@knet/language/values";
import { contains } from "@knet/language/values";
import type { Chain, Match, Rule, TableName } from "../dataplane/netfilter/types.ts";
import { inState } from "./conntrack.ts";
import type { Tracked } from "./conntrack.ts";
import { candidates } from "./dispatch.ts";
import type { PreparedHost } from "./host.ts";
import { isMulticast } from "./host.ts";
import { decideRoute } from "./routing.ts";
import { familyOf, hasPorts, icmpTypeCode, ICMP, ICMP6, TCP } from "./packet.ts";
import type { Packet } from "./packet.ts";

export type Hook = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";

/** A packet inside one host: what the kernel keeps beside it. */
export interface SocketBuffer {
  readonly packet: Packet;
  readonly mark: number;
  readonly tracked: Tracked;
  readonly inLink: string | null;
  readonly outLink: string | null;
}

/** A rule that matched, where it stands, and what it did. */
export interface MatchedRule {
  readonly table: TableName;
  readonly hook: Hook;
  readonly chain: string;
  /** 1-based position in its chain. */
  readonly number: number;
  readonly rule: Rule;
  readonly verdict: "accept" | "drop" | "reject" | "return" | "jump" | "goto" | "continue" | "nat" | "notrack";
  /** Present when the rule is a random choice: the probability with which it matches when it is reached. */
  readonly probability: number | null;
}

export type TableVerdict =
  | { readonly kind: "accept" }
  | { readonly kind: "drop"; readonly by: MatchedRule | null; readonly chain: string }
  | { readonly kind: "reject"; readonly by: MatchedRule; readonly with: string }
  | { readonly kind: "dnat"; readonly by: MatchedRule; readonly to: Ip; readonly port: number | null }
  | { readonly kind: "snat"; readonly by: MatchedRule; readonly to: Ip }
  | { readonly kind: "masquerade"; readonly by: MatchedRule };

export interface TableResult {
  readonly verdict: TableVerdict;
  readonly mark: number;
  readonly notrack: boolean;
  readonly matched: readonly MatchedRule[];
}

/** Decides a random match; `probability` is that of a match. */
export type Choose = (rule: Rule, probability: number) => boolean;

/** Addresses that `-m recent` lists remember, by list name. */
export type RecentLists = Map<string, Set<string>>;

export interface TableContext {
  readonly host: PreparedHost;
  readonly choose: Choose;
  readonly recent: RecentLists;
}

/** More steps than any ruleset without a loop needs; loading refuses loops, so this only guards dumps. */
const stepLimit = 1_000_000;

/** Where a walk stands in a chain: which of its rules are to be looked at, and how many of them were. */
interface Place {
  readonly chain: Chain;
  readonly positions: readonly number[];
  readonly next: number;
}

export function walkTable(context: TableContext, table: TableName, hook: Hook, skb: SocketBuffer): TableResult {
  const chains = context.host.ruleset(familyOf(skb.packet)).tables.get(table);
  const base = chains?.get(hook);
  const matched: MatchedRule[] = [];
  if (chains === undefined || base === undefined) return { verdict: { kind: "accept" }, mark: skb.mark, notrack: false, matched };
  let mark = skb.mark;
  let notrack = false;
  const done = (verdict: TableVerdict): TableResult => ({ verdict, mark, notrack, matched });
  const stack: Place[] = [];
  let chain: Chain = base;
  let positions = candidates(base, skb);
  let next = 0;
  for (let steps = 0; steps < stepLimit; steps++) {
    const position = positions[next];
    const rule = position === undefined ? undefined : chain.rules[position];
    if (position === undefined || rule === undefined) {
      const caller = stack.pop();
      if (caller === undefined) {
        const policy = base.policy ?? "ACCEPT";
        return done(policy === "DROP" ? { kind: "drop", by: null, chain: base.name } : { kind: "accept" });
      }
      ({ chain, positions, next } = caller);
      continue;
    }
    next++;
    const probability = { value: null as number | null };
    let isMatch = true;
    for (let at = 0; isMatch && at < rule.matches.length; at++) {
      const match = rule.matches[at];
      isMatch = match === undefined || matches(context, match, rule, skb, mark, probability);
    }
    if (!isMatch) continue;
    const hit = (verdict: MatchedRule["verdict"]): MatchedRule => {
      const entry = { table, hook, chain: chain.name, number: position + 1, rule, verdict, probability: probability.value };
      matched.push(entry);
      return entry;
    };
    const target = rule.target;
    switch (target?.kind) {
      case undefined:
      case "log":
        hit("continue");
        break;
      case "mark":
        mark = ((mark & ~target.mask) ^ target.value) >>> 0;
        hit("continue");
        break;
      case "notrack":
        notrack = true;
        hit("notrack");
        break;
      case "accept":
        hit("accept");
        return done({ kind: "accept" });
      case "drop":
        return done({ kind: "drop", by: hit("drop"), chain: chain.name });
      case "reject":
        return done({ kind: "reject", by: hit("reject"), with: target.with });
      case "dnat":
        return done({ kind: "dnat", by: hit("nat"), to: target.to, port: target.port });
      case "snat":
        return done({ kind: "snat", by: hit("nat"), to: target.to });
      case "masquerade":
        return done({ kind: "masquerade", by: hit("nat") });
      case "return": {
        hit("return");
        const caller = stack.pop();
        if (caller === undefined) {
          const policy = base.policy ?? "ACCEPT";
          return done(policy === "DROP" ? { kind: "drop", by: null, chain: base.name } : { kind: "accept" });
        }
        ({ chain, positions, next } = caller);
        break;
      }
      case "jump":
      case "goto": {
        hit(target.kind);
        const called = chains.get(target.chain);
        if (called === undefined) throw new Error(`table ${table} has no chain ${target.chain}`);
        if (target.kind === "jump") stack.push({ chain, positions, next });
        chain = called;
        positions = candidates(called, skb);
        next = 0;
        break;
      }
    }
  }
  throw new Error(`table ${table}, hook ${hook}: more than ${stepLimit} steps`);
}

/** Whether a packet passes one match of a rule. `probability` is set by a random choice. */
export function matches(context: TableContext, match: Match, rule: Rule, skb: SocketBuffer, mark: number, probability: { value: number | null }): boolean {
  const { packet } = skb;
  switch (match.kind) {
    case "comment":
      return true;
    case "protocol":
      return (packet.protocol === match.protocol) !== match.negated;
    case "source":
      return contains(match.cidr, packet.src) !== match.negated;
    case "destination":
      return contains(match.cidr, packet.dst) !== match.negated;
    case "in-interface":
      return isLink(match.name, skb.inLink) !== match.negated;
    case "out-interface":
      return isLink(match.name, skb.outLink) !== match.negated;
    case "port": {
      if (!hasPorts(packet)) return false;
      const port = match.side === "source" ? packet.sport : packet.dport;
      return (port >= match.first && port <= match.last) !== match.negated;
    }
    case "multiport": {
      if (!hasPorts(packet)) return false;
      const inPorts = (port: number): boolean => match.ports.some((range) => port >= range.first && port <= range.last);
      const found =
        match.side === "either" ? inPorts(packet.sport) || inPorts(packet.dport) : inPorts(match.side === "source" ? packet.sport : packet.dport);
      return found !== match.negated;
    }
    case "mark":
      return ((mark & match.mask) >>> 0 === match.value) !== match.negated;
    case "conntrack":
      return match.states.some((state) => inState(skb.tracked, state)) !== match.negated;
    case "addrtype":
      return (addressType(context.host, match.side === "source" ? packet.src : packet.dst, match.limit === "out" ? skb.outLink : match.limit === "in" ? skb.inLink : null) === match.type) !== match.negated;
    case "set": {
      const set = context.host.sets.get(match.set);
      if (set === undefined) throw new Error(`no such IP set: ${match.set}`);
      const [side] = match.sides;
      const source = side === "src";
      const port = hasPorts(packet) ? { protocol: packet.protocol, port: match.sides[1] === "src" ? packet.sport : packet.dport } : undefined;
      return set.has(source ? packet.src : packet.dst, port) !== match.negated;
    }
    case "statistic": {
      const value = match.threshold / 2 ** 31;
      probability.value = value;
      return context.choose(rule, value) !== match.negated;
    }
    case "recent":
      return matchRecent(context, match, packet) !== match.negated;
    case "icmp": {
      if (packet.icmp === null || packet.protocol !== (match.family === 4 ? ICMP : ICMP6)) return false;
      const { type, code } = icmpTypeCode(packet.icmp.kind, match.family);
      return (type === match.type && (match.code === null || match.code === code)) !== match.negated;
    }
    case "rpfilter":
      return passesReversePath(context.host, skb, mark, match.loose, match.validMark, match.acceptLocal) !== match.invert;
    case "tcp-flags":
      return packet.protocol === TCP && flagsOf(packet, match.mask, match.set) !== match.negated;
  }
}

function isLink(pattern: string, link: string | null): boolean {
  if (link === null) return pattern === "+";
  return pattern.endsWith("+") ? link.startsWith(pattern.slice(0, -1)) : link === pattern;
}

/** `-m addrtype`: what the local table says of an address; with a device, LOCAL only when that device holds it. */
function addressType(host: PreparedHost, ip: Ip, link: string | null): string {
  if (isMulticast(ip)) return "MULTICAST";
  const local = host.localLink(ip);
  if (local !== undefined && (link === null || local === link)) return "LOCAL";
  if (isBroadcast(host, ip)) return "BROADCAST";
  const decision = decideRoute(host, ip, 0, null, null);
  if (decision.kind === "blackhole") return "BLACKHOLE";
  if (decision.kind === "unreachable") return "UNREACHABLE";
  return "UNICAST";
}

/** The limited broadcast address, or the last address of a subnet that the host is in. */
export function isBroadcast(host: PreparedHost, ip: Ip): boolean {
  if (ip.family === 6) return false;
  if (ip.d === 0xffffffff) return true;
  return host.addresses.some(({ address }) => {
    if (address.ip.family !== 4 || address.prefix >= 31) return false;
    const hostMask = 0xffffffff >>> address.prefix;
    return contains(address, ip) && (ip.d & hostMask) >>> 0 === hostMask;
  });
}

function matchRecent(context: TableContext, match: Match & { kind: "recent" }, packet: Packet): boolean {
  const list = context.recent.get(match.name) ?? new Set<string>();
  context.recent.set(match.name, list);
  const key = `${packet.src.a}:${packet.src.b}:${packet.src.c}:${packet.src.d}`;
  switch (match.action) {
    case "set":
      list.add(key);
      return true;
    case "rcheck":
    case "update":
      return list.has(key);
    case "remove":
      return list.delete(key);
  }
}

/** `-m rpfilter`: the way back to the source leaves by the device that the packet came in by. */
function passesReversePath(host: PreparedHost, skb: SocketBuffer, mark: number, loose: boolean, validMark: boolean, acceptLocal: boolean): boolean {
  if (skb.inLink === null || skb.inLink === "lo") return true;
  const decision = decideRoute(host, skb.packet.src, validMark ? mark : 0, null, skb.inLink);
  if (decision.kind === "local") return acceptLocal;
  if (decision.kind !== "unicast") return false;
  return loose || decision.link === skb.inLink;
}

function flagsOf(packet: Packet, mask: readonly string[], set: readonly string[]): boolean {
  const flags: readonly string[] = packet.tcp === "syn" ? ["SYN"] : packet.tcp === "syn-ack" ? ["SYN", "ACK"] : packet.tcp === "rst" ? ["RST"] : ["ACK"];
  const wanted = new Set(set.includes("ALL") ? ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] : set.filter((flag) => flag !== "NONE"));
  const looked = mask.includes("ALL") ? ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] : mask;
  return looked.every((flag) => flags.includes(flag) === wanted.has(flag));
}
