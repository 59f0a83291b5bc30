/** What is wrong with a document, in the editor's terms but without its protocol: zero-based lines and columns. */
import { positionAt } from "@knet/language";
import type { Diagnostic, Span } from "@knet/language";
import type { Checked } from "@knet/compiler";

export interface EditorRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

export interface EditorDiagnostic {
  readonly range: EditorRange;
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly related: readonly { readonly range: EditorRange; readonly message: string }[];
}

export function editorDiagnostics(checked: Checked): readonly EditorDiagnostic[] {
  const range = (span: Span): EditorRange => {
    const at = (offset: number): EditorRange["start"] => {
      const { line, column } = positionAt(checked.source, offset);
      return { line, character: column };
    };
    return { start: at(span.start), end: at(span.end) };
  };
  return checked.diagnostics.map((diagnostic) => ({
    range: range(diagnostic.span),
    severity: diagnostic.severity,
    code: diagnostic.code,
    message: messageOf(diagnostic),
    related: diagnostic.related.map((label) => ({ range: range(label.span), message: label.text })),
  }));
}

/** The editor shows one text: what is wrong, then what is known beside it and what helps. */
function messageOf(diagnostic: Diagnostic): string {
  return [diagnostic.message, ...diagnostic.notes, ...(diagnostic.help === null ? [] : [`help: ${diagnostic.help}`])].join("\n");
}
