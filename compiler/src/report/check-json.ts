/** `knet check --format json`. */
import type { CheckView } from "./check-view.ts";
import { inOrder, rangeOfSpan } from "./diagnostics.ts";
import type { Diagnostic, ReportRange, Severity, Sources } from "./diagnostics.ts";

export interface CheckJsonDiagnostic {
  readonly code: string;
  readonly name: string;
  readonly severity: Severity;
  readonly message: string;
  readonly file: string;
  readonly range: ReportRange;
  readonly label?: string;
  readonly notes?: readonly string[];
  readonly help?: string;
  readonly related: readonly { readonly message: string; readonly file: string; readonly range: ReportRange }[];
  readonly fixes: readonly {
    readonly title: string;
    /** May be applied without asking. */
    readonly safe: boolean;
    readonly edits: readonly { readonly file: string; readonly range: ReportRange; readonly newText: string }[];
  }[];
}

export interface CheckJson {
  readonly version: 1;
  readonly diagnostics: readonly CheckJsonDiagnostic[];
}

/** The document: indented by two blanks, ending in a line break. */
export function checkJson({ diagnostics, sources }: CheckView): string {
  const document: CheckJson = { version: 1, diagnostics: inOrder(diagnostics).map((diagnostic) => diagnosticObject(diagnostic, sources)) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function diagnosticObject(diagnostic: Diagnostic, sources: Sources): CheckJsonDiagnostic {
  const { code, name, severity, message, span, label, notes, help, related, fixes } = diagnostic;
  return {
    code,
    name,
    severity,
    message,
    file: span.file,
    range: rangeOfSpan(span, sources),
    ...(label === null ? {} : { label }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(help === null ? {} : { help }),
    related: related.map((place) => ({ message: place.text, file: place.span.file, range: rangeOfSpan(place.span, sources) })),
    fixes: fixes.map((fix) => ({
      title: fix.title,
      safe: fix.safe,
      edits: fix.edits.map((edit) => ({ file: edit.span.file, range: rangeOfSpan(edit.span, sources), newText: edit.text })),
    })),
  };
}
