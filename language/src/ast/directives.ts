/** Which nodes are gone once a program is expanded. */
import type { ComputedNode, DirectiveNode, MemberNode, PlainValueNode, ValueNode } from "./nodes.ts";

const directives: ReadonlySet<string> = new Set<DirectiveNode["kind"]>(["for", "if", "const", "param", "template", "use", "import"]);
const plain: ReadonlySet<string> = new Set<PlainValueNode["kind"]>(["scalar", "range", "list", "map"]);

export function isDirective(member: MemberNode): member is DirectiveNode {
  return directives.has(member.kind);
}

export function isComputed(value: ValueNode): value is ComputedNode {
  return !plain.has(value.kind);
}
