/** Which rules the flows hit, and why the others cannot be hit or were not. */
import { everyAddress, formatIp } from "@knet/language/values";
import type { Family } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import type { Match, Rule, TableName } from "../dataplane/netfilter/types.ts";
import { prepareHost } from "../simulate/host.ts";
import { aimIndexOf } from "./aims.ts";
import type { MatchedRules } from "./judge.ts";
import { randomFrom } from "./random.ts";
import { reachableRules } from "./reachable.ts";

/** Why no flow can hit a rule. */
export type UnreachableReason =
  /** Every packet that comes to its chain ends at an earlier rule, or its chain is never entered. */
  | "behind rules that end every packet"
  | "asks for a mark or a device that no packet has there"
  /** `--ctstate INVALID`: requests begin connections and replies belong to them. */
  | "asks for a packet without a connection"
  /** IPIP and the like. */
  | "asks for a protocol that nobody sends"
  /** Whoever sends does so under an address of its own. */
  | "asks for a forged or a loopback address"
  | "asks for a member of an empty set"
  /** ICMPv6 of links, below the packets that are followed here. */
  | "asks for neighbour discovery or multicast listening"
  /** Of all pairs of machines and addresses of the cluster whose packets pass the node, none fits. */
  | "asks for a sender or target that has no packets there";

/** Whether other rules, or the same in another order, may bring packets to the rule. */
export function dependsOnOrder(reason: UnreachableReason): boolean {
  return reason === "behind rules that end every packet" || reason === "asks for a mark or a device that no packet has there";
}

export interface PlacedRule {
  readonly host: string;
  readonly family: Family;
  readonly table: TableName;
  readonly chain: string;
  /** 1-based. */
  readonly number: number;
  readonly rule: Rule;
}

export interface UnhitRule extends PlacedRule {
  /** Null: it can be hit as far as can be told, and no flow did. */
  readonly reason: UnreachableReason | null;
}

export interface RuleCoverage {
  readonly rules: number;
  readonly hit: number;
  readonly hitRules: readonly PlacedRule[];
  readonly unhit: readonly UnhitRule[];
}

export function ruleCoverage({ model, fabric }: Pick<Compilation, "model" | "fabric">, matched: MatchedRules): RuleCoverage {
  const unhit: UnhitRule[] = [];
  const hitRules: PlacedRule[] = [];
  let rules = 0;
  for (const node of model.nodes) {
    const host = `node/${node.name}`;
    const dataplane = fabric.dataplane(host);
    const hit = matched.get(host) ?? new Set<Rule>();
    const empty = new Set(dataplane.ipsets.filter((set) => set.members.length === 0).map((set) => set.name));
    for (const family of new Set(node.addresses.map((ip) => ip.family))) {
      const ruleset = prepareHost(dataplane).ruleset(family);
      const reachable = reachableRules(
        ruleset,
        dataplane.links.map((link) => link.name),
      );
      const index = aimIndexOf({ model, fabric }, host, family);
      for (const [table, chains] of ruleset.tables) {
        for (const chain of chains.values()) {
          rules += chain.rules.length;
          for (const [at, rule] of chain.rules.entries()) {
            const placed: PlacedRule = { host, family, table, chain: chain.name, number: at + 1, rule };
            if (hit.has(rule)) {
              hitRules.push(placed);
              continue;
            }
            const reason = !reachable.asked.has(rule)
              ? "behind rules that end every packet"
              : !reachable.matchable.has(rule)
                ? "asks for a mark or a device that no packet has there"
                : (impossibleMatch(index.demands(rule), empty, family) ??
                  (index.canAim(rule, randomFrom(at)) ? null : "asks for a sender or target that has no packets there"));
            unhit.push({ ...placed, reason });
          }
        }
      }
    }
  }
  return { rules, hit: hitRules.length, hitRules, unhit };
}

const sentProtocols = new Set([1, 6, 17, 58, 132]);

function impossibleMatch(matches: readonly Match[], emptySets: ReadonlySet<string>, family: Family): UnreachableReason | null {
  for (const match of matches) {
    if (match.kind === "conntrack" && !match.negated && match.states.every((state) => state === "INVALID"))
      return "asks for a packet without a connection";
    if (match.kind === "protocol" && !match.negated && !sentProtocols.has(match.protocol)) return "asks for a protocol that nobody sends";
    if (match.kind === "icmp" && !match.negated && match.family === 6 && match.type >= 128)
      return "asks for neighbour discovery or multicast listening";
    if (match.kind === "rpfilter") return "asks for a forged or a loopback address";
    if (
      (match.kind === "destination" || match.kind === "source") &&
      !match.negated &&
      isLoopback(formatIp(match.cidr.ip)) &&
      match.cidr.prefix > everyAddress(family).prefix
    ) {
      return "asks for a forged or a loopback address";
    }
    if (match.kind === "set" && !match.negated && emptySets.has(match.set)) return "asks for a member of an empty set";
  }
  return null;
}

function isLoopback(text: string): boolean {
  return text.startsWith("127.") || text === "::1";
}

/** `table chain words` without what names one pod, service, policy, set, port or address, to count alike rules together. */
export function ruleKind({ table, chain, rule }: Pick<PlacedRule, "table" | "chain" | "rule">): string {
  const plain = (text: string): string =>
    text
      .replaceAll(/-m comment --comment (?:"[^"]*"|\S+) ?/g, "")
      .replaceAll(/cali[0-9a-f]{11}/g, "caliN")
      .replaceAll(/\b(cali-pr?[io]-|KUBE-(?:SVC|SEP|EXT|SVL)-)[^ ]+/g, "$1N")
      .replaceAll(/(cali[46]0[nst]:)\S+/g, "$1N")
      .replaceAll(/(?:\d+\.){3}\d+(?:\/\d+)?|\[?[0-9a-f]*:[0-9a-f]*:[0-9a-f:]*\]?(?:\/\d+)?/g, "IP")
      .replaceAll(/(--(?:dports?|destination-ports|probability)) \S+/g, "$1 N")
      .replaceAll(/IP:\d+/g, "IP:N")
      .replaceAll(/(-p|-m) (?:tcp|udp|sctp)\b/g, "$1 P");
  return `${table} ${plain(chain)} ${plain(rule.line?.text ?? "")}`;
}
