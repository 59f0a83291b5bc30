/** From a tree to a Prettier document and to text. */
import { builders, printer } from "prettier/doc";
import type { builders as documents } from "prettier/doc";
import type { SyntaxTree } from "../ast/nodes.ts";
import { buildPieces } from "./build.ts";
import { columnsOf } from "./columns.ts";
import { layOutLines } from "./layout.ts";
import type { Line } from "./layout.ts";
import { defaultFormat } from "./options.ts";
import type { FormatOptions } from "./options.ts";

/** Columns between a line and its comment. */
const commentGap = 2;

/**
 * The formatted tree as a document of lines. They are broken already: columns that stand below each other have to know the lines around
 * them, which Prettier's groups do not.
 * @throws UnreadText for a damaged tree; ask `unprintable` first
 */
export function documentOf(tree: SyntaxTree, options: FormatOptions): documents.Doc {
  const lines = layOutLines(buildPieces(tree), options);
  const gaps = commentColumns(lines, options);
  const parts: documents.Doc[] = [];
  const unit = options.useTabs ? "\t" : " ".repeat(options.tabWidth);
  for (const [i, line] of lines.entries()) {
    if (line.blank && i > 0) parts.push(builders.hardline);
    const gap = gaps[i] ?? 0;
    const comment = line.comment === null ? "" : line.text === "" ? line.comment : " ".repeat(gap) + line.comment;
    parts.push(unit.repeat(line.level) + line.text + comment, builders.hardline);
  }
  return parts;
}

/**
 * The formatted text, with LF at the ends of its lines.
 * @throws UnreadText for a damaged tree; ask `unprintable` first
 */
export function formatTree(tree: SyntaxTree, options: FormatOptions = defaultFormat): string {
  return printer.printDocToString(documentOf(tree, options), { ...options }).formatted;
}

/** Columns between each line and its comment: on consecutive lines of one level, comments stand below each other. */
function commentColumns(lines: readonly Line[], { tabWidth }: FormatOptions): readonly number[] {
  const gaps: number[] = lines.map(() => 0);
  for (let from = 0; from < lines.length;) {
    const first = lines[from];
    if (first === undefined || first.comment === null || first.text === "") {
      from++;
      continue;
    }
    const widths: number[] = [];
    for (let i = from; ; i++) {
      const line = lines[i];
      if (line === undefined || line.comment === null || line.level !== first.level || (i > from && line.blank)) break;
      widths.push(line.level * tabWidth + columnsOf(line.text));
    }
    const most = Math.max(...widths);
    for (const [k, width] of widths.entries()) gaps[from + k] = most - width + commentGap;
    from += widths.length;
  }
  return gaps;
}
