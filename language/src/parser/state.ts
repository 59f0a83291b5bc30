/**
 * What the parser keeps while it reads, and how it looks ahead. Nodes are attached to their parents when they are opened, so an error
 * inside one never takes the rest of the file with it.
 */
import { EmbeddedActionsParser, isRecognitionException } from "chevrotain";
import type { IToken, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import { nearest } from "../diagnostics/suggest.ts";
import type { TokenPiece } from "../lexer/interpolation.ts";
import { stringValue } from "../lexer/lexer.ts";
import * as types from "../lexer/tokens.ts";
import { blockKeywords } from "../schema/blocks.ts";
import { beginsDirective, directiveAt } from "./directive-words.ts";

/** A node under construction. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** What the parser wants said, besides what Chevrotain's own errors say. */
export type ParserRemark =
  /** `insert`: the word whose absence in front of the token is the likely mistake. */
  | { readonly kind: "unexpected"; readonly token: IToken; readonly expected: string; readonly insert?: string }
  /** A word that begins nothing, in front of what could not be read; `parent` is the keyword of the block around it, or `file`. */
  | { readonly kind: "leading"; readonly token: IToken; readonly parent: string }
  | { readonly kind: "separator"; readonly token: IToken; readonly previous: IToken }
  | { readonly kind: "colon"; readonly token: IToken }
  | { readonly kind: "dotted"; readonly token: IToken }
  /** Written as in another language: what is said about it, and what to write in place of the tokens from `token` to `last`. */
  | { readonly kind: "foreign"; readonly token: IToken; readonly last?: IToken; readonly what: string; readonly instead: string | null }
  /** An operator that touches its operands. */
  | { readonly kind: "spaces"; readonly token: IToken }
  | { readonly kind: "chained"; readonly token: IToken }
  | { readonly kind: "computed-import"; readonly token: IToken }
  | { readonly kind: "deep"; readonly token: IToken; readonly what: string; readonly limit: number };

/** How many operators, calls and steps may lie inside one another; brackets have a limit of their own. */
export const expressionLimit = 256;

export const endOf = (token: IToken): number => token.startOffset + token.image.length;
export const separators: ReadonlySet<TokenType> = new Set([types.NewLine, types.Comma]);
/** Tokens that recovery must not take away: they hold the file together. */
const kept: ReadonlySet<TokenType> = new Set([
  ...separators,
  types.LeftBrace,
  types.RightBrace,
  types.LeftBracket,
  types.RightBracket,
  types.LeftParen,
  types.RightParen,
]);
const nowhere: ast.NodeSource = { path: "", expansion: null };
export const missingName: ast.NameNode = { kind: "name", start: 0, end: 0, source: nowhere, value: "", quoted: false, parts: null };
export const missingScalar: ast.ScalarNode = { kind: "scalar", start: 0, end: 0, source: nowhere, form: "malformed", text: "" };

/** What follows `allow`, `deny` and `pass`, and the name of a rule. */
const ruleWords: ReadonlySet<string> = new Set(["ingress", "egress", "from", "to"]);
/** What statements of an assertion say of somebody. */
const statementEnds: ReadonlySet<TokenType> = new Set([types.NewLine, types.RightBrace, types.LeftBrace]);
const verbs: ReadonlySet<string> = new Set(["reaches", "resolves"]);

const scalarForms = new Map<TokenType, ast.ScalarForm>([
  [types.Text, "string"],
  [types.Integer, "number"],
  [types.Port, "port"],
  [types.Address, "address"],
  [types.AddressRange, "cidr"],
  [types.Mac, "mac"],
  [types.Duration, "duration"],
  [types.Size, "size"],
  [types.Path, "path"],
  [types.Dotted, "dotted"],
  [types.Malformed, "malformed"],
]);

export abstract class ParserState extends EmbeddedActionsParser {
  remarks: ParserRemark[] = [];

  /** Of every node of the file being read. */
  protected source: ast.NodeSource = nowhere;

  /** Members of the innermost open file, body or map. */
  protected members: ast.MemberNode[] = [];

  /** Pieces of the strings that have some, by start offset. */
  protected interpolations: ReadonlyMap<number, readonly TokenPiece[]> = new Map();

  protected inAssert = false;

  /** Keyword of the innermost block, `file` outside all, null in a map. */
  protected parent: string | null = "file";

  protected member: (Mutable<ast.NodeBase> & { damaged?: boolean }) | null = null;

  /** How deep the operators of the value that was read last lie inside one another. */
  protected height = 0;

  /** Neither `reaches` nor `resolves` stands between the current token and this offset. */
  protected noReachesBefore = -1;

  /** What stands in `${…}` of a string, and is followed by a brace. */
  protected abstract interpolated(tokens: readonly IToken[]): ast.ValueNode | null;

  /** Runs a rule; an error in it has been recorded and ends the rule, not the file. */
  protected guarded(rule: () => void): void {
    try {
      rule();
    } catch (failure) {
      if (!(failure instanceof Error) || !isRecognitionException(failure)) throw failure;
    }
  }

  protected lastEnd(): number {
    const last = this.LA(0);
    return last.startOffset < 0 || Number.isNaN(last.startOffset) ? 0 : endOf(last);
  }

  protected atEndOfMember(): boolean {
    const type = this.LA(1).tokenType;
    return separators.has(type) || type === types.RightBrace || type === types.EOF;
  }

  /** Whether the token at distance `k` begins a new member, as far as that can be told without reading it. */
  protected memberAhead(k: number): boolean {
    const token = this.LA(k);
    const next = this.LA(k + 1);
    if (next.tokenType === types.Assign) return this.isName(token);
    if (beginsDirective(token) && directiveAt((at) => this.LA(k + at)) !== null) return true;
    if (this.inAssert) return this.reachesAhead(k) || (token.image === "connectivity" && next.image === "of");
    switch (token.image) {
      case "allow":
      case "deny":
      case "pass":
        return ruleWords.has((next.tokenType === types.Text ? this.LA(k + 2) : next).image);
      case "applies":
        return next.image === "to";
      case "isolates":
        return next.image === "ingress" || next.image === "egress";
      case "spread":
        return next.image === "over";
      case "forward":
        return next.tokenType === types.Text;
      case "selects":
        return this.isName(next);
      case "port":
        return next.tokenType === types.Port || this.LA(k + 2).tokenType === types.Assign;
      default:
        // A block: `keyword name {`. Peers that look alike (`node a`, `service a/b`) are followed by no brace.
        return blockKeywords.has(token.image) && this.isName(next) && this.LA(k + 2).tokenType === types.LeftBrace;
    }
  }

  /** Whether a declaration of a known kind begins here. Parties look alike (`node a`), so this is asked only behind a whole member. */
  protected blockAhead(): boolean {
    // Behind a rule, `subnet x` is somebody it forgot to say `from` for.
    const kind = (this.member as ast.MemberNode | null)?.kind;
    const rule = kind === "allow" || kind === "deny" || kind === "pass";
    return !this.inAssert && !rule && blockKeywords.has(this.LA(1).image) && this.isName(this.LA(2));
  }

  protected isWord(token: IToken): boolean {
    return types.isWord(token.tokenType);
  }

  protected isName(token: IToken): boolean {
    return token.tokenType === types.Text || token.tokenType === types.Dotted || this.isWord(token);
  }

  /** Whether `reaches` or `resolves` comes before the end of the line. Each stretch of tokens is searched once. */
  protected reachesAhead(k: number): boolean {
    const from = this.LA(k).startOffset;
    if (from < this.noReachesBefore) return false;
    let depth = 0;
    for (let i = k; ; i++) {
      const token = this.LA(i);
      const type = token.tokenType;
      if (type === types.LeftBracket || type === types.LeftParen) depth++;
      else if (type === types.RightBracket || type === types.RightParen) depth--;
      if (depth < 0 || type === types.EOF || (depth === 0 && statementEnds.has(type))) {
        this.noReachesBefore = type === types.EOF ? Number.POSITIVE_INFINITY : token.startOffset;
        return false;
      }
      if (depth === 0 && verbs.has(token.image)) return true;
    }
  }

  /** Attaches a member to the innermost body and makes it the one that errors damage. */
  protected open<T extends ast.MemberNode>(node: T): Mutable<T> {
    if (this.RECORDING_PHASE) return node as Mutable<T>;
    this.members.push(node);
    this.member = node as unknown as NonNullable<ParserState["member"]>;
    return node as Mutable<T>;
  }

  protected here(): ast.NodeBase {
    const token = this.LA(1);
    return { start: token.startOffset, end: endOf(token), source: this.source };
  }

  /** Whether the next tokens have these texts. */
  protected reads(first: string, second?: string): boolean {
    return this.LA(1).image === first && (second === undefined || this.LA(2).image === second);
  }

  /** Whether the token at distance `k` is a selector's operator. */
  protected operatorAt(k: number): boolean {
    const token = this.LA(k);
    if (token.tokenType === types.Equal || token.tokenType === types.NotEqual) return true;
    const next = this.LA(k + 1);
    return (
      (token.image === "in" && (next.tokenType === types.LeftBracket || next.tokenType === types.LeftParen)) ||
      (token.image === "not" && next.image === "in")
    );
  }

  protected nameOf(token: IToken): ast.NameNode {
    if (this.RECORDING_PHASE) return missingName;
    const { start, end, source } = this.place(token);
    const quoted = token.tokenType === types.Text;
    const parts = quoted ? this.partsOf(token) : null;
    const value = parts !== null ? token.image.slice(1, -1) : quoted ? stringValue(token.image) : token.image;
    return { kind: "name", start, end, source, value, quoted, parts };
  }

  /** Where a token stands; one that recovery made up stands behind the last real one. */
  protected place(token: IToken): ast.NodeBase {
    if (token.isInsertedInRecovery === true || token.startOffset < 0) {
      const at = this.lastEnd();
      return { start: at, end: at, source: this.source };
    }
    return { start: token.startOffset, end: endOf(token), source: this.source };
  }

  /** The pieces of a string with `${…}`; null of any other. */
  private partsOf(token: IToken): readonly ast.TextPart[] | null {
    if (this.interpolations.size === 0) return null;
    const pieces = this.interpolations.get(token.startOffset);
    if (pieces === undefined) return null;
    return pieces.map((piece): ast.TextPart => {
      if (typeof piece === "string") return piece;
      return this.interpolated(piece.tokens) ?? { ...missingScalar, start: piece.start, end: piece.end, source: this.source };
    });
  }

  protected scalarOf(token: IToken): ast.ScalarNode | ast.TextNode {
    if (this.RECORDING_PHASE) return missingScalar;
    if (token.tokenType === types.Text || token.tokenType === types.Malformed) {
      const parts = this.partsOf(token);
      if (parts !== null) return { kind: "text", ...this.place(token), parts };
    }
    const form = scalarForms.get(token.tokenType) ?? "word";
    const { start, end, source } = this.place(token);
    return { kind: "scalar", start, end, source, form, text: form === "string" ? stringValue(token.image) : token.image };
  }

  protected override canTokenTypeBeDeletedInRecovery(): boolean {
    return !kept.has(this.LA(1).tokenType);
  }

  protected override canTokenTypeBeInsertedInRecovery(type: TokenType): boolean {
    // A keyword that is there, misspelt, is not missing.
    const word = types.keywordText(type);
    if (word !== null && this.isWord(this.LA(1)) && nearest(this.LA(1).image, [word]) !== null) return false;
    return type !== types.LeftBrace && type !== types.LeftBracket && type !== types.NewLine;
  }
}
