/**
 * From every generated line back to the source that caused it: a `knet.map.json` for each node, and one at the top for what is no
 * node's. The one at the top also has the table of origins that all of them refer to. The shape is described in docs/artifacts.md.
 */
import type { Origin, Span } from "@knet/language";
import type { PrintedBlock, PrintedLine } from "../dataplane/printed.ts";

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
 * A declaration: its name as a reader would say it, and, when it stands in a source, the index of that, start line and column, end
 * line and column (exclusive). Lines and columns count from 1.
 */
export type MappedOrigin =
  | readonly [name: string]
  | readonly [name: string, source: number, startLine: number, startColumn: number, endLine: number, endColumn: number];

/** The map of a node. */
export interface NodeMap {
  readonly version: 1;
  /** By whole path, also in the map of a node. */
  readonly files: Readonly<Record<string, MappedFile>>;
}

/** The map at the top. */
export interface SourceMap extends NodeMap {
  readonly sources: readonly string[];
  /** Of the lines of all maps. */
  readonly origins: readonly MappedOrigin[];
}

/**
 * `lines`: pairs of a number of lines that follow each other, and the index of their origin.
 * `sameAs`: line for line like a file that was written earlier, in this map or in that of another node.
 */
export type MappedFile = { readonly lines: readonly number[] } | { readonly sameAs: string };

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

/** Stands in a run for lines without an origin, until it is known what they frame. */
const framing = -1;

/** The origins of all maps of a tree, numbered as they are met. */
export class OriginTable {
  readonly #positionOf: PositionOf;
  readonly #sources = new Map<string, number>();
  /** Each as JSON, with its number. */
  readonly #origins = new Map<string, number>();
  /** The numbers by place and name: many origins are made anew for every line. */
  readonly #known = new Map<Span | null, Map<string, number>>();
  /** Of the blocks of files that have several: the same set stands in files of many nodes. */
  readonly #runs = new WeakMap<PrintedBlock, readonly number[]>();

  constructor(positionOf: PositionOf) {
    this.#positionOf = positionOf;
  }

  /** The members `sources` and `origins` of the map at the top, as JSON with a line per origin. */
  text(): string {
    const origins = [...this.#origins.keys()].map((origin) => `\n    ${origin}`).join(",");
    return `  "sources": ${JSON.stringify([...this.#sources.keys()])},\n  "origins": [${origins === "" ? "" : `${origins}\n  `}],\n`;
  }

  /** Of the lines of a file, which has these blocks one behind the other. Framing goes with what follows it, or else with what was before. */
  linesOf(blocks: readonly PrintedBlock[]): readonly number[] {
    const lines: number[] = [];
    let pending = 0;
    let last = framing;
    for (const block of blocks) {
      const runs = blocks.length === 1 ? this.#makeRuns(block) : this.#runsOf(block);
      for (let at = 0; at < runs.length; at += 2) {
        const origin = runs[at + 1] ?? framing;
        pending += runs[at] ?? 0;
        if (origin === framing) continue;
        if (origin === last) addTo(lines, pending);
        else lines.push(pending, origin);
        last = origin;
        pending = 0;
      }
    }
    if (pending > 0 && last === framing) return [pending, this.#numberOf(unknownOrigin)];
    if (pending > 0) addTo(lines, pending);
    return lines;
  }

  #runsOf(block: PrintedBlock): readonly number[] {
    let runs = this.#runs.get(block);
    if (runs === undefined) {
      runs = this.#makeRuns(block);
      this.#runs.set(block, runs);
    }
    return runs;
  }

  #makeRuns(block: PrintedBlock): readonly number[] {
    const runs: number[] = [];
    let last: Origin | null | undefined;
    let number = framing;
    let count = 0;
    for (const { origin } of block) {
      if (origin !== last) {
        const next = origin === null ? framing : this.#numberOf(origin);
        if (next !== number && count > 0) {
          runs.push(count, number);
          count = 0;
        }
        number = next;
        last = origin;
      }
      count++;
    }
    if (count > 0) runs.push(count, number);
    return runs;
  }

  /** Origins of the same words and place are one. */
  #numberOf(origin: Origin): number {
    let names = this.#known.get(origin.span);
    if (names === undefined) {
      names = new Map();
      this.#known.set(origin.span, names);
    }
    let number = names.get(origin.name);
    if (number === undefined) {
      number = numberIn(this.#origins, JSON.stringify(this.#mapped(origin)));
      names.set(origin.name, number);
    }
    return number;
  }

  #mapped({ name, span }: Origin): MappedOrigin {
    const place = span === null ? null : this.#positionOf(span);
    if (span === null || place === null) return [name];
    const { start, end } = place;
    return [name, numberIn(this.#sources, span.file), start.line + 1, start.column + 1, end.line + 1, end.column + 1];
  }
}

/** Lengthens the last run. */
function addTo(runs: number[], count: number): void {
  const at = runs.length - 2;
  runs[at] = (runs[at] ?? 0) + count;
}

/** The origin of a file that nothing in the program accounts for. */
const unknownOrigin: Origin = { name: "knet", span: null };

/** Collects the files of one map, so that their lines need not be kept. */
export class SourceMapBuilder {
  readonly #origins: OriginTable;
  /** Each file's member of the JSON object. */
  readonly #files: string[] = [];

  constructor(origins: OriginTable) {
    this.#origins = origins;
  }

  /** @param sameAs the path of a file in this or another map that has the very same lines */
  add(file: { readonly path: string; readonly blocks: readonly PrintedBlock[] }, sameAs: string | null = null): void {
    const value = sameAs === null ? `{"lines":[${this.#origins.linesOf(file.blocks).join()}]}` : JSON.stringify({ sameAs });
    this.#files.push(`${JSON.stringify(file.path)}: ${value}`);
  }

  /** JSON of a {@link NodeMap} with one file per line. */
  nodeText(): string {
    return `{\n  "version": 1,\n${this.#filesText()}}\n`;
  }

  /** JSON of a {@link SourceMap} with one origin, or one file, per line. Complete when all other maps have been made. */
  topText(): string {
    return `{\n  "version": 1,\n${this.#origins.text()}${this.#filesText()}}\n`;
  }

  #filesText(): string {
    return `  "files": {${this.#files.length === 0 ? "" : `\n    ${this.#files.join(",\n    ")}\n  `}}\n`;
  }
}

function numberIn(table: Map<string, number>, text: string): number {
  const known = table.get(text);
  if (known !== undefined) return known;
  table.set(text, table.size);
  return table.size - 1;
}

/** Gives the map at a path, or null when there is none: the node may not have been compiled. The map at the top is always there. */
export interface MapReader {
  top(): SourceMap;
  node(path: string): NodeMap | null;
}

/** What line `line` (from 1) of a generated file goes back to; null when no map holds it. */
export function lookUpLine(maps: MapReader, path: string, line: number): MappedLine | null {
  const top = maps.top();
  const mapPath = sourceMapPathOf(path);
  const map = mapPath === sourceMapPath ? top : maps.node(mapPath);
  const file = map !== null && Object.hasOwn(map.files, path) ? map.files[path] : undefined;
  if (file === undefined) return null;
  if ("sameAs" in file) return lookUpLine(maps, file.sameAs, line);
  const number = originAt(file.lines, line);
  const origin = number === null ? undefined : top.origins[number];
  if (origin === undefined) return null;
  const [name, source, startLine = 0, startColumn = 0, endLine = 0, endColumn = 0] = origin;
  return { name, source: source === undefined ? null : (top.sources[source] ?? null), startLine, startColumn, endLine, endColumn };
}

function originAt(lines: readonly number[], line: number): number | null {
  let left = line;
  for (let at = 0; left > 0 && at < lines.length; at += 2) {
    left -= lines[at] ?? 0;
    if (left <= 0) return lines[at + 1] ?? null;
  }
  return null;
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
