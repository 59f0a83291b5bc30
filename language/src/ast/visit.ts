/** Walking the tree. The one table of child fields is all that visitors, dumps and the invariant tests know of its shape. */
import type { AstNode, SyntaxTree } from "./nodes.ts";
import type { Token, Trivia } from "../lexer/token.ts";

type Kind = AstNode["kind"];
type NodeOf<K extends Kind> = Extract<AstNode, { readonly kind: K }>;

/** Fields that hold children, in the order in which they stand in the text. */
export const childFields: { readonly [K in Kind]: readonly (keyof NodeOf<K> & string)[] } = {
  file: ["members"],
  body: ["members"],
  block: ["keyword", "name", "clauses", "body"],
  clause: ["keyword", "value"],
  attribute: ["name", "value"],
  "port-statement": ["name", "port", "target", "nodePort"],
  applies: ["nodes", "selector", "subject"],
  selects: ["selector"],
  isolates: ["directions"],
  allow: ["name", "direction", "preposition", "peers", "ports"],
  deny: ["name", "direction", "preposition", "peers", "ports"],
  pass: ["name", "direction", "preposition", "peers", "ports"],
  forward: ["zone", "servers"],
  spread: ["nodes"],
  reach: ["sources", "except", "targets", "ports", "path"],
  "path-clause": ["name", "value"],
  resolve: ["sources", "except", "name", "targets"],
  connectivity: ["namespace", "body"],
  failure: ["count", "body"],
  peer: ["selector", "name", "namespaces", "value", "except"],
  selector: ["requirements"],
  requirement: ["key", "value"],
  scalar: [],
  range: ["first", "last"],
  list: ["items"],
  map: ["body"],
  text: ["parts"],
  call: ["function", "arguments"],
  binary: ["left", "right"],
  unary: ["operand"],
  index: ["of", "index"],
  field: ["of", "name"],
  conditional: ["condition", "then", "otherwise"],
  comprehension: ["value", "bindings", "condition"],
  group: ["value"],
  binding: ["names", "values"],
  for: ["bindings", "condition", "body"],
  if: ["condition", "body", "otherwise"],
  const: ["name", "value"],
  param: ["name", "type", "fallback", "condition"],
  type: ["name", "of", "values"],
  template: ["name", "body"],
  use: ["template", "arguments"],
  import: ["path", "alias", "arguments"],
  name: ["parts"],
};

/** The children of a node in source order. */
export function childrenOf(node: AstNode): AstNode[] {
  const out: AstNode[] = [];
  const record = node as unknown as Readonly<Record<string, AstNode | readonly AstNode[] | null>>;
  for (const field of childFields[node.kind]) {
    const child = record[field];
    if (child === null || child === undefined) continue;
    // The pieces of a string that are plain text are no nodes.
    if (Array.isArray(child)) out.push(...(child as readonly (AstNode | string)[]).filter((item) => typeof item !== "string"));
    else out.push(child as AstNode);
  }
  return out;
}

/** Calls `enter` for the node and everything below it, parents first. Returning false leaves a node's children out. */
export function visit(node: AstNode, enter: (node: AstNode, parents: readonly AstNode[]) => boolean | void): void {
  const walk = (at: AstNode, parents: readonly AstNode[]): void => {
    if (enter(at, parents) === false) return;
    const below = [...parents, at];
    for (const child of childrenOf(at)) walk(child, below);
  };
  walk(node, []);
}

/** The innermost node at an offset with all its parents, outermost first. The end of a node still belongs to it. */
export function pathAt(root: AstNode, offset: number): AstNode[] {
  const path: AstNode[] = [root];
  for (let node: AstNode | undefined = root; node !== undefined;) {
    const children = childrenOf(node);
    node = children.find((child) => child.start <= offset && offset < child.end) ?? children.find((child) => child.end === offset);
    if (node !== undefined) path.push(node);
  }
  return path;
}

/** Index of the first token that does not end before `offset`. */
function tokenAt(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The tokens of a node, as a half-open range of indices into `tree.tokens`. */
export function tokenRange(tree: SyntaxTree, node: AstNode): { readonly first: number; readonly end: number } {
  const first = tokenAt(tree.tokens, node.start);
  return { first, end: node.end <= node.start ? first : tokenAt(tree.tokens, node.end - 1) + 1 };
}

/** The `///` lines right above a node, without slashes, joined by line breaks; null when there are none. */
export function docComment(tree: SyntaxTree, node: AstNode): string | null {
  const lines: string[] = [];
  let low = 0;
  let high = tree.trivia.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tree.trivia[middle]?.start ?? 0) < node.start) low = middle + 1;
    else high = middle;
  }
  let edge = node.start;
  for (let i = low - 1; i >= 0; i--) {
    const piece: Trivia | undefined = tree.trivia[i];
    if (piece === undefined || piece.end !== edge) break;
    if (piece.kind === "comment") break;
    if (piece.kind === "space" && (piece.text.match(/\n/g)?.length ?? 0) > 1) break;
    if (piece.kind === "doc") lines.unshift(piece.text.slice(3).replace(/^ /, "").trimEnd());
    edge = piece.start;
  }
  return lines.length === 0 ? null : lines.join("\n");
}
