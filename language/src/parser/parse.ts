/** Text to syntax tree. Parsing never fails: whatever the text, there is a tree and a list of what is wrong with it. */
import type { IRecognitionException, IToken } from "chevrotain";
import type { BlockNode, MemberNode, SyntaxTree } from "../ast/nodes.ts";
import { compareDiagnostics, replace } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { unknownKeyword } from "../schema/keyword.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { nearest } from "../diagnostics/suggest.ts";
import type { TokenPiece } from "../lexer/interpolation.ts";
import { quote, tokenize } from "../lexer/lexer.ts";
import type { Token } from "../lexer/token.ts";
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
  const layoutErrors = [...layout.diagnostics];
  const interpolations = new Map<number, readonly TokenPiece[]>();
  for (const [start, pieces] of lexed.interpolations) {
    const laidOut = pieces.map((piece): TokenPiece => {
      if (typeof piece === "string") return piece;
      const inside = layOut(source, piece.tokens);
      layoutErrors.push(...inside.diagnostics);
      return { ...piece, tokens: [...inside.tokens, types.tokenAt(types.RightBrace, piece.end, "}")] };
    });
    interpolations.set(start, laidOut);
  }
  const root = grammar.parseFile(path, layout.tokens, text.length, interpolations);
  const tree: SyntaxTree = {
    path,
    text,
    root,
    get tokens() {
      return lexed.tokens;
    },
    get trivia() {
      return lexed.trivia;
    },
  };

  const faultless = grammar.errors.length + grammar.remarks.length + layoutErrors.length + lexed.diagnostics.length === 0;
  if (faultless) return { tree, diagnostics: [], damaged: false, doubt: [] };

  const future = futureBlocks(root.members);
  const structural = [...layoutErrors];
  const inFuture = (offset: number): boolean => future.some((block) => block.start <= offset && offset <= block.end);
  const balanced = new Set(layoutErrors.map((diagnostic) => diagnostic.span.start));
  // What the lexer read as something else is wrong for the parser too, where nothing of the kind may stand.
  for (const { name, span } of lexed.diagnostics)
    if (name === "foreign-operator" || name === "unquoted-interpolation") balanced.add(span.start);
  for (const { name, span } of lexed.diagnostics) if (name === "unclosed-interpolation") balanced.add(stringEnd(lexed.tokens, span.start));
  let lastEnd = -1;
  const found: { readonly at: number; readonly bracket: boolean; readonly deep: boolean; readonly make: () => Diagnostic }[] = [];
  for (const error of grammar.errors) {
    const expected = error.message;
    const previous = previousOf(error);
    found.push({
      at: positionOf(error.token, previous, text),
      bracket: isOpening(error.token),
      deep: false,
      make: () => unexpected(path, text, expected, error.token, previous, insertion(expected, error.token)),
    });
  }
  for (const remark of grammar.remarks) {
    found.push({
      at: positionOf(remark.token, undefined, text),
      bracket: isOpening(remark.token),
      deep: remark.kind === "deep",
      make: () => remarkDiagnostic(path, text, remark),
    });
  }
  found.sort((x, y) => x.at - y.at);
  // Once is enough: everything around it is as deep.
  let deepSaid = layoutErrors.some((diagnostic) => diagnostic.name === "nesting-too-deep");
  for (const { at, bracket, deep, make } of found) {
    if (deep && deepSaid) continue;
    deepSaid ||= deep;
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
  const diagnostics = capped(path, text, all, found.length + layoutErrors.length + cut.length);
  const tooMany = diagnostics.filter((diagnostic) => diagnostic.name === "too-many-syntax-errors");
  const doubt = damagedStretches(source, tree, [...tooMany, ...structural, ...lexical]);
  return {
    tree,
    diagnostics,
    damaged: doubt.length > 0,
    doubt,
  };
}

/** Where the token ends that holds an offset. */
function stringEnd(tokens: readonly Token[], offset: number): number {
  return tokens.find((token) => token.start <= offset && offset < token.end)?.end ?? -1;
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

const isOpening = (token: IToken): boolean =>
  token.tokenType === types.LeftBrace || token.tokenType === types.LeftBracket || token.tokenType === types.LeftParen;

/** Words that are easily forgotten, by what is said to be expected. */
const forgotten: ReadonlyMap<string, string> = new Map([
  ["`in`", "in"],
  ["`then`", "then"],
  ["`else`", "else"],
]);

/** The word that is to be put in front of the token; null: the token is that word, misspelt, or there is none on this line. */
function insertion(expected: string, token: IToken): string | null {
  const word = forgotten.get(expected);
  if (word === undefined || token.image === "" || !/^[\w"([]/.test(token.image)) return null;
  return nearest(token.image, [word]) === null ? word : null;
}

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
    case "foreign": {
      const end = remark.last === undefined ? span.end : remark.last.startOffset + remark.last.image.length;
      const whole = { ...span, end };
      const { instead } = remark;
      const title = instead === "" ? "leave it out" : `write \`${instead ?? ""}\``;
      const fixes = instead === null ? [] : [replace(whole, instead, title)];
      return languageCatalogue.create("foreign-wording", { what: remark.what }, { span: whole, fixes });
    }
    case "spaces": {
      const before = /\s/.test(text.charAt(span.start - 1)) ? "" : " ";
      const after = /\s/.test(text.charAt(span.end)) ? "" : " ";
      const spaced = `${before}${token.image}${after}`;
      return languageCatalogue.create(
        "operator-spaces",
        { operator: token.image },
        { span, fixes: [replace(span, spaced, "put spaces around it")] },
      );
    }
    case "chained":
      return languageCatalogue.create("chained-operator", { operator: token.image }, { span });
    case "computed-import":
      return languageCatalogue.create("computed-import", {}, { span });
    case "deep":
      return languageCatalogue.create("nesting-too-deep", { what: remark.what, limit: remark.limit }, { span });
    case "dotted":
      return languageCatalogue.create(
        "unquoted-name",
        { text: token.image },
        { span, fixes: [replace(span, quote(token.image), `write ${quote(token.image)}`)] },
      );
  }
}
