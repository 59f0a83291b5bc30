/**
 * The grammar, as a Chevrotain parser with embedded actions: files, blocks and members. Each member is its own recovery boundary.
 * The rules of values, parties and statements stand in the classes below it.
 */
import type { IOrAlt, IToken } from "chevrotain";
import type * as ast from "../ast/nodes.ts";
import * as types from "../lexer/tokens.ts";
import { attributeRow, blockKeywords, blockRow } from "../schema/blocks.ts";
import { futureKeywords } from "../schema/future.ts";
import { parserMessages } from "./messages.ts";
import { endOf, missingName, separators } from "./state.ts";
import type { Mutable } from "./state.ts";
import { StatementRules } from "./statements.ts";

/** How many unreadable tokens a header may hold before its body is given up. */
const headerReach = 16;

export class Grammar extends StatementRules {
  /** The last `{` without a header. */
  private bareBrace: IToken | null = null;

  /** The member that was just read is followed by another without a separator. */
  private atNextMember = false;

  private lineAlternatives: IOrAlt<unknown>[] | undefined;

  private memberAlternatives: IOrAlt<unknown>[] | undefined;

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
    this.parent = "file";
    this.member = null;
    this.noReachesBefore = -1;
    this.bareBrace = null;
    const members = this.members;
    this.fileRule();
    return { kind: "file", start: 0, end: length, members };
  }

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

  private endOfMember(errorsBefore: number): void {
    const failed = this.errors.length + this.remarks.length > errorsBefore;
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
    if (member.kind === "allow" && member.preposition === null && member.ports.length === 0)
      return "`from`, `to`, `on` or the end of the line";
    if ((member.kind === "allow" && member.ports.length === 0) || (member.kind === "reach" && member.ports === null))
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
      this.OR({
        MAX_LOOKAHEAD: 1,
        DEF: (this.memberAlternatives ??= [
          {
            GATE: () => this.LA(2).tokenType === types.Assign || this.LA(2).tokenType === types.Colon,
            ALT: () => this.SUBRULE(this.attribute),
          },
          { GATE: () => this.inAssert && this.failureAhead(), ALT: () => this.SUBRULE(this.failure) },
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
                { ALT: () => this.CONSUME(types.RightBracket) },
                { ALT: () => this.SUBRULE(this.skippedToken) },
              ]);
            },
          },
        ]),
      });
    },
    { resyncEnabled: false },
  );

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
      const errors = this.errors.length;
      const remarks = this.remarks.length;
      const word = this.CONSUME(types.Word);
      node.keyword = this.nameOf(word);
      this.guarded(() => {
        this.OPTION({
          GATE: () => !this.clauseAhead(),
          DEF: () => {
            node.name = this.SUBRULE(this.scalar);
          },
        });
        this.MANY({
          GATE: () => !blockKeywords.has(this.LA(1).image),
          DEF: () => {
            const clause = this.SUBRULE(this.clause);
            this.ACTION(() => node.clauses.push(clause));
          },
        });
      });
      this.SUBRULE(this.headerRest);
      this.ACTION(() => this.blameKeyword(word, errors, remarks));
      this.OPTION2(() => {
        const assertBefore = this.inAssert;
        const parentBefore = this.parent;
        this.ACTION(() => {
          this.inAssert = word.image === "assert";
          this.parent = word.image;
        });
        node.body = this.SUBRULE(this.body);
        this.ACTION(() => {
          this.inAssert = assertBefore;
          this.parent = parentBefore;
        });
      });
    },
    { resyncEnabled: false },
  );

  /** What cannot be read behind a word that begins nothing is a sentence whose first word is misspelt: that word is the mistake. */
  private blameKeyword(word: IToken, errorsBefore: number, remarksBefore: number): void {
    const { image } = word;
    const parent = this.parent;
    if (this.errors.length + this.remarks.length === errorsBefore + remarksBefore || parent === null) return;
    if (blockKeywords.has(image) || futureKeywords.has(image) || this.isAttribute(image)) return;
    this.errors = this.errors.slice(0, errorsBefore);
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
        if (member.damaged !== true && this.errors.at(-1)?.token !== this.LA(1)) {
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
      const node: Mutable<ast.ClauseNode> = {
        kind: "clause",
        ...this.place(word),
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

  protected override body = this.RULE(
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
}
