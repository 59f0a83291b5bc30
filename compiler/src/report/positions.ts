/** Spans of one source as lines and columns that count from 1. */
import { positionAt } from "@knet/language";
import type { SourceFile, Span } from "@knet/language";

export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Null for spans of other files. */
export function positionsIn(source: SourceFile): (span: Span) => { readonly start: SourcePosition; readonly end: SourcePosition } | null {
  const at = (offset: number): SourcePosition => {
    const { line, column } = positionAt(source, offset);
    return { line: line + 1, column: column + 1 };
  };
  return (span) => (span.file === source.path ? { start: at(span.start), end: at(span.end) } : null);
}
