/** The words that may begin a member, by the place it stands in: what a misspelt one is compared with. */
import { nearest } from "../diagnostics/suggest.ts";
import { blockKeywords, blockRow, childKeywords } from "./blocks.ts";
import type { StatementKind } from "./types.ts";

/** By kind of sentence: its first words. Statements with `reaches` and `resolves` begin with whoever does. */
const firstWords: Readonly<Record<StatementKind, readonly string[]>> = {
  "port-statement": ["port"],
  applies: ["applies"],
  selects: ["selects"],
  isolates: ["isolates"],
  allow: ["allow"],
  deny: ["deny"],
  pass: ["pass"],
  forward: ["forward"],
  spread: ["spread"],
  reach: [],
  resolve: [],
  connectivity: ["connectivity"],
  failure: ["after", "while"],
};

/** First words of loops, conditions and the other members that are gone once a program is expanded; some stand in files only. */
const directiveWords = ["for", "if", "use", "const"];
const fileDirectiveWords = ["import", "param", "template"];

/** What a word that begins a member may have been meant as. */
export interface MeantWord {
  readonly word: string;
  /** An attribute: its name wants a `=` behind it. */
  readonly attribute: boolean;
}

/** Kinds of blocks and first words of sentences that may begin a member of a block, or of the file for `file`. */
export function memberWords(parent: string): readonly string[] {
  return [...childKeywords(parent), ...(blockRow(parent)?.statements ?? []).flatMap((kind) => firstWords[kind])];
}

/** `apply`, `applied` and `applies` are one word, though their letters are far apart. */
function stem(word: string): string {
  return word.toLowerCase().replace(/(?:y|ies|ied|ying|es|ed|ing|s|e)$/, "");
}

/**
 * The word nearest to `word` among those that may begin a member of `parent`: kinds of blocks, sentences and attributes. Null when none is
 * near. Where nothing is known of the place, all kinds of blocks are compared.
 * @param parent keyword of the block around the member, or `file`
 */
export function meantWord(word: string, parent: string): MeantWord | null {
  const row = blockRow(parent);
  const words = memberWords(parent);
  const attributes = (row?.attributes ?? []).filter((attribute) => !attribute.future).map((attribute) => attribute.name);
  const candidates = words.length === 0 && attributes.length === 0 ? [...blockKeywords] : [...words, ...attributes];
  const directives = parent === "file" ? [...directiveWords, ...fileDirectiveWords] : directiveWords;
  const meant = nearest(word, [...candidates, ...directives]) ?? candidates.find((candidate) => stem(candidate) === stem(word)) ?? null;
  return meant === null
    ? null
    : { word: meant, attribute: !words.includes(meant) && !directives.includes(meant) && attributes.includes(meant) };
}
