/** Text to formatted text. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { parse } from "../parser/parse.ts";
import { formatTree } from "./document.ts";
import { defaultFormat } from "./options.ts";
import type { FormatOptions } from "./options.ts";
import { oneOfEachMistake } from "../diagnostics/one-mistake.ts";
import { sourceFile } from "../text/source.ts";
import { unprintable } from "./printable.ts";

export type Formatted =
  | { readonly ok: true; readonly text: string }
  /** What has to be repaired first, at its places in the text as it was given. */
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** The text in the one style, with LF at the ends of its lines. A byte order mark stays. */
export function format(path: string, text: string, options: FormatOptions = defaultFormat): Formatted {
  const marked = text.startsWith("\uFEFF");
  const parsed = parse(path, (marked ? text.slice(1) : text).replaceAll(/\r\n?/g, "\n"));
  const wrong = unprintable(parsed);
  if (wrong.length > 0) return { ok: false, diagnostics: oneOfEachMistake(sourceFile(path, text), parse(path, text).diagnostics) };
  return { ok: true, text: (marked ? "\uFEFF" : "") + formatTree(parsed.tree, options) };
}
