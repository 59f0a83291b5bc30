/**
 * Text to tokens. Chevrotain cuts the text; a second look at each piece tells addresses, ports, paths and keywords apart.
 * Every character ends up in exactly one token or one piece of trivia.
 */
import { createToken, Lexer } from "chevrotain";
import type { IToken, TokenType } from "chevrotain";
import { languageCatalogue } from "../diagnostics/language.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Span } from "../text/span.ts";
import { classifyNumeric } from "./addresses.ts";
import type { Numeric as NumericClass } from "./addresses.ts";
import { statementKeywords } from "./keywords.ts";
import { bareWordPieces, piecesOf } from "./interpolation.ts";
import type { RawPiece, TokenPiece } from "./interpolation.ts";
import type { Token, TokenKind, Trivia } from "./token.ts";
import * as types from "./tokens.ts";

export interface LexResult {
  readonly tokens: readonly Token[];
  readonly trivia: readonly Trivia[];
  /** What the parser reads: the same tokens without unknown characters. */
  readonly input: readonly IToken[];
  /** By start offset of a string with `${…}`: its pieces. */
  readonly interpolations: ReadonlyMap<number, readonly TokenPiece[]>;
  readonly diagnostics: readonly Diagnostic[];
}

const raw = (name: string, pattern: RegExp | string, lines = false): TokenType => createToken({ name, pattern, line_breaks: lines });
const skipped = (name: string, pattern: RegExp | string): TokenType =>
  createToken({ name, pattern, line_breaks: name === "Space", group: Lexer.SKIPPED });

// What is skipped is found again between the tokens by whoever asks for it.
const Space = skipped("Space", /[ \t\r\n]+/);
const ByteOrderMark = skipped("ByteOrderMark", "\uFEFF");
const Comment = skipped("Comment", /\/\/[^\r\n]*/);
const triviaPattern = /(?<space>[ \t\r\n\uFEFF]+)|(?<doc>\/\/\/(?!\/)[^\r\n]*)|\/\/[^\r\n]*/y;
/** Searched for its end only so far: a file full of unclosed ones takes no longer than another. Without an end it is the line. */
const BlockComment = raw("BlockComment", /\/\*(?:[\s\S]{0,9996}?\*\/|[^\r\n]*)/, true);
const HashComment = raw("HashComment", /#[^\r\n]*/);
const ClosedString = raw("ClosedString", /"(?:[^"\\\r\n]|\\[^\r\n])*"/);
/** Up to the end of its line, less the brackets and commas there: they are hardly part of what was to be quoted. */
const OpenString = raw(
  "OpenString",
  /"(?:[^"\\\r\n$]|\\[^\r\n]|\$\{[^{}"\r\n]*\}|\$(?!\{[^{}"\r\n]*\}))*?\\?(?=[ \t]{0,4}[{}\],]{0,4}[ \t]{0,4}(?![^\r\n]))/,
);
const SingleQuoted = raw("SingleQuoted", /'[^'\r\n]*'/);
const Colons = raw("Colons", /(?:[0-9A-Za-z]*:){2,}(?:[0-9A-Za-z:]|\.(?!\.))*(?:%[0-9A-Za-z]+)?(?:\/(?:[0-9A-Za-z]|\.(?!\.))*)?/);
const Numeric = raw("Numeric", /[0-9]\w*(?:-+\w+)*(?:\.\w+)*(?::[0-9]+)?(?:\/\w*(?:\.\w+)*)?/);
/** By far most names. The others have dots, slashes or hyphens in a row. */
const Word = raw("Word", /[A-Za-z_]\w*(?:-\w+)*(?![\w./-])/);
const Named = raw("Named", /[A-Za-z_]\w*(?:-+\w+)*(?:\.\w+(?:-+\w+)*)*(?:\/(?:\*|\w+(?:-+\w+)*(?:\.\w+(?:-+\w+)*)*))*/);
/** A name with `${…}` whose quotes were forgotten. */
const BareText = raw("BareText", /(?:[A-Za-z_][\w-]*)?\$(?:\{[^{}"\r\n]*\}|[A-Za-z_]\w*)(?:[\w-]+|\$\{[^{}"\r\n]*\}|\$[A-Za-z_]\w*)*/);
const punctuation: readonly (readonly [string, TokenType])[] = [
  ["->", types.Arrow],
  ["..", types.DotDot],
  ["==", types.Equal],
  ["!=", types.NotEqual],
  ["<=", types.LessEqual],
  [">=", types.GreaterEqual],
  ["<", types.Less],
  [">", types.Greater],
  ["=", types.Assign],
  ["+", types.Plus],
  ["-", types.Minus],
  [":", types.Colon],
  [",", types.Comma],
  ["*", types.Star],
  ["{", types.LeftBrace],
  ["}", types.RightBrace],
  ["[", types.LeftBracket],
  ["]", types.RightBracket],
  ["(", types.LeftParen],
  [")", types.RightParen],
];
const Punctuation = punctuation.map(([text]) => raw(`Punctuation ${text}`, text));
/** Operators of other languages, each with the one that is meant and what is said. */
const foreignOperators: ReadonlyMap<string, { readonly type: TokenType; readonly text: string; readonly what: string }> = new Map([
  ["&&", { type: types.keyword("and"), text: "and", what: "`&&` is written `and`" }],
  ["||", { type: types.keyword("or"), text: "or", what: "`||` is written `or`" }],
  ["===", { type: types.Equal, text: "==", what: "`===` is written `==`" }],
  ["!==", { type: types.NotEqual, text: "!=", what: "`!==` is written `!=`" }],
  ["!", { type: types.keyword("not"), text: "not ", what: "`!` is written `not`" }],
  ["/", { type: types.Star, text: "", what: "there is no division" }],
  ["%", { type: types.Star, text: "", what: "there is no remainder" }],
]);
const ForeignOperator = raw("ForeignOperator", /&&|\|\||!==|===|!(?=[\w(])|[/%](?=[ \t])/);
/** A dot behind a bracket, with a name behind it. */
const Dot = createToken({ name: "Dot", pattern: /(?<=[)\]])\.(?=[A-Za-z_])/, start_chars_hint: ["."], line_breaks: false });
const Question = raw("Question", /\?(?=[ \t])/);
/**
 * Runs of characters that begin no token. The lexer looks first characters up, those above 255 in blocks of about that size; a negated
 * class tells it nothing about them, so each block is hinted at by some of its codes.
 */
const anyFirst = [
  ...Array.from({ length: 256 }, (_, code) => code),
  ...Array.from({ length: 656 }, (_, step) => Math.min(256 + step * 100, 0xffff)),
];
const UnknownRun = createToken({
  name: "UnknownRun",
  pattern: /(?:[^ \t\r\n\w"'{}[\]()<>,=:!.\-+/*#&|%?$]|\$(?![\w{]))+/,
  line_breaks: false,
  start_chars_hint: anyFirst,
});
const UnknownSign = raw("UnknownSign", /[!./'&|%?$]/);

const lexer = new Lexer(
  [
    Space,
    ByteOrderMark,
    Comment,
    BlockComment,
    HashComment,
    ClosedString,
    OpenString,
    SingleQuoted,
    Colons,
    Numeric,
    Word,
    BareText,
    Named,
    ForeignOperator,
    Dot,
    Question,
    ...Punctuation,
    UnknownRun,
    UnknownSign,
  ],
  { positionTracking: "onlyOffset", ensureOptimizations: true },
);

/** Cuts a text into tokens. Never throws, whatever the text. */
export function tokenize(file: string, text: string): LexResult {
  if (text.includes("\0")) return binary(file, text);
  const cut = lexer.tokenize(text).tokens;
  const input: IToken[] = [];
  const readings: Reading[] = [];
  const diagnostics: Diagnostic[] = [];
  const interpolations = new Map<number, readonly TokenPiece[]>();
  for (const token of cut) {
    const read = classify(token, file, diagnostics);
    readings.push(read);
    if (read.type === null) continue;
    retype(token, read.type);
    input.push(token);
    if (token.tokenType === types.Malformed && token.image.includes("$")) {
      interpolations.set(token.startOffset, tokenPieces(file, bareWordPieces(token.image, token.startOffset), diagnostics));
    } else if (read.type === types.Text && token.image.includes("${")) {
      const pieces = interpolated(file, text, token, diagnostics);
      if (pieces.some((piece) => typeof piece !== "string")) interpolations.set(token.startOffset, pieces);
    }
  }
  return new Lexed(text, cut, readings, input, interpolations, diagnostics);
}

/** Tokens and trivia are made when they are asked for: a compiler whose program has no mistakes never does. */
class Lexed implements LexResult {
  readonly input: readonly IToken[];
  readonly interpolations: LexResult["interpolations"];
  readonly diagnostics: readonly Diagnostic[];
  private readonly text: string;
  private readonly cut: readonly IToken[];
  private readonly readings: readonly Reading[];
  private madeTokens: readonly Token[] | null = null;
  private madeTrivia: readonly Trivia[] | null = null;

  constructor(
    text: string,
    cut: readonly IToken[],
    readings: readonly Reading[],
    input: readonly IToken[],
    interpolations: LexResult["interpolations"],
    diagnostics: readonly Diagnostic[],
  ) {
    this.text = text;
    this.cut = cut;
    this.readings = readings;
    this.input = input;
    this.interpolations = interpolations;
    this.diagnostics = diagnostics;
  }

  get tokens(): readonly Token[] {
    this.madeTokens ??= this.cut.map(({ image, startOffset }, i): Token => ({
      kind: this.readings[i]?.kind ?? "unknown",
      text: image,
      start: startOffset,
      end: startOffset + image.length,
    }));
    return this.madeTokens;
  }

  get trivia(): readonly Trivia[] {
    this.madeTrivia ??= this.between();
    return this.madeTrivia;
  }

  private between(): readonly Trivia[] {
    const out: Trivia[] = [];
    let at = 0;
    for (const { image, startOffset } of this.cut) {
      triviaIn(this.text, at, startOffset, out);
      at = startOffset + image.length;
    }
    triviaIn(this.text, at, this.text.length, out);
    return out;
  }
}

function triviaIn(text: string, from: number, to: number, out: Trivia[]): void {
  for (let start = from; start < to;) {
    triviaPattern.lastIndex = start;
    const match = triviaPattern.exec(text);
    const piece = match?.[0] ?? text.slice(start, to);
    const kind = match?.groups?.["space"] !== undefined ? "space" : match?.groups?.["doc"] !== undefined ? "doc" : "comment";
    out.push({ kind, text: piece, start, end: start + piece.length });
    start += piece.length;
  }
}

function retype(token: IToken, type: TokenType): void {
  token.tokenType = type;
  token.tokenTypeIdx = type.tokenTypeIdx ?? 0;
}

/** The pieces of a string; what stands in `${…}` cut into tokens of its own, which stand where they stand in the file. */
function interpolated(file: string, text: string, token: IToken, diagnostics: Diagnostic[]): readonly TokenPiece[] {
  const { pieces, unclosed } = piecesOf(token.image, token.startOffset);
  if (unclosed !== null && closesLater(text, token.startOffset + token.image.length)) {
    diagnostics.push(languageCatalogue.create("unclosed-interpolation", { nested: true }, { span: { file, start: unclosed, end: unclosed + 2 } }));
  } else if (unclosed !== null) {
    const closed = token.startOffset + token.image.length - (token.image.length > 1 && token.image.endsWith('"') ? 1 : 0);
    const at = { file, start: closed, end: closed };
    diagnostics.push(
      languageCatalogue.create(
        "unclosed-interpolation",
        { nested: false },
        {
          span: { file, start: unclosed, end: unclosed + 2 },
          help: "inside `${…}` stand no quotes, braces or line breaks; a dollar sign in front of a brace is written `\\$`",
          fixes: [replace(at, "}", "close it with `}`", false)],
        },
      ),
    );
  }
  return tokenPieces(file, pieces, diagnostics);
}

/** Whether the string that ends here was ended by a quote inside its `${…}`: what seems to be the next string holds the `}`. */
function closesLater(text: string, end: number): boolean {
  return /^[^"\r\n]*(?:"[^"\r\n{]*"[^"\r\n]*)*"[^"\r\n{]*\}/.test(text.slice(end, text.indexOf("\n", end) + 1 || undefined));
}

function tokenPieces(file: string, pieces: readonly RawPiece[], diagnostics: Diagnostic[]): readonly TokenPiece[] {
  return pieces.map((piece): TokenPiece => {
    if (piece.kind === "text") return stringBody(piece.text);
    const tokens: IToken[] = [];
    const brace = piece.text.indexOf("{");
    for (const inner of lexer.tokenize(piece.text).tokens) {
      // A map is cut off at its own brace: what is left of it stands for some text.
      if (brace >= 0 && tokens.length > 0) break;
      inner.startOffset += piece.start;
      const start = inner.startOffset;
      if (brace >= 0) {
        const at = piece.start + brace;
        diagnostics.push(languageCatalogue.create("unclosed-interpolation", { nested: true }, { span: { file, start: at, end: at + 1 } }));
        retype(inner, types.Text);
        tokens.push(inner);
        continue;
      }
      if (inner.tokenType === SingleQuoted) {
        const span = { file, start, end: start + inner.image.length };
        diagnostics.push(
          languageCatalogue.create(
            "foreign-operator",
            { what: "no quotes, braces or line breaks inside `${…}`: name the value with `const`" },
            { span },
          ),
        );
        retype(inner, types.Text);
        tokens.push(inner);
        continue;
      }
      const { type } = classify(inner, file, diagnostics);
      if (type === null) continue;
      retype(inner, type);
      tokens.push(inner);
    }
    return { start: piece.start, end: piece.start + piece.text.length, tokens };
  });
}

function binary(file: string, text: string): LexResult {
  const at = text.indexOf("\0");
  return {
    tokens: [{ kind: "unknown", text, start: 0, end: text.length }],
    trivia: [],
    input: [],
    interpolations: new Map(),
    diagnostics: [languageCatalogue.create("not-text", {}, { span: { file, start: at, end: at + 1 } })],
  };
}

/** What a token is. Every token asks, so answers are made once. */
interface Reading {
  readonly kind: TokenKind;
  /** Null: the parser does not see it. */
  readonly type: TokenType | null;
}

const reading = (kind: TokenKind, type: TokenType | null): Reading => ({ kind, type });
const words: ReadonlyMap<string, Reading> = new Map(statementKeywords.map((word) => [word, reading("word", types.keyword(word))]));
const identifier = reading("word", types.Identifier);
const path = reading("path", types.Path);
const dotted = reading("dotted", types.Dotted);
const string = reading("string", types.Text);
const malformed = reading("malformed", types.Malformed);
const unknown = reading("unknown", null);
const signs: ReadonlyMap<string, Reading> = new Map(
  [...punctuation, [".", types.Dot] as const, ["?", types.Question] as const].map(([text, type]) => [text, reading("punctuation", type)]),
);
const numerics: Readonly<Record<Exclude<NumericClass["kind"], "malformed">, Reading>> = {
  number: reading("number", types.Integer),
  port: reading("port", types.Port),
  address: reading("address", types.Address),
  cidr: reading("cidr", types.AddressRange),
  mac: reading("mac", types.Mac),
  duration: reading("duration", types.Duration),
  size: reading("size", types.Size),
};

function classify(token: IToken, file: string, diagnostics: Diagnostic[]): Reading {
  const text = token.image;
  switch (token.tokenType) {
    case Word:
      return words.get(text) ?? identifier;
    case Named:
      return classifyName(text);
    case ClosedString:
      if (text.includes("\\")) checkEscapes(text, spanOf(file, token), diagnostics);
      return string;
    case Numeric:
    case Colons: {
      const numeric = classifyNumeric(text);
      if (numeric.kind !== "malformed") return numerics[numeric.kind];
      const span = spanOf(file, token);
      diagnostics.push(
        languageCatalogue.create(
          numeric.of === "address" ? "malformed-address" : "malformed-number",
          { text, reason: numeric.reason },
          {
            span,
            ...(numeric.help === null ? {} : { help: numeric.help }),
            ...(numeric.replacement === null
              ? {}
              : { fixes: [replace(span, numeric.replacement, `write \`${numeric.replacement}\``, false)] }),
          },
        ),
      );
      return malformed;
    }
    case OpenString: {
      const span = spanOf(file, token);
      diagnostics.push(
        languageCatalogue.create(
          "unclosed-string",
          {},
          { span, fixes: [replace({ ...span, start: span.end }, '"', "close the string", false)] },
        ),
      );
      return string;
    }
    case SingleQuoted: {
      const span = spanOf(file, token);
      const fixed = `"${text.slice(1, -1).replace(/(["\\])/g, "\\$1")}"`;
      diagnostics.push(languageCatalogue.create("single-quotes", {}, { span, fixes: [replace(span, fixed, `write ${fixed}`)] }));
      return string;
    }
    case HashComment:
    case BlockComment: {
      const span = spanOf(file, token);
      diagnostics.push(languageCatalogue.create("foreign-comment", {}, { span, fixes: commentFix(text, span) }));
      return unknown;
    }
    case BareText: {
      const span = spanOf(file, token);
      const whole = /^\$\{?\s*([A-Za-z_][\w-]*)\s*\}?$/.exec(text)?.[1];
      const fixed = whole ?? `"${text.replace(/\$([A-Za-z_]\w*)/g, "${$1}")}"`;
      diagnostics.push(
        languageCatalogue.create("unquoted-interpolation", {}, { span, fixes: [replace(span, fixed, `write \`${fixed}\``)] }),
      );
      return malformed;
    }
    case ForeignOperator: {
      const foreign = foreignOperators.get(text);
      if (foreign === undefined) return unknown;
      const span = spanOf(file, token);
      const written = foreign.text.trim();
      const fixes = written === "" ? [] : [replace(span, foreign.text, `write \`${written}\``)];
      diagnostics.push(languageCatalogue.create("foreign-operator", { what: foreign.what }, { span, fixes }));
      return reading("punctuation", foreign.type);
    }
    case UnknownRun:
    case UnknownSign:
      diagnostics.push(languageCatalogue.create("unexpected-character", { text: describe(text) }, { span: spanOf(file, token) }));
      return unknown;
    default:
      return signs.get(text) ?? unknown;
  }
}

function spanOf(file: string, token: IToken): Span {
  return { file, start: token.startOffset, end: token.startOffset + token.image.length };
}

function classifyName(text: string): Reading {
  const slash = text.indexOf("/");
  if (slash < 0) return text.includes(".") ? dotted : (words.get(text) ?? identifier);
  return text.includes("/", slash + 1) || text.lastIndexOf(".", slash) >= 0 ? dotted : path;
}

function commentFix(text: string, span: Span): readonly ReturnType<typeof replace>[] {
  if (text.includes("\n")) return [];
  const body = text.startsWith("#") ? text.slice(1) : text.slice(2).replace(/\*\/$/, "");
  if (!text.startsWith("#") && text.endsWith("*/")) return [];
  return [replace(span, `//${body}`, "begin the comment with `//`")];
}

function describe(text: string): string {
  const first = text.codePointAt(0) ?? 0;
  const shown = text.length > 12 ? `${Array.from(text).slice(0, 12).join("")}…` : text;
  if (first > 32 && first !== 127 && !(first >= 128 && first <= 160) && first !== 0x200b && first !== 0xfeff) return `\`${shown}\``;
  return `the character U+${first.toString(16).toUpperCase().padStart(4, "0")}`;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", '"': '"', "\\": "\\", $: "$" };

function checkEscapes(text: string, span: Span, diagnostics: Diagnostic[]): void {
  if (!text.includes("\\")) return;
  for (const match of text.matchAll(/\\(u\{[0-9a-fA-F]{1,6}\}|[\s\S])/gu)) {
    const escape = match[1] ?? "";
    const known = escape.length === 1 ? escape in escapes : Number.parseInt(escape.slice(2, -1), 16) <= 0x10ffff;
    if (known) continue;
    const start = span.start + match.index;
    diagnostics.push(
      languageCatalogue.create(
        "unknown-escape",
        { escape: match[0] },
        { span: { file: span.file, start, end: start + match[0].length }, help: 'escapes are \\", \\\\, \\$, \\n, \\t and \\u{…}' },
      ),
    );
  }
}

/** The value of a string token: quotes off, escapes read. Unknown escapes stand for themselves. */
export function stringValue(text: string): string {
  return stringBody(text.slice(1, text.length > 1 && text.endsWith(text.charAt(0)) ? -1 : undefined));
}

/** The same of a piece of a string. */
function stringBody(body: string): string {
  if (!body.includes("\\")) return body;
  return body.replace(/\\(u\{[0-9a-fA-F]{1,6}\}|[\s\S])/gu, (whole: string, escape: string) => {
    if (escape.length === 1) return escapes[escape] ?? whole;
    const code = Number.parseInt(escape.slice(2, -1), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** A string token that has the value. */
export function quote(value: string): string {
  let out = "";
  let dollar = false;
  for (const character of value) {
    // Only in front of a brace has a dollar sign a meaning.
    if (dollar && character === "{") out = `${out.slice(0, -1)}\\$`;
    dollar = character === "$";
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === "\\") out += `\\${character}`;
    else if (character === "\n") out += "\\n";
    else if (character === "\t") out += "\\t";
    else out += code < 32 ? `\\u{${code.toString(16)}}` : character;
  }
  return `"${out}"`;
}
