/** From a tree to pieces: one walk over tokens and trivia, side by side with the members that the tree knows. */
import type { BodyNode, MemberNode, SyntaxTree } from "../ast/nodes.ts";
import { continuationKeywords } from "../lexer/keywords.ts";
import type { Token } from "../lexer/token.ts";
import { columnsOf } from "./columns.ts";
import { marksOf } from "./marks.ts";
import type { Marks } from "./marks.ts";
import { flatten } from "./pieces.ts";
import type { BodyPiece, Comment, Flat, ListPiece, Member, Members, Piece, TextPiece } from "./pieces.ts";

/** What stands between two tokens. */
interface Gap {
  readonly comments: readonly Comment[];
  /** An empty line precedes the token behind it. */
  readonly blank: boolean;
  readonly broken: boolean;
}

/** Nothing in a tree accounts for some of its text: the parser left that out to go on behind a mistake. */
export class UnreadText extends Error {
  constructor(offset: number) {
    super(`the text at offset ${offset} was not read`);
    this.name = "UnreadText";
  }
}

/** The members of a file. @throws UnreadText when the tree is damaged */
export function buildPieces(tree: SyntaxTree): Members {
  return new PieceBuilder(tree).file();
}

const none: readonly Comment[] = [];
/** Most gaps hold white space on one line. */
const plainGap: Gap = { comments: none, blank: false, broken: false };
const noSpaceBefore: ReadonlySet<string> = new Set([",", ")", "]", "..", "."]);
const noSpaceBehind: ReadonlySet<string> = new Set(["(", "[", "..", "."]);
/** Members that end by themselves; the last list of any other would take in what stands behind a comma. */
const closed: ReadonlySet<string> = new Set<MemberNode["kind"]>([
  "block",
  "attribute",
  "port-statement",
  "selects",
  "forward",
  "spread",
  "connectivity",
  "failure",
  "for",
  "if",
  "const",
  "param",
  "template",
  "use",
  "import",
]);

class PieceBuilder {
  private readonly tree: SyntaxTree;
  private readonly marks: Marks;
  private token = 0;
  private trivia = 0;
  /** The token before the current one. */
  private previous: Token | null = null;

  constructor(tree: SyntaxTree) {
    this.tree = tree;
    this.marks = marksOf(tree);
  }

  file(): Members {
    const { members } = this.members(this.tree.root.members, this.gap(true), Number.POSITIVE_INFINITY);
    if (this.token < this.tree.tokens.length) throw this.unread();
    return members;
  }

  private unread(): UnreadText {
    return new UnreadText(this.next()?.start ?? this.tree.text.length);
  }

  private next(): Token | undefined {
    return this.tree.tokens[this.token];
  }

  private take(): Token {
    const token = this.next();
    if (token === undefined) throw this.unread();
    this.token++;
    this.previous = token;
    return token;
  }

  /** Reads up to the next token, or up to the next one that is no comma. */
  private gap(overCommas: boolean): Gap {
    let comments: Comment[] | null = null;
    let breaks = 0;
    for (;;) {
      const token = this.next();
      const end = token?.start ?? Number.POSITIVE_INFINITY;
      for (let piece = this.tree.trivia[this.trivia]; piece !== undefined && piece.start < end; piece = this.tree.trivia[++this.trivia]) {
        if (piece.kind === "space") {
          for (let at = piece.text.indexOf("\n"); at >= 0; at = piece.text.indexOf("\n", at + 1)) breaks++;
        } else {
          const trailing = comments === null && breaks === 0 && this.previous !== null;
          comments ??= [];
          comments.push({ text: piece.text.trimEnd(), trailing, blank: breaks > 1 });
          breaks = 0;
        }
      }
      if (!overCommas || token?.text !== ",") break;
      this.take();
    }
    if (comments === null && breaks === 0) return plainGap;
    return { comments: comments ?? none, blank: breaks > 1, broken: comments !== null || breaks > 0 };
  }

  /**
   * Members and the comments around them.
   * @param first the gap in front of the first one
   * @param end offset of what closes them
   */
  private members(
    nodes: readonly MemberNode[],
    first: Gap,
    end: number,
  ): { readonly members: Members; readonly opening: string | null; readonly broken: boolean } {
    const list: Member[] = [];
    let { opening, rest, blank } = shared(first, false);
    let broken = first.broken;
    for (const [i, node] of nodes.entries()) {
      const start = this.next();
      if (start === undefined || start.start !== node.start) throw this.unread();
      const needsComma = i > 0 && continuationKeywords.has(start.text) && this.tree.tokens[this.token + 1]?.text !== "=";
      const pieces = this.sequence(node.end);
      const before = this.token;
      const gap = this.gap(true);
      const more = i + 1 < nodes.length;
      if (more && gap.broken && this.token === before && !closed.has(node.kind)) broken = true;
      const behind = shared(gap, true);
      list.push({
        node,
        pieces,
        comments: rest,
        trailing: behind.opening,
        blank: blank && (i > 0 || rest.length > 0),
        needsComma,
        flat: flatten(pieces),
      });
      ({ rest, blank } = behind);
    }
    const token = this.next();
    if (token !== undefined && token.start < end) throw this.unread();
    return { members: { list, closing: rest }, opening, broken };
  }

  /** The pieces up to an offset. Comments in front of the first one are the caller's. */
  private sequence(end: number): readonly Piece[] {
    const out: Piece[] = [];
    let held = none;
    for (let token = this.next(); token !== undefined && token.start < end; token = this.next()) {
      const { comments } = out.length === 0 ? plainGap : this.gap(false);
      const current = this.next();
      if (current === undefined || current.start >= end) break;
      const all = held.length === 0 ? comments : joined(held, comments);
      held = none;
      if (current.text === ",") {
        // A comment in front of a comma stands behind it.
        held = all;
        out.push(this.text(none));
      } else out.push(this.piece(all));
    }
    return out;
  }

  private piece(comments: readonly Comment[]): Piece {
    const token = this.next();
    if (token?.kind === "punctuation") {
      if (token.text === "{") return this.body(comments);
      if (token.text === "[" || token.text === "(") return this.list(comments);
    }
    return this.text(comments);
  }

  private base(token: Token, comments: readonly Comment[]): Pick<Piece, "space" | "breakPoint" | "comments"> {
    const { previous } = this;
    const tight =
      previous === null ||
      noSpaceBefore.has(token.text) ||
      noSpaceBehind.has(previous.text) ||
      this.marks.tight.has(token.start) ||
      this.marks.signs.has(previous.start);
    return { space: !tight, breakPoint: this.marks.breaks.get(token.start) ?? null, comments };
  }

  private text(comments: readonly Comment[]): TextPiece {
    const token = this.next();
    if (token === undefined || token.kind === "unknown") throw this.unread();
    const base = this.base(token, comments);
    this.take();
    const text = this.marks.unquoted.get(token.start) ?? written(token);
    const { space, breakPoint } = base;
    return { kind: "text", space, breakPoint, comments, text, columns: token.kind === "string" ? columnsOf(text) : text.length };
  }

  private list(comments: readonly Comment[]): ListPiece {
    const open = this.next();
    if (open === undefined) throw this.unread();
    const base = this.base(open, comments);
    this.take();
    const close = open.text === "[" ? "]" : ")";
    const items: (readonly Piece[])[] = [];
    let item: Piece[] = [];
    let held = none;
    for (;;) {
      const { comments: found } = this.gap(false);
      const token = this.next();
      if (token === undefined) throw this.unread();
      const all = held.length === 0 ? found : joined(held, found);
      held = none;
      if (token.text === close) {
        this.take();
        if (item.length > 0) items.push(item);
        return { kind: "list", ...base, open: open.text, close, items, closing: all, flat: flatList(open.text, close, items, all) };
      }
      if (token.text === "," && this.marks.loops.has(open.start)) {
        held = all;
        item.push(this.text(none));
      } else if (token.text === ",") {
        this.take();
        if (item.length > 0) items.push(item);
        item = [];
        held = all;
      } else item.push(this.piece(all));
    }
  }

  private body(comments: readonly Comment[]): BodyPiece {
    const open = this.next();
    const node: BodyNode | undefined = open === undefined ? undefined : this.marks.bodies.get(open.start);
    if (open === undefined || node === undefined) throw this.unread();
    const base = this.base(open, none);
    this.take();
    const gap = this.gap(true);
    const first = comments.length === 0 ? gap : { ...gap, comments: joined(comments, gap.comments), broken: true };
    const { members, opening, broken } = this.members(node.members, first, node.end - 1);
    const close = this.take();
    if (close.text !== "}") throw new UnreadText(close.start);
    return { kind: "body", ...base, members, opening, flat: flatBody(members, opening, broken) };
  }
}

/** What is printed for a token: itself, but for punctuation that has one meaning only. */
function written(token: Token): string {
  if (token.kind === "punctuation" && token.text === ":") return "=";
  if (token.kind === "string" && token.text.startsWith("'")) return `"${token.text.slice(1, -1).replace(/(["\\])/g, "\\$1")}"`;
  return token.text;
}

/** Parts the comment behind the token before a gap from those on lines of their own. */
function shared(
  gap: Gap,
  behindMember: boolean,
): { readonly opening: string | null; readonly rest: readonly Comment[]; readonly blank: boolean } {
  const [first, ...others] = gap.comments;
  if (first?.trailing === true) return { opening: first.text, rest: others, blank: gap.blank };
  const rest = behindMember || first === undefined ? gap.comments : [{ ...first, blank: false }, ...others];
  return { opening: null, rest, blank: gap.blank };
}

/** Comments of two gaps whose token between them moves in front of both: one line can have only one of them. */
function joined(one: readonly Comment[], other: readonly Comment[]): readonly Comment[] {
  return [...one, ...other].map((comment, i) => (i > 0 && comment.trailing ? { ...comment, trailing: false } : comment));
}

function flatList(open: string, close: string, items: readonly (readonly Piece[])[], closing: readonly Comment[]): Flat | null {
  if (closing.length > 0) return null;
  let text = open;
  let columns = 2;
  for (const [i, item] of items.entries()) {
    const flat = flatten(item);
    if (flat === null) return null;
    text += i > 0 ? `, ${flat.text}` : flat.text;
    columns += flat.columns + (i > 0 ? 2 : 0);
  }
  return { text: text + close, columns };
}

function flatBody({ list, closing }: Members, opening: string | null, broken: boolean): Flat | null {
  if (opening !== null || closing.length > 0) return null;
  if (list.length === 0) return { text: "{}", columns: 2 };
  if (broken) return null;
  let text = "";
  let columns = 4;
  for (const [i, member] of list.entries()) {
    if (member.flat === null || member.comments.length > 0 || member.trailing !== null) return null;
    text += i > 0 ? `, ${member.flat.text}` : member.flat.text;
    columns += member.flat.columns + (i > 0 ? 2 : 0);
  }
  return { text: `{ ${text} }`, columns };
}
