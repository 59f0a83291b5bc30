/** The tokens of knet, as Chevrotain token types. */
import { createToken, EOF, Lexer } from "chevrotain";
import type { IToken, TokenType } from "chevrotain";
import { statementKeywords } from "./keywords.ts";
import type { StatementKeyword } from "./keywords.ts";

/** Everything that can be skipped as one token; brackets and separators are not in it. */
export const AnyToken = createToken({ name: "AnyToken", pattern: Lexer.NA });
/** Identifiers, among them every keyword. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA, categories: AnyToken, label: "a name" });
export const Name = createToken({ name: "Name", pattern: Lexer.NA, categories: AnyToken, label: "a name" });
/** What may stand between two operands. Of words only those in this category, and `not` in front of `in`. */
export const Operator = createToken({ name: "Operator", pattern: Lexer.NA, categories: AnyToken, label: "an operator" });

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
/** `1h30m`. */
export const Duration = part("Duration", "a duration");
/** `64KiB`. */
export const Size = part("Size", "a size");
/** Looks like a number or an address and is neither; the lexer has said so already. */
export const Malformed = part("Malformed", "a value");

export const Arrow = part("Arrow", "`->`");
const operator = (name: string, label: string): TokenType => part(name, label, [AnyToken, Operator]);

export const DotDot = operator("DotDot", "`..`");
export const Equal = operator("Equal", "`==`");
export const NotEqual = operator("NotEqual", "`!=`");
export const Less = operator("Less", "`<`");
export const LessEqual = operator("LessEqual", "`<=`");
export const Greater = operator("Greater", "`>`");
export const GreaterEqual = operator("GreaterEqual", "`>=`");
export const Plus = operator("Plus", "`+`");
export const Minus = operator("Minus", "`-`");
export const Star = operator("Star", "`*`");
/** Right behind a bracket: `racks[i].cidr`. */
export const Dot = part("Dot", "`.`");
/** Of other languages' `condition ? this : that`. */
export const Question = part("Question", "`?`");
export const Assign = part("Assign", "`=`");
export const Colon = part("Colon", "`:`");
export const Comma = createToken({ name: "Comma", pattern: Lexer.NA, label: "`,`" });
export const LeftBrace = createToken({ name: "LeftBrace", pattern: Lexer.NA, label: "`{`" });
export const RightBrace = createToken({ name: "RightBrace", pattern: Lexer.NA, label: "`}`" });
export const LeftBracket = part("LeftBracket", "`[`", []);
export const RightBracket = part("RightBracket", "`]`", []);
export const LeftParen = part("LeftParen", "`(`", []);
export const RightParen = part("RightParen", "`)`", []);
/** A line break between members. Made by the layout pass, never by the lexer. */
export const NewLine = createToken({ name: "NewLine", pattern: Lexer.NA, label: "the end of the line" });
/** Characters outside the language; they never reach the parser. */
export const Unknown = createToken({ name: "Unknown", pattern: Lexer.NA });

const operatorWords: ReadonlySet<string> = new Set<StatementKeyword>(["and", "or", "in", "not"]);

const keywordTypes = new Map<string, TokenType>(
  statementKeywords.map((word) => [
    word,
    part(`keyword ${word}`, `\`${word}\``, operatorWords.has(word) ? [AnyToken, Word, Name, Operator] : [AnyToken, Word, Name]),
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

const wordTypes: ReadonlySet<TokenType> = new Set([Identifier, ...keywordTypes.values()]);

/** Whether it is an identifier or a keyword, which may always be an identifier too. */
export const isWord = (type: TokenType): boolean => wordTypes.has(type);

/** A token that the lexer did not make. It has the same fields as those of the lexer, which keeps looking at tokens fast. */
export function tokenAt(type: TokenType, startOffset: number, image = ""): IToken {
  return { image, startOffset, tokenTypeIdx: type.tokenTypeIdx ?? 0, tokenType: type };
}

/** Every token type the parser can meet. */
export const parserTokens: readonly TokenType[] = [
  AnyToken,
  Word,
  Name,
  Operator,
  Identifier,
  Text,
  Dotted,
  Path,
  Integer,
  Port,
  Address,
  AddressRange,
  Mac,
  Duration,
  Size,
  Malformed,
  Arrow,
  DotDot,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Plus,
  Minus,
  Star,
  Dot,
  Question,
  Assign,
  Colon,
  Comma,
  LeftBrace,
  RightBrace,
  LeftBracket,
  RightBracket,
  LeftParen,
  RightParen,
  NewLine,
  ...keywordTypes.values(),
];

export { EOF };
