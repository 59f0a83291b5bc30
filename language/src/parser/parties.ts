/** Rules for the parties of rules and assertions, their selectors and ports. */
import type * as ast from "../ast/nodes.ts";
import { continuationKeywords } from "../lexer/keywords.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { missingName } from "./state.ts";
import type { Mutable } from "./state.ts";
import { ExpressionRules } from "./expressions.ts";

interface Comparison {
  readonly operator: ast.RequirementNode["operator"];
  readonly value: ast.ValueNode | null;
}

export abstract class PartyRules extends ExpressionRules {
  protected ports = this.RULE(
    "ports",
    (out: ast.ValueNode[]): void => {
      const first = this.SUBRULE(this.portValue);
      this.ACTION(() => out.push(first));
      this.MANY({
        GATE: () => !this.memberAhead(2),
        DEF: () => {
          this.CONSUME(types.Comma);
          const more = this.SUBRULE2(this.portValue);
          this.ACTION(() => out.push(more));
        },
      });
    },
    { resyncEnabled: false },
  );

  /** Parties with commas between them. Behind a comma, what reads as the next member ends them. */
  protected peers = this.RULE(
    "peers",
    (out: ast.PeerNode[], asserting: boolean): void => {
      const first = this.SUBRULE(this.peer, { ARGS: [asserting] });
      this.ACTION(() => out.push(first));
      this.MANY({
        GATE: () => this.anotherPeer(asserting, out),
        DEF: () => {
          this.CONSUME(types.Comma);
          const more = this.SUBRULE2(this.peer, { ARGS: [asserting] });
          this.ACTION(() => out.push(more));
        },
      });
    },
    { resyncEnabled: false },
  );

  protected anotherPeer(asserting: boolean, out: readonly ast.PeerNode[]): boolean {
    if (!asserting) return !this.memberAhead(2);
    const member = this.member as unknown as ast.ReachNode | null;
    // Sources are followed by a verb; a target followed by one is the source of the next statement.
    const next = this.LA(3).image;
    const begins = this.reachesAhead(2) || next === "any" || (next === "of" && this.LA(2).image === "connectivity");
    return member === null || member.targets !== out || !begins;
  }

  protected peer = this.RULE(
    "peer",
    (asserting: boolean): ast.PeerNode => {
      const { start, end, source } = this.here();
      const node: Mutable<ast.PeerNode> = {
        kind: "peer",
        start,
        end,
        source,
        form: "value",
        selector: null,
        name: null,
        namespaces: null,
        everywhere: false,
        value: null,
        except: null,
      };
      if (asserting && !this.RECORDING_PHASE && this.isScalar(this.LA(1)) && !this.isWord(this.LA(1))) {
        // Most parties of assertions are paths, and those of other forms begin with words.
        node.value = this.SUBRULE2(this.operand);
        node.end = Math.max(node.start, this.lastEnd());
        return node;
      }
      this.OR([
        {
          GATE: () => this.LA(2).image === "pods" || this.LA(2).image === "namespaces",
          ALT: () => {
            this.CONSUME(keyword("all"));
            this.OR2([
              {
                ALT: () => {
                  this.CONSUME(keyword("pods"));
                  node.form = "all-pods";
                  this.SUBRULE(this.scope, { ARGS: [node] });
                },
              },
              {
                ALT: () => {
                  this.CONSUME(keyword("namespaces"));
                  node.form = "all-namespaces";
                },
              },
            ]);
          },
        },
        {
          ALT: () => {
            this.CONSUME2(keyword("pods"));
            node.form = "pods";
            node.selector = this.SUBRULE(this.selector);
            this.SUBRULE2(this.scope, { ARGS: [node] });
          },
        },
        {
          ALT: () => {
            this.CONSUME2(keyword("namespaces"));
            node.form = "namespaces";
            node.namespaces = this.SUBRULE2(this.selector);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("namespace"));
            node.form = "namespace";
            node.name = this.SUBRULE(this.name);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("internet"));
            node.form = "internet";
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("anyone"));
            node.form = "anyone";
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("anything"));
            node.form = "anything";
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("nothing"));
            node.form = "nothing";
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("nodes"));
            node.form = "nodes";
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("node"));
            node.form = "node";
            node.name = this.SUBRULE(this.placedName);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("subnet"));
            node.form = "subnet";
            node.name = this.SUBRULE3(this.name);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("service"));
            node.form = "service";
            node.value = this.SUBRULE(this.operand);
          },
        },
        {
          GATE: () => !continuationKeywords.has(this.LA(1).image),
          ALT: () => {
            node.value = this.SUBRULE2(this.operand);
            this.OPTION({
              GATE: () => !asserting,
              DEF: () => {
                this.CONSUME(keyword("except"));
                node.except = this.SUBRULE3(this.operand);
              },
            });
          },
        },
      ]);
      this.ACTION(() => {
        node.end = Math.max(node.start, this.lastEnd());
      });
      return node;
    },
    { resyncEnabled: false },
  );

  /** A name, or `cluster/name` where a program has several clusters. */
  protected placedName = this.RULE(
    "placed name",
    (): ast.NameNode =>
      this.OR([{ ALT: () => this.nameOf(this.CONSUME(types.Path)) }, { ALT: () => this.SUBRULE(this.name) }]),
    { resyncEnabled: false },
  );

  /** `in namespace001`, `in namespace namespace001`, `in namespaces team == "shop"`, `in all namespaces`. */
  protected scope = this.RULE(
    "scope",
    (node: Mutable<ast.PeerNode>): void => {
      this.OPTION(() => {
        this.CONSUME(keyword("in"));
        this.OR([
          {
            GATE: () => this.LA(2).image === "namespaces",
            ALT: () => {
              this.CONSUME(keyword("all"));
              this.CONSUME(keyword("namespaces"));
              this.ACTION(() => {
                node.everywhere = true;
              });
            },
          },
          {
            GATE: () => this.isName(this.LA(2)),
            ALT: () => {
              this.CONSUME2(keyword("namespaces"));
              const selector = this.SUBRULE(this.selector);
              this.ACTION(() => {
                node.namespaces = selector;
              });
            },
          },
          {
            GATE: () => this.isName(this.LA(2)) && !["on", "reaches", "never", "except"].includes(this.LA(2).image),
            ALT: () => {
              this.CONSUME(keyword("namespace"));
              const name = this.SUBRULE2(this.placedName);
              this.ACTION(() => {
                node.name = name;
              });
            },
          },
          {
            ALT: () => {
              const name = this.SUBRULE(this.placedName);
              this.ACTION(() => {
                node.name = name;
              });
            },
          },
        ]);
      });
    },
    { resyncEnabled: false },
  );

  protected selector = this.RULE(
    "selector",
    (): ast.SelectorNode => {
      const requirements: ast.RequirementNode[] = [];
      const start = this.here().start;
      const first = this.SUBRULE(this.requirement);
      this.ACTION(() => requirements.push(first));
      this.MANY(() => {
        this.CONSUME(keyword("and"));
        const more = this.SUBRULE2(this.requirement);
        this.ACTION(() => requirements.push(more));
      });
      return {
        kind: "selector",
        start,
        end: this.RECORDING_PHASE ? start : Math.max(start, this.lastEnd()),
        source: this.source,
        requirements,
      };
    },
    { resyncEnabled: false },
  );

  protected requirement = this.RULE(
    "requirement",
    (): ast.RequirementNode => {
      const start = this.here().start;
      let key = missingName;
      let operator: ast.RequirementNode["operator"] = "has";
      let value: ast.ValueNode | null = null;
      this.OR({
        MAX_LOOKAHEAD: 1,
        DEF: [
          {
            GATE: () => !this.operatorAt(2),
            ALT: () => {
              this.CONSUME(keyword("has"));
              key = this.SUBRULE(this.name);
            },
          },
          {
            GATE: () => !this.operatorAt(2),
            ALT: () => {
              this.CONSUME(keyword("not"));
              this.CONSUME2(keyword("has"));
              operator = "not has";
              key = this.SUBRULE2(this.name);
            },
          },
          {
            ALT: () => {
              key = this.SUBRULE3(this.name);
              const comparison = this.SUBRULE(this.comparison);
              this.ACTION(() => {
                ({ operator, value } = comparison);
              });
            },
          },
        ],
      });
      return {
        kind: "requirement",
        start,
        end: this.RECORDING_PHASE ? start : Math.max(start, this.lastEnd()),
        source: this.source,
        key,
        operator,
        value,
      };
    },
    { resyncEnabled: false },
  );

  protected comparison = this.RULE(
    "comparison",
    (): Comparison => {
      let operator: ast.RequirementNode["operator"] = "==";
      let value: ast.ValueNode | null = null;
      this.OR([
        {
          ALT: () => {
            this.CONSUME(types.Equal);
            operator = "==";
            value = this.SUBRULE(this.labelValue);
          },
        },
        {
          ALT: () => {
            this.CONSUME(types.NotEqual);
            operator = "!=";
            value = this.SUBRULE2(this.labelValue);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("in"));
            operator = "in";
            value = this.SUBRULE(this.operand);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("not"));
            this.CONSUME2(keyword("in"));
            operator = "not in";
            value = this.SUBRULE2(this.operand);
          },
        },
      ]);
      return { operator, value };
    },
    { resyncEnabled: false },
  );

  /** What is compared with: a word that goes on with the sentence is not it. */
  protected labelValue = this.RULE(
    "label value",
    (): ast.ValueNode => this.OR([{ GATE: () => !continuationKeywords.has(this.LA(1).image), ALT: () => this.SUBRULE(this.operand) }]),
    { resyncEnabled: false },
  );
}
