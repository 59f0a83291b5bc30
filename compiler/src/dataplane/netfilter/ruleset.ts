/** What the kernel holds after iptables-restore has loaded the payloads. */
import type { Family } from "@knet/language/values";
import { parseRule } from "./parse-rule.ts";
import type { ParsedRule } from "./parse-rule.ts";
import { builtInChains, hooksOf, placeOfMatch, placeOfTarget, tableNames } from "./tables.ts";
import type { Hook, Place } from "./tables.ts";
import type { Chain, ChainLine, IptablesFile, Rule, RuleLine, Ruleset, TableName } from "./types.ts";

/** A payload that the kernel would refuse. */
export class RulesetError extends Error {
  readonly table: TableName;
  readonly chain: string;
  /** The line at fault; null for a fault of the whole, such as a loop. */
  readonly line: RuleLine | ChainLine | null;

  constructor(table: TableName, chain: string, line: RuleLine | ChainLine | null, reason: string, options?: ErrorOptions) {
    super(`table ${table}, chain ${chain}: ${reason}`, options);
    this.name = "RulesetError";
    this.table = table;
    this.chain = chain;
    this.line = line;
  }
}

interface ChainInProgress {
  readonly name: string;
  policy: "ACCEPT" | "DROP" | null;
  rules: Rule[];
  /** Jumps and gotos that lead here. */
  references: number;
}

export type TableInProgress = Map<string, ChainInProgress>;

/** One family's parsed rules by the line they came from: a line shared by many nodes is parsed once. */
const parsed: Readonly<Record<Family, WeakMap<RuleLine, Rule>>> = { 4: new WeakMap(), 6: new WeakMap() };

/** The rule that a line writes, parsed on first use. */
export function ruleOfLine(line: RuleLine, family: Family): Rule {
  const known = parsed[family].get(line);
  if (known !== undefined) return known;
  const rule: Rule = { ...parseRule(line.text, family), line };
  parsed[family].set(line, rule);
  return rule;
}

/** A table of a fresh kernel: its built-in chains, empty and accepting. */
export function emptyTable(name: TableName): TableInProgress {
  return new Map(builtInChains(name).map((chain) => [chain, { name: chain, policy: "ACCEPT", rules: [], references: 0 }]));
}

/**
 * Loads the payloads in order, as `iptables-restore --noflush` does, into a kernel without rules.
 *
 * @throws {RulesetError} for what iptables or the kernel refuses: an unknown chain or target, a chain that cannot be
 *   deleted, a loop, a target in a table or behind a hook where it cannot stand. A rule that cannot be read has
 *   the {@link RuleSyntaxError} as its cause.
 */
export function loadRuleset(family: Family, files: readonly IptablesFile[]): Ruleset {
  const tables = new Map<TableName, TableInProgress>(tableNames.map((name) => [name, emptyTable(name)]));
  const touched = new Set<TableName>();
  for (const file of files) {
    if (file.family !== family) continue;
    for (const block of file.tables) {
      const table = tables.get(block.name);
      if (table === undefined) continue;
      touched.add(block.name);
      for (const line of block.chains) declareChain(block.name, table, line);
      for (const line of block.rules) applyLine(block.name, table, line, family);
    }
  }
  for (const name of tableNames) if (touched.has(name)) checkTable(name, tables.get(name) ?? new Map<string, ChainInProgress>());
  return { family, tables: new Map([...tables].map(([name, table]) => [name, finishTable(table)])) };
}

export function finishTable(table: TableInProgress): ReadonlyMap<string, Chain> {
  return new Map([...table].map(([name, chain]) => [name, { name, policy: chain.policy, rules: chain.rules }]));
}

/** A chain line: creates or empties a user chain; sets the policy of a built-in one and leaves its rules. */
export function declareChain(name: TableName, table: TableInProgress, line: ChainLine): void {
  const isBuiltIn = builtInChains(name).includes(line.name);
  if (line.policy !== "-" && !isBuiltIn) throw new RulesetError(name, line.name, line, "only a built-in chain has a policy");
  if (!isBuiltIn && Buffer.byteLength(line.name) > 28) throw new RulesetError(name, line.name, line, "a chain name has at most 28 bytes");
  if (!isBuiltIn && /^[!-]|\s/.test(line.name))
    throw new RulesetError(name, line.name, line, "a chain name has no blank and does not start with - or !");
  const chain = table.get(line.name);
  if (chain === undefined) {
    table.set(line.name, { name: line.name, policy: null, rules: [], references: 0 });
  } else if (isBuiltIn) {
    if (line.policy !== "-") chain.policy = line.policy;
  } else {
    for (const rule of chain.rules) release(table, rule);
    chain.rules = [];
  }
}

function applyLine(name: TableName, table: TableInProgress, line: RuleLine, family: Family): void {
  const chain = table.get(line.chain);
  if (chain === undefined) throw new RulesetError(name, line.chain, line, "the chain does not exist");
  if (line.operation === "delete-chain") {
    if (builtInChains(name).includes(line.chain)) throw new RulesetError(name, line.chain, line, "a built-in chain cannot be deleted");
    if (chain.rules.length > 0) throw new RulesetError(name, line.chain, line, "a chain with rules cannot be deleted");
    if (chain.references > 0) throw new RulesetError(name, line.chain, line, "a chain that rules lead to cannot be deleted");
    table.delete(line.chain);
    return;
  }
  let rule: Rule;
  try {
    rule = ruleOfLine(line, family);
  } catch (error) {
    throw new RulesetError(name, line.chain, line, error instanceof Error ? error.message : String(error), { cause: error });
  }
  addRule(name, table, chain, rule, line.operation === "insert");
}

/** Adds a rule at the end of the chain, or at its start. */
export function addRule(name: TableName, table: TableInProgress, chain: ChainInProgress, rule: Rule, isFirst: boolean): void {
  for (const match of rule.matches) {
    if (match.kind === "in-interface" && (chain.name === "OUTPUT" || chain.name === "POSTROUTING")) {
      throw new RulesetError(name, chain.name, rule.line, "a packet that leaves has no input interface to match");
    }
    if (match.kind === "out-interface" && (chain.name === "PREROUTING" || chain.name === "INPUT")) {
      throw new RulesetError(name, chain.name, rule.line, "a packet that arrives has no output interface to match");
    }
  }
  const target = rule.target;
  if (target !== null && (target.kind === "jump" || target.kind === "goto")) {
    const callee = table.get(target.chain);
    if (callee === undefined) throw new RulesetError(name, chain.name, rule.line, `there is no chain or target ${target.chain}`);
    if (callee.policy !== null) throw new RulesetError(name, chain.name, rule.line, `${target.chain} is a built-in chain and no target`);
    callee.references++;
  }
  if (isFirst) chain.rules.unshift(rule);
  else chain.rules.push(rule);
}

function release(table: TableInProgress, rule: ParsedRule): void {
  if (rule.target?.kind !== "jump" && rule.target?.kind !== "goto") return;
  const callee = table.get(rule.target.chain);
  if (callee !== undefined) callee.references--;
}

/**
 * The kernel's own checks on a whole table: no loop behind a hook, and every target and match where it may stand.
 *
 * @throws {RulesetError}
 */
export function checkTable(name: TableName, table: ReadonlyMap<string, Chain | ChainInProgress>): void {
  const reached = new Map<string, Set<Hook>>();
  for (const hook of hooksOf(name)) walk(name, table, hook, reached);
  for (const chain of table.values()) {
    const hooks = reached.get(chain.name);
    for (const rule of chain.rules) checkPlaces(name, chain.name, rule, hooks);
  }
}

/** Follows every jump from the hook's built-in chain, depth first, and records what it reaches. */
function walk(name: TableName, table: ReadonlyMap<string, Chain | ChainInProgress>, hook: Hook, reached: Map<string, Set<Hook>>): void {
  const path: { readonly chain: string; readonly rules: readonly Rule[]; next: number }[] = [];
  const onPath = new Set<string>();
  const enter = (chain: string): void => {
    const hooks = reached.get(chain) ?? new Set<Hook>();
    if (hooks.has(hook)) return;
    hooks.add(hook);
    reached.set(chain, hooks);
    onPath.add(chain);
    path.push({ chain, rules: table.get(chain)?.rules ?? [], next: 0 });
  };
  enter(hook);
  for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
    const rule = frame.rules[frame.next++];
    if (rule === undefined) {
      onPath.delete(frame.chain);
      path.pop();
      continue;
    }
    const target = rule.target;
    if (target === null || (target.kind !== "jump" && target.kind !== "goto")) continue;
    if (onPath.has(target.chain)) {
      const loop = [...path.map((step) => step.chain).slice(path.findIndex((step) => step.chain === target.chain)), target.chain];
      throw new RulesetError(name, frame.chain, rule.line, `the jumps go round: ${loop.join(" → ")}`);
    }
    enter(target.chain);
  }
}

function checkPlaces(name: TableName, chain: string, rule: Rule, hooks: ReadonlySet<Hook> | undefined): void {
  for (const match of rule.matches) checkPlace(name, chain, rule, match.kind, placeOfMatch(match), hooks);
  if (rule.target !== null) checkPlace(name, chain, rule, rule.target.kind, placeOfTarget(rule.target), hooks);
}

function checkPlace(name: TableName, chain: string, rule: Rule, kind: string, place: Place, hooks: ReadonlySet<Hook> | undefined): void {
  if (place.tables !== null && !place.tables.includes(name)) {
    throw new RulesetError(name, chain, rule.line, `${kind} stands only in the table ${place.tables.join(" or ")}`);
  }
  const allowed = place.hooks;
  if (allowed === null || hooks === undefined) return;
  const wrong = [...hooks].find((hook) => !allowed.includes(hook));
  if (wrong === undefined) return;
  throw new RulesetError(name, chain, rule.line, `${kind} cannot be reached from ${wrong}, only from ${allowed.join(", ")}`);
}
