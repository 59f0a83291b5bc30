/** From every generated line back to the source that caused it: `knet.map.json`. The shape is described in docs/artifacts.md. */
import type { Origin, Span } from "@knet/language";
import type { PrintedLine } from "../dataplane/printed.ts";

export const sourceMapPath = "knet.map.json";

/** Zero-based, columns in UTF-16 units, as the language's `positionAt` gives them. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Where a span stands in its file; null when the file is not at hand. */
export type PositionOf = (span: Span) => { readonly start: SourcePosition; readonly end: SourcePosition } | null;

/**
 * First and last generated line, index of the source, start line and column, end line and column (exclusive), index of
 * the name. Lines and columns count from 1. What stands in no source has the source index -1 and zeros.
 */
export type MapEntry = readonly [
  firstLine: number,
  lastLine: number,
  source: number,
  startLine: number,
  startColumn: number,
  endLine: number,
  endColumn: number,
  name: number,
];

export interface SourceMap {
  readonly version: 1;
  readonly sources: readonly string[];
  /** Names of declarations, as a reader would say them. */
  readonly names: readonly string[];
  readonly files: Readonly<Record<string, { readonly lines: readonly MapEntry[] }>>;
}

/** What a generated line goes back to. */
export interface MappedLine {
  readonly name: string;
  readonly source: string | null;
  /** From 1; 0 without a source. */
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

type Target = readonly [source: number, startLine: number, startColumn: number, endLine: number, endColumn: number, name: number];

/** Collects files one by one, so that their lines need not be kept. */
export class SourceMapBuilder {
  readonly #positionOf: PositionOf;
  readonly #sources = new Map<string, number>();
  readonly #names = new Map<string, number>();
  readonly #targets = new Map<Origin, Target>();
  readonly #files: { readonly path: string; readonly lines: readonly MapEntry[] }[] = [];

  constructor(positionOf: PositionOf) {
    this.#positionOf = positionOf;
  }

  /** Framing lines, such as `COMMIT`, go with the next line that has an origin, or else with the one before. */
  add(file: { readonly path: string; readonly lines: readonly PrintedLine[] }): void {
    const entries: [first: number, last: number, target: Target][] = [];
    const origins = withoutGaps(file.lines);
    for (const [index, origin] of origins.entries()) {
      const target = this.#target(origin);
      const open = entries.at(-1);
      if (open !== undefined && isSameTarget(open[2], target)) open[1] = index + 1;
      else entries.push([index + 1, index + 1, target]);
    }
    this.#files.push({ path: file.path, lines: entries.map(mapEntry) });
  }

  map(): SourceMap {
    return {
      version: 1,
      sources: [...this.#sources.keys()],
      names: [...this.#names.keys()],
      files: Object.fromEntries(this.#files.map(({ path, lines }) => [path, { lines }])),
    };
  }

  /** JSON with one file per line. */
  text(): string {
    const { version, sources, names } = this.map();
    const files = this.#files.map(({ path, lines }) => `    ${JSON.stringify(path)}: ${JSON.stringify({ lines })}`);
    const head = `{\n  "version": ${version},\n  "sources": ${JSON.stringify(sources)},\n  "names": ${JSON.stringify(names)},\n`;
    return `${head}  "files": {${files.length === 0 ? "" : `\n${files.join(",\n")}\n  `}}\n}\n`;
  }

  #target(origin: Origin): Target {
    const known = this.#targets.get(origin);
    if (known !== undefined) return known;
    const place = origin.span === null ? null : this.#positionOf(origin.span);
    const name = indexIn(this.#names, origin.name);
    const target: Target =
      origin.span === null || place === null
        ? [-1, 0, 0, 0, 0, name]
        : [
            indexIn(this.#sources, origin.span.file),
            place.start.line + 1,
            place.start.column + 1,
            place.end.line + 1,
            place.end.column + 1,
            name,
          ];
    this.#targets.set(origin, target);
    return target;
  }
}

/** The origin of a file that nothing in the program accounts for. */
const unknownOrigin: Origin = { name: "knet", span: null };

function withoutGaps(lines: readonly PrintedLine[]): readonly Origin[] {
  const origins: Origin[] = [];
  let next = unknownOrigin;
  for (const line of lines.toReversed()) {
    if (line.origin !== null) next = line.origin;
    origins.push(next);
  }
  origins.reverse();
  let before = origins.find((origin) => origin !== unknownOrigin) ?? unknownOrigin;
  for (const [index, origin] of origins.entries()) {
    if (origin === unknownOrigin) origins[index] = before;
    else before = origin;
  }
  return origins;
}

function mapEntry([first, last, target]: readonly [first: number, last: number, target: Target]): MapEntry {
  return [first, last, ...target];
}

function isSameTarget(x: Target, y: Target): boolean {
  return x === y || x.every((value, index) => value === y[index]);
}

function indexIn(table: Map<string, number>, text: string): number {
  const known = table.get(text);
  if (known !== undefined) return known;
  table.set(text, table.size);
  return table.size - 1;
}

/** What line `line` (from 1) of a generated file goes back to; null when the map does not hold it. */
export function lookUpLine(map: SourceMap, path: string, line: number): MappedLine | null {
  if (!Object.hasOwn(map.files, path)) return null;
  const lines = map.files[path]?.lines ?? [];
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle]?.[0] ?? 0) <= line) low = middle;
    else high = middle - 1;
  }
  const entry = lines[low];
  if (entry === undefined || line < entry[0] || line > entry[1]) return null;
  const [, , source, startLine, startColumn, endLine, endColumn, name] = entry;
  return { name: map.names[name] ?? "", source: map.sources[source] ?? null, startLine, startColumn, endLine, endColumn };
}

/** Where a dataplane record was printed. */
export interface ItemPlace {
  readonly file: string;
  /** From 1: the first line, when several are of the same record. */
  readonly line: number;
}

/** By identity of the printed record, so that the records of a trace can be joined with the files they stand in. */
export function itemIndex(
  files: Iterable<{ readonly path: string; readonly lines: readonly PrintedLine[] }>,
): ReadonlyMap<object, ItemPlace> {
  const places = new Map<object, ItemPlace>();
  for (const file of files) {
    for (const [index, line] of file.lines.entries()) {
      if (line.item !== null && !places.has(line.item)) places.set(line.item, { file: file.path, line: index + 1 });
    }
  }
  return places;
}
