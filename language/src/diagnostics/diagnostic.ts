/** What is said about a program: one mistake, one diagnostic. */
import type { TextEdit } from "../text/edit.ts";
import type { Span } from "../text/span.ts";

export type Severity = "error" | "warning";

/** A place and what it has to do with the mistake. */
export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** A repair. `safe`: it keeps or plainly restores the meaning and may be applied without asking. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  readonly safe: boolean;
}

export interface Diagnostic {
  /** `KNnnnn`: stable, never reused. */
  readonly code: string;
  /** The code in words: `host-bits-set`. */
  readonly name: string;
  readonly severity: Severity;
  /** One sentence without a full stop. */
  readonly message: string;
  readonly span: Span;
  /** Stands beside the carets; null: the message says it all. */
  readonly label: string | null;
  readonly related: readonly Label[];
  readonly notes: readonly string[];
  readonly help: string | null;
  readonly fixes: readonly Fix[];
}

/** Where a diagnostic stands and what goes with it. */
export interface Place {
  readonly span: Span;
  readonly label?: string;
  readonly related?: readonly Label[];
  readonly notes?: readonly string[];
  readonly help?: string;
  readonly fixes?: readonly Fix[];
}

/** A fix that replaces one span. */
export function replace(span: Span, text: string, title: string, safe = true): Fix {
  return { title, edits: [{ span, text }], safe };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}

/** By place, then by code: the order in which a reader meets them. */
export function compareDiagnostics(x: Diagnostic, y: Diagnostic): number {
  if (x.span.file !== y.span.file) return x.span.file < y.span.file ? -1 : 1;
  return x.span.start - y.span.start || x.span.end - y.span.end || (x.code < y.code ? -1 : x.code > y.code ? 1 : 0);
}
