/** Text to syntax tree. Parsing never fails: whatever the text, there is a tree and a list of what is wrong with it. */
import type { IRecognitionException, IToken } from "chevrotain";
import type { BlockNode, MemberNode, SyntaxTree } from "../ast/nodes.ts";
import { compareDiagnostics, replace } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { unknownKeyword } from "../schema/keyword.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { nearest } from "../diagnostics/suggest.ts";
import { quote, tokenize } from "../lexer/lexer.ts";
import * as types from "../lexer/tokens.ts";
import { futureKeywords } from "../schema/future.ts";
import { sourceFile } from "../text/source.ts";
import type { Span } from "../text/span.ts";
import { Grammar } from "./grammar.ts";
import type { ParserRemark } from "./state.ts";
import { damagedStretches } from "./damage.ts";
import type { Stretch } from "./damage.ts";
import { layOut } from "./layout.ts";
import { describeToken, expectedWords } from "./messages.ts";

/** More syntax errors than these are counted, not shown. */
export const syntaxErrorLimit = 100;

export interface ParseResult {
  readonly tree: SyntaxTree;
  readonly diagnostics: readonly Diagnostic[];
  /** Whether the shape of the tree is in doubt. A malformed address is an error but leaves the shape alone. */
  readonly damaged: boolean;
  /** Where it is in doubt; empty exactly when it is not. */
  readonly doubt: readonly Stretch[];
}

let grammar: Grammar | null = null;

export function parse(path: string, text: string): ParseResult {
  const lexed = tokenize(path, text);
  const source = sourceFile(path, text);
  const layout = layOut(source, lexed.input);
  grammar ??= new Grammar();
  const root = grammar.parseFile(layout.tokens, text.length);
  const tree: SyntaxTree = { path, text, root, tokens: lexed.tokens, trivia: lexed.trivia };

  const future = futureBlocks(root.members);
  const structural = [...layout.diagnostics];
  const inFuture = (offset: number): boolean => future.some((block) => block.start <= offset && offset <= block.end);
  const balanced = new Set(layout.diagnostics.map((diagnostic) => diagnostic.span.start));
  let lastEnd = -1;
  const found: { readonly at: number; readonly bracket: boolean; readonly make: () => Diagnostic }[] = [];
  for (const error of grammar.errors) {
    const expected = error.message;
    const previous = previousOf(error);
    found.push({
      at: positionOf(error.token, previous, text),
      bracket: isOpening(error.token),
      make: () => unexpected(path, text, expected, error.token, previous),
    });
  }
  for (const remark of grammar.remarks) {
    found.push({
      at: positionOf(remark.token, undefined, text),
      bracket: isOpening(remark.token),
      make: () => remarkDiagnostic(path, text, remark),
    });
  }
  found.sort((x, y) => x.at - y.at);
  for (const { at, bracket, make } of found) {
    // A bracket that the layout pass complained about is wrong for the parser too; once is enough.
    if (inFuture(at) || balanced.has(at)) continue;
    // Brackets around nesting that is too deep are its outer layers.
    if (bracket && layout.deep.some((range) => range.start <= at && at <= range.end)) continue;
    // An error right behind another one is what the first left over.
    if (at === lastEnd) continue;
    lastEnd = at;
    if (structural.length > syntaxErrorLimit * 4) break;
    structural.push(make());
  }
  // A declaration of a kind that is not supported yet may hold signs of its own; that it is not supported says enough.
  const cut = lexed.diagnostics.filter((diagnostic) => !inFuture(diagnostic.span.start));
  const lexical = cut.filter((diagnostic) => !languageCatalogue.isLocal(diagnostic.code));
  const all = [...cut, ...structural].sort(compareDiagnostics);
  const diagnostics = capped(path, text, all, found.length + layout.diagnostics.length + cut.length);
  const tooMany = diagnostics.filter((diagnostic) => diagnostic.name === "too-many-syntax-errors");
  const doubt = damagedStretches(source, tree, [...tooMany, ...structural, ...lexical]);
  return {
    tree,
    diagnostics,
    damaged: doubt.length > 0,
    doubt,
  };
}

/** Some kinds of Chevrotain's errors carry the token before the wrong one. */
function previousOf(error: IRecognitionException): IToken | undefined {
  return "previousToken" in error ? (error.previousToken as IToken) : undefined;
}

function futureBlocks(members: readonly MemberNode[]): BlockNode[] {
  const out: BlockNode[] = [];
  for (const member of members) {
    if (member.kind !== "block") continue;
    if (futureKeywords.has(member.keyword.value)) out.push(member);
    else if (member.body !== null) out.push(...futureBlocks(member.body.members));
  }
  return out;
}

function capped(file: string, text: string, all: readonly Diagnostic[], total: number): readonly Diagnostic[] {
  if (all.length <= syntaxErrorLimit) return all;
  const shown = all.slice(0, syntaxErrorLimit);
  const end = text.length;
  const more = Math.max(total, all.length) - syntaxErrorLimit;
  return [
    ...shown,
    languageCatalogue.create("too-many-syntax-errors", { shown: syntaxErrorLimit, more }, { span: { file, start: end, end } }),
  ];
}

const isOpening = (token: IToken): boolean => token.tokenType === types.LeftBrace || token.tokenType === types.LeftBracket;

const isReal = (token: IToken | undefined): token is IToken =>
  token !== undefined && Number.isFinite(token.startOffset) && token.startOffset >= 0;

function positionOf(token: IToken, previous: IToken | undefined, text: string): number {
  if (token.tokenType !== types.EOF && isReal(token)) return token.startOffset;
  return isReal(previous) ? previous.startOffset + previous.image.length : text.trimEnd().length;
}

/** The place of an unexpected token; of an end of line or file, the last character before it. */
function spanOf(file: string, token: IToken, previous: IToken | undefined, text: string): Span {
  const start = positionOf(token, previous, text);
  if (token.tokenType === types.EOF || token.image === "") return { file, start, end: start };
  return { file, start, end: start + token.image.length };
}

function unexpected(
  file: string,
  text: string,
  expected: string,
  token: IToken,
  previous: IToken | undefined,
  insert: string | null = null,
): Diagnostic {
  const span = spanOf(file, token, previous, text);
  const params = { expected, found: describeToken(token) };
  if (insert !== null) {
    const before: Span = { file, start: span.start, end: span.start };
    const help = `did you mean \`${insert} ${token.image}\`?`;
    return languageCatalogue.create("unexpected-token", params, {
      span,
      help,
      fixes: [replace(before, `${insert} `, `insert \`${insert}\``, false)],
    });
  }
  const isWord = token.tokenType === types.Identifier || token.tokenType.CATEGORIES?.includes(types.Word) === true;
  const meant = isWord ? nearest(token.image, expectedWords(expected)) : null;
  return languageCatalogue.create("unexpected-token", params, {
    span,
    ...(meant === null || meant === token.image
      ? {}
      : { help: `did you mean \`${meant}\`?`, fixes: [replace(span, meant, `write \`${meant}\``, false)] }),
  });
}

function remarkDiagnostic(file: string, text: string, remark: ParserRemark): Diagnostic {
  const { token } = remark;
  const span = spanOf(file, token, undefined, text);
  switch (remark.kind) {
    case "unexpected":
      return unexpected(file, text, remark.expected, token, undefined, remark.insert ?? null);
    case "leading":
      return unknownKeyword(token.image, span, remark.parent);
    case "separator": {
      const at = remark.previous.startOffset + remark.previous.image.length;
      return languageCatalogue.create(
        "missing-separator",
        {},
        { span, fixes: [replace({ file, start: at, end: at }, ",", "insert a comma")] },
      );
    }
    case "colon":
      return languageCatalogue.create("colon-for-equals", {}, { span, fixes: [replace(span, " =", "write `=`")] });
    case "dotted":
      return languageCatalogue.create(
        "unquoted-name",
        { text: token.image },
        { span, fixes: [replace(span, quote(token.image), `write ${quote(token.image)}`)] },
      );
  }
}
