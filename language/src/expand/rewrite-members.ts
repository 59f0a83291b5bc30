/**
 * Blocks, attributes and statements with their expressions replaced by values. Statements are rewritten field by field, as the table of
 * child fields has them, so a new one needs a row here only where its names refer to something or its values are of a special kind.
 */
import type {
  AstNode,
  AttributeNode,
  BlockNode,
  BodyNode,
  NameNode,
  PeerNode,
  PlainValueNode,
  PortNode,
  SelectorNode,
  ValueNode,
} from "../ast/nodes.ts";
import { childFields } from "../ast/visit.ts";
import type { PlainMember } from "./members.ts";
import type { Wanted } from "./plain-node.ts";
import { changed, each, rewriteBody, rewriteName, rewriteReference, rewriteValue } from "./rewrite-values.ts";
import type { Env } from "./scope.ts";
import type { Session } from "./session.ts";

/** Fields whose names refer to declarations: a word that is bound is replaced there. Elsewhere only `${…}` is computed. */
const references: ReadonlySet<string> = new Set(["applies nodes", "peer name", "path-clause name", "connectivity namespace"]);

/** Whether the names in a field refer to declarations. */
export function refers(kind: AstNode["kind"], field: string): boolean {
  return references.has(`${kind} ${field}`);
}

/** What is wanted of the values in a field, where it is not any value. */
const wantedIn: ReadonlyMap<string, Wanted> = new Map<string, Wanted>([
  ["port-statement target", "port"],
  ["allow ports", "port"],
  ["deny ports", "port"],
  ["pass ports", "port"],
  ["reach ports", "port"],
  ["requirement value", "label"],
  ["peer value", "party"],
  ["resolve targets", "party"],
]);

/** Null when it cannot stay because what it is called could not be computed. */
export function rewriteMember(session: Session, env: Env, node: PlainMember, wanted: Wanted): PlainMember | null {
  switch (node.kind) {
    case "block":
      return rewriteBlock(session, env, node);
    case "attribute":
      return rewriteAttribute(session, env, node, wanted);
    case "port-statement":
      return rewritePort(session, env, node);
    default:
      return rewriteFields(session, env, node);
  }
}

type Child = AstNode | readonly AstNode[] | null | undefined;

/** Every field that holds nodes, rewritten by what it holds. */
function rewriteFields<T extends AstNode>(session: Session, env: Env, node: T): T {
  const fields = node as unknown as Readonly<Record<string, Child>>;
  const changes: Record<string, Child> = {};
  for (const field of childFields[node.kind]) {
    const child = fields[field];
    if (child === null || child === undefined) continue;
    if (Array.isArray(child)) changes[field] = rewriteList(session, env, node.kind, field, child as readonly AstNode[]);
    else changes[field] = rewriteChild(session, env, node.kind, field, child as AstNode);
  }
  return changed(session, env, node, changes as unknown as Partial<T>);
}

function rewriteList(session: Session, env: Env, kind: AstNode["kind"], field: string, nodes: readonly AstNode[]): readonly AstNode[] {
  let same = true;
  const out = nodes.flatMap((node): readonly AstNode[] => {
    const next = rewriteChild(session, env, kind, field, node);
    if (next !== node) same = false;
    if (next === null) return [];
    if (next.kind === "peer" && node.kind === "peer") return partiesOf(session, env, node, next);
    // Where one of several ports is a list, its items stand in its place.
    return next.kind === "list" && node.kind !== "list" && field === "ports" ? next.items : [next];
  });
  return same ? nodes : out;
}

/** Null when a name could not be computed; what depends on it may then be missing. */
function rewriteChild(session: Session, env: Env, kind: AstNode["kind"], field: string, node: AstNode): AstNode | null {
  switch (node.kind) {
    case "name":
      return known(session, refers(kind, field) ? rewriteReference(session, env, node) : rewriteName(session, env, node));
    case "body":
      return known(session, rewriteBody(session, env, node, "value"));
    case "selector":
      return known(session, rewriteSelector(session, env, node));
    default:
      return isValue(node)
        ? rewriteValue(session, env, node, wantedIn.get(`${kind} ${field}`) ?? "value")
        : rewriteFields(session, env, node);
  }
}

function known<T extends NameNode | BodyNode | SelectorNode>(session: Session, node: T | null): T | null {
  if (node === null) session.incomplete = true;
  return node;
}

const valueKinds: ReadonlySet<AstNode["kind"]> = new Set<ValueNode["kind"]>([
  "scalar",
  "range",
  "list",
  "map",
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

export function isValue(node: AstNode): node is ValueNode {
  return valueKinds.has(node.kind);
}

function valueOf(session: Session, env: Env, node: ValueNode | null, wanted: Wanted = "value"): PlainValueNode | null {
  return node === null ? null : rewriteValue(session, env, node, wanted);
}

function rewriteBlock(session: Session, env: Env, node: BlockNode): BlockNode {
  // A word that declares is a name whatever it stands for elsewhere.
  const declares = node.name?.kind === "scalar" && node.name.form !== "malformed" ? changed(session, env, node.name, {}) : null;
  const name = declares ?? valueOf(session, env, node.name, "label");
  const lost = name?.kind === "scalar" && name.form === "malformed" && node.name?.kind !== "scalar";
  const body = node.body === null ? null : known(session, rewriteBody(session, env, node.body, "value"));
  return changed(session, env, node, {
    keyword: changed(session, env, node.keyword, {}),
    name: lost ? null : name,
    clauses: each(node.clauses, (clause) => rewriteFields(session, env, clause)),
    body,
    damaged: node.damaged || lost || (node.body !== null && body === null),
  });
}

function rewriteAttribute(session: Session, env: Env, node: AttributeNode, wanted: Wanted): AttributeNode | null {
  const name = known(session, rewriteName(session, env, node.name));
  return name === null ? null : changed(session, env, node, { name, value: valueOf(session, env, node.value, wanted) });
}

function rewritePort(session: Session, env: Env, node: PortNode): PortNode | null {
  const next = rewriteFields(session, env, node);
  return node.name !== null && next.name === null ? null : next;
}

/** Null when a key of it could not be computed. */
function rewriteSelector(session: Session, env: Env, node: SelectorNode): SelectorNode | null {
  let lost = false;
  const requirements = each(node.requirements, (requirement) => {
    const key = rewriteName(session, env, requirement.key);
    if (key === null) lost = true;
    return changed(session, env, requirement, { key: key ?? requirement.key, value: valueOf(session, env, requirement.value, "label") });
  });
  return lost ? null : changed(session, env, node, { requirements });
}

/** Where a party is a list, each item is a party of its own. */
function partiesOf(session: Session, env: Env, written: PeerNode, peer: PeerNode): readonly PeerNode[] {
  if (peer.value?.kind !== "list" || written.value?.kind === "list") return [peer];
  session.copied(peer.value.items.length, env.source.expansion);
  return peer.value.items.map((item): PeerNode => ({ ...peer, value: item }));
}
