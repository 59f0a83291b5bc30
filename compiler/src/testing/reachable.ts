/**
 * Which rules a packet can come to at all, judged by marks and devices only: every set of marks that packets may carry is followed
 * through each hook for each pair of devices. What this calls dead no packet matches; what it calls alive may still be.
 */
import type { Chain, Match, Rule, Ruleset, TableName } from "../dataplane/netfilter/types.ts";

export interface Reachable {
  /** Rules that some packet is compared with. */
  readonly asked: ReadonlySet<Rule>;
  /** Those of them whose marks and devices some packet has. */
  readonly matchable: ReadonlySet<Rule>;
  /** The marks that packets have when such a rule matches them. */
  readonly marks: ReadonlyMap<Rule, ReadonlySet<number>>;
}

type Marks = ReadonlySet<number>;

/** The devices of the packet; null where the hook has none. */
interface Devices {
  readonly in: string | null;
  readonly out: string | null;
}

interface Ends {
  /** Accepted, or translated, which ends the table too. */
  readonly accepted: Set<number>;
  readonly returned: Set<number>;
}

export function reachableRules(ruleset: Ruleset, links: readonly string[]): Reachable {
  const asked = new Set<Rule>();
  const matchable = new Set<Rule>();
  const seen = new Map<Rule, Set<number>>();

  const run = (chains: ReadonlyMap<string, Chain>, chain: Chain, start: Marks, devices: Devices): Ends => {
    const ends: Ends = { accepted: new Set(), returned: new Set() };
    let marks: Set<number> = new Set(start);
    for (const rule of chain.rules) {
      if (marks.size === 0) break;
      asked.add(rule);
      const hit = new Set([...marks].filter((mark) => rule.matches.every((match) => mayMatch(match, mark, devices))));
      if (hit.size === 0) continue;
      matchable.add(rule);
      const before = seen.get(rule);
      if (before === undefined) seen.set(rule, new Set(hit));
      else add(before, hit);
      const certain = rule.matches.every(
        (match) => match.kind === "comment" || match.kind === "mark" || match.kind === "in-interface" || match.kind === "out-interface",
      );
      if (certain) marks = new Set([...marks].filter((mark) => !hit.has(mark)));
      const { target } = rule;
      switch (target?.kind) {
        case undefined:
        case "log":
        case "notrack":
          add(marks, hit);
          break;
        case "mark":
          for (const mark of hit) marks.add(((mark & ~target.mask) ^ target.value) >>> 0);
          break;
        case "return":
          add(ends.returned, hit);
          break;
        case "drop":
        case "reject":
          break;
        case "jump":
        case "goto": {
          const called = chains.get(target.chain);
          const inner = called === undefined ? { accepted: new Set<number>(), returned: hit } : run(chains, called, hit, devices);
          add(ends.accepted, inner.accepted);
          add(target.kind === "jump" ? marks : ends.returned, inner.returned);
          break;
        }
        default:
          add(ends.accepted, hit);
      }
    }
    add(ends.returned, marks);
    return ends;
  };

  const hook = (name: string, tables: readonly TableName[], start: Marks, devices: Devices): Marks => {
    let marks = start;
    for (const table of tables) {
      const chains = ruleset.tables.get(table);
      const chain = chains?.get(name);
      if (chains === undefined || chain === undefined) continue;
      const { accepted, returned } = run(chains, chain, marks, devices);
      marks = chain.policy === "DROP" ? accepted : new Set([...accepted, ...returned]);
    }
    return marks;
  };

  // Packets come back to PREROUTING with their marks: through the loopback device, and out of a tunnel.
  const carried = new Set<number>([0]);
  for (let before = -1; before !== carried.size;) {
    before = carried.size;
    const routed = new Map<string, Set<number>>(links.map((link) => [link, new Set()]));
    for (const link of links) {
      const outgoing = hook("OUTPUT", ["raw", "mangle", "nat", "filter"], new Set([0]), { in: null, out: link });
      add(routed.get(link) ?? carried, outgoing);
      const arrived = hook("PREROUTING", ["raw", "mangle", "nat"], carried, { in: link, out: null });
      add(carried, hook("INPUT", ["mangle", "filter", "nat"], arrived, { in: link, out: null }));
      for (const out of links) {
        if (link !== "lo" && out !== "lo")
          add(routed.get(out) ?? carried, hook("FORWARD", ["mangle", "filter"], arrived, { in: link, out }));
      }
    }
    for (const [out, marks] of routed) {
      const left = hook("POSTROUTING", ["mangle", "nat"], marks, { in: null, out });
      if (out === "lo") add(carried, left);
    }
  }
  return { asked, matchable, marks: seen };
}

function add(to: Set<number>, from: Iterable<number>): void {
  for (const mark of from) to.add(mark);
}

/** False only where the marks or the devices rule it out. */
function mayMatch(match: Match, mark: number, devices: Devices): boolean {
  switch (match.kind) {
    case "mark":
      return ((mark & match.mask) >>> 0 === match.value) !== match.negated;
    case "in-interface":
      return onDevice(match.name, devices.in) !== match.negated;
    case "out-interface":
      return onDevice(match.name, devices.out) !== match.negated;
    default:
      return true;
  }
}

function onDevice(pattern: string, device: string | null): boolean {
  if (device === null) return pattern === "+";
  return pattern.endsWith("+") ? device.startsWith(pattern.slice(0, -1)) : device === pattern;
}
