/**
 * From every generated line back to the source that caused it: a `knet.map.json` for each node, and one for what is no node's.
 * The shape is described in docs/artifacts.md.
 */
import type { Origin, Span } from "@knet/language";
import type { PrintedLine } from "../dataplane/printed.ts";

export const sourceMapPath = "knet.map.json";

/** The map that holds the lines of a generated file: that of its node, or the one at the top. */
export function sourceMapPathOf(path: string): string {
  const folder = /^nodes\/[^/]+\//.exec(path)?.[0] ?? "";
  return `${folder}${sourceMapPath}`;
}

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
  /** By whole path, also in the map of a node. */
  readonly files: Readonly<Record<string, MappedFile>>;
}

/** `sameAs`: line for line like a file that was written earlier, in this map or in that of another node. */
export type MappedFile = { readonly lines: readonly MapEntry[] } | { readonly sameAs: string };

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

type Place = readonly [file: string, startLine: number, startColumn: number, endLine: number, endColumn: number];

/** Where declarations stand, looked up once for all maps. Lines and columns count from 1. */
export class PlaceTable {
  readonly #positionOf: PositionOf;
  readonly #places = new WeakMap<Span, Place>();

  constructor(positionOf: PositionOf) {
    this.#positionOf = positionOf;
  }

  /** Null when the file is not at hand. */
  of(span: Span): Place | null {
    const known = this.#places.get(span);
    if (known !== undefined) return known;
    const found = this.#positionOf(span);
    if (found === null) return null;
    const { start, end } = found;
    const place: Place = [span.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1];
    this.#places.set(span, place);
    return place;
  }
}

/** Collects files one by one, so that their lines need not be kept: a file with a cause per line has a map as long as itself. */
export class SourceMapBuilder {
  readonly #places: PlaceTable;
  readonly #sources = new Map<string, number>();
  readonly #names = new Map<string, number>();
  /** The end of the entries of an origin, as JSON: everything behind the lines. */
  readonly #ends = new Map<Origin, string>();
  /** Each file's member of the JSON object. */
  readonly #files: string[] = [];

  constructor(places: PlaceTable) {
    this.#places = places;
  }

  /**
   * Framing lines, such as `COMMIT`, go with the next line that has an origin, or else with the one before.
   * @param sameAs the path of a file in this or another map that has the very same lines
   */
  add(file: { readonly path: string; readonly lines: readonly PrintedLine[] }, sameAs: string | null = null): void {
    const value = sameAs === null ? `{"lines":[${this.#runs(file.lines)}]}` : JSON.stringify({ sameAs });
    this.#files.push(`${JSON.stringify(file.path)}: ${value}`);
  }

  /** JSON of a {@link SourceMap} with one file per line. */
  text(): string {
    const [sources, names] = [JSON.stringify([...this.#sources.keys()]), JSON.stringify([...this.#names.keys()])];
    const head = `{\n  "version": 1,\n  "sources": ${sources},\n  "names": ${names},\n`;
    return `${head}  "files": {${this.#files.length === 0 ? "" : `\n    ${this.#files.join(",\n    ")}\n  `}}\n}\n`;
  }

  /** The entries of a file as JSON: a run for each stretch of lines that one declaration accounts for. */
  #runs(lines: readonly PrintedLine[]): string {
    const runs: string[] = [];
    const origins = withoutGaps(lines);
    let first = 0;
    let end = "";
    for (const [index, origin] of origins.entries()) {
      if (index > 0 && origin === origins[index - 1]) continue;
      const next = this.#end(origin);
      if (index > 0 && next !== end) {
        runs.push(`[${first + 1},${index},${end}]`);
        first = index;
      }
      end = next;
    }
    if (origins.length > 0) runs.push(`[${first + 1},${origins.length},${end}]`);
    return runs.join(",");
  }

  #end(origin: Origin): string {
    const known = this.#ends.get(origin);
    if (known !== undefined) return known;
    const place = origin.span === null ? null : this.#places.of(origin.span);
    const name = indexIn(this.#names, origin.name);
    const end = place === null ? `-1,0,0,0,0,${name}` : `${indexIn(this.#sources, place[0])},${place.slice(1).join(",")},${name}`;
    this.#ends.set(origin, end);
    return end;
  }
}

/** The origin of a file that nothing in the program accounts for. */
const unknownOrigin: Origin = { name: "knet", span: null };

function withoutGaps(lines: readonly PrintedLine[]): readonly Origin[] {
  const origins = Array.from(lines, (line) => line.origin);
  let next: Origin | null = null;
  for (let index = origins.length - 1; index >= 0; index--) {
    next = origins[index] ?? next;
    origins[index] = next;
  }
  // Only framing is left behind the last line that has one.
  const last = origins.findLast((origin) => origin !== null) ?? unknownOrigin;
  return origins.map((origin) => origin ?? last);
}

function indexIn(table: Map<string, number>, text: string): number {
  const known = table.get(text);
  if (known !== undefined) return known;
  table.set(text, table.size);
  return table.size - 1;
}

/**
 * What line `line` (from 1) of a generated file goes back to; null when the map does not hold it.
 * @param mapOf reads the map at a path, for files that are the same as another node's; that node may not have been compiled
 */
export function lookUpLine(map: SourceMap, path: string, line: number, mapOf: (mapPath: string) => SourceMap | null = () => null): MappedLine | null {
  if (!Object.hasOwn(map.files, path)) return null;
  const file = map.files[path];
  if (file === undefined) return null;
  if ("sameAs" in file) {
    const other = Object.hasOwn(map.files, file.sameAs) ? map : mapOf(sourceMapPathOf(file.sameAs));
    return other === null ? null : lookUpLine(other, file.sameAs, line, mapOf);
  }
  const { lines } = file;
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
