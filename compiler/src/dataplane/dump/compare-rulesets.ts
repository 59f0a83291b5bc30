/** Differences of iptables rules, with the declaration behind each. */
import type { Origin } from "@knet/language";
import { differencesOf } from "../netfilter/compare.ts";
import type { RulesetDifference } from "../netfilter/compare.ts";
import { saveRule } from "../netfilter/print.ts";
import { loadRuleset } from "../netfilter/ruleset.ts";
import type { ChainLine, IptablesFile, RuleLine, Ruleset, TableName } from "../netfilter/types.ts";
import { unknownOwner } from "./owners.ts";
import type { Difference } from "./types.ts";

interface Source {
  readonly owner: string;
  readonly origin: Origin;
}

/** What the files of the dump's family, loaded in order into a fresh kernel, have other than the dump. */
export function rulesetDifferences(
  facility: "iptables" | "ip6tables",
  files: readonly IptablesFile[],
  found: Ruleset,
): readonly Difference[] {
  const ofFamily = files.filter((file) => file.family === found.family);
  const expected = loadRuleset(found.family, ofFamily);
  const owners = new Map(
    ofFamily.flatMap(({ owner, tables }) =>
      tables.flatMap(({ chains, rules }) => [...chains, ...rules].map((line) => [line, owner] as const)),
    ),
  );
  const dumped: Source = { owner: unknownOwner, origin: { name: `${facility}-save`, span: null } };
  return differencesOf(expected, found).map((difference): Difference => {
    const line = lineOf(difference, expected, ofFamily);
    const wanted: Source = line === null ? dumped : { owner: owners.get(line) ?? unknownOwner, origin: line.origin };
    switch (difference.kind) {
      case "family":
        throw new RangeError("rulesets of one family were loaded for the other");
      case "missing-chain":
        return { facility, kind: "missing", expected: chainWords(difference), found: null, ...wanted };
      case "unexpected-chain":
        return { facility, kind: "unexpected", expected: null, found: chainWords(difference), ...dumped };
      case "policy":
        return {
          facility,
          kind: "different",
          expected: `${chainWords(difference)} policy ${difference.expected}`,
          found: `${chainWords(difference)} policy ${difference.found}`,
          ...wanted,
        };
      case "missing-rule":
        return { facility, kind: "missing", expected: ruleWords(difference), found: null, ...wanted };
      case "unexpected-rule":
        return { facility, kind: "unexpected", expected: null, found: ruleWords(difference), ...dumped };
      case "order": {
        const at = firstMoved(difference);
        return {
          facility,
          kind: "different",
          expected: `${chainWords(difference)} in order: ${difference.expected.slice(at).join(" ⏎ ")}`,
          found: `${chainWords(difference)} in order: ${difference.found.slice(at).join(" ⏎ ")}`,
          ...wanted,
        };
      }
    }
  });
}

function chainWords({ table, chain }: { readonly table: TableName; readonly chain: string }): string {
  return `-t ${table} chain ${chain}`;
}

function ruleWords({ table, chain, text }: { readonly table: TableName; readonly chain: string; readonly text: string }): string {
  return `-t ${table} -A ${chain} ${text}`.trimEnd();
}

function firstMoved({ expected, found }: { readonly expected: readonly string[]; readonly found: readonly string[] }): number {
  return expected.findIndex((text, index) => text !== found[index]);
}

/** The line that wrote an expected chain or rule; null for what the kernel has by itself. */
function lineOf(difference: RulesetDifference, expected: Ruleset, files: readonly IptablesFile[]): ChainLine | RuleLine | null {
  switch (difference.kind) {
    case "family":
    case "unexpected-chain":
    case "unexpected-rule":
      return null;
    case "missing-rule":
      return difference.rule.line;
    case "missing-chain":
    case "policy": {
      const blocks = files.flatMap(({ tables }) => tables.filter(({ name }) => name === difference.table));
      return blocks.flatMap(({ chains }) => chains).findLast(({ name }) => name === difference.chain) ?? null;
    }
    case "order": {
      const text = difference.expected[firstMoved(difference)];
      const rules = expected.tables.get(difference.table)?.get(difference.chain)?.rules ?? [];
      return rules.find((rule) => saveRule(rule, expected.family) === text)?.line ?? null;
    }
  }
}
