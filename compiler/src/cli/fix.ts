/** Safe fixes, applied until none is left. */
import { applyEdits } from "@knet/language";
import type { CheckOptions, Diagnostic, TextEdit } from "@knet/language";
import { checkSource } from "../compilation/compilation.ts";

/** Fixes may uncover others; a program that needs more rounds than this is left as far as it came. */
const rounds = 10;

export interface Fixed {
  readonly text: string;
  readonly applied: number;
}

/** Only fixes that keep or plainly restore the meaning, and of this file alone; of two that touch the same text the first wins. */
export function fixText(file: string, text: string, options: CheckOptions = {}): Fixed {
  let current = text;
  let applied = 0;
  for (let round = 0; round < rounds; round++) {
    const chosen = chooseEdits(file, checkSource(file, current, null, options).diagnostics);
    if (chosen.edits.length === 0) break;
    current = applyEdits(current, chosen.edits);
    applied += chosen.fixes;
  }
  return { text: current, applied };
}

function chooseEdits(file: string, diagnostics: readonly Diagnostic[]): { readonly edits: readonly TextEdit[]; readonly fixes: number } {
  const edits: TextEdit[] = [];
  let fixes = 0;
  for (const { fixes: offered } of diagnostics) {
    const [fix] = offered;
    if (fix === undefined || !fix.safe || offered.length > 1 || fix.edits.some((edit) => edit.span.file !== file)) continue;
    if (fix.edits.some((edit) => edits.some((other) => edit.span.start <= other.span.end && other.span.start <= edit.span.end))) continue;
    edits.push(...fix.edits);
    fixes++;
  }
  return { edits: edits.toSorted((x, y) => x.span.start - y.span.start), fixes };
}
