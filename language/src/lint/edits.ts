/** Edits that add a member to a block as its author wrote it: on lines of its own or on one line. */
import type { TextEdit } from "../text/edit.ts";
import type { Span } from "../text/span.ts";

/**
 * The edit that adds a member at the end of a block.
 * @param block the whole declaration
 * @returns null for a block without a body, and for one that the program has several copies of
 */
export function appendMember(text: string, block: Span, member: string): TextEdit | null {
  const closing = block.end - 1;
  if (block.expansion !== undefined || text[closing] !== "}") return null;
  const line = text.lastIndexOf("\n", closing) + 1;
  const indent = text.slice(line, closing);
  if (line > block.start && indent.trim() === "") return insert(block, line, `${indent}  ${member}\n`);
  const before = text.slice(block.start, closing).trimEnd();
  const at = block.start + before.length;
  return insert(block, at, before.endsWith("{") ? ` ${member}${at === closing ? " " : ""}` : `${before.endsWith(",") ? "" : ","} ${member}`);
}

/** The edit that adds a member at the beginning of a block. Null as with {@link appendMember}. */
export function prependMember(text: string, block: Span, header: Span, member: string): TextEdit | null {
  const opening = text.indexOf("{", header.end);
  if (block.expansion !== undefined || opening < 0 || opening >= block.end) return null;
  const rest = /^[^\S\n]*(?:\n([^\S\n]*))?/.exec(text.slice(opening + 1, block.end));
  const indent = rest?.[1];
  return insert(block, opening + 1, indent === undefined ? ` ${member},` : `\n${indent}${member}`);
}

function insert({ file }: Span, at: number, text: string): TextEdit {
  return { span: { file, start: at, end: at }, text };
}
