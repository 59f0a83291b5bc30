/** Which stretches of a program's text stand for values that were computed: what the tree holds there is not what is written there. */

interface Stretches {
  /** Ends by starts: of stretches with one start the longest. */
  readonly ends: Map<number, number>;
  /** Sorted and merged; null when something was added since. */
  sorted: readonly (readonly [start: number, end: number])[] | null;
}

export class ComputedText {
  readonly #files = new Map<string, Stretches>();

  add(file: string, start: number, end: number): void {
    let known = this.#files.get(file);
    if (known === undefined) {
      known = { ends: new Map(), sorted: null };
      this.#files.set(file, known);
    }
    const before = known.ends.get(start);
    if (before !== undefined && before >= end) return;
    known.ends.set(start, end);
    known.sorted = null;
  }

  /** Whether a stretch shares a character with a computed one, or is empty and lies inside one. */
  overlaps(file: string, start: number, end: number): boolean {
    const known = this.#files.get(file);
    if (known === undefined) return false;
    known.sorted ??= merged(known.ends);
    const { sorted } = known;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.[1] ?? 0) > start) high = middle;
      else low = middle + 1;
    }
    const next = sorted[low];
    return next !== undefined && next[0] < Math.max(end, start + 1) && (end > start || next[0] < start);
  }
}

function merged(ends: ReadonlyMap<number, number>): readonly (readonly [number, number])[] {
  const out: [number, number][] = [];
  for (const [start, end] of [...ends].sort(([x], [y]) => x - y)) {
    const last = out.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}
