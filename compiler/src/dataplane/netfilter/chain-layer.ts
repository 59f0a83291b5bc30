/** Chains of a table over those of another, which many hosts share and nobody changes. */
import type { Chain } from "./types.ts";

/** In the order in which the chains were made: those below first. */
export class ChainLayer implements ReadonlyMap<string, Chain> {
  readonly #base: ReadonlyMap<string, Chain>;
  readonly #own: ReadonlyMap<string, Chain>;
  /** Names below that were deleted; one made again stands among the own. */
  readonly #gone: ReadonlySet<string>;

  constructor(base: ReadonlyMap<string, Chain>, own: ReadonlyMap<string, Chain>, gone: ReadonlySet<string>) {
    this.#base = base;
    this.#own = own;
    this.#gone = gone;
  }

  get size(): number {
    let size = this.#base.size - this.#gone.size;
    for (const name of this.#own.keys()) if (this.#isNew(name)) size++;
    return size;
  }

  #isNew(name: string): boolean {
    return this.#gone.has(name) || !this.#base.has(name);
  }

  get(name: string): Chain | undefined {
    return this.#own.get(name) ?? (this.#gone.has(name) ? undefined : this.#base.get(name));
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  forEach(visit: (chain: Chain, name: string, map: ReadonlyMap<string, Chain>) => void): void {
    for (const [name, chain] of this.entries()) visit(chain, name, this);
  }

  *entries(): Generator<[string, Chain], undefined, unknown> {
    for (const [name, chain] of this.#base) if (!this.#gone.has(name)) yield [name, this.#own.get(name) ?? chain];
    for (const [name, chain] of this.#own) if (this.#isNew(name)) yield [name, chain];
  }

  *keys(): Generator<string, undefined, unknown> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<Chain, undefined, unknown> {
    for (const [, chain] of this.entries()) yield chain;
  }

  [Symbol.iterator](): Generator<[string, Chain], undefined, unknown> {
    return this.entries();
  }
}
