/**
 * The pass between lexer and parser: it balances brackets, cuts nesting that is too deep, and puts a token where a line break separates two
 * members. The parser behind it never meets a bracket without its partner, so one lost brace costs one message and not the file.
 */
import type { IToken, TokenType } from "chevrotain";
import { replace } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { continuationKeywords } from "../lexer/keywords.ts";
import * as types from "../lexer/tokens.ts";
import { blockKeywords } from "../schema/blocks.ts";
import type { SourceFile } from "../text/source.ts";
import type { Span } from "../text/span.ts";

export const nestingLimit = 128;
/** How many tokens a `)` is looked for behind what looks like a member. */
const parenReach = 64;

export interface Layout {
  readonly tokens: IToken[];
  readonly diagnostics: Diagnostic[];
  /** From the outermost bracket around something nested too deep to the end of what was left out. */
  readonly deep: readonly { readonly start: number; readonly end: number }[];
}

interface Open {
  readonly token: IToken;
  readonly brace: boolean;
  /** What closes it. */
  readonly close: TokenType;
  readonly line: number;
  /** Column of the first token in the opener's line. */
  readonly indent: number;
}

const endOf = (token: IToken): number => token.startOffset + token.image.length;
const closers: ReadonlyMap<TokenType, TokenType> = new Map([
  [types.LeftBrace, types.RightBrace],
  [types.LeftBracket, types.RightBracket],
  [types.LeftParen, types.RightParen],
]);
const closing: ReadonlySet<TokenType> = new Set(closers.values());
/** Signs that a line begins with only when it goes on with the one above it. */
const continuingSigns: ReadonlySet<TokenType> = new Set([
  types.LeftBrace,
  types.Arrow,
  types.Comma,
  types.Equal,
  types.NotEqual,
  types.Less,
  types.LessEqual,
  types.Greater,
  types.GreaterEqual,
  types.Plus,
  types.Star,
  types.DotDot,
  types.Question,
]);
/** Words that begin a member with a body in braces, besides those of blocks. */
const headWords: ReadonlySet<string> = new Set(["for", "if", "template", "use"]);
const opensBody = (word: string): boolean => blockKeywords.has(word) || headWords.has(word);
const isBrace = (token: IToken | undefined): boolean => token?.tokenType === types.LeftBrace;
const isNameLike = (token: IToken | undefined): boolean =>
  token !== undefined && (token.image.startsWith('"') || /^[A-Za-z_]/.test(token.image)) && token.tokenType !== types.Malformed;

const isOperator = (type: TokenType): boolean => type.CATEGORIES?.includes(types.Operator) === true && !types.isWord(type);

function lineAt({ lineStarts }: SourceFile, offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

/** Prepares the lexer's tokens for the parser. Linear in their number. */
export function layOut(source: SourceFile, input: readonly IToken[]): Layout {
  const pass = new LayoutPass(source, input);
  pass.run();
  return { tokens: pass.out, diagnostics: pass.diagnostics, deep: pass.deep };
}

class LayoutPass {
  readonly out: IToken[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly deep: { readonly start: number; end: number }[] = [];
  private readonly source: SourceFile;
  private readonly input: readonly IToken[];
  private readonly lines: number[] = [];
  private readonly stack: Open[] = [];
  /** Closing braces the file has too few, opening ones it has too few. Where layout decides what is missing, only these are spent. */
  private missingClose = 0;
  private missingOpen = 0;

  constructor(source: SourceFile, input: readonly IToken[]) {
    this.source = source;
    this.input = input;
    let line = lineAt(source, input[0]?.startOffset ?? 0);
    let balance = 0;
    for (const token of input) {
      while ((source.lineStarts[line + 1] ?? Number.POSITIVE_INFINITY) <= token.startOffset) line++;
      this.lines.push(line);
      if (token.tokenType === types.LeftBrace) balance++;
      else if (token.tokenType === types.RightBrace) balance--;
    }
    if (balance > 0) this.missingClose = balance;
    else this.missingOpen = -balance;
  }

  run(): void {
    let indent = 0;
    for (let i = 0; i < this.input.length; i++) {
      const token = this.input[i];
      if (token === undefined) break;
      const line = this.lines[i] ?? 0;
      const firstOnLine = i === 0 || this.lines[i - 1] !== line;
      const column = token.startOffset - (this.source.lineStarts[line] ?? 0);
      if (firstOnLine) {
        indent = column;
        this.closeByIndent(i, token, line, column);
      }
      this.closeListBefore(i, token, firstOnLine);
      if (firstOnLine && i > 0) this.breakLine(i, token);
      this.openBefore(i, token, line, firstOnLine);

      const close = closers.get(token.tokenType);
      if (close !== undefined) {
        if (this.stack.length >= nestingLimit) {
          i = this.cut(i, token, close);
          continue;
        }
        this.stack.push({ token, brace: isBrace(token), close, line, indent });
        this.out.push(token);
      } else if (token.tokenType === types.RightBrace) this.closeBrace(i, token, line, firstOnLine, column);
      else if (closing.has(token.tokenType)) this.closeBracket(token);
      else {
        this.out.push(token);
        this.openAfterHeader(i, line);
      }
    }
    while (this.stack.length > 0) this.closeMissing(this.source.text.length);
  }

  private top(): Open | undefined {
    return this.stack.at(-1);
  }

  private span(start: number, end: number): Span {
    return { file: this.source.path, start, end };
  }

  private insert(type: TokenType, at: number): void {
    this.out.push(types.tokenAt(type, at));
  }

  /** Ends the innermost open bracket where the text forgot to. */
  private closeMissing(before: number): void {
    const open = this.stack.pop();
    if (open === undefined) return;
    const previous = this.out.at(-1);
    const at = previous === undefined ? before : Math.max(endOf(previous), endOf(open.token));
    const close = open.close === types.RightBrace ? "}" : open.close === types.RightBracket ? "]" : ")";
    const where = this.span(at, at);
    this.diagnostics.push(
      languageCatalogue.create(
        "unclosed-bracket",
        { open: open.token.image, close },
        {
          span: this.span(open.token.startOffset, endOf(open.token)),
          related: [{ span: where, text: `the \`${close}\` is missed here` }],
          fixes: [replace(where, open.brace ? " }" : close, `close it with \`${close}\``, false)],
        },
      ),
    );
    this.insert(open.close, at);
    if (open.brace) this.missingClose--;
  }

  /** A line that begins no deeper than the line that opened a block ends that block, when the file lacks closing braces. */
  private closeByIndent(i: number, token: IToken, line: number, column: number): void {
    const closes = token.tokenType === types.RightBrace;
    for (;;) {
      const open = this.top();
      if (this.missingClose <= 0 || open === undefined || open.line === line) return;
      if (!open.brace) {
        if (column > open.indent) return;
        this.closeMissing(token.startOffset);
        continue;
      }
      if (closes ? column >= open.indent : column > open.indent || isBrace(token) || this.continues(i)) return;
      this.closeMissing(token.startOffset);
    }
  }

  /** A list ends where a new member begins: `joins = [a, b, nat = internet`. */
  private closeListBefore(i: number, token: IToken, firstOnLine: boolean): void {
    const open = this.top();
    if (open === undefined || open.brace || token.tokenType === types.RightBracket || token.tokenType === types.RightParen) return;
    const next = this.input[i + 1];
    const afterNext = this.input[i + 2];
    const previous = this.out.at(-1);
    const closesBlock = token.tokenType === types.RightBrace && !(this.missingOpen > 0 && this.bracketFollows(i));
    const ends =
      closesBlock ||
      (token.tokenType === types.Comma && isNameLike(next) && afterNext?.tokenType === types.Assign && !this.closesOnLine(i, open)) ||
      (isNameLike(token) && next?.tokenType === types.Assign && !this.closesOnLine(i, open)) ||
      (firstOnLine && previous !== open.token && !this.goesOn(i, previous));
    if (ends) this.closeMissing(token.startOffset);
  }

  /** Whether the first token of a line goes on with what stands in brackets above it. */
  private goesOn(i: number, previous: IToken | undefined): boolean {
    const token = this.input[i];
    if (token === undefined || previous === undefined) return false;
    if (previous.tokenType === types.Comma || isOperator(previous.tokenType)) return true;
    const { image, tokenType } = token;
    if (isOperator(tokenType) || continuingSigns.has(tokenType) || this.continues(i)) return tokenType !== types.LeftBrace;
    // `for x in values {` begins a member, `for x in values` a loop of the list.
    return (image === "for" || image === "if") && !this.braceOnLine(i);
  }

  /** Whether parentheses end on the line, whatever stands in them: `f(a = 1)`. Lists do not: `joins = [a, nat = internet` is a list that is not closed. */
  private closesOnLine(i: number, open: Open): boolean {
    if (open.close !== types.RightParen) return false;
    let depth = 0;
    for (let k = i; k < i + parenReach && this.lines[k] === this.lines[i]; k++) {
      const type = this.input[k]?.tokenType;
      if (type === types.LeftBrace || type === types.RightBrace) return false;
      if (type === types.LeftParen) depth++;
      else if (type === types.RightParen && depth-- === 0) return true;
    }
    return false;
  }

  private braceOnLine(i: number): boolean {
    for (let k = i; k < this.input.length && this.lines[k] === this.lines[i]; k++) if (isBrace(this.input[k])) return true;
    return false;
  }

  /** Whether the list goes on to its `]` on this line. */
  private bracketFollows(i: number): boolean {
    for (let k = i + 1; k < this.input.length && this.lines[k] === this.lines[i]; k++) {
      const type = this.input[k]?.tokenType;
      if (type === this.top()?.close) return true;
      if (type === types.LeftBracket || type === types.LeftParen || type === types.LeftBrace || type === types.Assign) return false;
    }
    return false;
  }

  private continues(i: number): boolean {
    const token = this.input[i];
    if (token === undefined) return false;
    return continuationKeywords.has(token.image) && this.input[i + 1]?.tokenType !== types.Assign;
  }

  private breakLine(i: number, token: IToken): void {
    const open = this.top();
    if (open !== undefined && !open.brace) return;
    if (continuingSigns.has(token.tokenType)) return;
    if (this.continues(i) || this.out.at(-1)?.tokenType === types.Comma) return;
    const previous = this.out.at(-1);
    this.insert(types.NewLine, previous === undefined ? 0 : endOf(previous));
  }

  /** `subnet blue cidr = …`, `labels = app = "x"`: an attribute that no separator and no brace precedes. */
  private openBefore(i: number, token: IToken, line: number, firstOnLine: boolean): void {
    if (this.missingOpen <= 0 || firstOnLine || isBrace(token)) return;
    const previous = this.input[i - 1];
    if (previous?.image === "fails" || previous?.image === "fail") {
      this.openMissing(i - 1, line);
      return;
    }
    if (!isNameLike(token) || this.input[i + 1]?.tokenType !== types.Assign) return;
    if (previous === undefined || previous.tokenType === types.Comma || isBrace(previous)) return;
    if (previous.tokenType !== types.Assign && !this.isHeader(i - 1, line)) return;
    this.openMissing(i - 1, line);
  }

  /** Whether the names up to this token, since the last separator, begin with a block's keyword. */
  private isHeader(last: number, line: number): boolean {
    let first = last;
    while (first > 0 && this.lines[first - 1] === line && isNameLike(this.input[first - 1])) first--;
    return first < last && isNameLike(this.input[last]) && opensBody(this.input[first]?.image ?? "");
  }

  /** A header whose next line is indented deeper has lost its brace. */
  private openAfterHeader(i: number, line: number): void {
    if (this.missingOpen <= 0 || i + 1 >= this.input.length || this.lines[i + 1] === line) return;
    const next = this.input[i + 1];
    const afterNext = this.input[i + 2];
    if (next === undefined || isBrace(next) || this.continues(i + 1)) return;
    let first = i;
    while (first > 0 && this.lines[first - 1] === line) first--;
    const head = this.input[first];
    if (head === undefined || !opensBody(head.image)) return;
    for (let k = first; k <= i; k++) if (isBrace(this.input[k]) || this.input[k]?.tokenType === types.Assign) return;
    const start = this.source.lineStarts[line] ?? 0;
    const nextStart = this.source.lineStarts[this.lines[i + 1] ?? 0] ?? 0;
    if (next.startOffset - nextStart <= head.startOffset - start || afterNext === undefined) return;
    this.openMissing(i, line);
  }

  private openMissing(last: number, line: number): void {
    const token = this.input[last];
    if (token === undefined) return;
    let first = last;
    while (
      first > 0 &&
      this.lines[first - 1] === line &&
      !isBrace(this.input[first - 1]) &&
      this.input[first - 1]?.tokenType !== types.Comma
    )
      first--;
    const start = this.input[first]?.startOffset ?? token.startOffset;
    const at = endOf(token);
    this.diagnostics.push(
      languageCatalogue.create(
        "missing-brace",
        { header: this.source.text.slice(start, at) },
        { span: this.span(start, at), fixes: [replace(this.span(at, at), " {", "insert `{`", false)] },
      ),
    );
    const brace = types.tokenAt(types.LeftBrace, at);
    const lineStart = this.source.lineStarts[line] ?? 0;
    let head = last;
    while (head > 0 && this.lines[head - 1] === line) head--;
    this.stack.push({
      token: brace,
      brace: true,
      close: types.RightBrace,
      line,
      indent: (this.input[head]?.startOffset ?? lineStart) - lineStart,
    });
    this.out.push(brace);
    this.missingOpen--;
  }

  private closeBrace(i: number, token: IToken, line: number, firstOnLine: boolean, column: number): void {
    const open = this.top();
    const stray =
      open === undefined ||
      !open.brace ||
      (this.missingOpen > 0 &&
        open.line !== line &&
        (firstOnLine ? column > open.indent : this.lines[i + 1] === line || column > open.indent));
    if (stray) {
      if (this.missingOpen > 0) this.missingOpen--;
      this.strayBracket(token);
      return;
    }
    this.stack.pop();
    this.out.push(token);
  }

  private closeBracket(token: IToken): void {
    const close = token.tokenType;
    if (this.missingClose > 0 && this.top()?.brace === true && this.stack.at(-2)?.close === close) this.closeMissing(token.startOffset);
    // `(a, b]`: the inner one was forgotten, when there is an outer one that this closes.
    if (this.top()?.brace === false && this.top()?.close !== close && this.stack.at(-2)?.close === close)
      this.closeMissing(token.startOffset);
    const open = this.top();
    if (open !== undefined && !open.brace && open.close !== close) {
      this.closeWrongly(open, token);
      return;
    }
    if (open === undefined || open.brace) {
      this.strayBracket(token);
      return;
    }
    this.stack.pop();
    this.out.push(token);
  }

  /** `f(1, 2]`: the wrong bracket in place of the right one. */
  private closeWrongly(open: Open, token: IToken): void {
    const close = open.close === types.RightParen ? ")" : "]";
    const where = this.span(token.startOffset, endOf(token));
    this.stack.pop();
    this.diagnostics.push(
      languageCatalogue.create(
        "unclosed-bracket",
        { open: open.token.image, close },
        {
          span: this.span(open.token.startOffset, endOf(open.token)),
          related: [{ span: where, text: `the \`${close}\` is missed here` }],
          fixes: [replace(where, close, `write \`${close}\``, false)],
        },
      ),
    );
    this.insert(open.close, endOf(this.out.at(-1) ?? open.token));
  }

  private strayBracket(token: IToken): void {
    const span = this.span(token.startOffset, endOf(token));
    this.diagnostics.push(
      languageCatalogue.create(
        "stray-bracket",
        { close: token.image },
        { span, fixes: [replace(span, "", `remove this \`${token.image}\``, false)] },
      ),
    );
  }

  /** Leaves out everything inside a bracket that is one level too deep. Gives the index of the last token left out. */
  private cut(from: number, token: IToken, close: TokenType): number {
    if (!this.diagnostics.some((diagnostic) => diagnostic.name === "nesting-too-deep")) {
      this.diagnostics.push(
        languageCatalogue.create(
          "nesting-too-deep",
          { what: "blocks and lists", limit: nestingLimit },
          { span: this.span(token.startOffset, endOf(token)) },
        ),
      );
    }
    const awaited: TokenType[] = [];
    let i = from;
    for (; i < this.input.length; i++) {
      const type = this.input[i]?.tokenType;
      const inner = type === undefined ? undefined : closers.get(type);
      if (inner !== undefined) awaited.push(inner);
      else if (type !== undefined && closing.has(type)) {
        if (awaited.at(-1) === type) awaited.pop();
        if (awaited.length === 0) break;
      }
    }
    const last = this.input[Math.min(i, this.input.length - 1)] ?? token;
    const start = this.stack[0]?.token.startOffset ?? token.startOffset;
    const around = this.deep.at(-1);
    if (around?.start === start) around.end = endOf(last);
    else this.deep.push({ start, end: endOf(last) });
    this.out.push(token);
    this.insert(close, endOf(last));
    // The braces left out were counted with the rest: where the file ended inside them, they are no longer missing.
    if (i >= this.input.length && awaited.length > 0) {
      this.missingClose = 0;
      for (let open = this.stack.pop(); open !== undefined; open = this.stack.pop()) {
        this.insert(open.close, endOf(last));
      }
    }
    return i;
  }
}
