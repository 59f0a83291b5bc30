import { ip4, ip6, maskCidr } from "@knet/language/values";
import type { Cidr, Family } from "@knet/language/values";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conntrackStates, tcpFlags } from "./numbers.ts";
import { parseRule } from "./parse-rule.ts";
import { saveRule } from "./print.ts";
import type { Match, Target } from "./types.ts";
import { quoteWord, splitWords } from "./words.ts";

const parameters = { seed: 20261122, numRuns: 500 };

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/).filter((word) => !word.startsWith("-"));
const ports = fc
  .tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 }))
  .map(([x, y]) => ({ first: Math.min(x, y), last: Math.max(x, y) }));

function cidr(family: Family): fc.Arbitrary<Cidr> {
  return fc
    .tuple(u32, u32, u32, u32, fc.integer({ min: 1, max: family === 4 ? 32 : 128 }))
    .map(([a, b, c, d, prefix]) => maskCidr({ ip: family === 4 ? ip4(d) : ip6(a, b, c, d), prefix }));
}

function extension(): fc.Arbitrary<Match> {
  const negated = fc.boolean();
  return fc.oneof(
    fc.record({ kind: fc.constant("comment" as const), text: fc.string({ maxLength: 40 }) }),
    fc.record({ kind: fc.constant("mark" as const), value: u32, mask: u32, negated }),
    fc.record({
      kind: fc.constant("conntrack" as const),
      states: fc.subarray([...conntrackStates], { minLength: 1 }),
      negated,
    }),
    fc
      .tuple(fc.constantFrom("source" as const, "destination" as const), ports, negated)
      .map(([side, { first, last }, isNot]): Match => ({ kind: "port", side, first, last, negated: isNot })),
    fc.record({
      kind: fc.constant("multiport" as const),
      side: fc.constantFrom("source" as const, "destination" as const, "either" as const),
      ports: fc.array(ports, { minLength: 1, maxLength: 7 }),
      negated,
    }),
    fc.record({
      kind: fc.constant("addrtype" as const),
      side: fc.constantFrom("source" as const, "destination" as const),
      type: fc.constantFrom("LOCAL" as const, "UNICAST" as const, "BLACKHOLE" as const),
      negated,
      limit: fc.constantFrom("in" as const, "out" as const, null),
    }),
    fc.record({
      kind: fc.constant("set" as const),
      set: name,
      sides: fc.array(fc.constantFrom("src" as const, "dst" as const), { minLength: 1, maxLength: 3 }),
      negated,
    }),
    fc.record({ kind: fc.constant("statistic" as const), threshold: fc.integer({ min: 0, max: 0x80000000 }), negated }),
    fc
      .record({
        kind: fc.constant("recent" as const),
        name,
        action: fc.constantFrom("rcheck" as const, "update" as const),
        seconds: fc.integer({ min: 1, max: 86400 }),
        reap: fc.boolean(),
        negated,
      })
      .map((match): Match => match),
    fc.record({
      kind: fc.constant("rpfilter" as const),
      loose: fc.boolean(),
      validMark: fc.boolean(),
      acceptLocal: fc.boolean(),
      invert: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("tcp-flags" as const),
      mask: fc.subarray([...tcpFlags]),
      set: fc.subarray([...tcpFlags]),
      negated,
    }),
    fc.constant<Match>({ kind: "port", side: "destination", first: 0, last: 65535, negated: false }),
    fc.record({ kind: fc.constant("comment" as const), text: fc.constantFrom("!", "-j", "--dport") }),
  );
}

function target(family: Family): fc.Arbitrary<Target | null> {
  return fc.oneof(
    fc.constantFrom<Target>(
      { kind: "accept" },
      { kind: "drop" },
      { kind: "return" },
      { kind: "notrack" },
      { kind: "reject", with: "tcp-reset" },
    ),
    fc.record({ kind: fc.constantFrom("jump" as const, "goto" as const), chain: name.map((word) => `c${word}`) }),
    fc.record({ kind: fc.constant("mark" as const), value: u32, mask: u32 }),
    fc.record({
      kind: fc.constant("dnat" as const),
      to: cidr(family).map((one) => one.ip),
      port: fc.option(fc.integer({ min: 1, max: 65535 })),
    }),
    fc.record({ kind: fc.constant("snat" as const), to: cidr(family).map((one) => one.ip), ports: fc.option(ports) }),
    fc.record({ kind: fc.constant("masquerade" as const), randomFully: fc.boolean(), ports: fc.option(ports) }),
    fc.record({
      kind: fc.constant("log" as const),
      prefix: fc.string({ maxLength: 29 }).filter((text) => Buffer.byteLength(text) <= 29),
      level: fc.integer({ min: 0, max: 7 }),
    }),
    fc.constant(null),
  );
}

/** A rule for TCP, in the order in which the kernel keeps the parts. */
function rule(family: Family): fc.Arbitrary<{ readonly matches: readonly Match[]; readonly target: Target | null }> {
  const address = (kind: "source" | "destination"): fc.Arbitrary<Match | null> =>
    fc.option(fc.record({ kind: fc.constant(kind), cidr: cidr(family), negated: fc.boolean() }));
  const link = (kind: "in-interface" | "out-interface"): fc.Arbitrary<Match | null> =>
    fc.option(fc.record({ kind: fc.constant(kind), name, negated: fc.boolean() }));
  return fc
    .tuple(
      address("source"),
      address("destination"),
      link("in-interface"),
      link("out-interface"),
      fc.array(extension(), { maxLength: 6 }),
      target(family),
    )
    .map(([source, destination, inside, outside, extensions, verdict]) => ({
      matches: [
        ...[source, destination, inside, outside].filter((match) => match !== null),
        { kind: "protocol" as const, protocol: 6, negated: false },
        ...extensions,
      ],
      target: verdict,
    }));
}

describe("for every rule", () => {
  it.each([4, 6] as const)("reading what iptables-save prints gives the rule again, IPv%d", (family) => {
    fc.assert(
      fc.property(rule(family), (given) => {
        expect(parseRule(saveRule(given, family), family)).toEqual(given);
      }),
      parameters,
    );
  });

  it("printing is a fixed point", () => {
    fc.assert(
      fc.property(rule(4), (given) => {
        const text = saveRule(given, 4);
        expect(saveRule(parseRule(text, 4), 4)).toBe(text);
      }),
      parameters,
    );
  });
});

describe("for every word", () => {
  it("quoting and splitting gives it again", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(splitWords(words.map(quoteWord).join(" "))).toEqual(words);
      }),
      parameters,
    );
  });
});
