/** Durations and sizes: `1h30m`, `64KiB`. */

const durationUnits: readonly (readonly [unit: string, milliseconds: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** Larger units first; of the two families the binary one, whose multiples are the less likely by chance. */
const sizeUnits: readonly (readonly [unit: string, bytes: number])[] = [
  ["TiB", 2 ** 40],
  ["TB", 1e12],
  ["GiB", 2 ** 30],
  ["GB", 1e9],
  ["MiB", 2 ** 20],
  ["MB", 1e6],
  ["KiB", 2 ** 10],
  ["kB", 1000],
  ["B", 1],
];

/** Milliseconds of `1h30m`: units from large to small, each once; null for any other text and beyond 2^53 - 1. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$/.test(text) || text === "") return null;
  let total = 0;
  for (const [, digits = "", unit = ""] of text.matchAll(/(\d+)(ms|[dhms])/g)) {
    total += Number(digits) * (durationUnits.find(([name]) => name === unit)?.[1] ?? 0);
  }
  return Number.isSafeInteger(total) ? total : null;
}

/** The shortest writing: `90m` is `1h30m`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.abs(milliseconds);
  let out = "";
  for (const [unit, size] of durationUnits) {
    const many = Math.floor(rest / size);
    if (many > 0) out += `${many}${unit}`;
    rest -= many * size;
  }
  return `${milliseconds < 0 ? "-" : ""}${out === "" ? "0s" : out}`;
}

/** Bytes of `64KiB`; null for any other text and beyond 2^53 - 1. */
export function parseSize(text: string): number | null {
  const match = /^(\d+)([kMGT]?B|[KMGT]iB)$/.exec(text);
  const unit = sizeUnits.find(([name]) => name === match?.[2]);
  if (match === null || unit === undefined) return null;
  const bytes = Number(match[1]) * unit[1];
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** In the largest unit of which it is a whole number. */
export function formatSize(bytes: number): string {
  const [unit, size] = sizeUnits.find(([, many]) => bytes !== 0 && bytes % many === 0) ?? ["B", 1];
  return `${bytes / size}${unit}`;
}
