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
import type { Token, TokenKind, Trivia } from "./token.ts";
import * as types from "./tokens.ts";

export interface LexResult {
  readonly tokens: readonly Token[];
  readonly trivia: readonly Trivia[];
  /** What the parser reads: the same tokens without unknown characters; `payload` is the index in `tokens`. */
  readonly input: readonly IToken[];
  readonly diagnostics: readonly Diagnostic[];
}

/** How far a C-style comment is searched for its end; keeps a file full of unclosed ones linear. */
const commentReach = 10_000;

const raw = (name: string, pattern: RegExp | string, group?: string): TokenType =>
  createToken({ name, pattern, line_breaks: group === "trivia", ...(group === undefined ? {} : { group }) });

const Space = raw("Space", /[ \t\r\n]+|\uFEFF/, "trivia");
const Doc = raw("Doc", /\/\/\/(?!\/)[^\r\n]*/, "trivia");
const Comment = raw("Comment", /\/\/[^\r\n]*/, "trivia");
const BlockComment = createToken({
  name: "BlockComment",
  pattern: (text: string, offset: number): [string] | null => {
    if (text.charCodeAt(offset) !== 47 || text.charCodeAt(offset + 1) !== 42) return null;
    const within = text.slice(offset, offset + commentReach);
    const close = within.indexOf("*/", 2);
    return [close >= 0 ? within.slice(0, close + 2) : (/^[^\r\n]*/.exec(within)?.[0] ?? "/*")];
  },
  start_chars_hint: ["/"],
  line_breaks: true,
});
const HashComment = raw("HashComment", /#[^\r\n]*/);
const ClosedString = raw("ClosedString", /"(?:[^"\\\r\n]|\\[^\r\n])*"/);
/** Up to the end of its line, less the brackets and commas there: they are hardly part of what was to be quoted. */
const OpenString = raw("OpenString", /"(?:[^"\\\r\n]|\\[^\r\n])*?\\?(?=[ \t]{0,4}[{}\],]{0,4}[ \t]{0,4}(?![^\r\n]))/);
const SingleQuoted = raw("SingleQuoted", /'[^'\r\n]*'/);
const Colons = raw("Colons", /(?:[0-9A-Za-z]*:){2,}[0-9A-Za-z.:]*(?:%[0-9A-Za-z]+)?(?:\/[0-9A-Za-z.]*)?/);
const Numeric = raw("Numeric", /-?[0-9]\w*(?:-+\w+)*(?:\.\w+)*(?::[0-9]+)?(?:\/\w*(?:\.\w+)*)?/);
const Named = raw("Named", /[A-Za-z_]\w*(?:-+\w+)*(?:\.\w+(?:-+\w+)*)*(?:\/(?:\*|\w+(?:-+\w+)*(?:\.\w+(?:-+\w+)*)*))*/);
const punctuation: readonly (readonly [string, TokenType])[] = [
  ["->", types.Arrow],
  ["..", types.DotDot],
  ["==", types.Equal],
  ["!=", types.NotEqual],
  ["=", types.Assign],
  [":", types.Colon],
  [",", types.Comma],
  ["*", types.Star],
  ["{", types.LeftBrace],
  ["}", types.RightBrace],
  ["[", types.LeftBracket],
  ["]", types.RightBracket],
];
const Punctuation = punctuation.map(([text]) => raw(`Punctuation ${text}`, text));
const punctuationTypes = new Map(punctuation);
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
  pattern: /[^ \t\r\n\w"'{}[\],=:!.\-/*#]+/,
  line_breaks: false,
  start_chars_hint: anyFirst,
});
const UnknownSign = raw("UnknownSign", /[!.\-/'*]/);

const lexer = new Lexer(
  [
    Space,
    Doc,
    Comment,
    BlockComment,
    HashComment,
    ClosedString,
    OpenString,
    SingleQuoted,
    Colons,
    Numeric,
    Named,
    ...Punctuation,
    UnknownRun,
    UnknownSign,
  ],
  { positionTracking: "onlyOffset", ensureOptimizations: true },
);

const numericTypes: Readonly<Record<"number" | "port" | "address" | "cidr" | "mac", TokenType>> = {
  number: types.Integer,
  port: types.Port,
  address: types.Address,
  cidr: types.AddressRange,
  mac: types.Mac,
};

/** Cuts a text into tokens. Never throws, whatever the text. */
export function tokenize(file: string, text: string): LexResult {
  if (text.includes("\0")) return binary(file, text);
  const cut = lexer.tokenize(text);
  const tokens: Token[] = [];
  const input: IToken[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const token of cut.tokens) {
    const start = token.startOffset;
    const end = start + token.image.length;
    const [kind, type] = classify(token, { file, start, end }, diagnostics);
    if (type !== null) {
      token.tokenType = type;
      token.tokenTypeIdx = type.tokenTypeIdx ?? 0;
      token.payload = tokens.length;
      input.push(token);
    }
    tokens.push({ kind, text: token.image, start, end });
  }
  const trivia = (cut.groups["trivia"] ?? []).map((token): Trivia => {
    const kind = token.tokenType === Space ? "space" : token.tokenType === Doc ? "doc" : "comment";
    return { kind, text: token.image, start: token.startOffset, end: token.startOffset + token.image.length };
  });
  return { tokens, trivia, input, diagnostics };
}

function binary(file: string, text: string): LexResult {
  const at = text.indexOf("\0");
  return {
    tokens: [{ kind: "unknown", text, start: 0, end: text.length }],
    trivia: [],
    input: [],
    diagnostics: [languageCatalogue.create("not-text", {}, { span: { file, start: at, end: at + 1 } })],
  };
}

function classify(token: IToken, span: Span, diagnostics: Diagnostic[]): readonly [TokenKind, TokenType | null] {
  const text = token.image;
  switch (token.tokenType) {
    case Named:
      return classifyName(text);
    case Numeric:
    case Colons: {
      const numeric = classifyNumeric(text);
      if (numeric.kind !== "malformed") return [numeric.kind, numericTypes[numeric.kind]];
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
      return ["malformed", types.Malformed];
    }
    case ClosedString:
      checkEscapes(text, span, diagnostics);
      return ["string", types.Text];
    case OpenString:
      diagnostics.push(
        languageCatalogue.create(
          "unclosed-string",
          {},
          { span, fixes: [replace({ ...span, start: span.end }, '"', "close the string", false)] },
        ),
      );
      return ["string", types.Text];
    case SingleQuoted: {
      const fixed = `"${text.slice(1, -1).replace(/(["\\])/g, "\\$1")}"`;
      diagnostics.push(languageCatalogue.create("single-quotes", {}, { span, fixes: [replace(span, fixed, `write ${fixed}`)] }));
      return ["string", types.Text];
    }
    case HashComment:
    case BlockComment:
      diagnostics.push(languageCatalogue.create("foreign-comment", {}, { span, fixes: commentFix(text, span) }));
      return ["unknown", null];
    case UnknownRun:
    case UnknownSign:
      diagnostics.push(languageCatalogue.create("unexpected-character", { text: describe(text) }, { span }));
      return ["unknown", null];
    default:
      return ["punctuation", punctuationTypes.get(text) ?? types.Unknown];
  }
}

function classifyName(text: string): readonly [TokenKind, TokenType] {
  if (!/[./]/.test(text)) return ["word", types.wordType(text)];
  const [first = "", ...rest] = text.split("/");
  if (rest.length === 1 && !first.includes(".")) return ["path", types.Path];
  return ["dotted", types.Dotted];
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

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", '"': '"', "\\": "\\" };

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
        { span: { file: span.file, start, end: start + match[0].length }, help: 'escapes are \\", \\\\, \\n, \\t and \\u{…}' },
      ),
    );
  }
}

/** The value of a string token: quotes off, escapes read. Unknown escapes stand for themselves. */
export function stringValue(text: string): string {
  const body = text.slice(1, text.length > 1 && text.endsWith(text.charAt(0)) ? -1 : undefined);
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
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === "\\") out += `\\${character}`;
    else if (character === "\n") out += "\\n";
    else if (character === "\t") out += "\\t";
    else out += code < 32 ? `\\u{${code.toString(16)}}` : character;
  }
  return `"${out}"`;
}
