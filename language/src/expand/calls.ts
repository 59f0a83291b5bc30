/** Calls of functions: arguments against parameters. */
import type { CallNode } from "../ast/nodes.ts";
import { count } from "../diagnostics/suggest.ts";
import { evaluate, settled, toolsAt, wrongKind } from "./evaluate.ts";
import { functionRow, signatureOf } from "./functions.ts";
import { parameterTypes } from "./functions/types.ts";
import type { FunctionParameter, FunctionRow } from "./functions/types.ts";
import type { Env } from "./scope.ts";
import type { Session } from "./session.ts";
import { nounOf } from "./value.ts";
import type { Value, ValueKind } from "./value.ts";

export function callValue(session: Session, env: Env, node: CallNode): Value | null {
  const name = node.function.value;
  const found = functionRow(name);
  // An unknown function, and a number of values that it does not take, have been told where the call is written.
  if (found === null || argumentFault(found, node.arguments.length) !== null) return null;
  const values = node.arguments.map((argument) => evaluate(session, env, argument));
  const given: Value[] = [];
  let sound = true;
  for (const [index, value] of values.entries()) {
    const parameter = found.parameters[Math.min(index, found.parameters.length - 1)];
    const at = node.arguments[index];
    if (value === null || parameter === undefined || at === undefined) sound = false;
    else if (!takes(parameter, value)) {
      wrongKind(session, env, `${name}: ${parameter.name}`, typeNoun(parameter), value, at, `it is \`${signatureOf(found)}\``);
      sound = false;
    } else given.push(value);
  }
  return sound ? settled(session, env, node, found.apply(given, toolsAt(session, env, node))) : null;
}

/** How many values a function takes, when it does not take that many; null when it does. */
export function argumentFault({ parameters }: FunctionRow, given: number): string | null {
  const required = parameters.filter((parameter) => parameter.many === "one").length;
  const rest = parameters.at(-1)?.many === "rest";
  if (given >= required && (rest || given <= parameters.length)) return null;
  if (rest) return `at least ${count(required, "value")}`;
  return required === parameters.length ? count(required, "value") : `${required} to ${parameters.length} values`;
}

function takes({ type }: FunctionParameter, value: Value): boolean {
  const kinds: readonly ValueKind[] | null = parameterTypes[type];
  // A range of ports is no list of numbers.
  return kinds === null || (kinds.includes(value.kind) && (value.kind !== "range" || value.protocol === null));
}

function typeNoun({ type }: FunctionParameter): string {
  const kinds: readonly ValueKind[] = parameterTypes[type] ?? [];
  const named = kinds.filter((kind) => kind !== "range" && kind !== "path" && (kind !== "name" || !kinds.includes("string")));
  return named.map(nounOf).join(" or ");
}
