/** Tokens and trivia as the rest of the language sees them. Together, in order of `start`, they are the whole text. */

export type TokenKind =
  | "word"
  | "string"
  | "number"
  | "port"
  | "address"
  | "cidr"
  | "mac"
  | "duration"
  | "size"
  | "path"
  /** A dotted or slashed name that should have been quoted. */
  | "dotted"
  /** Looks like a number or an address and is neither. */
  | "malformed"
  | "punctuation"
  | "unknown";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Trivia {
  /** `doc`: a comment of three slashes, which documents what follows it. */
  readonly kind: "space" | "comment" | "doc";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}
