/** The tokens of knet, as Chevrotain token types. */
import { createToken, EOF, Lexer } from "chevrotain";
import type { TokenType } from "chevrotain";
import { statementKeywords } from "./keywords.ts";
import type { StatementKeyword } from "./keywords.ts";

/** Everything that can be skipped as one token; brackets and separators are not in it. */
export const AnyToken = createToken({ name: "AnyToken", pattern: Lexer.NA });
/** Identifiers, among them every keyword. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA, categories: AnyToken, label: "a name" });
export const Name = createToken({ name: "Name", pattern: Lexer.NA, categories: AnyToken, label: "a name" });

function part(name: string, label: string, categories: readonly TokenType[] = [AnyToken]): TokenType {
  return createToken({ name, label, pattern: Lexer.NA, categories: [...categories] });
}

export const Text = part("Text", "a string", [AnyToken, Name]);
export const Identifier = createToken({
  name: "Identifier",
  label: "a name",
  pattern: /[A-Za-z_]\w*(?:-+\w+)*/,
  categories: [AnyToken, Word, Name],
});
/** `app.kubernetes.io/name` without quotes: always a mistake, kept whole so that it costs one message. */
export const Dotted = part("Dotted", "a name", [AnyToken, Name]);
/** `namespace001/pod-0`, `namespace001/*`. */
export const Path = part("Path", "`namespace/name`");
export const Integer = part("Integer", "a number");
/** `80/tcp`. */
export const Port = part("Port", "a port such as `80/tcp`");
export const Address = part("Address", "an address");
export const AddressRange = part("AddressRange", "a CIDR");
export const Mac = part("Mac", "a MAC address");
/** Looks like a number or an address and is neither; the lexer has said so already. */
export const Malformed = part("Malformed", "a value");

export const Arrow = part("Arrow", "`->`");
export const DotDot = part("DotDot", "`..`");
export const Equal = part("Equal", "`==`");
export const NotEqual = part("NotEqual", "`!=`");
export const Assign = part("Assign", "`=`");
export const Colon = part("Colon", "`:`");
export const Star = part("Star", "`*`");
export const Comma = createToken({ name: "Comma", pattern: Lexer.NA, label: "`,`" });
export const LeftBrace = createToken({ name: "LeftBrace", pattern: Lexer.NA, label: "`{`" });
export const RightBrace = createToken({ name: "RightBrace", pattern: Lexer.NA, label: "`}`" });
export const LeftBracket = part("LeftBracket", "`[`", []);
export const RightBracket = part("RightBracket", "`]`", []);
/** A line break between members. Made by the layout pass, never by the lexer. */
export const NewLine = createToken({ name: "NewLine", pattern: Lexer.NA, label: "the end of the line" });
/** Characters outside the language; they never reach the parser. */
export const Unknown = createToken({ name: "Unknown", pattern: Lexer.NA });

const keywordTypes = new Map<string, TokenType>(
  statementKeywords.map((word) => [
    word,
    createToken({ name: `keyword ${word}`, label: `\`${word}\``, pattern: Lexer.NA, categories: [AnyToken, Word, Name] }),
  ]),
);

/** The token type of a keyword. */
export function keyword(word: StatementKeyword): TokenType {
  return keywordTypes.get(word) ?? Identifier;
}

const keywordTexts = new Map([...keywordTypes].map(([word, type]) => [type, word]));

/** The word of a keyword's token type; null for other types. */
export function keywordText(type: TokenType): string | null {
  return keywordTexts.get(type) ?? null;
}

/** The type of an identifier's text: its keyword's, or plain {@link Identifier}. */
export function wordType(text: string): TokenType {
  return keywordTypes.get(text) ?? Identifier;
}

/** Every token type the parser can meet. */
export const parserTokens: readonly TokenType[] = [
  AnyToken,
  Word,
  Name,
  Identifier,
  Text,
  Dotted,
  Path,
  Integer,
  Port,
  Address,
  AddressRange,
  Mac,
  Malformed,
  Arrow,
  DotDot,
  Equal,
  NotEqual,
  Assign,
  Colon,
  Star,
  Comma,
  LeftBrace,
  RightBrace,
  LeftBracket,
  RightBracket,
  NewLine,
  ...keywordTypes.values(),
];

export { EOF };
