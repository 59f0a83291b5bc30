/** Whether a tree has anything to expand: the one look that programs without directives pay for. */
import type { AstNode, ComputedNode, DirectiveNode } from "../ast/nodes.ts";
import { childFields } from "../ast/visit.ts";

const expanded: ReadonlySet<AstNode["kind"]> = new Set<ComputedNode["kind"] | DirectiveNode["kind"]>([
  "for",
  "if",
  "const",
  "param",
  "template",
  "use",
  "import",
  "text",
  "call",
  "binary",
  "unary",
  "index",
  "field",
  "conditional",
  "comprehension",
  "group",
]);

export function isPlainTree(root: AstNode): boolean {
  const open: AstNode[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.kind === "scalar") continue;
    if (node.kind === "name") {
      if (node.parts !== null) return false;
      continue;
    }
    if (expanded.has(node.kind)) return false;
    const record = node as unknown as Readonly<Record<string, AstNode | readonly AstNode[] | null>>;
    for (const field of childFields[node.kind]) {
      const child = record[field];
      if (child === null || child === undefined) continue;
      if (!Array.isArray(child)) open.push(child as AstNode);
      else for (const item of child as readonly AstNode[]) open.push(item);
    }
  }
  return true;
}
