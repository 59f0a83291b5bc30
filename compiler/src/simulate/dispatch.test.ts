/** The walk that looks at few rules against one that looks at each, on random chains. */
import * as fc from "fast-check";
import { hostCidr, parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { Chain, Match, Rule, Ruleset, Target } from "../dataplane/netfilter/types.ts";
import { emptyDataplane } from "../dataplane/types.ts";
import { candidates } from "./dispatch.ts";
import { prepareHost } from "./host.ts";
import { matches, walkTable } from "./netfilter.ts";
import type { Choose, MatchedRule, RecentLists, SocketBuffer, TableContext, TableResult } from "./netfilter.ts";
import type { Packet } from "./packet.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`not a prefix: ${text}`);
  return parsed;
}

const origin = { name: "test", span: null };
const addresses = ["10.0.0.1", "10.0.0.2", "10.0.1.1"].map(ip);
const prefixes = [...addresses.map(hostCidr), cidr("10.0.0.0/24"), cidr("0.0.0.0/0")];
const links = ["eth0", "cali1", "cali2"];
const ports = [80, 81, 443];
const protocols = [6, 17, 1];

// Chains ------------------------------------------------------------------------------------------

const negated = fc.boolean();
const match: fc.Arbitrary<Match> = fc.oneof(
  fc.record({ kind: fc.constantFrom("source" as const, "destination" as const), cidr: fc.constantFrom(...prefixes), negated }),
  fc.record({ kind: fc.constant("protocol" as const), protocol: fc.constantFrom(...protocols), negated }),
  fc.record({ kind: fc.constantFrom("in-interface" as const, "out-interface" as const), name: fc.constantFrom(...links, "cali+", "+"), negated }),
  fc
    .tuple(fc.constantFrom(...ports), fc.constantFrom(...ports), fc.constantFrom("source" as const, "destination" as const), negated)
    .map(([x, y, side, not]): Match => ({ kind: "port", side, first: Math.min(x, y), last: Math.max(x, y), negated: not })),
  fc.record({ kind: fc.constant("mark" as const), value: fc.constantFrom(0, 1), mask: fc.constant(1), negated }),
  fc.record({ kind: fc.constant("statistic" as const), threshold: fc.constant(2 ** 30), negated }),
  fc.record({
    kind: fc.constant("recent" as const),
    name: fc.constantFrom("x", "y"),
    action: fc.constantFrom("set" as const, "rcheck" as const, "remove" as const),
    seconds: fc.constant(null),
    reap: fc.constant(false),
    negated,
  }),
  fc.record({ kind: fc.constant("set" as const), set: fc.constant("some"), sides: fc.constant(["src" as const]), negated }),
  fc.record({ kind: fc.constant("comment" as const), text: fc.constant("words") }),
);

/** A chain leads to later ones only, so that no jumps go round. */
function targetOf(later: readonly string[]): fc.Arbitrary<Target | null> {
  const verdicts = fc.constantFrom<Target | null>(
    null,
    { kind: "accept" },
    { kind: "drop" },
    { kind: "return" },
    { kind: "mark", value: 1, mask: 1 },
    { kind: "mark", value: 0, mask: 1 },
    { kind: "reject", with: "icmp-port-unreachable" },
  );
  if (later.length === 0) return verdicts;
  const calls = fc.record({ kind: fc.constantFrom("jump" as const, "goto" as const), chain: fc.constantFrom(...later) });
  return fc.oneof(verdicts, { arbitrary: calls, weight: 2 });
}

function chainOf(name: string, policy: Chain["policy"], later: readonly string[]): fc.Arbitrary<Chain> {
  const rule: fc.Arbitrary<Rule> = fc.record({ matches: fc.array(match, { maxLength: 3 }), target: targetOf(later), line: fc.constant(null) });
  return fc.array(rule, { maxLength: 14 }).map((rules) => ({ name, policy, rules }));
}

const filterTable = fc.tuple(
  chainOf("FORWARD", "ACCEPT", ["A", "B", "C"]),
  chainOf("A", null, ["B", "C"]),
  chainOf("B", null, ["C"]),
  chainOf("C", null, []),
);

const sockets: fc.Arbitrary<SocketBuffer> = fc
  .record({
    src: fc.constantFrom(...addresses),
    dst: fc.constantFrom(...addresses),
    protocol: fc.constantFrom(...protocols),
    sport: fc.constantFrom(...ports),
    dport: fc.constantFrom(...ports),
    inLink: fc.constantFrom(...links, null),
    outLink: fc.constantFrom(...links, null),
    mark: fc.constantFrom(0, 1),
  })
  .map(({ inLink, outLink, mark, ...tuple }) => {
    const packet: Packet = { ...tuple, tcp: tuple.protocol === 6 ? "syn" : null, icmp: null, size: 60, dontFragment: true, ttl: 64, inner: null };
    return { packet, inLink, outLink, mark, tracked: "untracked" };
  });

// Walks -------------------------------------------------------------------------------------------

/** Everything that a walk leaves behind. */
interface Trace {
  readonly result: TableResult;
  readonly chosen: readonly Rule[];
  readonly recent: RecentLists;
}

function traceOf(chains: readonly Chain[], script: readonly boolean[], walk: (context: TableContext, chains: ReadonlyMap<string, Chain>) => TableResult): Trace {
  const tables: Ruleset["tables"] = new Map([["filter", new Map(chains.map((chain) => [chain.name, chain]))]]);
  const member = { text: "10.0.0.0/24", origin };
  const sets = [{ name: "some", type: "hash:net", family: 4, maxElements: 8, members: [member], owner: "test", origin } as const];
  const host = { ...prepareHost({ ...emptyDataplane, ipsets: sets }), ruleset: (): Ruleset => ({ family: 4, tables }) };
  const chosen: Rule[] = [];
  const choose: Choose = (rule) => {
    chosen.push(rule);
    return script[(chosen.length - 1) % script.length] ?? false;
  };
  const recent: RecentLists = new Map([["x", new Set(["0:0:0:167772161"])]]);
  return { result: walk({ host, choose, recent }, tables.get("filter") ?? new Map<string, Chain>()), chosen, recent };
}

/** Rule by rule, as the kernel goes. */
function linearWalk(context: TableContext, chains: ReadonlyMap<string, Chain>, skb: SocketBuffer): TableResult {
  const matched: MatchedRule[] = [];
  let mark = skb.mark;
  type Ended = TableResult["verdict"] | null;
  const through = (name: string): Ended => {
    const chain = chains.get(name);
    for (const [index, rule] of (chain?.rules ?? []).entries()) {
      const probability = { value: null as number | null };
      if (!rule.matches.every((one) => matches(context, one, rule, skb, mark, probability))) continue;
      const entry = (verdict: MatchedRule["verdict"]): MatchedRule => {
        const hit = { table: "filter", hook: "FORWARD", chain: name, number: index + 1, rule, verdict, probability: probability.value } as const;
        matched.push(hit);
        return hit;
      };
      const { target } = rule;
      if (target === null) entry("continue");
      else if (target.kind === "mark") {
        mark = ((mark & ~target.mask) ^ target.value) >>> 0;
        entry("continue");
      } else if (target.kind === "return") {
        entry("return");
        return null;
      } else if (target.kind === "jump" || target.kind === "goto") {
        entry(target.kind);
        const ended = through(target.chain);
        if (ended !== null || target.kind === "goto") return ended;
      } else if (target.kind === "accept") {
        entry("accept");
        return { kind: "accept" };
      } else if (target.kind === "drop") return { kind: "drop", by: entry("drop"), chain: name };
      else if (target.kind === "reject") return { kind: "reject", by: entry("reject"), with: target.with };
    }
    return null;
  };
  const verdict = through("FORWARD") ?? { kind: "accept" };
  return { verdict, mark, notrack: false, matched };
}

describe("the rules that a packet is held against", () => {
  it("should come to the end, the matches, the choices and the memories of a walk rule by rule", () => {
    fc.assert(
      fc.property(filterTable, sockets, fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), (chains, skb, script) => {
        const fast = traceOf(chains, script, (context) => walkTable(context, "filter", "FORWARD", skb));
        const linear = traceOf(chains, script, (context, table) => linearWalk(context, table, skb));
        expect(fast).toEqual(linear);
      }),
      { seed: 20261122, numRuns: 1500 },
    );
  });

  const packet: Packet = { src: ip("10.0.0.1"), dst: ip("10.0.1.1"), protocol: 6, sport: 40000, dport: 80, tcp: "syn", icmp: null, size: 60, dontFragment: true, ttl: 64, inner: null };
  const rule = (...conditions: readonly Match[]): Rule => ({ matches: conditions, target: { kind: "accept" }, line: null });
  const to = (text: string): Match => ({ kind: "destination", cidr: cidr(text), negated: false });
  const positions = (rules: readonly Rule[]): readonly number[] => candidates({ name: "C", policy: null, rules }, { packet, inLink: null, outLink: "cali2" });

  it("should be those of its destination among thousands, with those that name none in their places", () => {
    const services = Array.from({ length: 5000 }, (_unused, index) => rule(to(`172.16.${index >> 8}.${index & 255}/32`)));
    const rules = [rule(), ...services, rule(to("10.0.1.1/32")), rule(to("10.0.0.0/8"))];
    expect(positions(rules)).toEqual([0, 5001, 5002]);
  });

  it("should be those of its port where no address is named, and of its device in a dispatch chain", () => {
    const port = (number: number): Rule =>
      rule({ kind: "protocol", protocol: 6, negated: false }, { kind: "port", side: "destination", first: number, last: number, negated: false });
    const out = (name: string): Rule => rule({ kind: "out-interface", name, negated: false });
    expect(positions([port(79), port(80), port(81)])).toEqual([1]);
    expect(positions([out("cali1"), out("cali2"), out("cali+"), rule()])).toEqual([1, 2, 3]);
  });

  it("should keep a rule whose random choice comes before its address: the choice is made for every packet", () => {
    const random: Match = { kind: "statistic", threshold: 2 ** 30, negated: false };
    expect(positions([rule(random, to("10.9.9.9/32")), rule(to("10.9.9.9/32"), random)])).toEqual([0]);
  });
});
