/** How loops, conditions, constants and the other directives begin. None of their words is reserved. */
import type { IToken } from "chevrotain";
import type { DirectiveNode } from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";

type DirectiveKind = DirectiveNode["kind"];

/** The first words, among them those that other languages use. */
const kinds: ReadonlyMap<string, DirectiveKind> = new Map<string, DirectiveKind>([
  ["for", "for"],
  ["foreach", "for"],
  ["if", "if"],
  ["const", "const"],
  ["let", "const"],
  ["var", "const"],
  ["param", "param"],
  ["template", "template"],
  ["use", "use"],
  ["import", "import"],
]);

/** Behind a party they make a statement of it. */
const sentence: ReadonlySet<string> = new Set(["reaches", "never", "except"]);

const isWord = (token: IToken): boolean => types.isWord(token.tokenType);

const isEnd = (token: IToken): boolean => {
  const type = token.tokenType;
  return type === types.NewLine || type === types.Comma || type === types.RightBrace || type === types.EOF;
};

/** Whether the word may begin one: asked of every member first. */
export const beginsDirective = (token: IToken): boolean => kinds.has(token.image);

/** Which directive begins with these tokens; null: none, as the word is a name there. `at(0)` is the first of them. */
export function directiveAt(at: (k: number) => IToken): DirectiveKind | null {
  const first = at(0);
  const kind = kinds.get(first.image);
  if (kind === undefined || !isWord(first)) return null;
  const next = at(1);
  const type = next.tokenType;
  if (type === types.Assign || type === types.Colon || isEnd(next) || sentence.has(next.image)) return null;
  switch (kind) {
    case "if":
      return type === types.LeftBrace || type === types.RightBracket || type === types.RightParen ? null : kind;
    case "for":
      return isWord(next) || (type === types.LeftParen && first.image === "for") ? kind : null;
    case "const":
      return isWord(next) || type === types.Text ? (first.image === "const" || at(2).tokenType === types.Assign ? kind : null) : null;
    case "import":
      return type === types.Text ? kind : null;
    default:
      return isWord(next) || type === types.Text || type === types.Dotted ? kind : null;
  }
}

/** Which directive a member is, where nothing else can begin with its word: also one that is not finished. */
export function directiveBegun(at: (k: number) => IToken): DirectiveKind | null {
  const kind = directiveAt(at);
  if (kind !== null) return kind;
  const first = at(0);
  const begun = kinds.get(first.image);
  if (begun === undefined || !isWord(first) || begun !== first.image) return null;
  const next = at(1);
  if (next.tokenType === types.Assign || next.tokenType === types.Colon || sentence.has(next.image)) return null;
  return begun;
}
