/**
 * The grammar, as a Chevrotain parser with embedded actions: files, blocks and members. Each member is its own recovery boundary.
 * The rules of values, parties and statements stand in the classes below it.
 */
import type { IOrAlt, IToken, ParserMethod, TokenType } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { keyword } from "../lexer/tokens.ts";
import { attributeRow, blockKeywords, blockRow } from "../schema/blocks.ts";
import { futureKeywords } from "../schema/future.ts";
import { counted, parserMessages } from "./messages.ts";
import { endOf, missingName, separators } from "./state.ts";
import type { Mutable } from "./state.ts";
import type { TokenPiece } from "../lexer/interpolation.ts";
import { beginsDirective, directiveBegun } from "./directive-words.ts";
import { DirectiveRules } from "./directives.ts";

/** How many unreadable tokens a header may hold before its body is given up. */
const headerReach = 16;

/** How many errors a file may have before single tokens are no longer put in or left out. */
const patience = 500;

export class Grammar extends DirectiveRules {
  /** The last `{` without a header. */
  private bareBrace: IToken | null = null;

  /** The member that was just read is followed by another without a separator. */
  private atNextMember = false;

  /** For what stands in `${…}`. */
  private inner: Grammar | null = null;

  /** How many errors Chevrotain has made of this file. Its own list of them is copied whenever it is looked at. */
  private readonly faults: { count: number };

  private memberAlternatives: IOrAlt<unknown>[] | undefined;

  constructor() {
    const faults = { count: 0 };
    super([...types.parserTokens], {
      recoveryEnabled: true,
      maxLookahead: 2,
      skipValidations: true,
      errorMessageProvider: counted(parserMessages, faults),
    });
    this.faults = faults;
    this.performSelfAnalysis();
  }

  /** Parses a whole file. */
  parseFile(path: string, tokens: IToken[], length: number, interpolations: ReadonlyMap<number, readonly TokenPiece[]>): ast.FileNode {
    this.begin(tokens, { path, expansion: null });
    this.interpolations = interpolations;
    const members = this.members;
    this.fileRule();
    return { kind: "file", start: 0, end: length, source: this.source, members };
  }

  /** A file with so many mistakes is given up member by member: what is inserted in one place is wrong in the next. */
  protected override canTokenTypeBeInsertedInRecovery(type: TokenType): boolean {
    return this.faults.count < patience && super.canTokenTypeBeInsertedInRecovery(type);
  }

  protected override canTokenTypeBeDeletedInRecovery(): boolean {
    return this.faults.count < patience && super.canTokenTypeBeDeletedInRecovery();
  }

  private begin(tokens: IToken[], source: ast.NodeSource): void {
    this.input = tokens;
    this.faults.count = 0;
    this.source = source;
    this.remarks = [];
    this.members = [];
    this.inAssert = false;
    this.parent = "file";
    this.member = null;
    this.height = 0;
    this.noReachesBefore = -1;
    this.bareBrace = null;
  }

  /** A parser of its own reads it, as this one stands in the middle of something. */
  protected override interpolated(tokens: readonly IToken[]): ast.ValueNode | null {
    const inner = (this.inner ??= new Grammar());
    inner.begin([...tokens], this.source);
    const value = inner.interpolation() as ast.ValueNode | undefined;
    for (const { token, message } of inner.errors) this.remarks.push({ kind: "unexpected", token, expected: message });
    this.remarks.push(...inner.remarks);
    this.height = Math.max(this.height, inner.height);
    return value ?? null;
  }

  interpolation = this.RULE("interpolation", (): ast.ValueNode => {
    const value = this.SUBRULE(this.value);
    this.ACTION(() => this.endOfList(types.RightBrace, "an operator or `}`"));
    this.SUBRULE(this.listRest);
    this.CONSUME(types.RightBrace);
    return value;
  });

  fileRule = this.RULE("file", (): void => {
    this.SUBRULE(this.memberList);
  });

  private memberList = this.RULE(
    "members",
    (): void => {
      if (this.RECORDING_PHASE) this.recordMembers();
      else this.readMembers();
    },
    { resyncEnabled: false },
  );

  /** What the grammar knows of lists of members. They are read by hand: everything but a closing brace begins one. */
  private recordMembers(): void {
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(types.NewLine) },
        { ALT: () => this.CONSUME(types.Comma) },
        {
          ALT: () => {
            this.SUBRULE(this.memberRule);
            this.SUBRULE(this.skipped);
          },
        },
      ]);
    });
  }

  private readMembers(): void {
    for (let type = this.LA(1).tokenType; type !== types.RightBrace && type !== types.EOF; type = this.LA(1).tokenType) {
      if (separators.has(type)) {
        this.CONSUME(type);
        continue;
      }
      const faults = this.faults.count + this.remarks.length;
      const before = this.member;
      this.guarded(() => this.SUBRULE(this.memberRule));
      this.endOfMember(faults);
      if (!this.atEndOfMember() || this.member?.damaged === true) this.SUBRULE(this.skipped);
      this.closeMember(before);
    }
  }

  private endOfMember(faultsBefore: number): void {
    const failed = this.faults.count + this.remarks.length > faultsBefore;
    if (failed && this.member !== null) this.member.damaged = true;
    this.atNextMember = false;
    if (this.atEndOfMember() || failed) return;
    if (this.member !== null && (this.memberAhead(1) || this.blockAhead())) {
      this.atNextMember = true;
      this.remarks.push({ kind: "separator", token: this.LA(1), previous: this.LA(0) });
      return;
    }
    this.remarks.push({ kind: "unexpected", token: this.LA(1), expected: this.expectedAfter() });
    if (this.member !== null) this.member.damaged = true;
  }

  /** What could have followed the member that was just read. */
  private expectedAfter(): string {
    const member = this.member as ast.MemberNode | null;
    if (member === null) return this.inAssert ? "a statement such as `a reaches b`" : "a declaration or an attribute";
    const rule = member.kind === "allow" || member.kind === "deny" || member.kind === "pass" ? member : null;
    if (rule !== null && rule.preposition === null && rule.ports.length === 0) return "`from`, `to`, `on` or the end of the line";
    if (rule?.ports.length === 0 || (member.kind === "reach" && member.ports === null && member.path.length === 0))
      return "`on` or the end of the line";
    return "the end of the line";
  }

  private closeMember(before: Grammar["member"]): void {
    const member = this.member;
    if (member !== null) member.end = Math.max(member.start, this.lastEnd(), member.end);
    this.member = before;
  }

  /** What is left of a member after an error: everything to the next separator, whole brackets included. Mostly nothing. */
  private skipped = this.RULE(
    "skipped",
    (): void => {
      this.MANY({
        GATE: () => this.skips(),
        DEF: () =>
          this.OR([
            { ALT: () => this.SUBRULE(this.skippedToken) },
            { ALT: () => this.CONSUME(types.Comma) },
            { ALT: () => this.CONSUME(types.RightBracket) },
            { ALT: () => this.CONSUME(types.RightParen) },
          ]),
      });
    },
    { resyncEnabled: false },
  );

  /** A comma ends the skipping, unless what follows it does not read like a member: then it belonged to the damaged one. */
  private skips(): boolean {
    const broken = this.member === null || this.member.damaged === true;
    if (this.atNextMember) return false;
    if (this.LA(1).tokenType !== types.Comma) return broken || !this.memberAhead(1);
    const next = this.LA(2).tokenType;
    return (
      broken && !this.memberAhead(2) && next !== types.NewLine && next !== types.RightBrace && next !== types.EOF && next !== types.Comma
    );
  }

  private memberRule = this.RULE(
    "member",
    (): void => {
      if (!this.RECORDING_PHASE) {
        this.SUBRULE(this.ruleAhead());
        return;
      }
      this.OR({
        MAX_LOOKAHEAD: 1,
        DEF: (this.memberAlternatives ??= [
          { ALT: () => this.SUBRULE(this.attribute) },
          { ALT: () => this.SUBRULE(this.loop) },
          { ALT: () => this.SUBRULE(this.condition) },
          { ALT: () => this.SUBRULE(this.constant) },
          { ALT: () => this.SUBRULE(this.parameter) },
          { ALT: () => this.SUBRULE(this.template) },
          { ALT: () => this.SUBRULE(this.use) },
          { ALT: () => this.SUBRULE(this.import) },
          { ALT: () => this.SUBRULE(this.failure) },
          { ALT: () => this.SUBRULE(this.connectivity) },
          { ALT: () => this.SUBRULE(this.reach) },
          { ALT: () => this.SUBRULE(this.portStatement) },
          { ALT: () => this.SUBRULE(this.applies) },
          { ALT: () => this.SUBRULE(this.selects) },
          { ALT: () => this.SUBRULE(this.isolates) },
          { ALT: () => this.SUBRULE(this.rule) },
          { ALT: () => this.SUBRULE(this.forward) },
          { ALT: () => this.SUBRULE(this.spread) },
          { ALT: () => this.SUBRULE(this.block) },
          { ALT: () => this.SUBRULE(this.strayToken) },
        ]),
      });
    },
    { resyncEnabled: false },
  );

  private strayToken = this.RULE(
    "stray token",
    (): void => {
      this.ACTION(() => this.noMember());
      this.OR([
        {
          // Braces without a header: what they hold is read all the same.
          ALT: () => {
            this.CONSUME(types.LeftBrace);
            this.SUBRULE(this.memberList);
            this.CONSUME(types.RightBrace);
          },
        },
        { ALT: () => this.CONSUME(types.RightBracket) },
        { ALT: () => this.CONSUME(types.RightParen) },
        { ALT: () => this.SUBRULE(this.skippedToken) },
      ]);
    },
    { resyncEnabled: false },
  );

  /** The rule of the member that begins here. Asked for each member, so it does not go through the table of alternatives. */
  private ruleAhead(): ParserMethod<[], void> {
    const token = this.LA(1);
    const second = this.LA(2).tokenType;
    if ((second === types.Assign || second === types.Colon) && this.isName(token)) return this.attribute;
    const directive = beginsDirective(token) ? directiveBegun((k) => this.LA(1 + k)) : null;
    if (directive !== null) return this.directives[directive];
    if (this.inAssert && this.failureAhead()) return this.failure;
    if (this.reads("connectivity", "of")) return this.connectivity;
    if (this.inAssert || this.strayReach()) return this.reach;
    return this.statements.get(token.tokenType) ?? (this.isWord(token) ? this.block : this.strayToken);
  }

  private readonly directives: Readonly<Record<ast.DirectiveNode["kind"], ParserMethod<[], void>>> = {
    for: this.loop,
    if: this.condition,
    const: this.constant,
    param: this.parameter,
    template: this.template,
    use: this.use,
    import: this.import,
  };

  private readonly statements: ReadonlyMap<TokenType, ParserMethod<[], void>> = new Map([
    [keyword("port"), this.portStatement],
    [keyword("applies"), this.applies],
    [keyword("selects"), this.selects],
    [keyword("isolates"), this.isolates],
    [keyword("allow"), this.rule],
    [keyword("deny"), this.rule],
    [keyword("pass"), this.rule],
    [keyword("forward"), this.forward],
    [keyword("spread"), this.spread],
  ]);

  private failureAhead(): boolean {
    const next = this.LA(2);
    if (this.reads("after") || this.reads("while")) return next.image === "any" || next.tokenType === types.Integer;
    return this.isWord(this.LA(1)) && next.image === "any" && this.LA(3).tokenType === types.Integer;
  }

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
      const { start, end, source } = this.here();
      const node = this.open<ast.AttributeNode>({ kind: "attribute", start, end, source, name: missingName, value: null, damaged: false });
      node.name = this.SUBRULE(this.name);
      if (this.RECORDING_PHASE || this.LA(1).tokenType !== types.Colon) this.CONSUME(types.Assign);
      else this.remarks.push({ kind: "colon", token: this.CONSUME(types.Colon) });
      node.value = this.SUBRULE(this.value);
    },
    { resyncEnabled: false },
  );

  private block = this.RULE(
    "block",
    (): void => {
      if (this.RECORDING_PHASE) this.recordBlock();
      else this.readBlock();
    },
    { resyncEnabled: false },
  );

  private recordBlock(): void {
    this.CONSUME(types.Word);
    this.OPTION(() => this.SUBRULE(this.scalar));
    this.MANY(() => this.SUBRULE(this.clause));
    this.SUBRULE(this.headerRest);
    this.OPTION2(() => this.SUBRULE(this.body));
  }

  /** By hand like {@link readMembers}: options and repetitions would be new closures for each block. */
  private readBlock(): void {
    const { start, end, source } = this.here();
    const faults = this.faults.count;
    const remarks = this.remarks.length;
    const word = this.CONSUME(types.Word);
    const node = this.open<ast.BlockNode>({
      kind: "block",
      start,
      end,
      source,
      keyword: this.nameOf(word),
      name: null,
      clauses: [],
      body: null,
      damaged: false,
    });
    this.guarded(() => this.readHeader(node));
    if (this.LA(1).tokenType !== types.LeftBrace && !this.atEndOfMember()) this.SUBRULE(this.headerRest);
    if (word.tokenType === keyword("else") && this.braceAhead()) {
      this.remarks.push({ kind: "foreign", token: word, what: "`else` stands behind the closing brace of an `if`", instead: null });
    } else this.blameKeyword(word, faults, remarks);
    if (this.LA(1).tokenType !== types.LeftBrace) return;
    const assertBefore = this.inAssert;
    const parentBefore = this.parent;
    this.inAssert = word.image === "assert";
    this.parent = word.image;
    node.body = this.SUBRULE(this.body);
    this.inAssert = assertBefore;
    this.parent = parentBefore;
  }

  private readHeader(node: Mutable<ast.BlockNode>): void {
    if (this.isScalar(this.LA(1)) && !this.clauseAhead()) node.name = this.SUBRULE(this.scalar);
    while (this.isWord(this.LA(1)) && !blockKeywords.has(this.LA(1).image) && this.beginsClauseValue(this.LA(2)))
      node.clauses.push(this.SUBRULE(this.clause));
  }

  /** No clause has braces: behind a word in the wrong place begins the body. */
  private beginsClauseValue(token: IToken): boolean {
    return this.isScalar(token) || token.tokenType === types.LeftParen || token.tokenType === types.LeftBracket;
  }

  /** What cannot be read behind a word that begins nothing is a sentence whose first word is misspelt: that word is the mistake. */
  private blameKeyword(word: IToken, faultsBefore: number, remarksBefore: number): void {
    const { image } = word;
    const parent = this.parent;
    if (this.faults.count + this.remarks.length === faultsBefore + remarksBefore || parent === null) return;
    if (blockKeywords.has(image) || futureKeywords.has(image) || this.isAttribute(image)) return;
    this.errors = this.errors.slice(0, faultsBefore);
    this.faults.count = faultsBefore;
    this.remarks.length = remarksBefore;
    this.remarks.push({ kind: "leading", token: word, parent });
  }

  private isAttribute(word: string): boolean {
    const row = this.parent === null ? null : blockRow(this.parent);
    return row !== null && attributeRow(row, word) !== null;
  }

  /** `in x` or `on x` right behind the keyword: the block has no name. */
  private clauseAhead(): boolean {
    if (!this.reads("in") && !this.reads("on")) return false;
    const next = this.LA(2);
    return this.isName(next) && next.image !== "in" && next.image !== "on";
  }

  /** Whatever stands between a header and its `{` and could not be read. */
  protected override headerRest = this.RULE(
    "header rest",
    (): void => {
      this.ACTION(() => {
        const member = this.member;
        if (member === null || this.atEndOfMember() || this.LA(1).tokenType === types.LeftBrace || this.memberAhead(1) || this.blockAhead())
          return;
        if (member.damaged !== true && (this.faults.count === 0 || this.errors.at(-1)?.token !== this.LA(1))) {
          this.remarks.push({ kind: "unexpected", token: this.LA(1), ...this.expectedInHeader() });
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

  private expectedInHeader(): { readonly expected: string; readonly insert?: string } {
    const member = this.member as ast.MemberNode | null;
    if (member?.kind === "block") {
      const [clause] = blockRow(member.keyword.value)?.clauses ?? [];
      const next = this.LA(2).tokenType;
      const last = next === types.LeftBrace || next === types.RightBrace || next === types.EOF || separators.has(next);
      if (clause !== undefined && member.clauses.length === 0 && last && this.isName(this.LA(1)) && !this.reads(clause.keyword))
        return { expected: `\`${clause.keyword}\`, \`{\` or the end of the line`, insert: clause.keyword };
      if (this.isAttribute(member.keyword.value) && endOf(this.LA(0)) === member.keyword.end) return { expected: "`=`" };
    }
    if (member?.kind === "for") return { expected: "`,`, `if` or `{`" };
    if (member?.kind === "if") return { expected: "an operator or `{`" };
    return { expected: "`{` or the end of the line" };
  }

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
      const value = this.SUBRULE(this.operand);
      const { start, source } = this.place(word);
      return { kind: "clause", start, end: value.end, source, keyword: this.nameOf(word), value };
    },
    { resyncEnabled: false },
  );

  protected override body = this.RULE(
    "body",
    (): ast.BodyNode => {
      const { start, source } = this.here();
      const node: Mutable<ast.BodyNode> = { kind: "body", start, end: start, source, members: [] };
      this.CONSUME(types.LeftBrace);
      const outer = this.members;
      const member = this.member;
      this.members = node.members;
      this.member = null;
      try {
        this.SUBRULE(this.memberList);
      } finally {
        this.members = outer;
        this.member = member;
      }
      const close = this.CONSUME(types.RightBrace);
      if (!this.RECORDING_PHASE) node.end = close.isInsertedInRecovery === true ? this.lastEnd() : endOf(close);
      return node;
    },
    { resyncEnabled: false },
  );
}
