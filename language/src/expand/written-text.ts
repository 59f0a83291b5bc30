/** What a node of an expanded program says: its text, with the values in the places of the expressions they were computed from. */
import type { AstNode, NameNode, ScalarNode } from "../ast/nodes.ts";
import { childrenOf } from "../ast/visit.ts";
import { quote } from "../lexer/lexer.ts";
import type { ComputedText } from "./computed.ts";
import { isWordText } from "./value.ts";

export function writtenText(node: AstNode, text: string, computed: ComputedText): string {
  const { path } = node.source;
  if (!computed.overlaps(path, node.start, node.end)) return text.slice(node.start, node.end);
  if (node.kind === "scalar") return scalarText(node);
  if (node.kind === "name") return nameText(node);
  const children = childrenOf(node);
  // What an expression came to stands as a whole where the expression stands.
  const whole = children.length === 0 || children.some((child) => child.start === node.start && child.end === node.end);
  if (whole || overlapping(children)) return ruled(node, (child) => writtenText(child, text, computed));
  let out = "";
  let at = node.start;
  for (const child of children) {
    out += text.slice(at, child.start) + writtenText(child, text, computed);
    at = Math.max(at, child.end);
  }
  return out + text.slice(at, node.end);
}

function overlapping(children: readonly AstNode[]): boolean {
  return children.some((child, index) => index > 0 && child.start < (children[index - 1]?.end ?? 0));
}

function scalarText({ form, text }: ScalarNode): string {
  return form === "string" ? quote(text) : text;
}

function nameText({ value }: NameNode): string {
  return isWordText(value) ? value : quote(value);
}

/** Children that have no text between them. */
function ruled(node: AstNode, write: (child: AstNode) => string): string {
  const children = childrenOf(node).map(write);
  switch (node.kind) {
    case "list":
      return `[${children.join(", ")}]`;
    case "range":
      return children.join("..");
    case "map":
      return children.join("");
    case "body":
      return children.length === 0 ? "{}" : `{ ${children.join(", ")} }`;
    case "attribute":
      return children.join(" = ");
    default:
      return children.join(" ");
  }
}
