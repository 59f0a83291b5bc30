/** Expressions to values. Null means that there is none and that it has been said why. */
import type {
  BinaryNode,
  ComprehensionNode,
  ConditionalNode,
  FieldNode,
  IndexNode,
  NodeBase,
  RangeNode,
  ScalarNode,
  TextNode,
  UnaryNode,
  ValueNode,
} from "../ast/nodes.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import { count, nearest, oneOf } from "../diagnostics/suggest.ts";
import type { Span } from "../text/span.ts";
import { formatCidr, hasHostBits, isTransport, maskCidr, parseCidr, parseIp } from "../values/index.ts";
import { isFault } from "./functions/types.ts";
import type { FunctionTools, Outcome } from "./functions/types.ts";
import { callValue } from "./calls.ts";
import { mapEntries } from "./maps.ts";
import { operate } from "./operators.ts";
import type { ValueOperator } from "./operators.ts";
import type { Binding, Env, LazyBinding } from "./scope.ts";
import type { Session } from "./session.ts";
import { eachTurn } from "./turns.ts";
import { stringLimit } from "./types.ts";
import { parseDuration, parseSize } from "./units.ts";
import { booleanValue, deepestValue, depthOf, describe, listValue, numberValue, plainText, stringValueOf, textOf } from "./value.ts";
import type { Value, ValueKind } from "./value.ts";

/** The place of a node in the copy that is being made. */
export function placeOf(env: Env, node: Pick<NodeBase, "start" | "end">): Span {
  const { path, expansion } = env.source;
  return expansion === null
    ? { file: path, start: node.start, end: node.end }
    : { file: path, start: node.start, end: node.end, expansion };
}

export function evaluate(session: Session, env: Env, node: ValueNode | null): Value | null {
  if (node === null) return null;
  const nested = session.nested((): readonly [Value | null] => [evaluated(session, env, node)]);
  if (nested !== null) return nested[0];
  session.report(
    "no-value",
    { what: "this", reason: "it is made of too many definitions, one from another" },
    { span: placeOf(env, node) },
  );
  return null;
}

function evaluated(session: Session, env: Env, node: ValueNode): Value | null {
  switch (node.kind) {
    case "scalar":
      return scalarValue(session, env, node);
    case "text":
      return textValue(session, env, node);
    case "group":
      return evaluate(session, env, node.value);
    case "range":
      return rangeValue(session, env, node);
    case "list": {
      session.made(node.items.length, placeOf(env, node));
      const items = node.items.map((item) => evaluate(session, env, item));
      return items.every((item) => item !== null) ? notTooDeep(session, env, node, listValue(items)) : null;
    }
    case "map": {
      const entries = mapEntries(session, env, node.body);
      if (entries === null) return null;
      const out = new Map<string, Value>();
      let sound = true;
      for (const [key, entry] of entries) {
        const value = evaluate(session, entry.env, entry.value);
        if (value === null) sound = false;
        else out.set(key, value);
      }
      session.made(out.size, placeOf(env, node));
      return sound ? notTooDeep(session, env, node, { kind: "map", entries: out }) : null;
    }
    case "unary":
      return unaryValue(session, env, node);
    case "binary":
      return binaryValue(session, env, node);
    case "call":
      return callValue(session, env, node);
    case "index":
      return indexValue(session, env, node);
    case "field":
      return fieldValue(session, env, node);
    case "conditional":
      return conditionalValue(session, env, node);
    case "comprehension":
      return comprehensionValue(session, env, node);
  }
}

// Words and literals ------------------------------------------------------------------------------

/** What a literal spells, or null when it is no literal of a value. */
export function literalValue(node: ScalarNode): Value | null {
  const { form, text } = node;
  switch (form) {
    case "word":
      return text === "true" || text === "false" ? booleanValue(text === "true") : { kind: "name", text };
    case "string":
      return stringValueOf(text);
    case "path":
      return { kind: "path", text };
    case "number": {
      const value = Number(text);
      return Number.isSafeInteger(value) ? numberValue(value) : null;
    }
    case "port": {
      const [port = "", protocol = ""] = text.split("/");
      return isTransport(protocol) ? { kind: "port", port: Number(port), protocol } : null;
    }
    case "address": {
      const ip = parseIp(text);
      return ip === null ? null : { kind: "ip", ip };
    }
    case "cidr": {
      const cidr = parseCidr(text);
      return cidr === null ? null : { kind: "cidr", cidr };
    }
    case "mac":
      return { kind: "mac", text: text.toLowerCase() };
    case "duration": {
      const milliseconds = parseDuration(text);
      return milliseconds === null ? null : { kind: "duration", milliseconds };
    }
    case "size": {
      const bytes = parseSize(text);
      return bytes === null ? null : { kind: "size", bytes };
    }
    case "dotted":
    case "malformed":
      return null;
  }
}

function scalarValue(session: Session, env: Env, node: ScalarNode): Value | null {
  if (node.form === "malformed") return null;
  if (node.form === "word") {
    const binding = env.scope.lookUp(node.text);
    return binding === undefined ? literalValue(node) : bindingValue(session, env, binding, node.text, node);
  }
  if (node.form === "dotted") return dottedValue(session, env, node);
  const value = literalValue(node);
  if (value === null) {
    session.report(
      "no-value",
      { what: `\`${node.text}\``, reason: "it is beyond the largest number, 2^53 - 1" },
      { span: placeOf(env, node) },
    );
  } else if (value.kind === "cidr" && hasHostBits(value.cidr)) {
    const span = placeOf(env, node);
    const right = formatCidr(maskCidr(value.cidr));
    session.report(
      "host-bits-set",
      { cidr: node.text },
      { span, help: `the range is \`${right}\``, fixes: [replace(span, right, `write \`${right}\``)] },
    );
    return null;
  }
  return value;
}

/** `site.cidr`, `racks.base`: what stands before the first dot is bound, or the word is none of ours. */
function dottedValue(session: Session, env: Env, node: ScalarNode): Value | null {
  const [first = "", ...rest] = node.text.split(".");
  const binding = env.scope.lookUp(first);
  const span = placeOf(env, node);
  if (binding === undefined) {
    const help = "a name with dots is written as a string; a field needs a constant or a parameter in front of its dot";
    session.report("unknown-name", { what: "constant or parameter", name: first }, { span, help });
    return null;
  }
  let value: Value | null;
  let at = 0;
  if (binding.kind === "module") {
    const name = rest[0] ?? "";
    const inner = binding.module.scope.names.get(name);
    if (inner?.kind !== "lazy" || inner.what !== "constant") {
      const known = [...binding.module.scope.names].flatMap(([key, other]) =>
        other.kind === "lazy" && other.what === "constant" ? [key] : [],
      );
      const meant = nearest(name, known);
      session.report(
        "unknown-name",
        { what: "constant", name, scope: `\`${binding.module.path}\`` },
        { span, ...(meant === null ? {} : { help: `did you mean \`${first}.${meant}\`?` }) },
      );
      return null;
    }
    value = bindingValue(session, env, inner, node.text, node);
    at = 1;
  } else value = bindingValue(session, env, binding, first, node);
  for (const name of rest.slice(at)) {
    if (value === null) return null;
    value = fieldOf(session, env, value, name, node);
  }
  return value;
}

/** What a bound name stands for. */
function bindingValue(session: Session, env: Env, binding: Binding, name: string, at: ScalarNode): Value | null {
  switch (binding.kind) {
    case "value":
      return binding.value;
    case "lazy":
      return lazyValue(session, binding, placeOf(env, at));
    case "module": {
      const help = `write \`${name}.NAME\` for what the file declares`;
      session.report(
        "wrong-type",
        { attribute: name, expected: "a name behind a dot", found: "the import alone" },
        { span: placeOf(env, at), help },
      );
      return null;
    }
  }
}

/** The constants that are being computed, each asked for by the one before it. */
const running = new WeakMap<Session, LazyBinding[]>();

/** @param at where it is asked for; a circle is reported there */
export function lazyValue(session: Session, binding: LazyBinding, at: Span): Value | null {
  if (binding.state === "done") return binding.value;
  const stack = running.get(session) ?? [];
  running.set(session, stack);
  if (binding.state === "running") {
    const names = [...stack.slice(stack.indexOf(binding)), binding].map(({ name }) => name);
    session.report("circular-definition", { what: `this ${binding.what}`, names }, { span: at });
    return null;
  }
  binding.state = "running";
  stack.push(binding);
  try {
    binding.value = binding.compute();
  } finally {
    stack.pop();
    binding.state = "done";
  }
  return binding.value;
}

function textValue(session: Session, env: Env, node: TextNode): Value | null {
  let out = "";
  let sound = true;
  for (const part of node.parts) {
    if (typeof part === "string") {
      out += part;
      continue;
    }
    const value = evaluate(session, env, part);
    const text = value === null ? null : plainText(value);
    if (value !== null && text === null)
      wrongKind(session, env, "${…}", "a value with one text", value, part, "`join` makes a string of a list");
    if (text === null) sound = false;
    else out += text;
  }
  if (!sound) return null;
  return settled(session, env, node, checkedText(out, session, env, node));
}

function checkedText(text: string, session: Session, env: Env, node: NodeBase): Outcome {
  if (text.length > stringLimit) return { kind: "fault", reason: `the string would have more than ${stringLimit} characters` };
  session.worked(text.length, placeOf(env, node));
  return stringValueOf(text);
}

function rangeValue(session: Session, env: Env, node: RangeNode): Value | null {
  const first = evaluate(session, env, node.first);
  const last = evaluate(session, env, node.last);
  if (first === null || last === null || node.last === null) return null;
  if (last.kind === "port" && node.last.kind === "binary") {
    // It reads as if the whole range were moved.
    const written = session.textOf(node.source.path).slice(node.last.start, node.last.end);
    const operands = "a range of ports and another value";
    const help = `the last port alone is computed in parentheses: \`..(${written})\``;
    session.report("wrong-operand", { operator: node.last.operator, operands }, { span: placeOf(env, node), help });
    return null;
  }
  if (first.kind !== "number") return wrongKind(session, env, "..", "a number", first, node.first);
  if (last.kind === "number") return { kind: "range", first: first.value, last: last.value, protocol: null };
  if (last.kind === "port") return { kind: "range", first: first.value, last: last.port, protocol: last.protocol };
  return wrongKind(session, env, "..", "a number", last, node.last);
}

// Operators ---------------------------------------------------------------------------------------

/** Says what was wanted in the place of a value. */
export function wrongKind(
  session: Session,
  env: Env,
  attribute: string,
  expected: string,
  found: Value,
  at: NodeBase,
  help: string | null = null,
): null {
  session.report(
    "wrong-type",
    { attribute, expected, found: describe(found) },
    { span: placeOf(env, at), ...(help === null ? {} : { help }) },
  );
  return null;
}

/** A boolean, or null after a message. */
export function truthOf(session: Session, env: Env, node: ValueNode | null, where: string): boolean | null {
  const value = evaluate(session, env, node);
  if (value === null || node === null) return null;
  return value.kind === "boolean" ? value.value : wrongKind(session, env, where, "`true` or `false`", value, node);
}

function unaryValue(session: Session, env: Env, node: UnaryNode): Value | null {
  if (node.operator === "not") {
    const truth = truthOf(session, env, node.operand, "not");
    return truth === null ? null : booleanValue(!truth);
  }
  const value = evaluate(session, env, node.operand);
  if (value === null) return null;
  if (value.kind === "number") return numberValue(value.value === 0 ? 0 : -value.value);
  return wrongKind(session, env, "-", "a number", value, node);
}

/** Chains of operators lean to the left and may be long: they are walked, not nested. */
function binaryValue(session: Session, env: Env, node: BinaryNode): Value | null {
  const chain: BinaryNode[] = [];
  let leftmost: ValueNode = node;
  while (leftmost.kind === "binary") {
    chain.push(leftmost);
    leftmost = leftmost.left;
  }
  let value = evaluate(session, env, leftmost);
  for (const step of chain.reverse()) {
    if (value === null) return null;
    value = combined(session, env, step, value);
  }
  return value;
}

function combined(session: Session, env: Env, node: BinaryNode, left: Value): Value | null {
  const { operator } = node;
  if (operator === "and" || operator === "or") {
    if (left.kind !== "boolean") return wrongKind(session, env, operator, "`true` or `false`", left, node.left);
    if (left.value === (operator === "or")) return left;
    const truth = truthOf(session, env, node.right, operator);
    return truth === null ? null : booleanValue(truth);
  }
  const right = evaluate(session, env, node.right);
  if (right === null) return null;
  return settled(session, env, node, operate(operator, left, right, toolsAt(session, env, node)), () => {
    session.report(
      "wrong-operand",
      { operator, operands: `${describe(left)} and ${describe(right)}` },
      { span: placeOf(env, node), ...operandHelp(operator, left, right) },
    );
  });
}

function operandHelp(operator: ValueOperator, left: Value, right: Value): { readonly help?: string } {
  const kinds = new Set<ValueKind>([left.kind, right.kind]);
  const texts = kinds.has("string") || kinds.has("name");
  if (operator === "+" && texts) return { help: 'write `"${…}"` to put values into a string' };
  if ((operator === "==" || operator === "!=") && left.kind !== right.kind) return { help: "only values of one kind are compared" };
  return {};
}

export function toolsAt(session: Session, env: Env, node: NodeBase): FunctionTools {
  return {
    made: (many) => session.made(many, placeOf(env, node)),
    worked: (many) => session.worked(many, placeOf(env, node)),
  };
}

/** An expression in a message: as it is written, when that is short. */
function written(session: Session, node: NodeBase): string {
  const text = session.textOf(node.source.path).slice(node.start, node.end);
  return text === "" || text.length > 40 || text.includes("\n") ? "this" : `\`${text}\``;
}

/** The value of an outcome; null after the message about a fault. */
export function settled(
  session: Session,
  env: Env,
  node: NodeBase,
  outcome: Outcome,
  mismatch: () => void = () => undefined,
): Value | null {
  if (!isFault(outcome)) return outcome;
  if (outcome.reason === null) mismatch();
  else session.report("no-value", { what: written(session, node), reason: outcome.reason }, { span: placeOf(env, node) });
  return null;
}

// Parts of values ---------------------------------------------------------------------------------

function indexValue(session: Session, env: Env, node: IndexNode): Value | null {
  const of = evaluate(session, env, node.of);
  const index = evaluate(session, env, node.index);
  if (of === null || index === null || node.index === null) return null;
  if (of.kind === "map") {
    const key = textOf(index);
    return key === null ? wrongKind(session, env, "[…]", "a key of the map", index, node.index) : fieldOf(session, env, of, key, node);
  }
  if (of.kind !== "list" && of.kind !== "range") return wrongKind(session, env, "[…]", "a list or a map in front of it", of, node.of);
  if (index.kind !== "number") return wrongKind(session, env, "[…]", "a number", index, node.index);
  const many = of.kind === "list" ? of.items.length : Math.max(0, of.last - of.first + 1);
  const at = index.value < 0 ? many + index.value : index.value;
  if (at < 0 || at >= many) {
    const reason = many === 0 ? "the list is empty" : `the list has ${count(many, "item")}, 0 to ${many - 1}, and no item ${index.value}`;
    session.report("no-value", { what: written(session, node), reason }, { span: placeOf(env, node) });
    return null;
  }
  return of.kind === "list" ? (of.items[at] ?? null) : numberValue(of.first + at);
}

function fieldValue(session: Session, env: Env, node: FieldNode): Value | null {
  const of = evaluate(session, env, node.of);
  return of === null || node.name === null ? null : fieldOf(session, env, of, node.name.value, node);
}

function fieldOf(session: Session, env: Env, of: Value, name: string, at: NodeBase): Value | null {
  if (of.kind !== "map") return wrongKind(session, env, `.${name}`, "a map in front of it", of, at);
  const value = of.entries.get(name);
  if (value !== undefined) return value;
  const meant = nearest(name, of.entries.keys());
  const keys = [...of.entries.keys()].slice(0, 6);
  const help = meant !== null ? `did you mean \`${meant}\`?` : keys.length === 0 ? "the map is empty" : `it has ${oneOf(keys)}`;
  session.report("no-value", { what: `\`${name}\``, reason: "the map has no such key" }, { span: placeOf(env, at), help });
  return null;
}

// Conditions and loops ----------------------------------------------------------------------------

/** The branch that counts, however many `else if` there are; null after a message. */
export function chosenBranch(session: Session, env: Env, node: ConditionalNode): ValueNode | null {
  let at: ValueNode | null = node;
  while (at?.kind === "conditional") {
    const truth = truthOf(session, env, at.condition, "if");
    if (truth === null) return null;
    at = truth ? at.then : at.otherwise;
    if (truth) return at;
  }
  return at;
}

function conditionalValue(session: Session, env: Env, node: ConditionalNode): Value | null {
  return evaluate(session, env, chosenBranch(session, env, node));
}

function comprehensionValue(session: Session, env: Env, node: ComprehensionNode): Value | null {
  const out: Value[] = [];
  const sound = eachTurn(session, env, node, (inner) => {
    const value = evaluate(session, inner, node.value);
    if (value !== null) out.push(value);
    return value !== null;
  });
  return sound ? notTooDeep(session, env, node, listValue(out)) : null;
}

function notTooDeep(session: Session, env: Env, node: NodeBase, value: Value): Value | null {
  if (depthOf(value) <= deepestValue) return value;
  const reason = `lists and maps stand in each other ${deepestValue} deep, not deeper`;
  session.report("no-value", { what: written(session, node), reason }, { span: placeOf(env, node) });
  return null;
}
