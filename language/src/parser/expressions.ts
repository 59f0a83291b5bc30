/** Rules for values with operators: one flat run of operands and operators, put into shape by precedence afterwards. */
import type { IOrAlt, IToken, ParserMethod, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { endOf, expressionLimit, missingName, missingScalar } from "./state.ts";
import type { Mutable } from "./state.ts";
import { BindingRules } from "./bindings.ts";

type Operator = ast.BinaryOperator | "..";

const operators: ReadonlyMap<TokenType, Operator> = new Map<TokenType, Operator>([
  [keyword("or"), "or"],
  [keyword("and"), "and"],
  [types.Equal, "=="],
  [types.NotEqual, "!="],
  [types.Less, "<"],
  [types.LessEqual, "<="],
  [types.Greater, ">"],
  [types.GreaterEqual, ">="],
  [keyword("in"), "in"],
  [keyword("not"), "not in"],
  [types.DotDot, ".."],
  [types.Plus, "+"],
  [types.Minus, "-"],
  [types.Star, "*"],
]);

/** The greater, the tighter. */
const precedence: Readonly<Record<Operator, number>> = {
  or: 1,
  and: 2,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  in: 4,
  "not in": 4,
  "..": 5,
  "+": 6,
  "-": 6,
  "*": 7,
};
const notPrecedence = 3;
const comparison = 4;
const range = 5;

/** A run of operands as it stands: what is in front of the first one, and each operator with what follows it. */
interface Run {
  readonly operands: (ast.ValueNode | null)[];
  readonly operators: { readonly operator: Operator; readonly token: IToken }[];
  /** By operand: the words `not` in front of it. */
  readonly nots: IToken[][];
}

/** How many conditions may stand inside one another without brackets around them. */
const choiceLimit = 64;

export abstract class ExpressionRules extends BindingRules {
  private primaryAlternatives: IOrAlt<ast.ValueNode>[] | undefined;

  /** Conditions that are open. */
  private choices = 0;

  protected override value: ParserMethod<[], ast.ValueNode> = this.RULE(
    "value",
    (): ast.ValueNode => {
      if (!this.RECORDING_PHASE && this.simpleAhead()) return this.scalarOf(this.CONSUME(types.AnyToken));
      return this.OR([
        { GATE: () => this.choiceAhead(), ALT: () => this.SUBRULE(this.choice) },
        { GATE: () => this.loopAhead(), ALT: () => this.SUBRULE(this.looseLoop) },
        {
          ALT: () => {
            const first = this.SUBRULE(this.chain);
            let out = first;
            this.OPTION(() => {
              out = this.SUBRULE(this.questioned, { ARGS: [first] });
            });
            return out;
          },
        },
      ]);
    },
    { resyncEnabled: false },
  );

  /** Whether one token is the whole value: by far most are. */
  private simpleAhead(): boolean {
    return valueEnds.has(this.LA(2).tokenType) && this.isScalar(this.LA(1));
  }

  /** `if` as a word that names something is followed by nothing. */
  private choiceAhead(): boolean {
    return this.LA(1).tokenType === keyword("if") && this.beginsOperand(2);
  }

  /** `if production then 3 else 1`. */
  private choice = this.RULE(
    "choice",
    (): ast.ConditionalNode => {
      const word = this.CONSUME(keyword("if"));
      const node: Mutable<ast.ConditionalNode> = { kind: "conditional", ...this.spot(word), condition: null, then: null, otherwise: null };
      this.ACTION(() => this.choices++);
      try {
        this.guarded(() => {
          node.condition = this.SUBRULE(this.chain);
          if (this.bracedChoice(word)) return;
          this.CONSUME(keyword("then"));
          node.then = this.SUBRULE(this.value);
          this.CONSUME(keyword("else"));
          node.otherwise = this.SUBRULE2(this.value);
        });
      } finally {
        this.ACTION(() => this.choices--);
      }
      this.ACTION(() => {
        node.end = Math.max(node.end, this.lastEnd());
        this.height++;
      });
      return node;
    },
    { resyncEnabled: false },
  );

  /** `if production { 3 } else { 1 }`, or one condition too many. */
  private bracedChoice(word: IToken): boolean {
    if (this.RECORDING_PHASE) return false;
    if (this.LA(1).tokenType === types.LeftBrace) {
      const what = "a value that depends on a condition is written `if condition then this else that`";
      this.remarks.push({ kind: "foreign", token: word, what, instead: null });
      return true;
    }
    if (this.choices <= choiceLimit) return false;
    this.remarks.push({ kind: "deep", token: word, what: "conditions", limit: choiceLimit });
    return true;
  }

  /** `condition ? this : that`. */
  private questioned = this.RULE(
    "questioned",
    (condition: ast.ValueNode): ast.ConditionalNode => {
      const sign = this.CONSUME(types.Question);
      const node: Mutable<ast.ConditionalNode> = { kind: "conditional", ...this.spot(sign), condition, then: null, otherwise: null };
      this.ACTION(() => {
        node.start = condition.start;
        const what = "a value that depends on a condition is written `if condition then this else that`";
        this.remarks.push({ kind: "foreign", token: sign, what, instead: null });
      });
      this.guarded(() => {
        node.then = this.SUBRULE(this.chain);
        this.CONSUME(types.Colon);
        node.otherwise = this.SUBRULE2(this.chain);
      });
      this.ACTION(() => {
        node.end = Math.max(node.end, this.lastEnd());
      });
      return node;
    },
    { resyncEnabled: false },
  );

  /** `for x in values …` where a value stands, without the brackets of a list. */
  private looseLoop = this.RULE(
    "loose loop",
    (): ast.ScalarNode => {
      const word = this.CONSUME(keyword("for"));
      this.ACTION(() => {
        const what = "a list that a loop makes stands in brackets: `[value for name in values]`";
        this.remarks.push({ kind: "foreign", token: word, what, instead: null });
      });
      return { ...missingScalar, ...this.spot(word) };
    },
    { resyncEnabled: false },
  );

  /** Operands with operators between them, without a condition in front. */
  protected override chain: ParserMethod<[], ast.ValueNode> = this.RULE(
    "chain",
    (): ast.ValueNode => {
      const outer = this.height;
      const run: Run = { operands: [], operators: [], nots: [] };
      this.ACTION(() => {
        this.height = 0;
      });
      this.SUBRULE(this.prefixed, { ARGS: [run] });
      this.MANY({
        GATE: () => run.operands.at(-1) !== null && this.operatorAhead(),
        DEF: () => {
          const token = this.CONSUME(types.Operator);
          this.OPTION({
            GATE: () => token.tokenType === keyword("not"),
            DEF: () => this.CONSUME(keyword("in")),
          });
          this.ACTION(() => this.noteOperator(run, token));
          this.guarded(() => this.SUBRULE2(this.prefixed, { ARGS: [run] }));
          this.ACTION(() => {
            if (run.operands.length === run.operators.length) run.operands.push(null);
          });
        },
      });
      if (this.RECORDING_PHASE) return missingScalar;
      const out = run.operators.length === 0 && run.nots[0]?.length === 0 ? (run.operands[0] ?? missingScalar) : this.shape(run);
      this.height = Math.max(outer, this.height);
      return out;
    },
    { resyncEnabled: false },
  );

  /** One operand with what stands in front of it. */
  private prefixed = this.RULE(
    "prefixed",
    (run: Run): void => {
      const nots: IToken[] = [];
      const minuses: IToken[] = [];
      this.MANY({
        GATE: () => this.beginsOperand(2),
        DEF: () => {
          const token = this.CONSUME(keyword("not"));
          this.ACTION(() => this.prefix(nots, token));
        },
      });
      this.MANY2(() => {
        const token = this.CONSUME(types.Minus);
        this.ACTION(() => this.prefix(minuses, token));
      });
      const operand = this.SUBRULE(this.operand);
      this.ACTION(() => {
        this.height += minuses.length;
        run.nots[run.operands.length] = nots;
        run.operands.push(minuses.reduceRight<ast.ValueNode>((of, sign) => this.unary("-", sign, of), operand));
      });
    },
    { resyncEnabled: false },
  );

  private prefix(out: IToken[], token: IToken): void {
    if (out.length < expressionLimit) out.push(token);
    else if (out.length === expressionLimit) this.remarks.push({ kind: "deep", token, what: "operators", limit: expressionLimit });
  }

  private unary(operator: "not" | "-", sign: IToken, operand: ast.ValueNode | null): ast.UnaryNode {
    const { start, end } = this.place(sign);
    return { kind: "unary", start, end: operand?.end ?? end, source: this.source, operator, operand };
  }

  private operatorAhead(): boolean {
    const token = this.LA(1);
    const type = token.tokenType;
    if (!operators.has(type)) return false;
    if (type === keyword("not")) return this.LA(2).tokenType === keyword("in");
    const next = this.LA(2).tokenType;
    return next !== types.Assign && next !== types.Colon;
  }

  private noteOperator(run: Run, token: IToken): void {
    const operator = operators.get(token.tokenType) ?? "or";
    run.operators.push({ operator, token });
    if (operator !== "-" && operator !== "*") return;
    const before = run.operands.at(-1);
    if (before?.end === token.startOffset || this.LA(1).startOffset === endOf(token)) this.remarks.push({ kind: "spaces", token });
  }

  /** Precedence climbing. What would be too deep is left out. */
  private shape(run: Run): ast.ValueNode {
    const room = Math.max(0, expressionLimit - this.height);
    const nots = run.nots.reduce((sum, before) => sum + before.length, 0);
    const deep = run.operators[room];
    if (deep !== undefined) {
      this.remarks.push({ kind: "deep", token: deep.token, what: "operators", limit: expressionLimit });
      run.operators.length = room;
    }
    this.height += run.operators.length + nots;
    let at = 0;
    const operandOf = (): ast.ValueNode | null => {
      const index = at;
      const before = run.nots[index] ?? [];
      if (before.length === 0) return run.operands[index] ?? null;
      run.nots[index] = [];
      return before.reduceRight<ast.ValueNode | null>((of, word) => this.unary("not", word, of), climb(notPrecedence + 1));
    };
    const climb = (least: number): ast.ValueNode | null => {
      let left = operandOf();
      for (let next = run.operators[at]; next !== undefined; next = run.operators[at]) {
        const strength = precedence[next.operator];
        if (strength < least || left === null) break;
        if (isChained(left, strength)) this.remarks.push({ kind: "chained", token: next.token });
        at++;
        left = this.join(left, next, climb(strength + 1));
      }
      return left;
    };
    return climb(0) ?? missingScalar;
  }

  private join(left: ast.ValueNode, { operator, token }: Run["operators"][number], right: ast.ValueNode | null): ast.ValueNode {
    if (operator === "..") return { ...this.rangeOf(left, right), end: right?.end ?? endOf(token) };
    const end = right?.end ?? endOf(token) + (operator === "not in" ? 3 : 0);
    return { kind: "binary", start: left.start, end, source: this.source, operator, left, right };
  }

  /** A scalar, a list, a map, a call or something in parentheses, with `[…]` and `.name` behind it. */
  protected override operand: ParserMethod<[], ast.ValueNode> = this.RULE(
    "operand",
    (): ast.ValueNode => {
      if (!this.RECORDING_PHASE && this.isScalar(this.LA(1)) && !stepStarts.has(this.LA(2).tokenType))
        return this.scalarOf(this.CONSUME(types.AnyToken));
      let out = this.SUBRULE(this.primary);
      let steps = 0;
      this.MANY({
        GATE: () => this.LA(1).startOffset === endOf(this.LA(0)),
        DEF: () =>
          this.OR([
            {
              ALT: () => {
                const node: Mutable<ast.IndexNode> = { kind: "index", ...this.here(), of: out, index: null };
                this.CONSUME(types.LeftBracket);
                this.guarded(() => {
                  node.index = this.SUBRULE(this.value);
                  this.ACTION(() => this.endOfList(types.RightBracket, "an operator or `]`"));
                });
                this.SUBRULE(this.listRest);
                this.CONSUME(types.RightBracket);
                this.ACTION(() => {
                  node.start = node.of.start;
                  node.end = this.lastEnd();
                  out = this.step(node, ++steps);
                });
              },
            },
            {
              ALT: () => {
                const dot = this.CONSUME(types.Dot);
                const token = this.CONSUME(types.Name);
                this.ACTION(() => {
                  for (const name of this.fieldNames(dot, token)) {
                    out = this.step({ kind: "field", start: out.start, end: name.end, source: this.source, of: out, name }, ++steps);
                  }
                });
              },
            },
          ]),
      });
      this.ACTION(() => this.gapInCall(out));
      return out;
    },
    { resyncEnabled: false },
  );

  /** `min (1, 2)`. */
  private gapInCall(value: ast.ValueNode): void {
    const token = this.LA(1);
    if (token.tokenType !== types.LeftParen || value.kind !== "scalar" || value.form !== "word") return;
    const what = `no space stands between \`${value.text}\` and its \`(\``;
    this.remarks.push({ kind: "foreign", token: this.LA(0), last: token, what, instead: `${value.text}(` });
  }

  /** The value itself once there are too many steps. */
  private step(node: ast.IndexNode | ast.FieldNode, steps: number): ast.ValueNode {
    if (steps > expressionLimit) {
      if (steps === expressionLimit + 1)
        this.remarks.push({ kind: "deep", token: this.LA(0), what: "indexes and fields", limit: expressionLimit });
      return node.of;
    }
    this.height++;
    return node;
  }

  /** `.cidr`; of `.a.b`, which the lexer takes for one name with a dot in it, both. */
  private fieldNames(dot: IToken, token: IToken): readonly ast.NameNode[] {
    if (token.tokenType !== types.Dotted || token.image.includes("/")) return [this.nameOf(token)];
    let start = endOf(dot);
    return token.image.split(".").map((value): ast.NameNode => {
      const at = start;
      start += value.length + 1;
      return { kind: "name", start: at, end: at + value.length, source: this.source, value, quoted: false, parts: null };
    });
  }

  private primary = this.RULE(
    "primary",
    (): ast.ValueNode => {
      if (!this.RECORDING_PHASE && this.isScalar(this.LA(1)) && !this.callAhead()) return this.scalarOf(this.CONSUME(types.AnyToken));
      return this.OR(
        (this.primaryAlternatives ??= [
          { GATE: () => this.callAhead(), ALT: () => this.SUBRULE(this.call) },
          { ALT: () => this.SUBRULE(this.list) },
          { ALT: () => this.SUBRULE(this.map) },
          { ALT: () => this.SUBRULE(this.group) },
          { ALT: () => this.SUBRULE(this.scalar) },
        ]),
      );
    },
    { resyncEnabled: false },
  );

  private callAhead(): boolean {
    const next = this.LA(2);
    return next.tokenType === types.LeftParen && next.startOffset === endOf(this.LA(1)) && this.isWord(this.LA(1));
  }

  /** `subnet(10.0.0.0/16, 8, i)`. */
  private call = this.RULE(
    "call",
    (): ast.CallNode => {
      const word = this.CONSUME(types.Word);
      const node: Mutable<ast.CallNode> = { kind: "call", ...this.spot(word), function: missingName, arguments: [] };
      node.function = this.nameOf(word);
      this.SUBRULE(this.argumentList, { ARGS: [node.arguments] });
      this.ACTION(() => {
        node.end = this.lastEnd();
        this.height++;
      });
      return node;
    },
    { resyncEnabled: false },
  );

  protected override isScalar(token: IToken): boolean {
    return scalarStarts.has(token.tokenType) || this.isWord(token);
  }
}

/** Whether an operator that stands alone follows another one of its kind. */
function isChained(left: ast.ValueNode, strength: number): boolean {
  if (strength === range) return left.kind === "range";
  return strength === comparison && left.kind === "binary" && precedence[left.operator] === comparison;
}

/** What may stand behind a whole value. Words may too, but also belong to it. */
const valueEnds: ReadonlySet<TokenType> = new Set([
  types.NewLine,
  types.Comma,
  types.RightBrace,
  types.RightBracket,
  types.RightParen,
  types.EOF,
]);

/** What makes more than a scalar of a scalar in front of it. */
const stepStarts: ReadonlySet<TokenType> = new Set([types.LeftParen, types.LeftBracket, types.Dot]);

const scalarStarts: ReadonlySet<TokenType> = new Set([
  types.Text,
  types.Integer,
  types.Port,
  types.Address,
  types.AddressRange,
  types.Mac,
  types.Duration,
  types.Size,
  types.Path,
  types.Dotted,
  types.Malformed,
]);
