/** Rules for the members that read like sentences. */
import type { ParserMethod, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { PartyRules } from "./parties.ts";

/** What may follow the name of a port, `=` forgotten or not. */
const namedPort: ReadonlySet<TokenType> = new Set([types.Assign, types.Colon, types.Port, types.Integer]);

export abstract class StatementRules extends PartyRules {
  /** What a header holds in front of its `{` and could not be read. */
  protected abstract headerRest: ParserMethod<[], void>;

  protected portStatement = this.RULE(
    "port statement",
    (): void => {
      const node = this.open<ast.PortNode>({
        kind: "port-statement",
        ...this.here(),
        name: null,
        port: null,
        target: null,
        nodePort: null,
        damaged: false,
      });
      this.CONSUME(keyword("port"));
      this.OPTION({
        GATE: () => namedPort.has(this.LA(2).tokenType),
        DEF: () => {
          node.name = this.SUBRULE(this.name);
          this.OR([
            { ALT: () => this.CONSUME(types.Assign) },
            {
              ALT: () => {
                const colon = this.CONSUME(types.Colon);
                this.ACTION(() => this.remarks.push({ kind: "colon", token: colon }));
              },
            },
            { ALT: () => this.ACTION(() => this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "`=`" })) },
          ]);
        },
      });
      node.port = this.SUBRULE(this.portValue);
      this.OPTION2(() => {
        this.CONSUME(types.Arrow);
        node.target = this.SUBRULE2(this.portValue);
      });
      this.OPTION3(() => {
        this.CONSUME(keyword("node-port"));
        this.OPTION4(() => this.CONSUME2(types.Assign));
        node.nodePort = this.SUBRULE3(this.portValue);
      });
    },
    { resyncEnabled: false },
  );

  protected applies = this.RULE(
    "applies",
    (): void => {
      const node = this.open<ast.AppliesNode>({ kind: "applies", ...this.here(), to: null, nodes: [], selector: null, damaged: false });
      this.CONSUME(keyword("applies"));
      this.CONSUME(keyword("to"));
      this.OR({
        MAX_LOOKAHEAD: 1,
        DEF: [
          {
            GATE: () => !this.operatorAt(2),
            ALT: () => {
              this.CONSUME(keyword("nodes"));
              node.to = "nodes";
            },
          },
          {
            GATE: () => !this.operatorAt(2),
            ALT: () => {
              this.CONSUME(keyword("all"));
              this.CONSUME(keyword("pods"));
              node.to = "all-pods";
            },
          },
          {
            GATE: () => !this.operatorAt(2),
            ALT: () => {
              this.CONSUME(keyword("node"));
              node.to = "node";
              const first = this.SUBRULE(this.name);
              this.ACTION(() => node.nodes.push(first));
              this.MANY({
                GATE: () => this.isName(this.LA(2)) && !this.memberAhead(2),
                DEF: () => {
                  this.CONSUME(types.Comma);
                  const more = this.SUBRULE2(this.name);
                  this.ACTION(() => node.nodes.push(more));
                },
              });
            },
          },
          {
            ALT: () => {
              this.OPTION({
                GATE: () => this.reads("pods") && !this.operatorAt(2),
                DEF: () => {
                  const pods = this.CONSUME2(keyword("pods"));
                  this.ACTION(() => this.remarks.push({ kind: "unexpected", token: pods, expected: "a selector (without `pods`)" }));
                },
              });
              node.to = "selector";
              node.selector = this.SUBRULE(this.selector);
            },
          },
        ],
      });
    },
    { resyncEnabled: false },
  );

  protected selects = this.RULE(
    "selects",
    (): void => {
      const node = this.open<ast.SelectsNode>({ kind: "selects", ...this.here(), selector: null, damaged: false });
      this.CONSUME(keyword("selects"));
      node.selector = this.SUBRULE(this.selector);
    },
    { resyncEnabled: false },
  );

  protected isolates = this.RULE(
    "isolates",
    (): void => {
      const node = this.open<ast.IsolatesNode>({ kind: "isolates", ...this.here(), directions: [], damaged: false });
      this.CONSUME(keyword("isolates"));
      const first = this.SUBRULE(this.direction);
      this.ACTION(() => node.directions.push(first));
      this.MANY({
        GATE: () => this.LA(2).image === "ingress" || this.LA(2).image === "egress",
        DEF: () => {
          this.CONSUME(types.Comma);
          const more = this.SUBRULE2(this.direction);
          this.ACTION(() => node.directions.push(more));
        },
      });
    },
    { resyncEnabled: false },
  );

  protected direction = this.RULE(
    "direction",
    (): ast.NameNode =>
      this.nameOf(this.OR([{ ALT: () => this.CONSUME(keyword("ingress")) }, { ALT: () => this.CONSUME(keyword("egress")) }])),
    { resyncEnabled: false },
  );

  protected allow = this.RULE(
    "allow",
    (): void => {
      const node = this.open<ast.AllowNode>({
        kind: "allow",
        ...this.here(),
        direction: null,
        preposition: null,
        peers: [],
        ports: [],
        damaged: false,
      });
      this.CONSUME(keyword("allow"));
      node.direction = this.SUBRULE(this.direction);
      this.OPTION(() => {
        node.preposition = this.nameOf(this.OR([{ ALT: () => this.CONSUME(keyword("from")) }, { ALT: () => this.CONSUME(keyword("to")) }]));
        this.SUBRULE(this.peers, { ARGS: [node.peers, false] });
      });
      this.OPTION2(() => {
        this.CONSUME(keyword("on"));
        this.SUBRULE(this.ports, { ARGS: [node.ports] });
      });
    },
    { resyncEnabled: false },
  );

  protected forward = this.RULE(
    "forward",
    (): void => {
      const node = this.open<ast.ForwardNode>({ kind: "forward", ...this.here(), zone: null, servers: null, damaged: false });
      this.CONSUME(keyword("forward"));
      node.zone = this.SUBRULE(this.name);
      this.CONSUME(keyword("to"));
      node.servers = this.SUBRULE(this.value);
    },
    { resyncEnabled: false },
  );

  protected spread = this.RULE(
    "spread",
    (): void => {
      const node = this.open<ast.SpreadNode>({ kind: "spread", ...this.here(), nodes: null, damaged: false });
      this.CONSUME(keyword("spread"));
      this.CONSUME(keyword("over"));
      node.nodes = this.SUBRULE(this.value);
    },
    { resyncEnabled: false },
  );

  protected reach = this.RULE(
    "reach",
    (): void => {
      const node = this.open<ast.ReachNode>({
        kind: "reach",
        ...this.here(),
        sources: [],
        except: [],
        never: false,
        someBackend: false,
        targets: [],
        ports: null,
        damaged: false,
      });
      this.SUBRULE(this.peers, { ARGS: [node.sources, true] });
      this.OPTION(() => {
        this.CONSUME(keyword("except"));
        this.SUBRULE2(this.peers, { ARGS: [node.except, true] });
      });
      this.OPTION2(() => {
        this.CONSUME(keyword("never"));
        node.never = true;
      });
      this.CONSUME(keyword("reaches"));
      this.OPTION3(() => {
        this.CONSUME(keyword("some"));
        this.CONSUME(keyword("backend"));
        this.CONSUME(keyword("of"));
        node.someBackend = true;
      });
      this.SUBRULE3(this.peers, { ARGS: [node.targets, true] });
      this.OPTION4(() => {
        this.CONSUME(keyword("on"));
        const ports: ast.ValueNode[] = [];
        node.ports = ports;
        this.SUBRULE(this.ports, { ARGS: [ports] });
      });
    },
    { resyncEnabled: false },
  );

  protected failure = this.RULE(
    "failure",
    (): void => {
      const node = this.open<ast.FailureNode>({
        kind: "failure",
        ...this.here(),
        when: "after",
        count: null,
        what: null,
        body: null,
        damaged: false,
      });
      this.guarded(() => {
        this.OR([
          { ALT: () => this.CONSUME(keyword("after")) },
          {
            ALT: () => {
              this.CONSUME(keyword("while"));
              node.when = "while";
            },
          },
          {
            // `any 1 …` behind another word: `afer any 1 node fails`.
            ALT: () => {
              const word = this.CONSUME(types.Word);
              this.ACTION(() => this.remarks.push({ kind: "leading", token: word, parent: "assert" }));
            },
          },
        ]);
        this.CONSUME(keyword("any"));
        node.count = this.SUBRULE(this.scalar);
        this.OR2([
          {
            ALT: () => {
              this.OR3([{ ALT: () => this.CONSUME(keyword("node")) }, { ALT: () => this.CONSUME(keyword("nodes")) }]);
              node.what = "node";
            },
          },
          {
            ALT: () => {
              this.OR4([{ ALT: () => this.CONSUME(keyword("pod")) }, { ALT: () => this.CONSUME(keyword("pods")) }]);
              node.what = "pod";
            },
          },
        ]);
        this.OR5([{ ALT: () => this.CONSUME(keyword("fails")) }, { ALT: () => this.CONSUME(keyword("fail")) }]);
      });
      this.SUBRULE(this.headerRest);
      node.body = this.SUBRULE(this.body);
    },
    { resyncEnabled: false },
  );
}
