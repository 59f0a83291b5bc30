/** Formatting a part of a file, as edits that touch no more than they must. */
import type { AstNode, BodyNode, MemberNode, SyntaxTree } from "../ast/nodes.ts";
import { childrenOf } from "../ast/visit.ts";
import { tokenize } from "../lexer/lexer.ts";
import type { TextEdit } from "../text/edit.ts";
import { formatTree } from "./document.ts";
import { defaultFormat } from "./options.ts";
import type { FormatOptions } from "./options.ts";

/** Half-open range of offsets. */
export interface Covered {
  readonly start: number;
  readonly end: number;
}

/** A token or a comment of a text; commas are left out, since the formatter sets them. */
interface Mark {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Formats the smallest declarations that cover a selection; everything around them stays as it is.
 * @param start offset of the selection, `end` behind it
 * @returns edits in the order of the text that do not overlap; empty when there is nothing to do
 * @throws UnreadText for a damaged tree; ask `unprintable` first
 */
export function formatRange(tree: SyntaxTree, start: number, end: number, options: FormatOptions = defaultFormat): readonly TextEdit[] {
  const covered = coveringDeclarations(tree, start, end);
  return covered === null ? [] : editsWithin(tree, endingsOf(tree.text, formatTree(tree, options)), covered);
}

/** Formats all of a file, as edits. @throws UnreadText for a damaged tree; ask `unprintable` first */
export function formatEdits(tree: SyntaxTree, options: FormatOptions = defaultFormat): readonly TextEdit[] {
  return editsWithin(tree, endingsOf(tree.text, formatTree(tree, options)), { start: 0, end: tree.text.length });
}

/** An editor keeps the line ends and the byte order mark of its file, and so do edits. */
function endingsOf(text: string, formatted: string): string {
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  return mark + (text.includes("\r\n") ? formatted.replaceAll("\n", "\r\n") : formatted);
}

/**
 * From the first to the last of the innermost consecutive members that cover a selection, with the white space in front of the first on
 * its line. Null where a selection touches no member.
 */
export function coveringDeclarations(tree: SyntaxTree, start: number, end: number): Covered | null {
  let list: readonly MemberNode[] = tree.root.members;
  let found: Covered | null = null;
  for (;;) {
    const touched = list.filter((member) => member.start <= Math.max(start, end) && start <= member.end);
    const [first] = touched;
    const last = touched.at(-1);
    if (first === undefined || last === undefined) return found;
    const line = tree.text.lastIndexOf("\n", first.start - 1) + 1;
    const indented = /^[ \t]*$/.test(tree.text.slice(line, first.start));
    found = { start: indented ? line : first.start, end: last.end };
    const inner = touched.length === 1 ? bodyAround(first, start, end) : null;
    if (inner === null) return found;
    list = inner.members;
  }
}

/** The innermost braces of a member, not of a member within it, that the selection lies inside. */
function bodyAround(node: AstNode, start: number, end: number): BodyNode | null {
  for (const child of childrenOf(node)) {
    if (child.start > start || end > child.end) continue;
    if (child.kind === "body") return child.start < start && end < child.end ? child : null;
    const inner = bodyAround(child, start, end);
    if (inner !== null) return inner;
  }
  return null;
}

/** Every gap and token that is different, inside a stretch. The two texts hold the same tokens and comments. */
function editsWithin(tree: SyntaxTree, formatted: string, covered: Covered): readonly TextEdit[] {
  const { text } = tree;
  const before = marksIn(tree);
  const after = marksIn(tokenize(tree.path, formatted));
  const edit = (start: number, end: number, put: string): TextEdit => ({ span: { file: tree.path, start, end }, text: put });
  const first = before.findIndex((mark) => mark.start >= covered.start);
  let last = before.length - 1;
  while (last >= 0 && (before[last]?.end ?? 0) > covered.end) last--;
  if (first < 0 || last < first) return text === formatted || covered.end < text.length ? [] : [edit(0, text.length, formatted)];

  // Comments may have moved past a brace or a comma: then the stretch is one edit, if both of its ends stayed.
  const moved = before.length !== after.length || before.some((mark, i) => !alike(mark.text, after[i]?.text ?? ""));
  if (moved) return movedEdits(tree, formatted, covered, before, after, first, last, edit);
  const out: TextEdit[] = [];
  const put = (start: number, end: number, wanted: string): void => {
    if (text.slice(start, end) !== wanted) out.push(edit(start, end, wanted));
  };
  for (let i = first; i <= last + 1; i++) {
    const mark = before[i];
    const target = after[i];
    const previous = before[i - 1];
    const targetBefore = after[i - 1];
    const whole = i === first && covered.start === 0;
    const atEnd = i === last + 1;
    if (atEnd && covered.end < text.length) break;
    const gapStart = whole || i === 0 ? 0 : (previous?.end ?? 0);
    const gapEnd = mark?.start ?? text.length;
    const wantedStart = whole || i === 0 ? 0 : (targetBefore?.end ?? 0);
    const wanted = formatted.slice(wantedStart, target?.start ?? formatted.length);
    if (i === first && !whole && i > 0) {
      // In front of the first declaration only its own indentation is its own.
      const own = Math.max(gapStart, covered.start);
      if (text.charAt(own - 1) === "\n" && wanted.includes("\n")) put(own, gapEnd, wanted.slice(wanted.lastIndexOf("\n") + 1));
    } else put(gapStart, gapEnd, wanted);
    if (!atEnd && mark !== undefined && target !== undefined) put(mark.start, mark.end, target.text.trimEnd());
  }
  return out;
}

/** One edit from the first to the last token that is no comment. */
function movedEdits(
  tree: SyntaxTree,
  formatted: string,
  covered: Covered,
  before: readonly Mark[],
  after: readonly Mark[],
  first: number,
  last: number,
  edit: (start: number, end: number, put: string) => TextEdit,
): readonly TextEdit[] {
  const isToken = (mark: Mark | undefined): boolean => mark !== undefined && !mark.text.startsWith("//");
  const rank = (marks: readonly Mark[], index: number): number => marks.slice(0, index).filter(isToken).length;
  const tokens = after.filter(isToken);
  const from = tokens[rank(before, first)];
  const to = tokens[rank(before, last + 1) - 1];
  const start = before[first];
  if (from === undefined || to === undefined || start === undefined) return [];
  if (covered.start === 0 && covered.end >= tree.text.length) return [edit(0, tree.text.length, formatted)];
  const line = formatted.lastIndexOf("\n", from.start - 1) + 1;
  const wantsIndent = covered.start < start.start;
  return [edit(covered.start, covered.end, formatted.slice(wantsIndent ? line : from.start, to.end))];
}

/** A name without its quotes is the same name. */
function alike(one: string, other: string): boolean {
  if (one === other) return true;
  if (one.startsWith("//") || other.startsWith("//")) return one.trimEnd() === other.trimEnd();
  if (one === ":" && other === "=") return true;
  return (one.startsWith('"') || one.startsWith("'")) && (one.slice(1, -1) === other || other.startsWith('"'));
}

function marksIn({ tokens, trivia }: Pick<SyntaxTree, "tokens" | "trivia">): readonly Mark[] {
  const out: Mark[] = [];
  let t = 0;
  for (const token of tokens) {
    for (let piece = trivia[t]; piece !== undefined && piece.start < token.start; piece = trivia[++t])
      if (piece.kind !== "space") out.push(piece);
    if (token.text !== ",") out.push(token);
  }
  for (; t < trivia.length; t++) {
    const piece = trivia[t];
    if (piece !== undefined && piece.kind !== "space") out.push(piece);
  }
  return out;
}
