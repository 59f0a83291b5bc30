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
  /** `uri`: of the document it stands in, which may be another one. */
  readonly related: readonly { readonly uri: string; readonly range: EditorRange; readonly message: string }[];
}

/** What stands in the document itself; errors in files that it imports stand at its beginning, with their places beside them. */
export function editorDiagnostics(checked: Checked): readonly EditorDiagnostic[] {
  const sources = new Map(checked.sources.map((source) => [source.path, source]));
  const range = (span: Span): EditorRange => {
    const source = sources.get(span.file) ?? checked.source;
    const at = (offset: number): EditorRange["start"] => {
      const { line, column } = positionAt(source, offset);
      return { line, character: column };
    };
    return { start: at(span.start), end: at(span.end) };
  };
  const uri = checked.source.path;
  return checked.diagnostics.flatMap((diagnostic): readonly EditorDiagnostic[] => {
    const here = diagnostic.span.file === uri;
    // Warnings of another file are its own matter.
    if (!here && diagnostic.severity === "warning") return [];
    const places = [...(here ? [] : [{ span: diagnostic.span, text: diagnostic.message }]), ...diagnostic.related];
    return [
      {
        range: here ? range(diagnostic.span) : { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
        severity: diagnostic.severity,
        code: diagnostic.code,
        message: here
          ? messageOf(diagnostic)
          : `in ${diagnostic.span.file.slice(diagnostic.span.file.lastIndexOf("/") + 1)}: ${messageOf(diagnostic)}`,
        related: places.map((label) => ({ uri: label.span.file, range: range(label.span), message: label.text })),
      },
    ];
  });
}

/** The editor shows one text: what is wrong, then what is known beside it and what helps. */
function messageOf(diagnostic: Diagnostic): string {
  return [diagnostic.message, ...diagnostic.notes, ...(diagnostic.help === null ? [] : [`help: ${diagnostic.help}`])].join("\n");
}
