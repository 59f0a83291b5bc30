/** Rules for the members that read like sentences. */
import type { ParserMethod, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import { continuationKeywords } from "../lexer/keywords.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { PartyRules } from "./parties.ts";
import type { Mutable } from "./state.ts";

/** What rules do, by their first words. */
const actions = ["allow", "deny", "pass"] as const;

/** What may follow the name of a port, `=` forgotten or not. */
const namedPort: ReadonlySet<TokenType> = new Set([types.Assign, types.Colon, types.Port, types.Integer]);

export abstract class StatementRules extends PartyRules {
  /** What a header holds in front of its `{` and could not be read. */
  protected abstract headerRest: ParserMethod<[], void>;

  protected portStatement = this.RULE(
    "port statement",
    (): void => {
      const { start, end, source } = this.here();
      const node = this.open<ast.PortNode>({
        kind: "port-statement",
        start,
        end,
        source,
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
      node.port = this.SUBRULE(this.value);
      this.OPTION2(() => {
        this.CONSUME(types.Arrow);
        node.target = this.SUBRULE2(this.value);
      });
      this.OPTION3(() => {
        this.CONSUME(keyword("node-port"));
        this.OPTION4(() => this.CONSUME2(types.Assign));
        node.nodePort = this.SUBRULE3(this.value);
      });
    },
    { resyncEnabled: false },
  );

  /** Whether pods or namespaces are named, rather than labels. */
  private subjectAhead(): boolean {
    return this.reads("pods") || this.reads("namespaces") || this.reads("namespace") || this.reads("all", "namespaces");
  }

  protected applies = this.RULE(
    "applies",
    (): void => {
      const { start, end, source } = this.here();
      const node = this.open<ast.AppliesNode>({
        kind: "applies",
        start,
        end,
        source,
        to: null,
        nodes: [],
        selector: null,
        subject: null,
        damaged: false,
      });
      this.CONSUME(keyword("applies"));
      this.CONSUME(keyword("to"));
      this.OR({
        MAX_LOOKAHEAD: 1,
        DEF: [
          {
            GATE: () => !this.operatorAt(2) && this.subjectAhead(),
            ALT: () => {
              node.to = "subject";
              node.subject = this.SUBRULE(this.peer, { ARGS: [false] });
            },
          },
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
      const { start, end, source } = this.here();
      const node = this.open<ast.SelectsNode>({ kind: "selects", start, end, source, selector: null, damaged: false });
      this.CONSUME(keyword("selects"));
      node.selector = this.SUBRULE(this.selector);
    },
    { resyncEnabled: false },
  );

  protected isolates = this.RULE(
    "isolates",
    (): void => {
      const { start, end, source } = this.here();
      const node = this.open<ast.IsolatesNode>({ kind: "isolates", start, end, source, directions: [], damaged: false });
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

  protected rule = this.RULE(
    "allow",
    (): void => {
      const node = this.open<ast.RuleNode>({
        kind: actions.find((action) => this.reads(action)) ?? "allow",
        ...this.here(),
        name: null,
        direction: null,
        preposition: null,
        peers: [],
        ports: [],
        damaged: false,
      });
      this.OR([
        { ALT: () => this.CONSUME(keyword("allow")) },
        { ALT: () => this.CONSUME(keyword("deny")) },
        { ALT: () => this.CONSUME(keyword("pass")) },
      ]);
      this.OPTION({
        GATE: () => this.LA(1).tokenType === types.Text,
        DEF: () => {
          node.name = this.SUBRULE(this.name);
        },
      });
      node.direction = this.SUBRULE(this.direction);
      this.OPTION2(() => {
        node.preposition = this.nameOf(
          this.OR2([{ ALT: () => this.CONSUME(keyword("from")) }, { ALT: () => this.CONSUME(keyword("to")) }]),
        );
        this.SUBRULE(this.peers, { ARGS: [node.peers, false] });
      });
      this.OPTION3(() => {
        this.CONSUME(keyword("on"));
        this.SUBRULE(this.ports, { ARGS: [node.ports] });
      });
    },
    { resyncEnabled: false },
  );

  protected forward = this.RULE(
    "forward",
    (): void => {
      const { start, end, source } = this.here();
      const node = this.open<ast.ForwardNode>({ kind: "forward", start, end, source, zone: null, servers: null, damaged: false });
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
      const { start, end, source } = this.here();
      const node = this.open<ast.SpreadNode>({ kind: "spread", start, end, source, nodes: null, damaged: false });
      this.CONSUME(keyword("spread"));
      this.CONSUME(keyword("over"));
      node.nodes = this.SUBRULE(this.value);
    },
    { resyncEnabled: false },
  );

  protected reach = this.RULE(
    "reach",
    (): void => {
      const { start, end, source } = this.here();
      const node = this.open<ast.ReachNode>({
        kind: "reach",
        start,
        end,
        source,
        sources: [],
        except: [],
        never: false,
        someBackend: false,
        targets: [],
        ports: null,
        path: [],
        damaged: false,
      });
      this.SUBRULE(this.peers, { ARGS: [node.sources, true] });
      this.OPTION(() => {
        this.CONSUME(keyword("except"));
        this.SUBRULE2(this.peers, { ARGS: [node.except, true] });
      });
      let resolved = false;
      this.OPTION5(() => {
        this.SUBRULE(this.resolution, { ARGS: [node] });
        this.ACTION(() => {
          resolved = true;
        });
      });
      if (resolved) return;
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
      this.MANY(() => {
        const clause = this.SUBRULE(this.pathClause);
        this.ACTION(() => node.path.push(clause));
      });
    },
    { resyncEnabled: false },
  );

  protected pathClause = this.RULE(
    "path clause",
    (): ast.PathClauseNode => {
      const node: Mutable<ast.PathClauseNode> = { kind: "path-clause", ...this.here(), form: "via", holder: null, name: null, value: null };
      this.OR([
        {
          ALT: () => {
            this.CONSUME(keyword("encapsulated"));
            node.form = "encapsulated";
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("unencapsulated"));
            node.form = "unencapsulated";
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("via"));
            node.form = "via";
            this.CONSUME(keyword("router"));
            node.holder = "router";
            node.name = this.SUBRULE(this.name);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("seen"));
            node.form = "seen-as";
            this.CONSUME(keyword("as"));
            this.SUBRULE(this.sourceSeen, { ARGS: [node] });
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("with"));
            node.form = "mtu";
            this.CONSUME(keyword("mtu"));
            node.value = this.SUBRULE(this.operand);
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("balanced"));
            node.form = "balanced";
            this.CONSUME(keyword("within"));
            node.value = this.SUBRULE2(this.operand);
            this.CONSUME(keyword("percent"));
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

  /** Behind `seen as`: `node node-a`, `router core` or an address. */
  private sourceSeen = this.RULE(
    "source seen",
    (node: Mutable<ast.PathClauseNode>): void => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(keyword("node"));
            const name = this.SUBRULE(this.name);
            this.ACTION(() => {
              node.holder = "node";
              node.name = name;
            });
          },
        },
        {
          ALT: () => {
            this.CONSUME(keyword("router"));
            const name = this.SUBRULE2(this.name);
            this.ACTION(() => {
              node.holder = "router";
              node.name = name;
            });
          },
        },
        {
          GATE: () => !continuationKeywords.has(this.LA(1).image),
          ALT: () => {
            const value = this.SUBRULE(this.operand);
            this.ACTION(() => {
              node.value = value;
            });
          },
        },
      ]);
    },
    { resyncEnabled: false },
  );

  /** From `resolves` on: what was read as the beginning of a `reaches` statement becomes one of the other kind. */
  private resolution = this.RULE(
    "resolve",
    (begun: ast.ReachNode): void => {
      const node = this.becomesResolve(begun);
      this.CONSUME(keyword("resolves"));
      node.name = this.SUBRULE(this.name);
      this.CONSUME(keyword("to"));
      this.SUBRULE3(this.peers, { ARGS: [node.targets, true] });
    },
    { resyncEnabled: false },
  );

  private becomesResolve(begun: ast.ReachNode): Mutable<ast.ResolveNode> {
    if (!this.RECORDING_PHASE) this.members.pop();
    const { start, end, source, sources, except } = this.RECORDING_PHASE ? { ...this.here(), sources: [], except: [] } : begun;
    return this.open<ast.ResolveNode>({ kind: "resolve", start, end, source, sources, except, name: null, targets: [], damaged: false });
  }

  protected connectivity = this.RULE(
    "connectivity",
    (): void => {
      const { start, end, source } = this.here();
      const node = this.open<ast.ConnectivityNode>({
        kind: "connectivity",
        start,
        end,
        source,
        namespace: null,
        body: null,
        damaged: false,
      });
      this.guarded(() => {
        this.CONSUME(keyword("connectivity"));
        this.CONSUME(keyword("of"));
        this.CONSUME(keyword("namespace"));
        node.namespace = this.SUBRULE(this.placedName);
        this.CONSUME(keyword("is"));
        this.CONSUME(keyword("exactly"));
      });
      this.SUBRULE(this.headerRest);
      const assertBefore = this.inAssert;
      this.ACTION(() => {
        this.inAssert = true;
      });
      node.body = this.SUBRULE(this.body);
      this.ACTION(() => {
        this.inAssert = assertBefore;
      });
    },
    { resyncEnabled: false },
  );

  protected failure = this.RULE(
    "failure",
    (): void => {
      const { start, end, source } = this.here();
      const node = this.open<ast.FailureNode>({
        kind: "failure",
        start,
        end,
        source,
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
        node.count = this.SUBRULE(this.operand);
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
          {
            ALT: () => {
              this.OR6([{ ALT: () => this.CONSUME(keyword("link")) }, { ALT: () => this.CONSUME(keyword("links")) }]);
              node.what = "link";
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
