/** The kernel's own checks on a whole table: no loop behind a hook, and every target and match where it may stand. */
import { RulesetError } from "./ruleset-error.ts";
import { hooksOf, placeOfMatch, placeOfTarget } from "./tables.ts";
import type { Hook, Place } from "./tables.ts";
import type { Chain, Rule, TableName } from "./types.ts";

type Chains = ReadonlyMap<string, Chain>;

/** @throws {RulesetError} */
export function checkTable(name: TableName, table: Chains): void {
  const reached = new Map<string, Set<Hook>>();
  for (const hook of hooksOf(name)) {
    for (const chain of reachedFrom(name, table, hook, new Set())) {
      const hooks = reached.get(chain);
      if (hooks === undefined) reached.set(chain, new Set([hook]));
      else hooks.add(hook);
    }
  }
  for (const chain of table.values()) {
    const hooks = reached.get(chain.name);
    for (const rule of chain.rules) checkPlaces(name, chain.name, rule, hooks);
  }
}

/**
 * Follows every jump from the chain, depth first, and returns what it reaches that is not in `known` yet; it goes no further
 * where `isClosed` says so.
 */
function reachedFrom(name: TableName, table: Chains, start: string, known: Set<string>, isClosed: (chain: string) => boolean = () => false): readonly string[] {
  const path: { readonly chain: string; readonly rules: readonly Rule[]; next: number }[] = [];
  const onPath = new Set<string>();
  const found: string[] = [];
  const enter = (chain: string): void => {
    if (known.has(chain)) return;
    known.add(chain);
    found.push(chain);
    onPath.add(chain);
    path.push({ chain, rules: isClosed(chain) ? [] : (table.get(chain)?.rules ?? []), next: 0 });
  };
  enter(start);
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
  return found;
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

/** Chains that many tables start with: what lies behind each of them is checked once for all of them. */
export class CheckedBase {
  readonly #name: TableName;
  readonly #chains: Chains;
  /** By hook: chains that may stand behind it, with all that they lead to. */
  readonly #sound = new Map<Hook, Set<string>>();
  #callers: ReadonlyMap<string, readonly string[]> | null = null;
  #isSound: boolean | null = null;

  constructor(name: TableName, chains: Chains) {
    this.#name = name;
    this.#chains = chains;
  }

  /**
   * Checks a table that starts with these chains, of which `touched` names those that were added, changed or deleted.
   *
   * @throws {RulesetError} the same as {@link checkTable}
   */
  check(table: Chains, touched: ReadonlySet<string>): void {
    // What is wrong, and where it is first noticed, is for the check of the whole to say.
    if (!this.#passes(table, touched)) checkTable(this.#name, table);
  }

  #passes(table: Chains, touched: ReadonlySet<string>): boolean {
    try {
      this.#isSound ??= this.#fitsTable();
      if (!this.#isSound) return false;
      const open = this.#leadingTo(touched);
      const isClosed = (chain: string): boolean => !open.has(chain) && this.#chains.has(chain);
      for (const hook of hooksOf(this.#name)) {
        const hooks = new Set([hook]);
        for (const chain of reachedFrom(this.#name, table, hook, new Set(), isClosed)) {
          if (isClosed(chain)) this.#checkBehind(hook, chain);
          else for (const rule of table.get(chain)?.rules ?? []) checkPlaces(this.#name, chain, rule, hooks);
        }
      }
      for (const chain of touched) for (const rule of table.get(chain)?.rules ?? []) checkPlaces(this.#name, chain, rule, undefined);
      return true;
    } catch (error) {
      if (error instanceof RulesetError) return false;
      throw error;
    }
  }

  #fitsTable(): boolean {
    try {
      for (const chain of this.#chains.values()) for (const rule of chain.rules) checkPlaces(this.#name, chain.name, rule, undefined);
      return true;
    } catch (error) {
      if (error instanceof RulesetError) return false;
      throw error;
    }
  }

  #checkBehind(hook: Hook, chain: string): void {
    const sound = this.#sound.get(hook) ?? new Set<string>();
    this.#sound.set(hook, sound);
    const hooks = new Set([hook]);
    try {
      for (const reached of reachedFrom(this.#name, this.#chains, chain, sound)) {
        for (const rule of this.#chains.get(reached)?.rules ?? []) checkPlaces(this.#name, reached, rule, hooks);
      }
    } catch (error) {
      this.#isSound = false;
      throw error;
    }
  }

  /** The chains themselves and those from which a jump can get to one. */
  #leadingTo(chains: ReadonlySet<string>): ReadonlySet<string> {
    const found = new Set(chains);
    const callers = (this.#callers ??= this.#callersOf());
    for (const chain of found) for (const caller of callers.get(chain) ?? []) found.add(caller);
    return found;
  }

  #callersOf(): ReadonlyMap<string, readonly string[]> {
    const callers = new Map<string, string[]>();
    for (const chain of this.#chains.values()) {
      for (const { target } of chain.rules) {
        if (target === null || (target.kind !== "jump" && target.kind !== "goto")) continue;
        const known = callers.get(target.chain);
        if (known === undefined) callers.set(target.chain, [chain.name]);
        else if (known.at(-1) !== chain.name) known.push(chain.name);
      }
    }
    return callers;
  }
}
