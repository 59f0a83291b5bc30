/** Whether two texts say the same: what the formatter promises, and what `knet fmt` looks at before it writes. */
import type { AstNode, SyntaxTree } from "../ast/nodes.ts";

/** Where nodes stand, and what the formatter may change of them. */
const loose: ReadonlySet<string> = new Set(["start", "end", "source", "quoted", "damaged"]);

/** Whether the trees differ in nothing but places, and quotes around names that can do without, and both hold the same comments. */
export function sameProgram(one: SyntaxTree, other: SyntaxTree): boolean {
  return sameNode(one.root, other.root) && commentsOf(one) === commentsOf(other);
}

/** The tree without what the formatter may change: what `prettier --debug-check` compares. */
export function meaningOf(tree: SyntaxTree): unknown {
  const text = JSON.stringify(tree.root, (field, value: unknown) => {
    if (loose.has(field)) return undefined;
    return field === "form" && value === "string" ? "word" : value;
  });
  return JSON.parse(text);
}

/** All comments in a fixed order, one on each line. */
function commentsOf(tree: SyntaxTree): string {
  const texts = tree.trivia.filter((piece) => piece.kind !== "space").map((piece) => piece.text.trimEnd());
  return texts.sort().join("\n");
}

function sameNode(one: AstNode, other: AstNode): boolean {
  if (one.kind !== other.kind) return false;
  const left = one as unknown as Readonly<Record<string, unknown>>;
  const right = other as unknown as Readonly<Record<string, unknown>>;
  for (const field of Object.keys(left)) {
    if (loose.has(field)) continue;
    if (one.kind === "block" && field === "name") {
      if (!sameBlockName(one.name, other.kind === "block" ? other.name : null)) return false;
    } else if (!same(left[field], right[field])) return false;
  }
  return true;
}

/** A block may be called `web` or `"web"`. */
function sameBlockName(one: AstNode | null, other: AstNode | null): boolean {
  if (one?.kind === "scalar" && other?.kind === "scalar" && isText(one.form) && isText(other.form)) return one.text === other.text;
  return same(one, other);
}

const isText = (form: string): boolean => form === "word" || form === "string";

function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((item, i) => same(item, other[i]));
  if (typeof one !== "object" || one === null) return one === other;
  return typeof other === "object" && other !== null && sameNode(one as AstNode, other as AstNode);
}
