/**
 * The first free index at or behind a start, wrapping around. Indices 0..size-1 only ever become taken, so runs of
 * taken ones are joined (union-find with path compression) and a search is close to constant time however full the
 * range is. Only taken indices cost memory: the size may be that of an IPv6 range.
 */
export class NextFree {
  readonly #size: bigint;
  /** A taken index and a later one that may be free. */
  readonly #next = new Map<bigint, bigint>();

  constructor(size: bigint) {
    this.#size = size;
  }

  /** Whether every index is taken. */
  get full(): boolean {
    return BigInt(this.#next.size) >= this.#size;
  }

  has(index: bigint): boolean {
    return this.#next.has(index);
  }

  /** Marks the index as taken; false when it was. */
  take(index: bigint): boolean {
    if (this.#next.has(index)) return false;
    this.#next.set(index, index + 1n);
    return true;
  }

  /** The free index reached first when counting up from `start`, or null when all are taken. */
  find(start: bigint): bigint | null {
    if (this.full) return null;
    const found = this.#root(start % this.#size);
    return found < this.#size ? found : this.#root(0n);
  }

  #root(start: bigint): bigint {
    let root = start;
    for (let next = this.#next.get(root); next !== undefined; next = this.#next.get(root)) root = next;
    for (let at = start; at !== root;) {
      const next = this.#next.get(at) ?? root;
      this.#next.set(at, root);
      at = next;
    }
    return root;
  }
}
