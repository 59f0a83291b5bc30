/** Rules for what loops go over, whether they make members or the items of a list. */
import type { ParserMethod, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import type { Mutable } from "./state.ts";
import { ValueRules } from "./values.ts";

const memberEnds: ReadonlySet<TokenType> = new Set([types.NewLine, types.RightBrace, types.EOF]);

export abstract class BindingRules extends ValueRules {
  /** `i in 1..3, j in 1..2`, behind `for`. */
  protected override bindings: ParserMethod<[ast.BindingNode[]], void> = this.RULE(
    "bindings",
    (out: ast.BindingNode[]): void => {
      this.SUBRULE(this.binding, { ARGS: [out] });
      this.MANY(() => {
        this.CONSUME(types.Comma);
        this.SUBRULE2(this.binding, { ARGS: [out] });
      });
    },
    { resyncEnabled: false },
  );

  private binding = this.RULE(
    "binding",
    (out: ast.BindingNode[]): void => {
      const node: Mutable<ast.BindingNode> = { kind: "binding", ...this.here(), names: [], values: null };
      const first = this.CONSUME(types.Name);
      this.ACTION(() => {
        const name = this.nameOf(first);
        node.start = Math.min(node.start, name.start);
        node.names.push(name);
        out.push(node);
        if (this.isWord(first) || first.isInsertedInRecovery === true) return;
        const word = /^"([A-Za-z_]\w*)"$/.exec(first.image)?.[1] ?? null;
        this.remarks.push({ kind: "foreign", token: first, what: "the name of a loop's value is a word", instead: word });
      });
      this.OPTION({
        GATE: () => this.secondName(),
        DEF: () => {
          this.CONSUME(types.Comma);
          const second = this.CONSUME2(types.Word);
          this.ACTION(() => node.names.push(this.nameOf(second)));
        },
      });
      this.guarded(() => {
        if (this.otherIn()) this.CONSUME(types.AnyToken);
        else this.CONSUME(keyword("in"));
        if (this.opensBody()) this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "the values of the loop" });
        else node.values = this.SUBRULE(this.chain);
      });
      this.ACTION(() => {
        node.end = Math.max(node.end, this.lastEnd());
      });
    },
    { resyncEnabled: false },
  );

  /** Whether `, name in` follows: of `i in a, j in b` the comma parts two loops. */
  private secondName(): boolean {
    const third = this.LA(3);
    return this.isWord(this.LA(2)) && (third.image === "in" || third.image === "of") && this.LA(1).tokenType === types.Comma;
  }

  /** `for x of xs`, `for i = 1..3`: not the word that stands there. */
  private otherIn(): boolean {
    const token = this.LA(1);
    if (
      this.RECORDING_PHASE ||
      !(token.image === "of" || token.image === "from" || token.tokenType === types.Assign || token.tokenType === types.Colon)
    )
      return false;
    if (!this.beginsOperand(2)) return false;
    this.remarks.push({
      kind: "foreign",
      token,
      what: `a loop is written \`for name in values\`, not with \`${token.image}\``,
      instead: "in",
    });
    return true;
  }

  /** Behind `in`, a brace that no second one follows opens the body of the loop, and its values are missing. */
  private opensBody(): boolean {
    if (this.RECORDING_PHASE || this.LA(1).tokenType !== types.LeftBrace) return false;
    let depth = 0;
    for (let k = 1; ; k++) {
      const type = this.LA(k).tokenType;
      if (type === types.EOF) return true;
      if (type === types.LeftBrace) depth++;
      else if (type === types.RightBrace && --depth === 0) {
        const next = this.LA(k + 1);
        if (next.tokenType !== types.Comma) return memberEnds.has(next.tokenType);
        return this.LA(k + 2).tokenType !== types.RightBracket && !["in", ","].includes(this.LA(k + 3).image);
      }
    }
  }

  /** Whether an operand begins at the token at distance `k`; if not, the word in front of it is a name. */
  protected beginsOperand(k: number): boolean {
    const token = this.LA(k);
    const type = token.tokenType;
    if (type === types.LeftParen || type === types.LeftBracket || type === types.LeftBrace || type === types.Minus) return true;
    if (!this.isScalar(token)) return false;
    const next = this.LA(k + 1).tokenType;
    return next !== types.Assign && next !== types.Colon;
  }
}
