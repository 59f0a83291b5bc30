/** The language's diagnostics as reporters see them: the one place that knows their shape. */
import { compareDiagnostics, lineText, positionAt, renderDiagnostic, sourceFile } from "@knet/language";
import type { Diagnostic, FrameStyle, Severity, SourceFile, Span } from "@knet/language";

export { plainStyle, sourceFile } from "@knet/language";
export type { Diagnostic, FrameStyle, Severity, SourceFile } from "@knet/language";

/** The source of a path, or null when it is not at hand. */
export type Sources = (path: string) => SourceFile | null;

/** 1-based, columns in UTF-16 units; `offset` is 0-based from the start of the file. */
export interface ReportPosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** Half-open. */
export interface ReportRange {
  readonly start: ReportPosition;
  readonly end: ReportPosition;
}

/** Where a span stands. A file that is not at hand is taken as one line. */
export function rangeOfSpan(span: Span, sources: Sources): ReportRange {
  const source = sources(span.file);
  const position = (offset: number): ReportPosition => {
    const at = source === null ? { line: 0, column: offset } : positionAt(source, offset);
    return { line: at.line + 1, column: at.column + 1, offset };
  };
  return { start: position(span.start), end: position(span.end) };
}

/** In the order in which a reader meets them, and each once. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...diagnostics].sort(compareDiagnostics);
}

export function codeFrame(diagnostic: Diagnostic, sources: Sources, style: FrameStyle): string {
  return renderDiagnostic(diagnostic, sources, style);
}

/** A code frame that only shows places, without the heading of a diagnostic. Ends in a line break. */
export function placesFrame(
  span: Span,
  label: string,
  related: readonly { readonly span: Span; readonly text: string }[],
  sources: Sources,
  style: FrameStyle,
): string {
  const bare: Diagnostic = { code: "", name: "", severity: "error", message: "", span, label, related, notes: [], help: null, fixes: [] };
  const rendered = renderDiagnostic(bare, sources, style);
  return rendered.slice(rendered.indexOf("\n") + 1);
}

/** The text of a 1-based line without the blanks around it, as a span; null when the file is not at hand. */
export function spanOfLine(file: string, line: number, sources: Sources): Span | null {
  const source = sources(file);
  const start = source?.lineStarts[line - 1];
  if (source === null || start === undefined) return null;
  const text = lineText(source, line - 1);
  const indent = text.length - text.trimStart().length;
  return { file, start: start + indent, end: start + text.trimEnd().length };
}

/** Sources from texts by path, each split into lines once. */
export function sourcesOf(texts: ReadonlyMap<string, string>): Sources {
  const known = new Map<string, SourceFile>();
  return (path) => {
    const ready = known.get(path);
    if (ready !== undefined) return ready;
    const text = texts.get(path);
    if (text === undefined) return null;
    const source = sourceFile(path, text);
    known.set(path, source);
    return source;
  };
}

export function countBySeverity(diagnostics: readonly Diagnostic[]): Readonly<Record<Severity, number>> {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "error").length;
  return { error: errors, warning: diagnostics.length - errors };
}
