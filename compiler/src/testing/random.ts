/** Repeatable choices: the same seed gives the same choices on every machine. */

export interface Random {
  /** A whole number from 0 up to, and without, `bound`. */
  below(bound: number): number;
  /** True with the probability. */
  chance(probability: number): boolean;
  /** @throws {RangeError} for an empty list */
  pick<T>(list: readonly T[]): T;
  /** The list in another order. */
  shuffled<T>(list: readonly T[]): readonly T[];
}

/** `word` gives 32 random bits as an unsigned number. */
export function randomOf(word: () => number): Random {
  const below = (bound: number): number => Math.floor((word() / 2 ** 32) * bound);
  return {
    below,
    chance: (probability) => word() / 2 ** 32 < probability,
    pick(list) {
      const at = below(list.length);
      if (list.length === 0) throw new RangeError("nothing to pick from");
      return list[at] as (typeof list)[number];
    },
    shuffled(list) {
      const out = [...list];
      for (let i = out.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [out[i], out[j]] = [out[j] as (typeof list)[number], out[i] as (typeof list)[number]];
      }
      return out;
    },
  };
}

/** The mulberry32 generator: 32 bits of state, period 2³². */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return randomOf(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  });
}
