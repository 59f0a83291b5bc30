/**
 * The grammar, as a Chevrotain parser with embedded actions. Nodes are attached to their parents when they are opened, so an error inside
 * one never takes the rest of the file with it; each member is its own recovery boundary.
 */
import { EmbeddedActionsParser, isRecognitionException } from "chevrotain";
import type { IOrAlt, IToken, ParserMethod, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import { stringValue } from "../lexer/lexer.ts";
import { continuationKeywords } from "../lexer/keywords.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { parserMessages } from "./messages.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** What the parser wants said, besides what Chevrotain's own errors say. */
export type ParserRemark =
  | { readonly kind: "unexpected"; readonly token: IToken; readonly expected: string }
  | { readonly kind: "separator"; readonly token: IToken; readonly previous: IToken }
  | { readonly kind: "colon"; readonly token: IToken }
  | { readonly kind: "dotted"; readonly token: IToken };

const endOf = (token: IToken): number => token.startOffset + token.image.length;
/** How many unreadable tokens a header may hold before its body is given up. */
const headerReach = 16;

const scalarForms = new Map<TokenType, ast.ScalarForm>([
  [types.Text, "string"],
  [types.Integer, "number"],
  [types.Port, "port"],
  [types.Address, "address"],
  [types.AddressRange, "cidr"],
  [types.Mac, "mac"],
  [types.Path, "path"],
  [types.Dotted, "dotted"],
  [types.Malformed, "malformed"],
]);

export class Grammar extends EmbeddedActionsParser {
  remarks: ParserRemark[] = [];
  /** Members of the innermost open file, body or map. */
  private members: ast.MemberNode[] = [];
  private inAssert = false;
  private member: (Mutable<ast.NodeBase> & { damaged?: boolean }) | null = null;
  /** The last `{` without a header. */
  private bareBrace: IToken | null = null;
  /** No `reaches` stands between the current token and this offset. */
  private noReachesBefore = -1;

  // Alternatives that close over nothing are built once; Chevrotain would otherwise be handed new closures for every token.
  private lineAlternatives: IOrAlt<unknown>[] | undefined;
  private memberAlternatives: IOrAlt<unknown>[] | undefined;
  private scalarAlternatives: IOrAlt<IToken>[] | undefined;
  private valueAlternatives: IOrAlt<ast.ValueNode>[] | undefined;

  constructor() {
    super([...types.parserTokens], {
      recoveryEnabled: true,
      maxLookahead: 2,
      skipValidations: true,
      errorMessageProvider: parserMessages,
    });
    this.performSelfAnalysis();
  }

  /** Parses a whole file. */
  parseFile(tokens: IToken[], length: number): ast.FileNode {
    this.input = tokens;
    this.remarks = [];
    this.members = [];
    this.inAssert = false;
    this.member = null;
    this.noReachesBefore = -1;
    this.bareBrace = null;
    const members = this.members;
    this.fileRule();
    return { kind: "file", start: 0, end: length, members };
  }

  protected override canTokenTypeBeDeletedInRecovery(type: TokenType): boolean {
    const next = this.LA(1).tokenType;
    return type !== types.LeftBrace && !separators.has(next) && next !== types.LeftBrace && next !== types.RightBrace;
  }

  protected override canTokenTypeBeInsertedInRecovery(type: TokenType): boolean {
    return type !== types.LeftBrace && type !== types.NewLine;
  }

  // Members ----------------------------------------------------------------------------------------

  fileRule = this.RULE("file", (): void => {
    this.SUBRULE(this.memberList);
  });

  private memberList = this.RULE(
    "members",
    (): void => {
      this.MANY(() => {
        this.OR(
          (this.lineAlternatives ??= [
            { ALT: () => this.CONSUME(types.NewLine) },
            { ALT: () => this.CONSUME(types.Comma) },
            {
              ALT: () => {
                const errors = this.errors.length + this.remarks.length;
                const before = this.member;
                this.guarded(() => this.SUBRULE(this.memberRule));
                this.ACTION(() => this.endOfMember(errors));
                this.SUBRULE(this.skipped);
                this.ACTION(() => this.closeMember(before));
              },
            },
          ]),
        );
      });
    },
    { resyncEnabled: false },
  );

  /** Runs a rule; an error in it has been recorded and ends the rule, not the file. */
  private guarded(rule: () => void): void {
    try {
      rule();
    } catch (failure) {
      if (!(failure instanceof Error) || !isRecognitionException(failure)) throw failure;
    }
  }

  private endOfMember(errorsBefore: number): void {
    const failed = this.errors.length + this.remarks.length > errorsBefore;
    if (failed && this.member !== null) this.member.damaged = true;
    if (this.atEndOfMember()) return;
    if (failed) return;
    if (this.member !== null && this.memberAhead(1)) this.remarks.push({ kind: "separator", token: this.LA(1), previous: this.LA(0) });
    else {
      this.remarks.push({
        kind: "unexpected",
        token: this.LA(1),
        expected:
          this.member === null
            ? this.inAssert
              ? "a statement such as `a reaches b`"
              : "a declaration or an attribute"
            : "the end of the line",
      });
      if (this.member !== null) this.member.damaged = true;
    }
  }

  private closeMember(before: Grammar["member"]): void {
    const member = this.member;
    if (member !== null) member.end = Math.max(member.start, this.lastEnd(), member.end);
    this.member = before;
  }

  private lastEnd(): number {
    const last = this.LA(0);
    return last.startOffset < 0 || Number.isNaN(last.startOffset) ? 0 : endOf(last);
  }

  private atEndOfMember(): boolean {
    const type = this.LA(1).tokenType;
    return separators.has(type) || type === types.RightBrace || type === types.EOF;
  }

  /** Whether the token at distance `k` begins a new member, as far as that can be told without reading it. */
  private memberAhead(k: number): boolean {
    const token = this.LA(k);
    const next = this.LA(k + 1);
    if (next.tokenType === types.Assign) return true;
    if (this.inAssert) return this.reachesAhead(k);
    switch (token.image) {
      case "allow":
        return next.image === "ingress" || next.image === "egress";
      case "applies":
        return next.image === "to";
      case "isolates":
        return next.image === "ingress" || next.image === "egress";
      case "spread":
        return next.image === "over";
      case "forward":
        return next.tokenType === types.Text;
      case "selects":
        return this.isName(next);
      case "port":
        return next.tokenType === types.Port || this.LA(k + 2).tokenType === types.Assign;
      default:
        // A block: `keyword name {`. Peers that look alike (`node a`, `service a/b`) are followed by no brace.
        return this.isWord(token) && this.isName(next) && this.LA(k + 2).tokenType === types.LeftBrace;
    }
  }

  private isWord(token: IToken): boolean {
    return token.tokenType === types.Identifier || token.tokenType.CATEGORIES?.includes(types.Word) === true;
  }

  private isName(token: IToken): boolean {
    return token.tokenType === types.Text || token.tokenType === types.Dotted || this.isWord(token);
  }

  /** Whether `reaches` comes before the end of the line. Each stretch of tokens is searched once. */
  private reachesAhead(k: number): boolean {
    const from = this.LA(k).startOffset;
    if (from < this.noReachesBefore) return false;
    for (let i = k; ; i++) {
      const token = this.LA(i);
      const type = token.tokenType;
      if (type === types.EOF || type === types.NewLine || type === types.RightBrace || type === types.LeftBrace) {
        this.noReachesBefore = type === types.EOF ? Number.POSITIVE_INFINITY : token.startOffset;
        return false;
      }
      if (token.image === "reaches" || (token.image === "never" && this.LA(i + 1).image === "reaches")) return true;
    }
  }

  /** What is left of a member after an error: everything to the next separator, whole brackets included. Mostly nothing. */
  private skipped = this.RULE(
    "skipped",
    (): void => {
      this.MANY({
        GATE: () => this.skips(),
        DEF: () => this.OR([{ ALT: () => this.SUBRULE(this.skippedToken) }, { ALT: () => this.CONSUME(types.Comma) }]),
      });
    },
    { resyncEnabled: false },
  );

  /** A comma ends the skipping, unless what follows it does not read like a member: then it belonged to the damaged one. */
  private skips(): boolean {
    const broken = this.member === null || this.member.damaged === true;
    if (this.LA(1).tokenType !== types.Comma) return broken || !this.memberAhead(1);
    const next = this.LA(2).tokenType;
    return (
      broken && !this.memberAhead(2) && next !== types.NewLine && next !== types.RightBrace && next !== types.EOF && next !== types.Comma
    );
  }

  private skippedToken = this.RULE(
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

  private skippedList = this.RULE(
    "skippedList",
    (): void => {
      this.CONSUME(types.LeftBracket);
      this.SUBRULE(this.listRest);
      this.CONSUME(types.RightBracket);
    },
    { resyncEnabled: false },
  );

  /** Everything up to the `]` of the innermost list. */
  private listRest = this.RULE(
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

  /** Attaches a member to the innermost body and makes it the one that errors damage. */
  private open<T extends ast.MemberNode>(node: T): Mutable<T> {
    if (this.RECORDING_PHASE) return node as Mutable<T>;
    this.members.push(node);
    this.member = node as unknown as NonNullable<Grammar["member"]>;
    return node as Mutable<T>;
  }

  private here(): { readonly start: number; readonly end: number } {
    const token = this.LA(1);
    return { start: token.startOffset, end: endOf(token) };
  }

  /** Whether the next tokens have these texts. */
  private reads(first: string, second?: string): boolean {
    return this.LA(1).image === first && (second === undefined || this.LA(2).image === second);
  }

  private memberRule = this.RULE(
    "member",
    (): void => {
      this.OR(
        (this.memberAlternatives ??= [
          {
            GATE: () => this.LA(2).tokenType === types.Assign || this.LA(2).tokenType === types.Colon,
            ALT: () => this.SUBRULE(this.attribute),
          },
          { GATE: () => this.inAssert && this.LA(2).image === "any", ALT: () => this.SUBRULE(this.failure) },
          { GATE: () => this.inAssert || this.strayReach(), ALT: () => this.SUBRULE(this.reach) },
          { ALT: () => this.SUBRULE(this.portStatement) },
          { ALT: () => this.SUBRULE(this.applies) },
          { ALT: () => this.SUBRULE(this.selects) },
          { ALT: () => this.SUBRULE(this.isolates) },
          { ALT: () => this.SUBRULE(this.allow) },
          { ALT: () => this.SUBRULE(this.forward) },
          { ALT: () => this.SUBRULE(this.spread) },
          { ALT: () => this.SUBRULE(this.block) },
          {
            ALT: () => {
              this.ACTION(() => this.noMember());
              this.OR2([
                {
                  // Braces without a header: what they hold is read all the same.
                  ALT: () => {
                    this.CONSUME(types.LeftBrace);
                    this.SUBRULE(this.memberList);
                    this.CONSUME(types.RightBrace);
                  },
                },
                { ALT: () => this.SUBRULE(this.skippedToken) },
              ]);
            },
          },
        ]),
      );
    },
    { resyncEnabled: false },
  );

  /** Nothing that begins here is a member. Of braces inside braces only the outermost are told. */
  private noMember(): void {
    this.member = null;
    const token = this.LA(1);
    const inside = this.bareBrace !== null && this.LA(0) === this.bareBrace;
    if (token.tokenType === types.LeftBrace) this.bareBrace = token;
    if (inside && this.bareBrace === token) return;
    this.remarks.push({
      kind: "unexpected",
      token,
      expected: this.inAssert ? "a statement such as `a reaches b`" : "a declaration or an attribute",
    });
  }

  /** A statement of an assertion outside one: it is read as what it is, and the checker says where it belongs. */
  private strayReach(): boolean {
    const first = this.LA(1);
    const begins = first.tokenType === types.Path || first.image === "nothing" || first.image === "anything" || first.image === "internet";
    return begins && this.LA(2).tokenType !== types.Assign && this.reachesAhead(1);
  }

  private attribute = this.RULE(
    "attribute",
    (): void => {
      const node = this.open<ast.AttributeNode>({ kind: "attribute", ...this.here(), name: missingName, value: null, damaged: false });
      node.name = this.SUBRULE(this.name);
      this.OR([
        { ALT: () => this.CONSUME(types.Assign) },
        {
          ALT: () => {
            const colon = this.CONSUME(types.Colon);
            this.ACTION(() => this.remarks.push({ kind: "colon", token: colon }));
          },
        },
      ]);
      node.value = this.SUBRULE(this.value);
    },
    { resyncEnabled: false },
  );

  private block = this.RULE(
    "block",
    (): void => {
      const node = this.open<ast.BlockNode>({
        kind: "block",
        ...this.here(),
        keyword: missingName,
        name: null,
        clauses: [],
        body: null,
        damaged: false,
      });
      const word = this.CONSUME(types.Word);
      node.keyword = this.nameOf(word);
      this.guarded(() => {
        this.OPTION({
          GATE: () => !this.clauseAhead(),
          DEF: () => {
            node.name = this.SUBRULE(this.scalar);
          },
        });
        this.MANY(() => {
          const clause = this.SUBRULE(this.clause);
          this.ACTION(() => node.clauses.push(clause));
        });
      });
      this.SUBRULE(this.headerRest);
      this.OPTION2(() => {
        const assertBefore = this.inAssert;
        this.ACTION(() => {
          this.inAssert = word.image === "assert";
        });
        node.body = this.SUBRULE(this.body);
        this.ACTION(() => {
          this.inAssert = assertBefore;
        });
      });
    },
    { resyncEnabled: false },
  );

  /** `in x` or `on x` right behind the keyword: the block has no name. */
  private clauseAhead(): boolean {
    if (!this.reads("in") && !this.reads("on")) return false;
    const next = this.LA(2);
    return this.isName(next) && next.image !== "in" && next.image !== "on";
  }

  /** Whatever stands between a header and its `{` and could not be read. */
  private headerRest = this.RULE(
    "header rest",
    (): void => {
      this.ACTION(() => {
        const member = this.member;
        if (member === null || this.atEndOfMember() || this.LA(1).tokenType === types.LeftBrace || this.memberAhead(1)) return;
        if (member.damaged !== true && this.errors.at(-1)?.token !== this.LA(1)) {
          this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "`{` or the end of the line" });
        }
        member.damaged = true;
      });
      this.MANY({
        GATE: () => this.member?.damaged === true && this.braceAhead(),
        DEF: () => this.OR([{ ALT: () => this.CONSUME(types.AnyToken) }, { ALT: () => this.SUBRULE(this.skippedList) }]),
      });
    },
    { resyncEnabled: false },
  );

  /** Whether a `{` follows before this member ends. */
  private braceAhead(): boolean {
    for (let k = 1; k <= headerReach; k++) {
      const type = this.LA(k).tokenType;
      if (type === types.LeftBrace) return true;
      if (separators.has(type) || type === types.RightBrace || type === types.EOF) return false;
    }
    return false;
  }

  private clause = this.RULE(
    "clause",
    (): ast.ClauseNode => {
      const word = this.CONSUME(types.Word);
      const node: Mutable<ast.ClauseNode> = {
        kind: "clause",
        start: word.startOffset,
        end: endOf(word),
        keyword: this.nameOf(word),
        value: null,
      };
      const value = this.SUBRULE(this.portValue);
      this.ACTION(() => {
        node.value = value;
        node.end = value.end;
      });
      return node;
    },
    { resyncEnabled: false },
  );

  private body = this.RULE(
    "body",
    (): ast.BodyNode => {
      const outer = this.members;
      const member = this.member;
      const node: Mutable<ast.BodyNode> = { kind: "body", ...this.here(), members: [] };
      this.CONSUME(types.LeftBrace);
      this.ACTION(() => {
        this.members = node.members;
        this.member = null;
      });
      try {
        this.SUBRULE(this.memberList);
      } finally {
        this.members = outer;
        this.member = member;
      }
      const close = this.CONSUME(types.RightBrace);
      this.ACTION(() => {
        node.end = close.isInsertedInRecovery === true ? this.lastEnd() : endOf(close);
      });
      return node;
    },
    { resyncEnabled: false },
  );

  // Statements -------------------------------------------------------------------------------------

  private portStatement = this.RULE(
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

  private applies = this.RULE(
    "applies",
    (): void => {
      const node = this.open<ast.AppliesNode>({ kind: "applies", ...this.here(), to: null, nodes: [], selector: null, damaged: false });
      this.CONSUME(keyword("applies"));
      this.CONSUME(keyword("to"));
      this.OR([
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
      ]);
    },
    { resyncEnabled: false },
  );

  private selects = this.RULE(
    "selects",
    (): void => {
      const node = this.open<ast.SelectsNode>({ kind: "selects", ...this.here(), selector: null, damaged: false });
      this.CONSUME(keyword("selects"));
      node.selector = this.SUBRULE(this.selector);
    },
    { resyncEnabled: false },
  );

  private isolates = this.RULE(
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

  private direction = this.RULE(
    "direction",
    (): ast.NameNode =>
      this.nameOf(this.OR([{ ALT: () => this.CONSUME(keyword("ingress")) }, { ALT: () => this.CONSUME(keyword("egress")) }])),
    { resyncEnabled: false },
  );

  private allow = this.RULE(
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

  private forward = this.RULE(
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

  private spread = this.RULE(
    "spread",
    (): void => {
      const node = this.open<ast.SpreadNode>({ kind: "spread", ...this.here(), nodes: null, damaged: false });
      this.CONSUME(keyword("spread"));
      this.CONSUME(keyword("over"));
      node.nodes = this.SUBRULE(this.value);
    },
    { resyncEnabled: false },
  );

  private reach = this.RULE(
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

  private failure = this.RULE(
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

  // Parts ------------------------------------------------------------------------------------------

  private name = this.RULE(
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

  private nameOf(token: IToken): ast.NameNode {
    if (this.RECORDING_PHASE) return missingName;
    const at = this.place(token);
    const quoted = token.tokenType === types.Text;
    return { kind: "name", ...at, value: quoted ? stringValue(token.image) : token.image, quoted };
  }

  /** Where a token stands; one that recovery made up stands behind the last real one. */
  private place(token: IToken): { readonly start: number; readonly end: number } {
    if (token.isInsertedInRecovery === true || token.startOffset < 0) {
      const at = this.lastEnd();
      return { start: at, end: at };
    }
    return { start: token.startOffset, end: endOf(token) };
  }

  private scalar = this.RULE(
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

  private scalarOf(token: IToken): ast.ScalarNode {
    if (this.RECORDING_PHASE) return missingScalar;
    const form = scalarForms.get(token.tokenType) ?? "word";
    return { kind: "scalar", ...this.place(token), form, text: form === "string" ? stringValue(token.image) : token.image };
  }

  private value: ParserMethod<[], ast.ValueNode> = this.RULE(
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
  private portValue = this.RULE(
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

  private list = this.RULE(
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
      return { kind: "list", start: open.startOffset, end: close.isInsertedInRecovery === true ? this.lastEnd() : endOf(close), items };
    },
    { resyncEnabled: false },
  );

  private endOfList(): void {
    if (this.LA(1).tokenType === types.RightBracket) return;
    this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: "`,` or `]`" });
  }

  private map = this.RULE(
    "map",
    (): ast.MapNode => {
      const assertBefore = this.inAssert;
      this.ACTION(() => {
        this.inAssert = false;
      });
      const body = this.SUBRULE(this.body);
      this.ACTION(() => {
        this.inAssert = assertBefore;
      });
      return { kind: "map", start: body.start, end: body.end, body };
    },
    { resyncEnabled: false },
  );

  private ports = this.RULE(
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
  private peers = this.RULE(
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

  private anotherPeer(asserting: boolean, out: readonly ast.PeerNode[]): boolean {
    if (!asserting) return !this.memberAhead(2);
    const member = this.member as unknown as ast.ReachNode | null;
    // Sources are followed by `reaches`; a target followed by it is the source of the next statement.
    return member === null || member.targets !== out || (!this.reachesAhead(2) && this.LA(3).image !== "any");
  }

  private peer = this.RULE(
    "peer",
    (asserting: boolean): ast.PeerNode => {
      const node: Mutable<ast.PeerNode> = {
        kind: "peer",
        ...this.here(),
        form: "value",
        selector: null,
        name: null,
        namespaces: null,
        everywhere: false,
        value: null,
        except: null,
      };
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
            node.name = this.SUBRULE2(this.name);
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
            node.value = this.SUBRULE(this.scalar);
          },
        },
        {
          ALT: () => {
            node.value = this.SUBRULE2(this.scalar);
            this.OPTION({
              GATE: () => !asserting,
              DEF: () => {
                this.CONSUME(keyword("except"));
                node.except = this.SUBRULE(this.value);
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

  /** `in namespace001`, `in namespace namespace001`, `in namespaces team == "shop"`, `in all namespaces`. */
  private scope = this.RULE(
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
              const name = this.SUBRULE(this.name);
              this.ACTION(() => {
                node.name = name;
              });
            },
          },
          {
            ALT: () => {
              const name = this.SUBRULE2(this.name);
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

  private selector = this.RULE(
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
      return { kind: "selector", start, end: this.RECORDING_PHASE ? start : Math.max(start, this.lastEnd()), requirements };
    },
    { resyncEnabled: false },
  );

  /** Whether the token at distance `k` is a selector's operator. */
  private operatorAt(k: number): boolean {
    const token = this.LA(k);
    if (token.tokenType === types.Equal || token.tokenType === types.NotEqual) return true;
    const next = this.LA(k + 1);
    return (token.image === "in" && next.tokenType === types.LeftBracket) || (token.image === "not" && next.image === "in");
  }

  /** What is compared with: a word that goes on with the sentence is not it. */
  private labelValue = this.RULE(
    "label value",
    (): ast.ScalarNode => this.OR([{ GATE: () => !continuationKeywords.has(this.LA(1).image), ALT: () => this.SUBRULE(this.scalar) }]),
    { resyncEnabled: false },
  );

  private requirement = this.RULE(
    "requirement",
    (): ast.RequirementNode => {
      const start = this.here().start;
      let key = missingName;
      let operator: ast.RequirementNode["operator"] = "has";
      let value: ast.ValueNode | null = null;
      this.OR([
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
            this.OR2([
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
                  value = this.SUBRULE(this.list);
                },
              },
              {
                ALT: () => {
                  this.CONSUME2(keyword("not"));
                  this.CONSUME3(keyword("in"));
                  operator = "not in";
                  value = this.SUBRULE2(this.list);
                },
              },
            ]);
          },
        },
      ]);
      return { kind: "requirement", start, end: this.RECORDING_PHASE ? start : Math.max(start, this.lastEnd()), key, operator, value };
    },
    { resyncEnabled: false },
  );
}

/** What may follow the name of a port, `=` forgotten or not. */
const namedPort: ReadonlySet<TokenType> = new Set([types.Assign, types.Colon, types.Port, types.Integer]);
const separators: ReadonlySet<TokenType> = new Set([types.NewLine, types.Comma]);
const missingName: ast.NameNode = { kind: "name", start: 0, end: 0, value: "", quoted: false };
const missingScalar: ast.ScalarNode = { kind: "scalar", start: 0, end: 0, form: "malformed", text: "" };
