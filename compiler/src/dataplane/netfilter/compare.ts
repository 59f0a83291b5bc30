/** Whether two rulesets are the same, and in what they differ. */
import { compareText } from "@knet/language/values";
import { saveRule } from "./print.ts";
import { builtInChains, tableNames } from "./tables.ts";
import type { Chain, Rule, Ruleset, TableName } from "./types.ts";

export type RulesetDifference =
  | { readonly kind: "family"; readonly expected: 4 | 6; readonly found: 4 | 6 }
  | { readonly kind: "missing-chain" | "unexpected-chain"; readonly table: TableName; readonly chain: string }
  | { readonly kind: "policy"; readonly table: TableName; readonly chain: string; readonly expected: string; readonly found: string }
  /** `position` counts from 1 in the ruleset that has the rule; `text` is spelled as `iptables-save` does. */
  | {
      readonly kind: "missing-rule" | "unexpected-rule";
      readonly table: TableName;
      readonly chain: string;
      readonly position: number;
      readonly text: string;
      readonly rule: Rule;
    }
  /** The same rules in another order. */
  | {
      readonly kind: "order";
      readonly table: TableName;
      readonly chain: string;
      readonly expected: readonly string[];
      readonly found: readonly string[];
    };

const noChains: ReadonlyMap<string, Chain> = new Map();

/**
 * All four tables with their built-in chains, chains in the order of `iptables-save`, every rule as it is. Two rulesets
 * that behave alike by their text normalise to the same sequence.
 */
export function normaliseRuleset(ruleset: Ruleset): Ruleset {
  const tables = new Map<TableName, ReadonlyMap<string, Chain>>();
  for (const name of tableNames) {
    const given = ruleset.tables.get(name) ?? noChains;
    const chains = new Map<string, Chain>();
    for (const chain of builtInChains(name)) chains.set(chain, given.get(chain) ?? { name: chain, policy: "ACCEPT", rules: [] });
    for (const chain of [...given.values()].sort((x, y) => compareText(x.name, y.name)))
      if (!chains.has(chain.name)) chains.set(chain.name, chain);
    tables.set(name, chains);
  }
  return { family: ruleset.family, tables };
}

export function sameRuleset(expected: Ruleset, found: Ruleset): boolean {
  return differencesOf(expected, found).length === 0;
}

/** Chain by chain, what `found` lacks, has beyond `expected`, or has in another order. Empty when they are the same. */
export function differencesOf(expected: Ruleset, found: Ruleset): readonly RulesetDifference[] {
  if (expected.family !== found.family) return [{ kind: "family", expected: expected.family, found: found.family }];
  const left = normaliseRuleset(expected);
  const right = normaliseRuleset(found);
  const out: RulesetDifference[] = [];
  for (const table of tableNames) {
    const chains = left.tables.get(table) ?? noChains;
    const others = right.tables.get(table) ?? noChains;
    for (const chain of chains.values()) {
      const other = others.get(chain.name);
      if (other === undefined) out.push({ kind: "missing-chain", table, chain: chain.name });
      else compareChain(table, chain, other, expected.family, out);
    }
    for (const chain of others.keys()) if (!chains.has(chain)) out.push({ kind: "unexpected-chain", table, chain });
  }
  return out;
}

function compareChain(table: TableName, expected: Chain, found: Chain, family: 4 | 6, out: RulesetDifference[]): void {
  const chain = expected.name;
  if (expected.policy !== found.policy)
    out.push({ kind: "policy", table, chain, expected: expected.policy ?? "-", found: found.policy ?? "-" });
  const wanted = expected.rules.map((rule) => saveRule(rule, family));
  const given = found.rules.map((rule) => saveRule(rule, family));
  if (wanted.length === given.length && wanted.every((text, i) => text === given[i])) return;
  const missing = surplus(wanted, given);
  const unexpected = surplus(given, wanted);
  for (const i of missing) out.push(ruleDifference("missing-rule", table, chain, i, wanted, expected.rules));
  for (const i of unexpected) out.push(ruleDifference("unexpected-rule", table, chain, i, given, found.rules));
  const common = (texts: readonly string[], without: ReadonlySet<number>): readonly string[] => texts.filter((_, i) => !without.has(i));
  const left = common(wanted, missing);
  const right = common(given, unexpected);
  if (left.some((text, i) => text !== right[i])) out.push({ kind: "order", table, chain, expected: left, found: right });
}

function ruleDifference(
  kind: "missing-rule" | "unexpected-rule",
  table: TableName,
  chain: string,
  index: number,
  texts: readonly string[],
  rules: readonly Rule[],
): RulesetDifference {
  const rule = rules[index];
  if (rule === undefined) throw new RangeError(`chain ${chain} has no rule ${index + 1}`);
  return { kind, table, chain, position: index + 1, text: texts[index] ?? "", rule };
}

/** Indexes in `texts` of what `others` does not have, or not as often. */
function surplus(texts: readonly string[], others: readonly string[]): ReadonlySet<number> {
  const left = new Map<string, number>();
  for (const text of others) left.set(text, (left.get(text) ?? 0) + 1);
  const out = new Set<number>();
  texts.forEach((text, i) => {
    const count = left.get(text) ?? 0;
    if (count === 0) out.add(i);
    else left.set(text, count - 1);
  });
  return out;
}
