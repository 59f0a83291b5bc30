/** Parameters of files and templates: arguments against types and conditions. */
import type { NodeBase, ParamNode, ValueNode } from "../ast/nodes.ts";
import { nearest, oneOf } from "../diagnostics/suggest.ts";
import { parse } from "../parser/parse.ts";
import type { Span } from "../text/span.ts";
import { evaluate, lazyValue, placeOf, truthOf } from "./evaluate.ts";
import { readData, readText, takeValue, typeNoun, typeOf } from "./parameter-types.ts";
import type { ParameterType } from "./parameter-types.ts";
import { Scope } from "./scope.ts";
import type { Env, LazyBinding } from "./scope.ts";
import type { Session } from "./session.ts";
import type { ParameterArgument } from "./types.ts";
import { describe, shortly } from "./value.ts";
import type { Value } from "./value.ts";

/** An argument. `span` is the place of the value, `name` that of the name in front of it. */
export type Given =
  | { readonly kind: "value"; readonly value: Value | null; readonly span: Span; readonly name: Span }
  | { readonly kind: "lazy"; readonly compute: () => Value | null; readonly span: Span; readonly name: Span }
  | { readonly kind: "outside"; readonly argument: ParameterArgument };

/** Who is given the arguments, and where one that is missing would stand. */
export interface Receiver {
  /** For messages: `` `use rack` ``, `this import`. */
  readonly what: string;
  /** Null: nobody but the outside can give it. */
  readonly span: Span | null;
}

/** Binds all parameters in the scope of `env` and computes them. False when one of them has no value; that has been said. */
export function bindParameters(
  session: Session,
  env: Env,
  parameters: readonly ParamNode[],
  given: ReadonlyMap<string, Given>,
  receiver: Receiver,
): boolean {
  const compute = declareParameters(session, env, parameters, given, receiver);
  return compute();
}

/**
 * Binds all parameters in the scope of `env`, to be computed when they are asked for. Gives what computes the rest, and tells whether all of
 * them have values.
 */
export function declareParameters(
  session: Session,
  env: Env,
  parameters: readonly ParamNode[],
  given: ReadonlyMap<string, Given>,
  receiver: Receiver,
): () => boolean {
  const bindings: (readonly [LazyBinding, ParamNode])[] = [];
  for (const node of parameters) {
    const name = node.name?.value ?? "";
    if (name === "" || env.scope.names.has(name)) continue;
    const binding: LazyBinding = {
      kind: "lazy",
      what: "parameter",
      name,
      state: "waiting",
      value: null,
      compute: () => parameterValue(session, env, node, name, given.get(name), receiver),
    };
    env.scope.names.set(name, binding);
    bindings.push([binding, node]);
  }
  const known = bindings.map(([{ name }]) => name);
  const sound = rejectUnknown(session, env, known, given, receiver);
  return () => {
    // All are computed, so that every wrong one is told.
    const values = bindings.map(([binding, node]) => lazyValue(session, binding, placeOf(env, node)));
    return sound && values.every((value) => value !== null);
  };
}

function rejectUnknown(
  session: Session,
  env: Env,
  known: readonly string[],
  given: ReadonlyMap<string, Given>,
  receiver: Receiver,
): boolean {
  let sound = true;
  for (const [name, argument] of given) {
    if (known.includes(name)) continue;
    sound = false;
    const meant = nearest(name, known);
    const help = meant !== null ? `did you mean \`${meant}\`?` : known.length === 0 ? "it has no parameters" : `it has ${oneOf(known)}`;
    const outside = argument.kind === "outside";
    const span: Span = outside ? { file: env.module.path, start: 0, end: 0 } : argument.name;
    session.report(
      "unknown-parameter",
      { what: receiver.what, name },
      { span, help, ...(outside ? { notes: [`given by ${argument.argument.from}`] } : {}) },
    );
  }
  return sound;
}

function parameterValue(
  session: Session,
  env: Env,
  node: ParamNode,
  name: string,
  given: Given | undefined,
  receiver: Receiver,
): Value | null {
  const type = typeOf(node.type);
  const own: Span = placeOf(env, node.name ?? node);
  const at =
    given === undefined ? (node.fallback === null ? own : placeOf(env, node.fallback)) : given.kind === "outside" ? own : given.span;
  const notes = given?.kind === "outside" ? [`given by ${given.argument.from}`] : [];
  const read = readGiven(session, env, node, type, name, given, receiver, own);
  if (read === null) return null;
  const taken = takeValue(type, read);
  if (taken.kind === "refused") {
    const found = describe(taken.part);
    session.report(
      "wrong-type",
      { attribute: name, expected: taken.expected, found },
      { span: at, notes, related: given === undefined ? [] : [{ span: own, text: "the parameter" }] },
    );
    return null;
  }
  return meetsCondition(session, env, node, name, taken.value, at, notes) ? taken.value : null;
}

function readGiven(
  session: Session,
  env: Env,
  node: ParamNode,
  type: ParameterType,
  name: string,
  given: Given | undefined,
  receiver: Receiver,
  own: Span,
): Value | null {
  if (given === undefined) {
    if (node.fallback !== null) return evaluate(session, env, node.fallback);
    if (node.damaged) return null;
    const declared = { span: own, text: "the parameter" };
    if (receiver.span === null)
      session.report(
        "missing-member",
        { what: `parameter \`${name}\``, missing: "a value" },
        { span: own, help: `give it one with \`--param ${name}=…\`` },
      );
    else
      session.report(
        "missing-member",
        { what: receiver.what, missing: `\`${name} = …\`` },
        { span: receiver.span, related: [declared], help: `it wants ${typeNoun(type)}` },
      );
    return null;
  }
  if (given.kind === "value") return given.value;
  if (given.kind === "lazy") return given.compute();
  const { argument } = given;
  const compute = (source: string): Value | null => literalIn(session, env, source);
  const value = argument.kind === "text" ? readText(type, argument.text, compute) : readData(type, argument.data, compute);
  if (value !== null) return value;
  const found = argument.kind === "text" ? `\`${argument.text}\`` : dataNoun(argument.data);
  session.report("wrong-type", { attribute: name, expected: typeNoun(type), found }, { span: own, notes: [`given by ${argument.from}`] });
  return null;
}

function dataNoun(data: unknown): string {
  if (data === null || data === undefined) return "nothing";
  if (typeof data === "number") return `the number ${data}`;
  if (typeof data === "string") return `the string ${JSON.stringify(data)}`;
  return Array.isArray(data) ? "this list" : "this map";
}

/** What a text comes to that stands alone: its words are names, whatever the program calls by them. Null when it does not read as a value. */
function literalIn(session: Session, env: Env, source: string): Value | null {
  const { tree, diagnostics } = parse("argument", `value = ${source}\n`);
  const [member, ...more] = tree.root.members;
  if (diagnostics.length > 0 || more.length > 0 || member?.kind !== "attribute" || member.value === null) return null;
  const before = session.diagnostics.length;
  const value = evaluate(session, { ...env, scope: new Scope(null), source: member.source }, member.value);
  // What is wrong with it stands in no file.
  session.diagnostics.length = before;
  return value;
}

function meetsCondition(
  session: Session,
  env: Env,
  node: ParamNode,
  name: string,
  value: Value,
  at: Span,
  notes: readonly string[],
): boolean {
  const { condition } = node;
  if (condition === null) return true;
  const scope = new Scope(env.scope);
  scope.names.set(name, { kind: "value", value });
  const truth = truthOf(session, { ...env, scope }, condition, "where");
  if (truth !== false) return truth === true;
  const related =
    at.start === node.fallback?.start && at.file === env.source.path ? [] : [{ span: placeOf(env, condition), text: "asked here" }];
  session.report(
    "condition-not-met",
    { name, value: shortly(value), asked: askedIn(session, condition, name) },
    { span: at, notes, related },
  );
  return false;
}

/** `1..40` of `workers in 1..40`; any other condition as it is written. */
function askedIn(session: Session, condition: ValueNode, name: string): string {
  const written = (node: NodeBase): string => session.textOf(node.source.path).slice(node.start, node.end);
  if (condition.kind === "binary" && condition.left.kind === "scalar" && condition.left.text === name && condition.right !== null) {
    if (condition.operator === "in") return written(condition.right);
    if (condition.operator === "not in") return `none of ${written(condition.right)}`;
  }
  return `\`${written(condition)}\``;
}
