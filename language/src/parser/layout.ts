/**
 * The pass between lexer and parser: it balances brackets, cuts nesting that is too deep, and puts a token where a line break separates two
 * members. The parser behind it never meets a bracket without its partner, so one lost brace costs one message and not the file.
 */
import { createTokenInstance } from "chevrotain";
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

export interface Layout {
  readonly tokens: IToken[];
  readonly diagnostics: Diagnostic[];
  /** From the outermost bracket around something nested too deep to the end of what was left out. */
  readonly deep: readonly { readonly start: number; readonly end: number }[];
}

interface Open {
  readonly token: IToken;
  readonly brace: boolean;
  readonly line: number;
  /** Column of the first token in the opener's line. */
  readonly indent: number;
}

const endOf = (token: IToken): number => token.startOffset + token.image.length;
const isBrace = (token: IToken | undefined): boolean => token?.tokenType === types.LeftBrace;
const isNameLike = (token: IToken | undefined): boolean =>
  token !== undefined && (token.image.startsWith('"') || /^[A-Za-z_]/.test(token.image)) && token.tokenType !== types.Malformed;

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
    let line = 0;
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

      if (isBrace(token) || token.tokenType === types.LeftBracket) {
        if (this.stack.length >= nestingLimit) {
          i = this.cut(i, token);
          continue;
        }
        this.stack.push({ token, brace: isBrace(token), line, indent });
        this.out.push(token);
      } else if (token.tokenType === types.RightBrace) this.closeBrace(i, token, line, firstOnLine, column);
      else if (token.tokenType === types.RightBracket) this.closeBracket(token);
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
    this.out.push(createTokenInstance(type, "", at, at, -1, -1, -1, -1));
  }

  /** Ends the innermost open bracket where the text forgot to. */
  private closeMissing(before: number): void {
    const open = this.stack.pop();
    if (open === undefined) return;
    const previous = this.out.at(-1);
    const at = previous === undefined ? before : Math.max(endOf(previous), endOf(open.token));
    const close = open.brace ? "}" : "]";
    const where = this.span(at, at);
    this.diagnostics.push(
      languageCatalogue.create(
        "unclosed-bracket",
        { open: open.token.image, close },
        {
          span: this.span(open.token.startOffset, endOf(open.token)),
          related: [{ span: where, text: `the \`${close}\` is missed here` }],
          fixes: [replace(where, open.brace ? " }" : "]", `close it with \`${close}\``, false)],
        },
      ),
    );
    this.insert(open.brace ? types.RightBrace : types.RightBracket, at);
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
    if (open === undefined || open.brace || token.tokenType === types.RightBracket) return;
    const next = this.input[i + 1];
    const afterNext = this.input[i + 2];
    const previous = this.out.at(-1);
    const closesBlock = token.tokenType === types.RightBrace && !(this.missingOpen > 0 && this.bracketFollows(i));
    const ends =
      closesBlock ||
      (token.tokenType === types.Comma && isNameLike(next) && afterNext?.tokenType === types.Assign) ||
      (isNameLike(token) && next?.tokenType === types.Assign) ||
      (firstOnLine && token.tokenType !== types.Comma && previous?.tokenType !== types.Comma && previous !== open.token);
    if (ends) this.closeMissing(token.startOffset);
  }

  /** Whether the list goes on to its `]` on this line. */
  private bracketFollows(i: number): boolean {
    for (let k = i + 1; k < this.input.length && this.lines[k] === this.lines[i]; k++) {
      const type = this.input[k]?.tokenType;
      if (type === types.RightBracket) return true;
      if (type === types.LeftBracket || type === types.LeftBrace || type === types.Assign) return false;
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
    const type = token.tokenType;
    if (type === types.LeftBrace || type === types.Arrow || type === types.Equal || type === types.NotEqual || type === types.Comma) return;
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
    return first < last && isNameLike(this.input[last]) && blockKeywords.has(this.input[first]?.image ?? "");
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
    if (head === undefined || !blockKeywords.has(head.image)) return;
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
    const brace = createTokenInstance(types.LeftBrace, "", at, at, -1, -1, -1, -1);
    const lineStart = this.source.lineStarts[line] ?? 0;
    let head = last;
    while (head > 0 && this.lines[head - 1] === line) head--;
    this.stack.push({ token: brace, brace: true, line, indent: (this.input[head]?.startOffset ?? lineStart) - lineStart });
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
    if (this.missingClose > 0 && this.top()?.brace === true && this.stack.at(-2)?.brace === false) this.closeMissing(token.startOffset);
    const open = this.top();
    if (open === undefined || open.brace) {
      this.strayBracket(token);
      return;
    }
    this.stack.pop();
    this.out.push(token);
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
  private cut(from: number, token: IToken): number {
    if (!this.diagnostics.some((diagnostic) => diagnostic.name === "nesting-too-deep")) {
      this.diagnostics.push(
        languageCatalogue.create("nesting-too-deep", { limit: nestingLimit }, { span: this.span(token.startOffset, endOf(token)) }),
      );
    }
    const closers: TokenType[] = [];
    let i = from;
    for (; i < this.input.length; i++) {
      const type = this.input[i]?.tokenType;
      if (type === types.LeftBrace) closers.push(types.RightBrace);
      else if (type === types.LeftBracket) closers.push(types.RightBracket);
      else if (type === types.RightBrace || type === types.RightBracket) {
        if (closers.at(-1) === type) closers.pop();
        if (closers.length === 0) break;
      }
    }
    const last = this.input[Math.min(i, this.input.length - 1)] ?? token;
    const start = this.stack[0]?.token.startOffset ?? token.startOffset;
    const around = this.deep.at(-1);
    if (around?.start === start) around.end = endOf(last);
    else this.deep.push({ start, end: endOf(last) });
    this.out.push(token);
    this.insert(isBrace(token) ? types.RightBrace : types.RightBracket, endOf(last));
    // The braces left out were counted with the rest: where the file ended inside them, they are no longer missing.
    if (i >= this.input.length && closers.length > 0) {
      this.missingClose = 0;
      for (let open = this.stack.pop(); open !== undefined; open = this.stack.pop()) {
        this.insert(open.brace ? types.RightBrace : types.RightBracket, endOf(last));
      }
    }
    return i;
  }
}
