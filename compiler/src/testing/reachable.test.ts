import { describe, expect, it } from "vitest";
import { loadRuleset } from "../dataplane/netfilter/ruleset.ts";
import type { IptablesFile } from "../dataplane/netfilter/types.ts";
import { reachableRules } from "./reachable.ts";

const origin = { name: "test", span: null } as unknown as IptablesFile["tables"][number]["rules"][number]["origin"];

/** Lines as `CHAIN words`, each chain that is no hook declared. */
function filter(...lines: readonly string[]): IptablesFile {
  const chains = [...new Set(lines.map((line) => line.split(" ")[0] ?? ""))].filter(
    (chain) => !["INPUT", "FORWARD", "OUTPUT"].includes(chain),
  );
  return {
    owner: "test",
    family: 4,
    tables: [
      {
        name: "filter",
        chains: chains.map((name) => ({ name, policy: "-", origin })),
        rules: lines.map((line) => ({
          operation: "append",
          chain: line.split(" ")[0] ?? "",
          text: line.slice(line.indexOf(" ") + 1),
          origin,
        })),
      },
    ],
  };
}

function ask(...lines: readonly string[]): { readonly asked: readonly boolean[]; readonly matchable: readonly boolean[] } {
  const file = filter(...lines);
  const ruleset = loadRuleset(4, [file]);
  const { asked, matchable } = reachableRules(ruleset, ["lo", "eth0", "cali1"]);
  const all = [...(ruleset.tables.get("filter")?.values() ?? [])].flatMap((chain) => chain.rules);
  const inOrder = (file.tables[0]?.rules ?? []).map((line) => all.find((rule) => rule.line === line));
  return {
    asked: inOrder.map((rule) => rule !== undefined && asked.has(rule)),
    matchable: inOrder.map((rule) => rule !== undefined && matchable.has(rule)),
  };
}

describe("reachableRules", () => {
  it("should ask nothing behind a rule that ends every packet, and something behind one that ends some", () => {
    expect(ask("INPUT -p tcp -j DROP", "INPUT -j ACCEPT", "INPUT -j DROP").asked).toEqual([true, true, false]);
  });

  it("should not enter a chain that nothing calls, nor what stands behind an unconditional goto", () => {
    expect(ask("FORWARD -g inner", "FORWARD -j DROP", "inner -p tcp -j RETURN", "lonely -j DROP").asked).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("should know which marks can be there", () => {
    const lines = [
      "FORWARD -m mark --mark 0x1/0x1 -j DROP",
      "FORWARD -p tcp -j MARK --set-mark 0x1/0x1",
      "FORWARD -m mark --mark 0x1/0x1 -j ACCEPT",
      "FORWARD -m mark --mark 0x2/0x2 -j ACCEPT",
    ];
    expect(ask(...lines).matchable).toEqual([false, true, true, false]);
  });

  it("should let a packet out of a tunnel, or by the loopback device, bring its mark along", () => {
    expect(ask("INPUT -p udp -j MARK --set-mark 0x1/0x1", "FORWARD -m mark --mark 0x1/0x1 -j DROP").matchable).toEqual([true, true]);
    expect(ask("OUTPUT -o lo -j MARK --set-mark 0x1/0x1", "INPUT -m mark --mark 0x1/0x1 -j DROP").matchable).toEqual([true, true]);
    expect(ask("OUTPUT -o eth0 -j MARK --set-mark 0x1/0x1", "INPUT -m mark --mark 0x1/0x1 -j DROP").matchable).toEqual([true, false]);
  });

  it("should carry marks back from a called chain and no further than a verdict", () => {
    const lines = [
      "FORWARD -j setter",
      "FORWARD -m mark --mark 0x4/0x4 -j ACCEPT",
      "FORWARD -m mark --mark 0x8/0x8 -j ACCEPT",
      "setter -p udp -j MARK --set-mark 0x4/0x4",
      "setter -p tcp -j MARK --set-mark 0x8/0x8",
      "setter -m mark --mark 0x8/0x8 -j DROP",
    ];
    expect(ask(...lines).matchable).toEqual([true, true, false, true, true, true]);
  });

  it("should tell devices apart", () => {
    const lines = [
      "FORWARD -i cali+ -j ACCEPT",
      "FORWARD -i cali1 -j DROP",
      "FORWARD -i eth0 -o cali1 -j ACCEPT",
      "FORWARD -i eth9 -j DROP",
    ];
    expect(ask(...lines).matchable).toEqual([true, false, true, false]);
  });
});
