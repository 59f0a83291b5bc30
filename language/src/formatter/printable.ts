/** Which damaged files can be formatted all the same. */
import type { SyntaxTree } from "../ast/nodes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { hasErrors } from "../diagnostics/diagnostic.ts";
import { parse } from "../parser/parse.ts";
import type { ParseResult } from "../parser/parse.ts";
import { UnreadText } from "./build.ts";
import { formatTree } from "./document.ts";

/** Words that are wrong in themselves; they stay as they are. */
const wrongWords: ReadonlySet<string> = new Set(["malformed-address", "malformed-number", "unknown-escape", "unquoted-name"]);
/** Punctuation with one meaning, which is put right. */
const wrongSigns: ReadonlySet<string> = new Set(["missing-separator", "colon-for-equals", "single-quotes"]);

/** The syntax errors for which the text must stay as it is; empty when it can be formatted. */
export function unprintable({ tree, diagnostics }: ParseResult): readonly Diagnostic[] {
  const errors = diagnostics.filter((diagnostic) => hasErrors([diagnostic]));
  const harmful = errors.filter(({ name }) => !wrongWords.has(name) && !wrongSigns.has(name));
  if (harmful.length > 0 || errors.length === 0) return harmful;
  return isWhole(tree) ? [] : errors;
}

/** Whether the text can be put right: behind one mistake the parser may leave out or misread what it has no message of its own for. */
function isWhole(tree: SyntaxTree): boolean {
  try {
    const text = formatTree(tree);
    const again = parse(tree.path, text);
    return again.diagnostics.every(({ name }) => wrongWords.has(name)) && formatTree(again.tree) === text;
  } catch (error) {
    if (error instanceof UnreadText) return false;
    throw error;
  }
}
