/** Names to indices of a range: pinned ones first, then what a lock holds, then a hash of the name with linear probing. */
import { compareText } from "@knet/language/values";
import { hash64 } from "./hash.ts";
import { NextFree } from "./next-free.ts";

export interface Claim {
  /** Unique. */
  readonly key: string;
  /** Hashed to find the place where probing starts; often the key. */
  readonly seed: string;
  /** Asked for in the source. */
  readonly pinned: bigint | null;
  /** What the lock has; it yields to a pinned claim of another name. */
  readonly held: bigint | null;
}

/** Inclusive. Bands do not overlap. */
export interface Band {
  readonly first: bigint;
  readonly last: bigint;
}

export interface Probed {
  readonly indices: ReadonlyMap<string, bigint>;
  /** Pinned claims for an index that another name (or null: a reserved index) has. */
  readonly conflicts: readonly { readonly key: string; readonly index: bigint; readonly holder: string | null }[];
  /** Claims that found no free index. */
  readonly unplaced: readonly string[];
}

/**
 * The order of `claims` does not matter: they are taken in the order of their keys. Bands are tried in order; in
 * each, probing starts at the hash of the seed and wraps at the band's end. Indices outside every band are never
 * chosen but may be pinned.
 */
export function probe(claims: readonly Claim[], bands: readonly Band[], reserved: readonly bigint[] = []): Probed {
  const sorted = claims.toSorted((x, y) => compareText(x.key, y.key));
  const frees = bands.map((band) => ({ band, free: new NextFree(band.last - band.first + 1n) }));
  const holders = new Map<bigint, string | null>();
  const indices = new Map<string, bigint>();
  const take = (index: bigint, holder: string | null): void => {
    holders.set(index, holder);
    if (holder !== null) indices.set(holder, index);
    for (const { band, free } of frees) if (index >= band.first && index <= band.last) free.take(index - band.first);
  };
  const within = (index: bigint): boolean => bands.some((band) => index >= band.first && index <= band.last);

  for (const index of reserved) take(index, null);
  const conflicts: { key: string; index: bigint; holder: string | null }[] = [];
  for (const { key, pinned } of sorted) {
    if (pinned === null) continue;
    const holder = holders.get(pinned);
    if (holder === undefined) take(pinned, key);
    else conflicts.push({ key, index: pinned, holder });
  }
  for (const { key, pinned, held } of sorted) {
    if (pinned === null && held !== null && within(held) && !holders.has(held)) take(held, key);
  }
  const unplaced: string[] = [];
  for (const { key, seed, pinned } of sorted) {
    if (pinned !== null || indices.has(key)) continue;
    const hash = hash64(seed);
    let placed = false;
    for (const { band, free } of frees) {
      const found = free.find(hash % (band.last - band.first + 1n));
      if (found === null) continue;
      take(band.first + found, key);
      placed = true;
      break;
    }
    if (!placed) unplaced.push(key);
  }
  return { indices, conflicts, unplaced };
}
