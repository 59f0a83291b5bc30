/** What the kernel holds after iptables-restore has loaded the payloads. */
import type { Family } from "@knet/language/values";
import { CheckedBase, checkTable } from "./check-table.ts";
import { parseRule } from "./parse-rule.ts";
import { RulesetError } from "./ruleset-error.ts";
import { emptyTable, TableInProgress } from "./table-in-progress.ts";
import { builtInChains, tableNames } from "./tables.ts";
import type { Chain, ChainLine, IptablesFile, IptablesTable, Rule, RuleLine, Ruleset, TableName } from "./types.ts";

export { RulesetError } from "./ruleset-error.ts";

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

/**
 * Loads the payloads in order, as `iptables-restore --noflush` does, into a kernel without rules.
 *
 * @throws {RulesetError} for what iptables or the kernel refuses: an unknown chain or target, a chain that cannot be
 *   deleted, a loop, a target in a table or behind a hook where it cannot stand. A rule that cannot be read has
 *   the {@link RuleSyntaxError} as its cause.
 */
export function loadRuleset(family: Family, files: readonly IptablesFile[]): Ruleset {
  const blocks = files.filter((file) => file.family === family).flatMap((file) => file.tables);
  return {
    family,
    tables: new Map(
      tableNames.map((name) => [
        name,
        loadTable(
          name,
          family,
          blocks.filter((block) => block.name === name),
        ),
      ]),
    ),
  };
}

/** What the first blocks of several hosts make of a table. */
interface SharedStart {
  readonly blocks: readonly IptablesTable[];
  readonly chains: ReadonlyMap<string, Chain>;
  readonly checked: CheckedBase;
}

/** Blocks that were loaded once, and what a run of them makes, by its last block. */
const loaded: Readonly<Record<Family, WeakSet<IptablesTable>>> = { 4: new WeakSet(), 6: new WeakSet() };
const sharedStarts: Readonly<Record<Family, WeakMap<IptablesTable, SharedStart>>> = { 4: new WeakMap(), 6: new WeakMap() };

function loadTable(name: TableName, family: Family, blocks: readonly IptablesTable[]): ReadonlyMap<string, Chain> {
  const start = sharedStart(name, family, blocks);
  const table = start === null ? emptyTable(name) : new TableInProgress(start.chains);
  for (const block of blocks.slice(start?.blocks.length ?? 0)) loadBlock(name, family, table, block);
  const chains = table.finish();
  if (start !== null) start.checked.check(chains, table.touched());
  else if (blocks.length > 0) checkTable(name, chains);
  for (const block of blocks) loaded[family].add(block);
  return chains;
}

/** The blocks at the front that another host began with too, as far as is known; null without any. */
function sharedStart(name: TableName, family: Family, blocks: readonly IptablesTable[]): SharedStart | null {
  const firstNew = blocks.findIndex((block) => !loaded[family].has(block));
  const front = firstNew < 0 ? blocks : blocks.slice(0, firstNew);
  const last = front.at(-1);
  if (last === undefined) return null;
  const known = sharedStarts[family].get(last);
  if (known !== undefined && known.blocks.length === front.length && known.blocks.every((block, index) => block === front[index])) return known;
  const table = emptyTable(name);
  for (const block of front) loadBlock(name, family, table, block);
  const chains = table.finish();
  const start: SharedStart = { blocks: front, chains, checked: new CheckedBase(name, chains) };
  sharedStarts[family].set(last, start);
  return start;
}

function loadBlock(name: TableName, family: Family, table: TableInProgress, block: IptablesTable): void {
  for (const line of block.chains) declareChain(name, table, line);
  for (const line of block.rules) applyLine(name, table, line, family);
}

/** A chain line: creates or empties a user chain; sets the policy of a built-in one and leaves its rules. */
export function declareChain(name: TableName, table: TableInProgress, line: ChainLine): void {
  const isBuiltIn = builtInChains(name).includes(line.name);
  if (line.policy !== "-" && !isBuiltIn) throw new RulesetError(name, line.name, line, "only a built-in chain has a policy");
  if (!isBuiltIn && Buffer.byteLength(line.name) > 28) throw new RulesetError(name, line.name, line, "a chain name has at most 28 bytes");
  if (!isBuiltIn && /^[!-]|\s/.test(line.name))
    throw new RulesetError(name, line.name, line, "a chain name has no blank and does not start with - or !");
  if (!isBuiltIn && table.get(line.name) === undefined) {
    table.create(line.name, null);
    return;
  }
  if (isBuiltIn && line.policy === "-") return;
  const chain = table.edit(line.name);
  if (chain === undefined) return;
  if (line.policy !== "-") chain.policy = line.policy;
  else chain.rules = [];
}

function applyLine(name: TableName, table: TableInProgress, line: RuleLine, family: Family): void {
  const chain = table.get(line.chain);
  if (chain === undefined) throw new RulesetError(name, line.chain, line, "the chain does not exist");
  if (line.operation === "delete-chain") {
    if (builtInChains(name).includes(line.chain)) throw new RulesetError(name, line.chain, line, "a built-in chain cannot be deleted");
    if (chain.rules.length > 0) throw new RulesetError(name, line.chain, line, "a chain with rules cannot be deleted");
    if (table.isTarget(line.chain)) throw new RulesetError(name, line.chain, line, "a chain that rules lead to cannot be deleted");
    table.delete(line.chain);
    return;
  }
  let rule: Rule;
  try {
    rule = ruleOfLine(line, family);
  } catch (error) {
    throw new RulesetError(name, line.chain, line, error instanceof Error ? error.message : String(error), { cause: error });
  }
  addRule(name, table, line.chain, rule, line.operation === "insert");
}

/** Adds a rule at the end of a chain of the table, or at its start. */
export function addRule(name: TableName, table: TableInProgress, chain: string, rule: Rule, isFirst: boolean): void {
  for (const match of rule.matches) {
    if (match.kind === "in-interface" && (chain === "OUTPUT" || chain === "POSTROUTING")) {
      throw new RulesetError(name, chain, rule.line, "a packet that leaves has no input interface to match");
    }
    if (match.kind === "out-interface" && (chain === "PREROUTING" || chain === "INPUT")) {
      throw new RulesetError(name, chain, rule.line, "a packet that arrives has no output interface to match");
    }
  }
  const target = rule.target;
  if (target !== null && (target.kind === "jump" || target.kind === "goto")) {
    const callee = table.get(target.chain);
    if (callee === undefined) throw new RulesetError(name, chain, rule.line, `there is no chain or target ${target.chain}`);
    if (callee.policy !== null) throw new RulesetError(name, chain, rule.line, `${target.chain} is a built-in chain and no target`);
  }
  const changed = table.edit(chain);
  if (changed === undefined) throw new RulesetError(name, chain, rule.line, "the chain does not exist");
  if (isFirst) changed.rules.unshift(rule);
  else changed.rules.push(rule);
}
