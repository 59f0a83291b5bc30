/** Rules for loops, conditions, constants, parameters, templates and imports. */
import type { IToken } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { missingScalar } from "./state.ts";
import type { Mutable } from "./state.ts";
import { StatementRules } from "./statements.ts";

/** How long a chain of `else if` may be, and how deep a type. */
const chainLimit = 128;

/** What other languages write for `else if`. */
const elseIfs: ReadonlySet<string> = new Set(["elif", "elsif", "elseif"]);

export abstract class DirectiveRules extends StatementRules {
  protected loop = this.RULE(
    "for",
    (): void => {
      const node = this.open<ast.ForNode>({ kind: "for", ...this.here(), bindings: [], condition: null, body: null, damaged: false });
      const word = this.CONSUME(types.Word);
      this.ACTION(() => {
        if (word.image === "for") return;
        this.remarks.push({ kind: "foreign", token: word, what: `a loop begins with \`for\`, not with \`${word.image}\``, instead: "for" });
      });
      this.guarded(() => {
        const open = this.OPTION(() => this.CONSUME(types.LeftParen));
        this.ACTION(() => {
          if (open === undefined) return;
          this.remarks.push({
            kind: "foreign",
            token: open,
            what: "a loop has no parentheses around its head: `for name in values { … }`",
            instead: null,
          });
        });
        this.SUBRULE(this.bindings, { ARGS: [node.bindings] });
        this.OPTION2(() => {
          this.CONSUME(keyword("if"));
          node.condition = this.SUBRULE(this.chain);
        });
        this.OPTION3(() => this.CONSUME(types.RightParen));
      });
      node.body = this.SUBRULE(this.headedBody);
    },
    { resyncEnabled: false },
  );

  /** The body behind a head; null when there is none, which is said unless the head is broken already. */
  protected headedBody = this.RULE(
    "headed body",
    (): ast.BodyNode | null => {
      this.SUBRULE(this.headerRest);
      let body: ast.BodyNode | null = null;
      this.OPTION(() => {
        body = this.SUBRULE(this.body);
      });
      this.ACTION(() => {
        if (body !== null || this.member === null || this.member.damaged === true) return;
        this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "`{`" });
        this.member.damaged = true;
      });
      return body;
    },
    { resyncEnabled: false },
  );

  protected condition = this.RULE(
    "if",
    (): void => {
      let node = this.open<ast.IfNode>(this.freshIf());
      const first = node;
      let length = 0;
      this.CONSUME(keyword("if"));
      this.SUBRULE(this.conditionAndBody, { ARGS: [node] });
      this.MANY({
        GATE: () => this.elseIfAhead() && length < chainLimit,
        DEF: () => {
          const next: Mutable<ast.IfNode> = this.freshIf();
          this.SUBRULE(this.elseIf);
          this.ACTION(() => {
            length++;
            next.start = this.LA(0).startOffset;
            node.otherwise = next;
            node = next;
          });
          this.SUBRULE2(this.conditionAndBody, { ARGS: [next] });
        },
      });
      this.ACTION(() => {
        if (this.elseIfAhead()) this.remarks.push({ kind: "deep", token: this.LA(1), what: "`else if`s", limit: chainLimit });
      });
      this.OPTION({
        GATE: () => !this.elseIfAhead() && this.LA(2).tokenType !== types.Assign,
        DEF: () => {
          this.CONSUME(keyword("else"));
          const last = this.SUBRULE(this.headedBody);
          this.ACTION(() => {
            node.otherwise = last;
          });
        },
      });
      this.ACTION(() => {
        const end = this.lastEnd();
        for (let at: ast.AstNode | null = first; at?.kind === "if"; at = at.otherwise)
          (at as Mutable<ast.IfNode>).end = Math.max(at.end, end);
      });
    },
    { resyncEnabled: false },
  );

  private freshIf(): Mutable<ast.IfNode> {
    return { kind: "if", ...this.here(), condition: null, body: null, otherwise: null, damaged: false };
  }

  private conditionAndBody = this.RULE(
    "condition and body",
    (node: Mutable<ast.IfNode>): void => {
      this.guarded(() => {
        // A brace that follows at once is the body's: a map is no condition.
        if (!this.RECORDING_PHASE && this.LA(1).tokenType === types.LeftBrace) {
          this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "a condition" });
          return;
        }
        const condition = this.SUBRULE(this.chain);
        this.ACTION(() => {
          node.condition = condition;
          this.singleEquals();
        });
      });
      const body = this.SUBRULE(this.headedBody);
      this.ACTION(() => {
        node.body = body;
        node.end = Math.max(node.end, this.lastEnd());
      });
    },
    { resyncEnabled: false },
  );

  /** `if size = large {`. */
  private singleEquals(): void {
    const token = this.LA(1);
    if (token.tokenType !== types.Assign) return;
    this.remarks.push({ kind: "foreign", token, what: "`=` gives a value; values are compared with `==`", instead: "==" });
    if (this.member !== null) this.member.damaged = true;
  }

  private elseIfAhead(): boolean {
    if (this.RECORDING_PHASE) return true;
    const next = this.LA(2).tokenType;
    if (elseIfs.has(this.LA(1).image)) return next !== types.Assign && next !== types.Colon && this.beginsOperand(2);
    return this.LA(1).tokenType === keyword("else") && next === keyword("if");
  }

  private elseIf = this.RULE(
    "else if",
    (): void => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(keyword("else"));
            this.CONSUME(keyword("if"));
          },
        },
        {
          ALT: () => {
            const word = this.CONSUME(types.Identifier);
            this.ACTION(() =>
              this.remarks.push({ kind: "foreign", token: word, what: `\`${word.image}\` is written \`else if\``, instead: "else if" }),
            );
          },
        },
      ]);
    },
    { resyncEnabled: false },
  );

  protected constant = this.RULE(
    "const",
    (): void => {
      const node = this.open<ast.ConstNode>({ kind: "const", ...this.here(), name: null, value: null, damaged: false });
      const word = this.CONSUME(types.Word);
      this.ACTION(() => {
        if (word.image === "const") return;
        this.remarks.push({ kind: "foreign", token: word, what: "a constant is declared with `const`", instead: "const" });
      });
      node.name = this.SUBRULE(this.boundName);
      this.CONSUME(types.Assign);
      node.value = this.SUBRULE(this.value);
    },
    { resyncEnabled: false },
  );

  /** A name that stands for a value is a word: it could not be used otherwise. */
  private boundName = this.RULE("bound name", (): ast.NameNode => this.nameOf(this.CONSUME(types.Word)), { resyncEnabled: false });

  protected parameter = this.RULE(
    "param",
    (): void => {
      const node = this.open<ast.ParamNode>({
        kind: "param",
        ...this.here(),
        name: null,
        type: null,
        fallback: null,
        condition: null,
        damaged: false,
      });
      this.CONSUME(keyword("param"));
      node.name = this.SUBRULE(this.boundName);
      this.OPTION(() => {
        const colon = this.CONSUME(types.Colon);
        this.ACTION(() =>
          this.remarks.push({
            kind: "foreign",
            token: colon,
            what: "the type of a parameter stands behind its name without a colon",
            instead: "",
          }),
        );
      });
      node.type = this.SUBRULE(this.type);
      this.OPTION2(() => {
        this.CONSUME(types.Assign);
        node.fallback = this.SUBRULE(this.value);
      });
      this.OPTION3(() => {
        this.CONSUME(keyword("where"));
        node.condition = this.SUBRULE2(this.value);
      });
      this.OPTION4({
        GATE: () => node.condition !== null && node.fallback === null,
        DEF: () => {
          const sign = this.CONSUME2(types.Assign);
          this.ACTION(() => {
            this.remarks.push({
              kind: "foreign",
              token: sign,
              what: "the default of a parameter stands in front of `where`",
              instead: null,
            });
          });
        },
      });
    },
    { resyncEnabled: false },
  );

  /** `integer`, `list of cidr`, `one of [small, large]`. */
  private type = this.RULE(
    "type",
    (): ast.TypeNode => {
      const outer: { readonly word: ast.NameNode }[] = [];
      this.MANY({
        GATE: () => this.LA(2).image === "of" && !this.reads("one"),
        DEF: () => {
          const word = this.OR([{ ALT: () => this.CONSUME(keyword("list")) }, { ALT: () => this.CONSUME(keyword("map")) }]);
          this.CONSUME(keyword("of"));
          this.ACTION(() => {
            if (outer.length < chainLimit) outer.push({ word: this.nameOf(word) });
            else if (outer.length === chainLimit) this.remarks.push({ kind: "deep", token: word, what: "types", limit: chainLimit });
          });
        },
      });
      const name = this.CONSUME(types.Word);
      let values: ast.ValueNode | null = null;
      this.OPTION({
        GATE: () => name.image === "one",
        DEF: () => {
          this.CONSUME2(keyword("of"));
          values = this.SUBRULE(this.list);
        },
      });
      const innermost: ast.TypeNode = { kind: "type", ...this.upToHere(name), name: this.nameOf(name), of: null, values };
      return outer.reduceRight<ast.TypeNode>(
        (of, { word }) => ({ kind: "type", start: word.start, end: of.end, source: this.source, name: word, of, values: null }),
        innermost,
      );
    },
    { resyncEnabled: false },
  );

  private upToHere(token: IToken): ast.NodeBase {
    const at = this.spot(token);
    return this.RECORDING_PHASE ? at : { ...at, end: Math.max(at.end, this.lastEnd()) };
  }

  protected template = this.RULE(
    "template",
    (): void => {
      const node = this.open<ast.TemplateNode>({ kind: "template", ...this.here(), name: null, body: null, damaged: false });
      this.CONSUME(keyword("template"));
      this.guarded(() => {
        node.name = this.SUBRULE(this.boundName);
        this.SUBRULE(this.parenthesized, { ARGS: ["the parameters of a template stand in its body: `param name type`"] });
      });
      node.body = this.SUBRULE(this.freeBody);
    },
    { resyncEnabled: false },
  );

  /** What another language puts in parentheses behind a name. */
  private parenthesized = this.RULE(
    "parenthesized",
    (what: string): void => {
      this.OPTION(() => {
        const open = this.CONSUME(types.LeftParen);
        this.ACTION(() => this.remarks.push({ kind: "foreign", token: open, what, instead: null }));
        this.SUBRULE(this.listRest);
        this.CONSUME(types.RightParen);
      });
    },
    { resyncEnabled: false },
  );

  /** A body in which nothing is known of what may stand there. */
  private freeBody = this.RULE(
    "free body",
    (): ast.BodyNode | null => {
      const assertBefore = this.inAssert;
      const parentBefore = this.parent;
      this.ACTION(() => {
        this.inAssert = false;
        this.parent = null;
      });
      const body = this.SUBRULE(this.headedBody);
      this.ACTION(() => {
        this.inAssert = assertBefore;
        this.parent = parentBefore;
      });
      return body;
    },
    { resyncEnabled: false },
  );

  protected use = this.RULE(
    "use",
    (): void => {
      const node = this.open<ast.UseNode>({ kind: "use", ...this.here(), template: null, arguments: null, damaged: false });
      this.CONSUME(keyword("use"));
      this.guarded(() => {
        const name = this.OR([{ ALT: () => this.CONSUME(types.Word) }, { ALT: () => this.CONSUME(types.Dotted) }]);
        this.ACTION(() => {
          const form = name.tokenType === types.Dotted ? "dotted" : "word";
          node.template = { kind: "scalar", ...this.place(name), form, text: name.image };
        });
        this.SUBRULE(this.parenthesized, { ARGS: ["the arguments of a template stand in braces: `use name { parameter = value }`"] });
      });
      this.SUBRULE(this.headerRest);
      this.OPTION({
        GATE: () => this.LA(1).tokenType === types.LeftBrace,
        DEF: () => {
          node.arguments = this.SUBRULE(this.freeBody);
        },
      });
    },
    { resyncEnabled: false },
  );

  protected import = this.RULE(
    "import",
    (): void => {
      const node = this.open<ast.ImportNode>({ kind: "import", ...this.here(), path: null, alias: null, arguments: null, damaged: false });
      this.CONSUME(keyword("import"));
      this.guarded(() => {
        const path = this.CONSUME(types.Text);
        this.ACTION(() => {
          const read = this.scalarOf(path);
          if (read.kind === "scalar") node.path = read;
          else {
            node.path = { ...missingScalar, ...this.place(path), text: path.image };
            this.remarks.push({ kind: "computed-import", token: path });
          }
        });
        this.OPTION({
          MAX_LOOKAHEAD: 1,
          DEF: () => {
            this.CONSUME(keyword("as"));
            node.alias = this.SUBRULE(this.boundName);
          },
        });
        this.OPTION2(() => this.CONSUME(keyword("with")));
        this.ACTION(() => {
          if (this.LA(1).tokenType !== types.LeftBrace || this.LA(0).image === "with") return;
          this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "`with` or the end of the line", insert: "with" });
        });
      });
      this.SUBRULE(this.headerRest);
      this.OPTION3({
        GATE: () => this.LA(1).tokenType === types.LeftBrace,
        DEF: () => {
          node.arguments = this.SUBRULE(this.freeBody);
        },
      });
      this.ACTION(() => {
        if (node.arguments === null && this.LA(0).image === "with") {
          this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "`{`" });
        }
      });
    },
    { resyncEnabled: false },
  );
}
