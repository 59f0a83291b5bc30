/** The tables at one hook of one host: what they do with a packet, and the steps that tell of it. */
import { equalIp } from "@knet/language/values";
import type { TableName } from "../dataplane/netfilter/types.ts";
import { translate } from "./conntrack.ts";
import type { PreparedHost } from "./host.ts";
import { sourceAddress } from "./host.ts";
import { walkTable } from "./netfilter.ts";
import type { Hook, MatchedRule, SocketBuffer, TableContext } from "./netfilter.ts";
import { formatDestination, formatSource, TCP } from "./packet.ts";
import type { IcmpErrorKind, Packet } from "./packet.ts";
import { acceptedBy, lineOf, wayTo } from "./step-items.ts";
import type { End, Layer, Outcome, Step } from "./steps.ts";
import type { World } from "./world.ts";

/** A rule, or a chain's policy, that let the packet go no further. */
export type Refusal =
  | { readonly kind: "drop"; readonly end: End }
  /** The sender is to be told, by an ICMP error about the packet in `skb` or by a reset. */
  | {
      readonly kind: "reject";
      readonly error: IcmpErrorKind | "tcp-reset";
      readonly by: MatchedRule;
      readonly items: readonly object[];
      readonly skb: SocketBuffer;
    };

const rejectErrors: Readonly<Record<string, IcmpErrorKind>> = {
  "icmp-net-unreachable": "net-unreachable",
  "icmp-host-unreachable": "host-unreachable",
  "icmp-admin-prohibited": "admin-prohibited",
  "icmp6-no-route": "net-unreachable",
  "icmp6-addr-unreachable": "host-unreachable",
  "icmp6-adm-prohibited": "admin-prohibited",
};

/** Of one packet's walk; writes into its steps. */
export class Hooks {
  readonly #world: World;
  readonly #steps: Step[];

  constructor(world: World, steps: Step[]) {
    this.#world = world;
    this.#steps = steps;
  }

  #step(host: string, layer: Layer, hook: Hook, skb: SocketBuffer, outcome: Outcome, did: string, packet: Packet, items: readonly object[], matched: readonly MatchedRule[]): void {
    this.#steps.push({ host, layer, hook, link: skb.inLink ?? skb.outLink, outcome, did, packet, items, matched });
  }

  #context(host: string, prepared: PreparedHost): TableContext {
    return { host: prepared, choose: this.#world.choose, recent: this.#world.recent(host) };
  }

  /** A table that does not translate. */
  table(host: string, prepared: PreparedHost, table: Exclude<TableName, "nat">, hook: Hook, skb: SocketBuffer): { readonly refusal: Refusal | null; readonly mark: number; readonly notrack: boolean } {
    const { verdict, matched, mark, notrack } = walkTable(this.#context(host, prepared), table, hook, skb);
    switch (verdict.kind) {
      case "accept":
        if (notrack) {
          const by = matched.findLast((entry) => entry.verdict === "notrack");
          this.#step(host, "track", hook, skb, "passed", "does not track it", skb.packet, lineOf(by), matched);
        } else if (matched.length > 0) {
          this.#step(host, "filter", hook, skb, "passed", `${table} ${hook} lets it pass`, skb.packet, acceptedBy(matched), matched);
        }
        return { refusal: null, mark, notrack };
      case "drop":
        return { refusal: this.#drop(host, hook, table, skb, matched, verdict.by, verdict.chain), mark, notrack };
      case "reject":
        return { refusal: this.#reject(host, hook, table, skb, matched, verdict.by, verdict.with), mark, notrack };
      default:
        throw new Error(`table ${table} does not translate addresses`);
    }
  }

  #drop(host: string, hook: Hook, table: TableName, skb: SocketBuffer, matched: readonly MatchedRule[], by: MatchedRule | null, chain: string): Refusal {
    const items = lineOf(by ?? undefined);
    const did = by === null ? `${table} ${chain} drops it: the chain's policy` : `${table} ${hook} drops it in ${by.chain}`;
    this.#step(host, "filter", hook, skb, "stopped", did, skb.packet, items, matched);
    return { kind: "drop", end: { kind: "dropped", host, reason: by === null ? "policy" : "rule", by, items } };
  }

  #reject(host: string, hook: Hook, table: TableName, skb: SocketBuffer, matched: readonly MatchedRule[], by: MatchedRule, how: string): Refusal {
    const items = lineOf(by);
    this.#step(host, "filter", hook, skb, "stopped", `${table} ${hook} rejects it in ${by.chain}`, skb.packet, items, matched);
    const error = how === "tcp-reset" && skb.packet.protocol === TCP ? "tcp-reset" : (rejectErrors[how] ?? "port-unreachable");
    return { kind: "reject", error, by, items, skb };
  }

  /** The nat table for one half of a new connection, then the connection's translation of that half. */
  nat(host: string, prepared: PreparedHost, hook: Hook, half: "source" | "destination", skb: SocketBuffer): { readonly refusal: Refusal | null; readonly skb: SocketBuffer } {
    if (typeof skb.tracked === "string") return { refusal: null, skb };
    const { connection, direction, state } = skb.tracked;
    const done = half === "destination" ? connection.destinationDone : connection.sourceDone;
    let mark = skb.mark;
    let matched: readonly MatchedRule[] = [];
    let by: MatchedRule | null = null;
    if (!done && state === "NEW") {
      const result = walkTable(this.#context(host, prepared), "nat", hook, skb);
      ({ mark, matched } = result);
      const { verdict } = result;
      if (half === "destination") connection.destinationDone = true;
      else connection.sourceDone = true;
      switch (verdict.kind) {
        case "drop":
          return { refusal: this.#drop(host, hook, "nat", skb, matched, verdict.by, verdict.chain), skb };
        case "reject":
          return { refusal: this.#reject(host, hook, "nat", skb, matched, verdict.by, verdict.with), skb };
        case "dnat":
          ({ by } = verdict);
          connection.reply = { ...connection.reply, src: verdict.to, sport: verdict.port ?? connection.reply.sport };
          break;
        case "snat":
          ({ by } = verdict);
          connection.reply = { ...connection.reply, dst: verdict.to };
          break;
        case "masquerade": {
          ({ by } = verdict);
          const address = skb.outLink === null ? null : sourceAddress(prepared, skb.outLink, skb.packet.dst);
          if (address === null) return { refusal: this.#drop(host, hook, "nat", skb, matched, by, by.chain), skb };
          connection.reply = { ...connection.reply, dst: address };
          break;
        }
        case "accept":
          break;
      }
    }
    const { packet } = skb;
    const translated = translate(packet, skb.tracked, half);
    const changed = !equalIp(translated.src, packet.src) || !equalIp(translated.dst, packet.dst) || translated.sport !== packet.sport || translated.dport !== packet.dport;
    if (changed) {
      const back = direction === "reply" ? " back" : "";
      const did =
        half === "destination"
          ? `translates the destination${back} to ${formatDestination(translated)}${errorName(translated)}`
          : `translates the source${back} to ${formatSource(translated)}${errorName(translated)}`;
      this.#step(host, "nat", hook, skb, "changed", did, translated, by === null ? [] : wayTo(by, matched), matched);
    } else if (matched.length > 0) {
      this.#step(host, "filter", hook, skb, "passed", `nat ${hook} changes nothing`, translated, [], matched);
    }
    return { refusal: null, skb: { ...skb, mark, packet: translated } };
  }
}

/** Which error it is, behind an address that has no port to go with it. */
export function errorName({ icmp }: Packet): string {
  return icmp === null ? "" : ` (${icmp.kind})`;
}
