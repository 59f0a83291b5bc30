/**
 * What the layout works on: the tokens of a tree, each once, grouped by brackets and members, with the comments of every gap where they
 * can be printed. Separating commas are left out; the layout sets them.
 */
import type { MemberNode } from "../ast/nodes.ts";

export interface Comment {
  /** With its slashes, without white space at its end. */
  readonly text: string;
  /** It stands on the line of the token before it. */
  readonly trailing: boolean;
  /** An empty line precedes it. */
  readonly blank: boolean;
}

/** Where a line may begin when all of it does not fit. `clause`: at each of them; `item`: where the line would get too long. */
export type BreakPoint = "clause" | "item" | null;

interface PieceBase {
  /** Whether a space parts it from what is before it on the line. */
  readonly space: boolean;
  readonly breakPoint: BreakPoint;
  /** Comments in front of it; they force it to a line of its own. */
  readonly comments: readonly Comment[];
}

export interface TextPiece extends PieceBase {
  readonly kind: "text";
  readonly text: string;
  readonly columns: number;
}

/** `[ … ]` or `( … )`. */
export interface ListPiece extends PieceBase {
  readonly kind: "list";
  readonly open: string;
  readonly close: string;
  readonly items: readonly (readonly Piece[])[];
  /** In front of the closing bracket. */
  readonly closing: readonly Comment[];
  readonly flat: Flat | null;
}

/** `{ … }`: comments between a header and its brace stand behind the brace. */
export interface BodyPiece extends PieceBase {
  readonly kind: "body";
  readonly members: Members;
  /** The comment behind the opening brace. */
  readonly opening: string | null;
  readonly flat: Flat | null;
}

export type Piece = TextPiece | ListPiece | BodyPiece;

/** Something on one line. */
export interface Flat {
  readonly text: string;
  readonly columns: number;
}

export interface Member {
  readonly node: MemberNode;
  readonly pieces: readonly Piece[];
  /** Above it, on lines of their own. */
  readonly comments: readonly Comment[];
  /** Behind it. */
  readonly trailing: string | null;
  /** An empty line precedes it. */
  readonly blank: boolean;
  /** It reads as a continuation of the line before it, so that line has to end in a comma. */
  readonly needsComma: boolean;
  /** On one line; null where a comment or a line break behind a brace forbids that. */
  readonly flat: Flat | null;
}

export interface Members {
  readonly list: readonly Member[];
  /** Behind the last one, on lines of their own. */
  readonly closing: readonly Comment[];
}

/** The pieces on one line; null where that cannot be. `pad` columns are put in front of the piece at index `at`. */
export function flatten(pieces: readonly Piece[], at = -1, pad = 0): Flat | null {
  let text = "";
  let columns = 0;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece === undefined) break;
    if (piece.comments.length > 0) return null;
    const part = piece.kind === "text" ? piece : piece.flat;
    if (part === null) return null;
    if (i === at) {
      text += " ".repeat(pad);
      columns += pad;
    }
    if (i > 0 && piece.space) {
      text += " ";
      columns++;
    }
    text += part.text;
    columns += part.columns;
  }
  return { text, columns };
}
