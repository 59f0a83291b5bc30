/** What is said about a word that begins nothing. */
import { meantWord, memberWords } from "./words.ts";
import type { Span } from "../text/span.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { oneOf, withArticle } from "../diagnostics/suggest.ts";

/** Where a member of a block or of the file stands: `in a pod`, `at the top of a file`. */
export function placeName(parent: string): string {
  return parent === "file" ? "at the top of a file" : `in ${withArticle(parent)}`;
}

/**
 * `unknown-keyword`, with the word that was most likely meant there.
 * @param parent keyword of the block around it, or `file`
 */
export function unknownKeyword(word: string, span: Span, parent: string): Diagnostic {
  const meant = meantWord(word, parent);
  if (meant !== null) {
    const help = `did you mean \`${meant.word}${meant.attribute ? " = …" : ""}\`?`;
    const text = `${meant.word}${meant.attribute ? " =" : ""}`;
    return languageCatalogue.create(
      "unknown-keyword",
      { name: word },
      { span, help, fixes: [replace(span, text, `write \`${text}\``, false)] },
    );
  }
  const allowed = memberWords(parent);
  const help = allowed.length === 0 ? {} : { help: `${placeName(parent)} stand ${oneOf(allowed)}` };
  return languageCatalogue.create("unknown-keyword", { name: word }, { span, ...help });
}
