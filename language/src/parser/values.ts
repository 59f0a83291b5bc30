/** Rules for names and values, and for leaving out what cannot be read. */
import type { IOrAlt, IToken, ParserMethod } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { endOf, ParserState } from "./state.ts";

export abstract class ValueRules extends ParserState {
  // Alternatives that close over nothing are built once; Chevrotain would otherwise be handed new closures for every token.
  protected scalarAlternatives: IOrAlt<IToken>[] | undefined;

  protected valueAlternatives: IOrAlt<ast.ValueNode>[] | undefined;

  /** `{ … }` with members; of the outermost layer of the grammar. */
  protected abstract body: ParserMethod<[], ast.BodyNode>;

  protected name = this.RULE(
    "name",
    (): ast.NameNode => {
      const token = this.CONSUME(types.Name);
      this.ACTION(() => {
        if (token.tokenType === types.Dotted) this.remarks.push({ kind: "dotted", token });
      });
      return this.nameOf(token);
    },
    { resyncEnabled: false },
  );

  protected scalar = this.RULE(
    "scalar",
    (): ast.ScalarNode => {
      const token = this.OR(
        (this.scalarAlternatives ??= [
          { ALT: () => this.CONSUME(types.Text) },
          { ALT: () => this.CONSUME(types.Integer) },
          { ALT: () => this.CONSUME(types.Port) },
          { ALT: () => this.CONSUME(types.Address) },
          { ALT: () => this.CONSUME(types.AddressRange) },
          { ALT: () => this.CONSUME(types.Mac) },
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

  protected value: ParserMethod<[], ast.ValueNode> = this.RULE(
    "value",
    (): ast.ValueNode =>
      this.OR(
        (this.valueAlternatives ??= [
          { ALT: () => this.SUBRULE(this.list) },
          { ALT: () => this.SUBRULE(this.map) },
          { ALT: () => this.SUBRULE(this.portValue) },
        ]),
      ),
    { resyncEnabled: false },
  );

  /** A scalar or a range. */
  protected portValue = this.RULE(
    "port value",
    (): ast.ScalarNode | ast.RangeNode => {
      const first = this.SUBRULE(this.scalar);
      let out: ast.ScalarNode | ast.RangeNode = first;
      this.OPTION(() => {
        this.CONSUME(types.DotDot);
        const last = this.SUBRULE2(this.scalar);
        out = { kind: "range", start: first.start, end: last.end, first, last };
      });
      return out;
    },
    { resyncEnabled: false },
  );

  protected list = this.RULE(
    "list",
    (): ast.ListNode => {
      const open = this.CONSUME(types.LeftBracket);
      const items: ast.ValueNode[] = [];
      this.guarded(() => {
        this.OPTION(() => {
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
          this.OPTION2(() => this.CONSUME2(types.Comma));
        });
        this.ACTION(() => this.endOfList());
      });
      this.SUBRULE(this.listRest);
      const close = this.CONSUME(types.RightBracket);
      return {
        kind: "list",
        start: this.place(open).start,
        end: close.isInsertedInRecovery === true ? this.lastEnd() : endOf(close),
        items,
      };
    },
    { resyncEnabled: false },
  );

  protected endOfList(): void {
    if (this.LA(1).tokenType === types.RightBracket) return;
    this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "`,` or `]`" });
  }

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
      return { kind: "map", start: body.start, end: body.end, body };
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

  /** Everything up to the `]` of the innermost list. */
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
