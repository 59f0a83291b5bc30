/** Finds what two lists have in common, whatever their order. */
import type { Origin } from "@knet/language";

/** Of one facility: what a record says, and which records are about the same thing. */
export interface Comparison<T> {
  readonly expected: readonly T[];
  readonly found: readonly T[];
  /** Everything that has to be the same. `like` is the expected record that a found one stands beside, or the record itself. */
  readonly words: (item: T, like: T) => string;
  /** Records of one key are about the same thing: they differ instead of one missing and one being too many. */
  readonly key: (item: T) => string;
  /** Whether the kernel makes it unasked. */
  readonly isOfKernel: (item: T) => boolean;
}

export interface Sourced {
  readonly owner: string;
  readonly origin: Origin;
}

export type Unpaired<T> =
  | { readonly kind: "missing"; readonly expected: T; readonly found: null }
  | { readonly kind: "unexpected"; readonly expected: null; readonly found: T }
  | { readonly kind: "different"; readonly expected: T; readonly found: T };

/** In the order of the expected records, then of the found ones. */
export function unpaired<T>({ expected, found, words, key, isOfKernel }: Comparison<T>): readonly Unpaired<T>[] {
  const byKey = new Map<string, T[]>();
  for (const item of found) {
    const candidates = byKey.get(key(item)) ?? [];
    candidates.push(item);
    byKey.set(key(item), candidates);
  }
  const take = (of: T, fits: (item: T) => boolean): T | undefined => {
    const candidates = byKey.get(key(of)) ?? [];
    const index = candidates.findIndex(fits);
    return index < 0 ? undefined : candidates.splice(index, 1)[0];
  };
  // What is the same is paired first, so that one of several records of a key is not called different for another's sake.
  const rest = expected.filter((item) => take(item, (other) => words(other, item) === words(item, item)) === undefined);
  const out = rest.map((item): Unpaired<T> => {
    const other = take(item, (candidate) => !isOfKernel(candidate));
    return other === undefined ? { kind: "missing", expected: item, found: null } : { kind: "different", expected: item, found: other };
  });
  const left = new Set([...byKey.values()].flat());
  return [
    ...out,
    ...found
      .filter((item) => left.has(item) && !isOfKernel(item))
      .map((item): Unpaired<T> => ({ kind: "unexpected", expected: null, found: item })),
  ];
}
