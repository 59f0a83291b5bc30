/** Loops, conditionals and templates among members: every member that is left, with where its values are computed. */
import type {
  AttributeNode,
  BlockNode,
  BodyNode,
  ConstNode,
  ForNode,
  IfNode,
  MemberNode,
  ParamNode,
  StatementNode,
  UseNode,
} from "../ast/nodes.ts";
import type { Expansion } from "../text/span.ts";
import { evaluate, lazyValue, placeOf, truthOf } from "./evaluate.ts";
import { mapEntries } from "./maps.ts";
import { bindParameters } from "./parameters.ts";
import type { Given } from "./parameters.ts";
import { findTemplate, Scope } from "./scope.ts";
import type { Env, LazyBinding } from "./scope.ts";
import { deepest as mostNested } from "./session.ts";
import type { Session } from "./session.ts";
import { eachTurn } from "./turns.ts";

export type PlainMember = BlockNode | AttributeNode | StatementNode;
type Visit = (member: PlainMember, env: Env) => void;

/** Templates in templates: more than anybody writes, and less than the machine's stack holds. */
const deepest = 64;

/** False when something could not be expanded, so that members may be missing; that has been said. */
export function eachMember(session: Session, outer: Env, members: readonly MemberNode[], visit: Visit): boolean {
  const sound = session.nested(() => everyMember(session, outer, members, visit));
  if (sound !== null) return sound;
  const [first] = members;
  if (first !== undefined)
    session.report("nesting-too-deep", { what: "what templates make", limit: mostNested }, { span: placeOf(outer, first), help: tooDeep });
  return false;
}

const tooDeep = "templates use templates that use templates";

function everyMember(session: Session, outer: Env, members: readonly MemberNode[], visit: Visit): boolean {
  const env = withConstants(session, outer, members);
  let sound = true;
  for (const member of members) {
    switch (member.kind) {
      case "for":
        if (!eachOfLoop(session, env, member, visit)) sound = false;
        break;
      case "if":
        if (!eachOfBranch(session, env, member, visit)) sound = false;
        break;
      case "use":
        if (!eachOfUse(session, env, member, visit)) sound = false;
        break;
      case "const":
      case "param":
      case "template":
      case "import":
        break;
      default:
        visit(member, env);
    }
  }
  return sound;
}

/** The scope of a body with its constants, in any order. All are computed, so that a mistake in one is told even if nobody asks for it. */
function withConstants(session: Session, outer: Env, members: readonly MemberNode[]): Env {
  const constants = members.filter((member): member is ConstNode => member.kind === "const");
  // Those of a file are in its scope already.
  if (constants.length === 0 || members === outer.module.root.members) return outer;
  const env: Env = { ...outer, scope: new Scope(outer.scope) };
  declareConstants(session, env, constants)();
  return env;
}

/** Puts constants into the scope, to be computed when they are asked for. Gives what computes those that nobody has asked for. */
export function declareConstants(session: Session, env: Env, constants: readonly ConstNode[]): () => void {
  const declared: (() => void)[] = [];
  for (const node of constants) {
    // Of two with one name the first counts; the second has been reported.
    if (node.name === null || node.name.value === "" || env.scope.names.has(node.name.value)) continue;
    const binding: LazyBinding = {
      kind: "lazy",
      what: "constant",
      name: node.name.value,
      state: "waiting",
      value: null,
      compute: () => evaluate(session, env, node.value),
    };
    const at = placeOf(env, node);
    env.scope.names.set(node.name.value, binding);
    declared.push(() => lazyValue(session, binding, at));
  }
  return () => {
    for (const compute of declared) compute();
  };
}

function eachOfLoop(session: Session, env: Env, loop: ForNode, visit: Visit): boolean {
  const { body } = loop;
  if (body === null) return true;
  const headerEnd = loop.condition?.end ?? loop.bindings.at(-1)?.end ?? body.start;
  const turn = (inner: Env): boolean => {
    session.copied(1, inner.source.expansion);
    return eachMember(session, inner, body.members, visit);
  };
  return eachTurn(session, env, loop, turn, headerEnd);
}

function eachOfBranch(session: Session, env: Env, node: IfNode, visit: Visit): boolean {
  let at: IfNode | BodyNode | null = node;
  while (at?.kind === "if") {
    const truth = truthOf(session, env, at.condition, "if");
    if (truth === null) return false;
    at = truth ? at.body : at.otherwise;
  }
  return at === null || eachMember(session, env, at.members, visit);
}

function eachOfUse(session: Session, env: Env, node: UseNode, visit: Visit): boolean {
  // An unknown template has been told where it is written, one that uses itself where its circle closes.
  const found = node.template === null ? null : findTemplate(env.module, node.template);
  if (node.template === null || found?.kind !== "found" || env.inside.includes(found.template)) return false;
  const { template } = found;
  const what = `use ${node.template.text}`;
  const span = placeOf(env, { start: node.start, end: node.template.end });
  if (env.inside.length >= deepest) {
    session.report("nesting-too-deep", { what: "templates", limit: deepest }, { span, help: tooDeep });
    return false;
  }
  const entries = node.arguments === null ? new Map<string, never>() : mapEntries(session, env, node.arguments);
  if (entries === null) return false;
  const given = new Map<string, Given>();
  for (const [name, entry] of entries) {
    const value = evaluate(session, entry.env, entry.value);
    given.set(name, { kind: "value", value, span: entry.value === null ? entry.span : placeOf(entry.env, entry.value), name: entry.span });
  }
  const expansion: Expansion = { kind: "template", what, span, parent: env.source.expansion };
  const { module } = template;
  const inner: Env = {
    module,
    scope: new Scope(module.scope),
    source: { path: module.path, expansion },
    copying: true,
    inside: [...env.inside, template],
  };
  session.copied(1, expansion);
  const { body } = template.node;
  if (body === null) return false;
  const parameters = body.members.filter((member): member is ParamNode => member.kind === "param");
  if (!bindParameters(session, inner, parameters, given, { what: `\`${what}\``, span })) return false;
  return eachMember(session, inner, body.members, visit);
}
