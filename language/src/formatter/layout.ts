/** From pieces to lines. What is printed depends on tokens, comments, empty lines and line breaks behind braces, and on nothing else. */
import type { MemberNode } from "../ast/nodes.ts";
import { alignedLines } from "./align.ts";
import { columnsOf } from "./columns.ts";
import type { FormatOptions } from "./options.ts";
import { flatten } from "./pieces.ts";
import type { BodyPiece, Comment, ListPiece, Member, Members, Piece } from "./pieces.ts";

export interface Line {
  /** Levels of indentation. */
  level: number;
  text: string;
  /** The comment at its end. */
  comment: string | null;
  /** An empty line precedes it. */
  blank: boolean;
}

/** Levels by which a statement's next lines are indented. */
const continuation = 2;

export function layOutLines(members: Members, options: FormatOptions): readonly Line[] {
  const writer = new LineWriter(options);
  writer.members(members, 0);
  writer.end();
  return writer.lines;
}

class LineWriter {
  readonly lines: Line[] = [];
  private readonly options: FormatOptions;
  private line: Line = { level: 0, text: "", comment: null, blank: false };
  private columns = 0;

  constructor(options: FormatOptions) {
    this.options = options;
  }

  /** Ends the current line, if anything stands on it. */
  end(): void {
    if (this.line.text === "" && this.line.comment === null) return;
    this.lines.push(this.line);
    this.begin(this.line.level, false);
  }

  members({ list, closing }: Members, level: number): void {
    const room = this.room(level);
    const flat = alignedLines(list, room);
    for (const [i, member] of list.entries()) {
      if (member.needsComma) this.add(",", 1);
      this.own(member.comments, level);
      this.newLine(level, member.blank);
      const line = flat[i] ?? null;
      if (line === null) this.broken(member, level);
      else this.add(line.text, line.columns);
      if (member.trailing !== null) this.line.comment = member.trailing;
    }
    this.own(closing, level);
  }

  private room(level: number): number {
    return this.options.printWidth - level * this.options.tabWidth;
  }

  private begin(level: number, blank: boolean): void {
    this.line = { level, text: "", comment: null, blank };
    this.columns = level * this.options.tabWidth;
  }

  private newLine(level: number, blank = false): void {
    this.end();
    this.begin(level, blank);
  }

  private add(text: string, columns: number): void {
    this.line.text += text;
    this.columns += columns;
  }

  /** Comments on lines of their own; the first of them may stand on the current line. */
  private own(comments: readonly Comment[], level: number): void {
    for (const comment of comments) {
      if (comment.trailing && this.line.text !== "" && this.line.comment === null) {
        this.line.comment = comment.text;
        continue;
      }
      this.newLine(level, comment.blank);
      this.add(comment.text, columnsOf(comment.text));
    }
  }

  private broken(member: Member, level: number): void {
    this.pieces(member.pieces, level, styleOf(member.node.kind));
  }

  /**
   * Pieces of a member or of an item of a list, the first one where the line stands.
   * @param level of the line they begin on
   */
  private pieces(pieces: readonly Piece[], level: number, style: PieceStyle): void {
    let further = style.itemLevels;
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) {
        const clause = piece.breakPoint === "clause";
        if (clause) further = style.clauseLevels + continuation;
        // `else` stands below the brace before it.
        const at = level + (pieces[i - 1]?.kind === "body" ? 0 : clause ? style.clauseLevels : further);
        if (piece.comments.length > 0) {
          this.own(without(piece.comments), at);
          this.newLine(at);
        } else if (clause || (piece.breakPoint === "item" && !this.fits(pieces, i))) this.newLine(at);
        else if (piece.space) this.add(" ", 1);
      }
      this.piece(piece, level, style, pieces, i);
    }
  }

  /**
   * Whether the piece fits on the line with all that follows it up to the next place where the line may break. Of a body only the brace
   * counts: once it is broken, the text must come out the same.
   */
  private fits(pieces: readonly Piece[], from: number): boolean {
    let columns = this.columns;
    for (let i = from; i < pieces.length; i++) {
      const piece = pieces[i];
      if (piece === undefined || (i > from && (piece.breakPoint !== null || piece.comments.length > 0))) break;
      if (piece.space) columns++;
      if (piece.kind === "body") return columns + 1 <= this.options.printWidth;
      const part = piece.kind === "text" ? piece : piece.flat;
      if (part === null) return false;
      columns += part.columns;
    }
    return columns <= this.options.printWidth;
  }

  private piece(piece: Piece, level: number, style: PieceStyle, pieces: readonly Piece[], index: number): void {
    if (piece.kind === "text") {
      this.add(piece.text, piece.columns);
      return;
    }
    const { flat } = piece;
    const breaks = flat === null || (piece.kind === "body" && style.breaksBodies && piece.members.list.length > 0);
    if (!breaks && this.columns + flat.columns + behind(pieces, index + 1) <= this.options.printWidth) this.add(flat.text, flat.columns);
    else if (piece.kind === "body") this.body(piece, level);
    else this.list(piece);
  }

  private body(piece: BodyPiece, level: number): void {
    if (piece.flat !== null && piece.members.list.length === 0) {
      this.add(piece.flat.text, piece.flat.columns);
      return;
    }
    this.add("{", 1);
    this.line.comment = piece.opening;
    this.members(piece.members, level + 1);
    this.newLine(level);
    this.add("}", 1);
  }

  /** One item on each line. */
  private list(piece: ListPiece): void {
    const { level } = this.line;
    this.add(piece.open, 1);
    for (const [i, item] of piece.items.entries()) {
      if (i > 0) this.add(",", 1);
      this.own(without(item[0]?.comments ?? []), level + 1);
      this.newLine(level + 1);
      const flat = flatten(item.map((part, k) => (k === 0 && part.comments.length > 0 ? { ...part, comments: [] } : part)));
      if (flat !== null && this.columns + flat.columns + 1 <= this.options.printWidth) this.add(flat.text, flat.columns);
      else this.pieces(item, level + 1, itemStyle);
    }
    this.own(without(piece.closing), level + 1);
    this.newLine(level);
    this.add(piece.close, 1);
  }
}

interface PieceStyle {
  /** Levels by which a line is indented that begins with a clause, and one that goes on with a list. */
  readonly clauseLevels: number;
  readonly itemLevels: number;
  /** Whether all braces are broken when the whole is. */
  readonly breaksBodies: boolean;
}

const statementStyle: PieceStyle = { clauseLevels: continuation, itemLevels: continuation, breaksBodies: false };
const blockStyle: PieceStyle = { ...statementStyle, breaksBodies: true };
/** The clauses of `[… for … if …]` stand below its value. */
const itemStyle: PieceStyle = { clauseLevels: 0, itemLevels: continuation, breaksBodies: false };

function styleOf(kind: MemberNode["kind"]): PieceStyle {
  return kind === "attribute" || kind === "const" || kind === "param" ? statementStyle : blockStyle;
}

/** Of comments in front of something that is not a member, empty lines go. */
function without(comments: readonly Comment[]): readonly Comment[] {
  return comments.map((comment) => (comment.blank ? { ...comment, blank: false } : comment));
}

/** Columns of what has to stand on the same line as the end of a bracket: all up to the next place that can break. */
function behind(pieces: readonly Piece[], from: number): number {
  let columns = 0;
  for (let i = from; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece === undefined || piece.breakPoint !== null || piece.comments.length > 0) break;
    if (piece.space) columns++;
    if (piece.kind !== "text") return columns + 1;
    columns += piece.columns;
  }
  return columns;
}
