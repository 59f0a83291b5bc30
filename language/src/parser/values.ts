/** Rules for names and values, and for leaving out what cannot be read. */
import type { IOrAlt, IToken, ParserMethod, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { endOf, ParserState } from "./state.ts";

export abstract class ValueRules extends ParserState {
  // Alternatives that close over nothing are built once; Chevrotain would otherwise be handed new closures for every token.
  protected scalarAlternatives: IOrAlt<IToken>[] | undefined;

  /** Any value, with operators; of the next layer. */
  protected abstract value: ParserMethod<[], ast.ValueNode>;

  protected abstract chain: ParserMethod<[], ast.ValueNode>;

  /** Whether the token is a value by itself. */
  protected abstract isScalar(token: IToken): boolean;

  protected abstract operand: ParserMethod<[], ast.ValueNode>;

  /** `i in 1..3, j in 1..2`. */
  protected abstract bindings: ParserMethod<[ast.BindingNode[]], void>;

  /** `{ … }` with members; of the outermost layer of the grammar. */
  protected abstract body: ParserMethod<[], ast.BodyNode>;

  protected name = this.RULE(
    "name",
    (): ast.NameNode => {
      const token = this.CONSUME(types.Name);
      if (!this.RECORDING_PHASE && token.tokenType === types.Dotted) this.remarks.push({ kind: "dotted", token });
      return this.nameOf(token);
    },
    { resyncEnabled: false },
  );

  protected scalar = this.RULE(
    "scalar",
    (): ast.ScalarNode | ast.TextNode => {
      if (!this.RECORDING_PHASE && this.isScalar(this.LA(1))) return this.scalarOf(this.CONSUME(types.AnyToken));
      const token = this.OR(
        (this.scalarAlternatives ??= [
          { ALT: () => this.CONSUME(types.Text) },
          { ALT: () => this.CONSUME(types.Integer) },
          { ALT: () => this.CONSUME(types.Port) },
          { ALT: () => this.CONSUME(types.Address) },
          { ALT: () => this.CONSUME(types.AddressRange) },
          { ALT: () => this.CONSUME(types.Mac) },
          { ALT: () => this.CONSUME(types.Duration) },
          { ALT: () => this.CONSUME(types.Size) },
          { ALT: () => this.CONSUME(types.Path) },
          { ALT: () => this.CONSUME(types.Dotted) },
          { ALT: () => this.CONSUME(types.Malformed) },
          { ALT: () => this.CONSUME(types.Word) },
        ]),
      );
      return this.scalarOf(token);
    },
    { resyncEnabled: false },
  );

  /** What a sentence has for a value: an operand or a range. Operators there stand in parentheses. */
  protected portValue = this.RULE(
    "port value",
    (): ast.ValueNode => {
      const first = this.SUBRULE(this.operand);
      if (!this.RECORDING_PHASE && this.LA(1).tokenType !== types.DotDot) return first;
      let out: ast.ValueNode = first;
      this.OPTION(() => {
        this.CONSUME(types.DotDot);
        const last = this.SUBRULE2(this.operand);
        out = this.rangeOf(first, last);
      });
      return out;
    },
    { resyncEnabled: false },
  );

  protected rangeOf(first: ast.ValueNode, last: ast.ValueNode | null): ast.RangeNode {
    const end = last?.end ?? (this.RECORDING_PHASE ? first.end : this.lastEnd());
    return { kind: "range", start: first.start, end: Math.max(first.end, end), source: this.source, first, last };
  }

  /** `[a, b]`, `[subnet(base, 8, i) for i in 0..3 if i != 2]`. */
  protected list = this.RULE(
    "list",
    (): ast.ListNode | ast.ComprehensionNode => {
      const open = this.CONSUME(types.LeftBracket);
      const items: ast.ValueNode[] = [];
      const bindings: ast.BindingNode[] = [];
      let condition: ast.ValueNode | null = null;
      this.guarded(() => {
        this.OPTION({
          GATE: () => !this.loopBeforeValue(),
          DEF: () => {
            const first = this.SUBRULE(this.value);
            this.ACTION(() => items.push(first));
            this.MANY({
              GATE: () => this.LA(2).tokenType !== types.RightBracket,
              DEF: () => {
                this.CONSUME(types.Comma);
                const more = this.SUBRULE2(this.value);
                this.ACTION(() => items.push(more));
              },
            });
            this.OPTION2({
              GATE: () => items.length === 1,
              DEF: () => {
                this.CONSUME(keyword("for"));
                this.SUBRULE(this.bindings, { ARGS: [bindings] });
                this.OPTION3(() => {
                  this.CONSUME(keyword("if"));
                  condition = this.SUBRULE(this.chain);
                });
              },
            });
            this.OPTION4(() => this.CONSUME2(types.Comma));
          },
        });
        this.ACTION(() => this.endOfList(types.RightBracket, "`,` or `]`"));
      });
      this.SUBRULE(this.listRest);
      const close = this.CONSUME(types.RightBracket);
      const at = this.enclosed(open, close);
      const [value] = items;
      if (bindings.length > 0 && value !== undefined) return { kind: "comprehension", ...at, value, bindings, condition };
      return { kind: "list", ...at, items };
    },
    { resyncEnabled: false },
  );

  protected enclosed(open: IToken, close: IToken): ast.NodeBase {
    const { start } = this.place(open);
    return { start, end: close.isInsertedInRecovery === true ? this.lastEnd() : endOf(close), source: this.source };
  }

  protected spot(token: IToken): ast.NodeBase {
    return this.RECORDING_PHASE ? { start: 0, end: 0, source: this.source } : this.place(token);
  }

  /** Whether `for x in` stands here, in front of the value that it is to make. */
  protected loopAhead(): boolean {
    const next = this.LA(3);
    return (
      this.LA(1).tokenType === keyword("for") &&
      this.isWord(this.LA(2)) &&
      (next.image === "in" || next.image === "of" || next.tokenType === types.Comma)
    );
  }

  private loopBeforeValue(): boolean {
    if (this.RECORDING_PHASE || !this.loopAhead()) return false;
    const what = "the value stands in front of its loop: `[value for name in values]`";
    this.remarks.push({ kind: "foreign", token: this.LA(1), what, instead: null });
    return true;
  }

  protected endOfList(close: TokenType, expected: string): void {
    if (this.LA(1).tokenType === close) return;
    const comma = this.LA(1).tokenType === types.Comma;
    this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: comma ? "a value" : expected });
  }

  /** `(a + b)`. */
  protected group = this.RULE(
    "group",
    (): ast.GroupNode => {
      const open = this.CONSUME(types.LeftParen);
      let value: ast.ValueNode | null = null;
      this.guarded(() => {
        value = this.SUBRULE(this.value);
        this.ACTION(() => this.endOfList(types.RightParen, "an operator or `)`"));
      });
      this.SUBRULE(this.listRest);
      const close = this.CONSUME(types.RightParen);
      return { kind: "group", ...this.enclosed(open, close), value };
    },
    { resyncEnabled: false },
  );

  /** What stands in parentheses behind the name of a function. */
  protected argumentList = this.RULE(
    "arguments",
    (out: ast.ValueNode[]): void => {
      this.CONSUME(types.LeftParen);
      this.guarded(() => {
        this.OPTION(() => {
          const first = this.SUBRULE(this.value);
          this.ACTION(() => out.push(first));
          this.MANY({
            GATE: () => this.LA(2).tokenType !== types.RightParen,
            DEF: () => {
              this.CONSUME(types.Comma);
              const more = this.SUBRULE2(this.value);
              this.ACTION(() => out.push(more));
            },
          });
          this.OPTION2(() => this.CONSUME2(types.Comma));
        });
        this.ACTION(() => this.endOfList(types.RightParen, "`,` or `)`"));
      });
      this.SUBRULE(this.listRest);
      this.CONSUME(types.RightParen);
    },
    { resyncEnabled: false },
  );

  protected map = this.RULE(
    "map",
    (): ast.MapNode => {
      const assertBefore = this.inAssert;
      const parentBefore = this.parent;
      this.ACTION(() => {
        this.inAssert = false;
        this.parent = null;
      });
      const body = this.SUBRULE(this.body);
      this.ACTION(() => {
        this.inAssert = assertBefore;
        this.parent = parentBefore;
      });
      return { kind: "map", start: body.start, end: body.end, source: this.source, body };
    },
    { resyncEnabled: false },
  );

  protected skippedToken = this.RULE(
    "skippedToken",
    (): void => {
      this.OR([
        { ALT: () => this.CONSUME(types.AnyToken) },
        { ALT: () => this.SUBRULE(this.skippedList) },
        {
          ALT: () => {
            this.CONSUME(types.LeftParen);
            this.SUBRULE(this.listRest);
            this.CONSUME(types.RightParen);
          },
        },
        {
          ALT: () => {
            this.CONSUME(types.LeftBrace);
            this.MANY(() => {
              this.OR2([
                { ALT: () => this.CONSUME(types.NewLine) },
                { ALT: () => this.CONSUME(types.Comma) },
                { ALT: () => this.SUBRULE(this.skippedToken) },
              ]);
            });
            this.CONSUME(types.RightBrace);
          },
        },
      ]);
    },
    { resyncEnabled: false },
  );

  protected skippedList = this.RULE(
    "skippedList",
    (): void => {
      this.CONSUME(types.LeftBracket);
      this.SUBRULE(this.listRest);
      this.CONSUME(types.RightBracket);
    },
    { resyncEnabled: false },
  );

  /** Everything up to the `]` or `)` of the innermost list. */
  protected listRest = this.RULE(
    "listRest",
    (): void => {
      this.MANY(() => {
        this.OR([
          { ALT: () => this.CONSUME(types.Comma) },
          { ALT: () => this.CONSUME(types.NewLine) },
          { ALT: () => this.SUBRULE(this.skippedToken) },
        ]);
      });
    },
    { resyncEnabled: false },
  );
}
