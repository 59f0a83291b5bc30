/** Values of the tree: expressions are replaced by what they come to, everything else stays, and is copied only where it must. */
import type { BodyNode, ComprehensionNode, MapNode, NameNode, NodeBase, PlainValueNode, RangeNode, ValueNode } from "../ast/nodes.ts";
import { chosenBranch, evaluate, placeOf } from "./evaluate.ts";
import { nameText } from "./maps.ts";
import { eachMember } from "./members.ts";
import { malformed, nodeCount, plainNode, standing } from "./plain-node.ts";
import type { Wanted } from "./plain-node.ts";
import { rewriteMember } from "./rewrite-members.ts";
import type { Env } from "./scope.ts";
import type { Session } from "./session.ts";
import { eachTurn } from "./turns.ts";
import { describe, isWordText, textOf } from "./value.ts";

/** The node with some fields changed; the node itself when none is and no copy is being made. */
export function changed<T extends NodeBase>(session: Session, env: Env, node: T, changes: Partial<T>): T {
  if (!env.copying) {
    let same = true;
    for (const key in changes) if (changes[key] !== node[key]) same = false;
    if (same) return node;
  }
  session.copied(1, env.source.expansion);
  return { ...node, ...changes, source: env.source };
}

/** Each item rewritten; the list itself when no item is another. */
export function each<T>(items: readonly T[], rewrite: (item: T) => T): readonly T[] {
  let out: T[] | null = null;
  for (const [index, item] of items.entries()) {
    const next = rewrite(item);
    if (next !== item) out ??= items.slice(0, index);
    out?.push(next);
  }
  return out ?? items;
}

export function rewriteValue(session: Session, env: Env, node: ValueNode, wanted: Wanted = "value"): PlainValueNode {
  switch (node.kind) {
    case "scalar": {
      const bound = node.form === "word" ? node.text : node.form === "dotted" ? node.text.slice(0, node.text.indexOf(".")) : null;
      if (bound === null || env.scope.lookUp(bound) === undefined) return changed(session, env, node, {});
      return computed(session, env, node, wanted);
    }
    case "list":
      return changed(session, env, node, { items: each(node.items, (item) => rewriteValue(session, env, item, wanted)) });
    case "range":
      // What ends in an operator is not always what it looks like.
      return node.last?.kind === "binary" ? computed(session, env, node, wanted) : rewriteRange(session, env, node);
    case "map":
      return rewriteMap(session, env, node);
    case "group":
      session.markComputed(node);
      return node.value === null ? malformed(standing(node, env.source)) : rewriteValue(session, env, node.value, wanted);
    case "conditional": {
      session.markComputed(node);
      const branch = chosenBranch(session, env, node);
      return branch === null ? malformed(standing(node, env.source)) : rewriteValue(session, env, branch, wanted);
    }
    case "comprehension":
      return rewriteComprehension(session, env, node, wanted);
    case "text":
    case "call":
    case "binary":
    case "unary":
    case "index":
    case "field":
      return computed(session, env, node, wanted);
  }
}

function computed(session: Session, env: Env, node: ValueNode, wanted: Wanted): PlainValueNode {
  session.markComputed(node);
  const value = evaluate(session, env, node);
  const at = standing(node, env.source);
  if (value === null) return malformed(at);
  session.copied(nodeCount(value), env.source.expansion, placeOf(env, node));
  return plainNode(value, at, wanted);
}

function rewriteRange(session: Session, env: Env, node: RangeNode): PlainValueNode {
  const first = rewriteValue(session, env, node.first);
  const last = node.last === null ? null : rewriteValue(session, env, node.last);
  return changed(session, env, node, { first, last });
}

function rewriteMap(session: Session, env: Env, node: MapNode): PlainValueNode {
  const body = rewriteBody(session, env, node.body, "label");
  if (body !== null) return changed(session, env, node, { body });
  session.markComputed(node);
  return malformed(standing(node, env.source));
}

function rewriteComprehension(session: Session, env: Env, node: ComprehensionNode, wanted: Wanted): PlainValueNode {
  session.markComputed(node);
  const at = standing(node, env.source);
  const items: PlainValueNode[] = [];
  const sound = eachTurn(session, env, node, (inner) => {
    items.push(rewriteValue(session, inner, node.value, wanted));
    return true;
  });
  session.copied(1, env.source.expansion);
  return sound ? { ...at, kind: "list", items } : malformed(at);
}

/** Null when members of it may be missing. */
export function rewriteBody(session: Session, env: Env, node: BodyNode, wanted: Wanted): BodyNode | null {
  const members: BodyNode["members"][number][] = [];
  const sound = eachMember(session, env, node.members, (member, inner) => {
    const next = rewriteMember(session, inner, member, wanted);
    if (next !== null) members.push(next);
  });
  if (!sound) return null;
  // A conditional with one member leaves as many members as there were.
  const same = members.length === node.members.length && members.every((member, i) => member === node.members[i]);
  return changed(session, env, node, { members: same ? node.members : members });
}

/** A name that declares: only its `${…}` is computed. Null when that fails. */
export function rewriteName(session: Session, env: Env, node: NameNode): NameNode | null {
  if (node.parts === null) return changed(session, env, node, {});
  session.markComputed(node);
  const value = nameText(session, env, node);
  if (value === null) return null;
  session.copied(1, env.source.expansion);
  return { ...node, source: env.source, value, quoted: true, parts: null };
}

/** A name that refers to a declaration: a word that is bound is replaced by what it stands for. Null when that is no name. */
export function rewriteReference(session: Session, env: Env, node: NameNode): NameNode | null {
  if (node.quoted || node.parts !== null || env.scope.lookUp(node.value) === undefined) return rewriteName(session, env, node);
  session.markComputed(node);
  const { start, end, source } = node;
  const value = evaluate(session, env, { kind: "scalar", start, end, source, form: "word", text: node.value });
  const text = value === null ? null : textOf(value);
  if (value !== null && text === null) {
    const help = `\`"\${${node.value}}"\` makes a name of it`;
    session.report(
      "wrong-type",
      { attribute: node.value, expected: "a name here", found: describe(value) },
      { span: placeOf(env, node), help },
    );
  }
  if (text === null) return null;
  session.copied(1, env.source.expansion);
  return { ...node, source: env.source, value: text, quoted: !isWordText(text) };
}
