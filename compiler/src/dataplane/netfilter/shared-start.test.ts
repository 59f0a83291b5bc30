/** Hosts whose payloads begin alike share what those make; nobody may tell. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadRuleset, RulesetError } from "./ruleset.ts";
import type { Chain, ChainLine, IptablesFile, IptablesTable, RuleLine, TableName } from "./types.ts";

const origin = { name: "test", span: null };

/** `:A`, `:FORWARD DROP`, `-A A -j B`, `-I FORWARD -j A`, `-X A`. */
function block(name: TableName, lines: readonly string[]): IptablesTable {
  const chains: ChainLine[] = [];
  const rules: RuleLine[] = [];
  for (const line of lines) {
    const [first = "", chain = "", ...rest] = line.split(" ");
    if (first.startsWith(":")) chains.push({ name: first.slice(1), policy: chain === "DROP" ? "DROP" : "-", origin });
    else rules.push({ operation: first === "-A" ? "append" : first === "-I" ? "insert" : "delete-chain", chain, text: rest.join(" "), origin });
  }
  return { name, chains, rules };
}

function file(...tables: readonly IptablesTable[]): IptablesFile {
  return { owner: "test", family: 4, tables };
}

type Loaded = readonly (readonly [TableName, readonly (readonly [string, Chain])[]])[] | string;

function load(files: readonly IptablesFile[]): Loaded {
  try {
    return [...loadRuleset(4, files).tables].map(([name, chains]) => {
      const entries = [...chains];
      expect([chains.size, [...chains.keys()], [...chains.values()]]).toEqual([entries.length, entries.map(([key]) => key), entries.map(([, chain]) => chain)]);
      return [name, entries];
    });
  } catch (error) {
    if (error instanceof RulesetError) return error.message;
    throw error;
  }
}

const words = [":A", ":B", ":C", ":FORWARD DROP", "-A FORWARD -j A", "-I FORWARD -j B", "-A INPUT -j C", "-A A -j B", "-A A -g C", "-A B -j C", "-A C -j A", "-A A -s 10.0.0.1 -j ACCEPT", "-A C -j REJECT", "-X C", "-X A", "-A B -j MASQUERADE"];
const lines = fc.subarray(words, { maxLength: 9 });
/** Chains first, as payloads declare them, so that most can be loaded. */
const blocks = lines.map((chosen) => block("filter", [":A", ":B", ...chosen]));

describe("a ruleset that begins like another host's", () => {
  it("should be what its payloads make alone, or be refused with the same words", () => {
    const hosts = fc.array(fc.array(blocks, { maxLength: 2 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(blocks, { minLength: 1, maxLength: 2 }), hosts, (start, own) => {
        for (const more of own) {
          const files = [...start, ...more].map((table) => file(table));
          expect(load(files)).toEqual(load(structuredClone(files)));
        }
      }),
      { seed: 20261122, numRuns: 400 },
    );
  });

  const start = (): IptablesFile => file(block("filter", [":A", ":B", "-A A -j B", "-A B -s 10.0.0.1 -j DROP"]));

  it("should share the chains that it leaves alone, and leave those of others as they were", () => {
    const shared = start();
    const chain = (own: readonly string[], name: string): Chain | undefined => loadRuleset(4, [shared, file(block("filter", own))]).tables.get("filter")?.get(name);
    chain(["-A FORWARD -j A"], "A");
    const [second, third] = [chain(["-A FORWARD -j A"], "A"), chain(["-A INPUT -j A"], "A")];
    expect(second).toBe(third);
    expect(chain([":B", "-A B -j ACCEPT"], "B")?.rules).toHaveLength(1);
    expect(chain(["-A FORWARD -j A"], "B")?.rules.map((rule) => rule.target?.kind)).toEqual(["drop"]);
  });

  it("should be refused for a loop through a chain of its own, and the next one not", () => {
    const shared = start();
    const through = (own: readonly string[]) => () => loadRuleset(4, [shared, file(block("filter", own))]);
    through(["-A FORWARD -j A"])();
    expect(through([":MINE", "-A FORWARD -j A", "-A B -j MINE", "-A MINE -j A"])).toThrow("the jumps go round: A → B → MINE → A");
    expect(through([":MINE", "-A FORWARD -j A", "-A B -j MINE"])().tables.get("filter")?.get("B")?.rules).toHaveLength(2);
  });

  it("should be refused for a shared target behind a hook where it cannot stand", () => {
    const shared = file(block("nat", [":OUT", "-A OUT -j MASQUERADE"]));
    const hooked = (hook: string) => () => loadRuleset(4, [shared, file(block("nat", [`-A ${hook} -j OUT`]))]);
    hooked("POSTROUTING")();
    hooked("POSTROUTING")();
    expect(hooked("PREROUTING")).toThrow("masquerade cannot be reached from PREROUTING, only from POSTROUTING");
    expect(hooked("POSTROUTING")().tables.get("nat")?.get("OUT")?.rules.map((rule) => rule.target?.kind)).toEqual(["masquerade"]);
  });

  it("should be read anew in the other family", () => {
    const shared = file(block("filter", [":A", "-A A -s 10.0.0.1 -j DROP"]));
    const sources = (): readonly string[] => [...(loadRuleset(4, [shared]).tables.get("filter")?.get("A")?.rules ?? [])].flatMap(({ matches }) => matches.map(({ kind }) => kind));
    expect([sources(), sources()]).toEqual([["source"], ["source"]]);
    expect(() => loadRuleset(6, [{ ...shared, family: 6 }])).toThrow(RulesetError);
  });
});
