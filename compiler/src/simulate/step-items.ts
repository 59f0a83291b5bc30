/** The dataplane's own objects behind a step, most telling first. */
import type { MatchedRule } from "./netfilter.ts";
import type { RouteDecision } from "./routing.ts";

/** The route that decided; an address on the host's own links needs none. */
export function routeBehind(decision: RouteDecision): readonly object[] {
  return "route" in decision && decision.route !== null ? [decision.route] : [];
}

/** The rule line behind a matched rule, as the artifact holds it. */
export function lineOf(entry: MatchedRule | undefined): readonly object[] {
  return entry === undefined ? [] : [entry.rule.line ?? entry.rule];
}

/** A translating rule, then the jumps that led to it, nearest first; the built-in chain's own jump decides nothing. */
export function wayTo(by: MatchedRule, matched: readonly MatchedRule[]): readonly object[] {
  const jumps = matched.filter((entry) => entry.verdict === "jump" || entry.verdict === "goto");
  const way: object[] = [...lineOf(by)];
  let wanted = by.chain;
  for (const entry of jumps.toReversed()) {
    if (entry.rule.target?.kind !== "jump" && entry.rule.target?.kind !== "goto") continue;
    if (entry.rule.target.chain !== wanted || entry.chain === entry.hook) continue;
    way.push(...lineOf(entry));
    wanted = entry.chain;
  }
  return way;
}

/**
 * Why a filter let a packet pass. A rule that accepts because of a mark only repeats an earlier decision:
 * the rule that set the mark is named first.
 */
export function acceptedBy(matched: readonly MatchedRule[]): readonly object[] {
  const last = matched.findLast((entry) => entry.verdict === "accept") ?? matched.findLast((entry) => entry.verdict === "return");
  if (last === undefined) return [];
  const mark = last.rule.matches.find((match) => match.kind === "mark");
  if (mark === undefined || mark.negated || mark.value === 0) return lineOf(last);
  const setter = matched.findLast((entry) => {
    const { target } = entry.rule;
    return target?.kind === "mark" && (target.value & mark.value) !== 0 && matched.indexOf(entry) < matched.indexOf(last);
  });
  return setter === undefined ? lineOf(last) : [...lineOf(setter), ...lineOf(last)];
}
