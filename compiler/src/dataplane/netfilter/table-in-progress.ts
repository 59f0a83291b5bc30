/** One table while payloads are loaded into it. */
import { ChainLayer } from "./chain-layer.ts";
import { builtInChains } from "./tables.ts";
import type { Chain, Rule, TableName } from "./types.ts";

export interface ChainInProgress {
  readonly name: string;
  policy: "ACCEPT" | "DROP" | null;
  rules: Rule[];
}

const nothing: ReadonlyMap<string, Chain> = new Map();

/** Starts with finished chains, which it copies before it changes them. */
export class TableInProgress {
  readonly #base: ReadonlyMap<string, Chain>;
  readonly #own = new Map<string, ChainInProgress>();
  readonly #gone = new Set<string>();

  constructor(base: ReadonlyMap<string, Chain> = nothing) {
    this.#base = base;
  }

  get(name: string): Chain | undefined {
    return this.#own.get(name) ?? (this.#gone.has(name) ? undefined : this.#base.get(name));
  }

  /** The chain to be changed; undefined when there is none. */
  edit(name: string): ChainInProgress | undefined {
    const own = this.#own.get(name);
    if (own !== undefined) return own;
    const below = this.#gone.has(name) ? undefined : this.#base.get(name);
    if (below === undefined) return undefined;
    const copy = { name, policy: below.policy, rules: [...below.rules] };
    this.#own.set(name, copy);
    return copy;
  }

  create(name: string, policy: Chain["policy"]): void {
    this.#own.set(name, { name, policy, rules: [] });
  }

  delete(name: string): void {
    this.#own.delete(name);
    if (this.#base.has(name)) this.#gone.add(name);
  }

  /** Whether a rule leads to the chain. */
  isTarget(name: string): boolean {
    for (const chain of this.finish().values()) {
      for (const { target } of chain.rules) if ((target?.kind === "jump" || target?.kind === "goto") && target.chain === name) return true;
    }
    return false;
  }

  /** Names of the chains that are not, or no longer, those it started with. */
  touched(): ReadonlySet<string> {
    return new Set([...this.#own.keys(), ...this.#gone]);
  }

  finish(): ReadonlyMap<string, Chain> {
    return this.#base.size === 0 ? this.#own : new ChainLayer(this.#base, this.#own, this.#gone);
  }
}

/** A table of a fresh kernel: its built-in chains, empty and accepting. */
export function emptyTable(name: TableName): TableInProgress {
  const table = new TableInProgress();
  for (const chain of builtInChains(name)) table.create(chain, "ACCEPT");
  return table;
}
