/** A source file as text, and where its lines begin. */
import type { Span } from "./span.ts";

export interface SourceFile {
  /** As the host gave it, with `/` separators. */
  readonly path: string;
  readonly text: string;
  /** Offset of the first character of each line; always starts with 0. */
  readonly lineStarts: readonly number[];
}

/** Zero-based line and column; the column counts UTF-16 units, as the Language Server Protocol does by default. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export function sourceFile(path: string, text: string): SourceFile {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return { path, text, lineStarts };
}

/** The position of an offset; offsets outside the text are clamped to it. */
export function positionAt(source: SourceFile, offset: number): Position {
  const at = Math.max(0, Math.min(offset, source.text.length));
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low, column: at - (source.lineStarts[low] ?? 0) };
}

/** The offset of a position; a column behind the end of its line is clamped to that end. */
export function offsetAt(source: SourceFile, position: Position): number {
  const start = source.lineStarts[position.line];
  if (start === undefined) return source.text.length;
  return Math.min(start + position.column, start + lineText(source, position.line).length);
}

/** A line without its line break. */
export function lineText(source: SourceFile, line: number): string {
  const start = source.lineStarts[line];
  if (start === undefined) return "";
  const next = source.lineStarts[line + 1] ?? source.text.length + 1;
  const text = source.text.slice(start, next - 1);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

export function textOf(source: SourceFile, span: Span): string {
  return source.text.slice(span.start, span.end);
}
