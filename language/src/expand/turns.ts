/** Turns of loops and items of comprehensions: every combination of the bindings, each with what it makes of the names. */
import type { BindingNode, NodeBase, ValueNode } from "../ast/nodes.ts";
import type { Expansion } from "../text/span.ts";
import { evaluate, placeOf, truthOf, wrongKind } from "./evaluate.ts";
import { Scope } from "./scope.ts";
import type { Env } from "./scope.ts";
import type { Session } from "./session.ts";
import { nameValue, numberValue, shortly } from "./value.ts";
import type { Value } from "./value.ts";

/** What turns of a loop and items of a comprehension have in common. */
export interface Turns extends NodeBase {
  readonly bindings: readonly BindingNode[];
  readonly condition: ValueNode | null;
}

/** `i = 3, zone = east`. */
function turnWords(names: readonly (readonly [name: string, value: Value])[]): string {
  return names.map(([name, value]) => `${name} = ${shortly(value)}`).join(", ");
}

/**
 * Runs `turn` for every combination of the bindings that meets the condition. False when something could not be computed; turns that
 * can be are run all the same.
 * @param headerEnd where the loop's header ends: the place that its turns are traced to
 */
export function eachTurn(session: Session, env: Env, loop: Turns, turn: (inner: Env) => boolean, headerEnd = loop.end): boolean {
  // Which of two variables with one name is meant is not guessed; it has been said that there are two.
  const variables = loop.bindings.flatMap((binding) => binding.names.map(({ value }) => value));
  if (new Set(variables).size < variables.length) return false;
  let sound = true;
  const span = placeOf(env, { start: loop.start, end: headerEnd });
  const bind = (depth: number, scope: Scope, names: readonly (readonly [string, Value])[]): void => {
    const parent: Expansion | null = env.source.expansion;
    const expansion: Expansion = { kind: "loop", what: turnWords(names), span, parent };
    const inner: Env = names.length === 0 ? env : { ...env, scope, source: { path: env.source.path, expansion }, copying: true };
    const binding = loop.bindings[depth];
    if (binding === undefined) {
      const wanted = loop.condition === null ? true : truthOf(session, inner, loop.condition, "if");
      if (wanted === null || (wanted && !turn(inner))) sound = false;
      return;
    }
    const turns = turnsOf(session, inner, binding);
    if (turns === null) {
      sound = false;
      return;
    }
    // Before the first turn: a range that is far too long costs nothing.
    session.made(turns.many, span);
    for (const values of turns.each) {
      const below = new Scope(scope);
      for (const [name, value] of values) below.names.set(name, { kind: "value", value });
      bind(depth + 1, below, [...names, ...values]);
    }
  };
  bind(0, env.scope, []);
  return sound;
}

interface TurnsOfBinding {
  readonly many: number;
  /** The names with their values. */
  readonly each: Iterable<readonly (readonly [string, Value])[]>;
}

/** The values of a binding's names, turn by turn; null after a message. */
function turnsOf(session: Session, env: Env, binding: BindingNode): TurnsOfBinding | null {
  const [first, second] = binding.names.map((name) => name.value);
  const over = evaluate(session, env, binding.values);
  if (over === null || binding.values === null || first === undefined || first === "") return null;
  if ((over.kind === "range" && over.protocol === null) || over.kind === "list") {
    const many = over.kind === "list" ? over.items.length : Math.max(0, over.last - over.first + 1);
    return { many, each: itemTurns(over, many, first, second) };
  }
  if (over.kind === "map") {
    const each = [...over.entries].map(([key, value]): readonly (readonly [string, Value])[] => {
      const named = [first, nameValue(key)] as const;
      return second === undefined ? [named] : [named, [second, value]];
    });
    return { many: each.length, each };
  }
  return wrongKind(session, env, "for", "a list, a range or a map", over, binding.values);
}

function* itemTurns(
  over: Value & { readonly kind: "range" | "list" },
  many: number,
  first: string,
  second: string | undefined,
): Generator<readonly (readonly [string, Value])[]> {
  for (let index = 0; index < many; index++) {
    const item = over.kind === "list" ? over.items[index] : numberValue(over.first + index);
    if (item === undefined) return;
    yield second === undefined
      ? [[first, item]]
      : [
          [first, numberValue(index)],
          [second, item],
        ];
  }
}
