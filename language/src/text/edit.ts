/** Changes to source text. */
import type { Span } from "./span.ts";

/** Replaces the text of `span` by `text`; an empty span inserts. */
export interface TextEdit {
  readonly span: Span;
  readonly text: string;
}

/**
 * The text with all edits applied. Edits may come in any order; of edits that overlap an earlier one, the later is left out, so that
 * applying the fixes of several diagnostics at once never garbles the file. Edits of other files are ignored when `file` is given.
 */
export function applyEdits(text: string, edits: readonly TextEdit[], file?: string): string {
  const ordered = edits
    .map((edit, order) => ({ edit, order }))
    .filter(({ edit }) => file === undefined || edit.span.file === file)
    .sort((x, y) => x.edit.span.start - y.edit.span.start || x.edit.span.end - y.edit.span.end || x.order - y.order);
  let out = "";
  let at = 0;
  for (const { edit } of ordered) {
    if (edit.span.start < at) continue;
    out += text.slice(at, edit.span.start) + edit.text;
    at = edit.span.end;
  }
  return out + text.slice(at);
}
