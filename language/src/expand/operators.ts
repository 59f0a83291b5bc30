/** What operators make of two values. `and`, `or` and `not` are the evaluator's, because they look at no more than they need. */
import type { BinaryOperator } from "../ast/nodes.ts";
import { addToIp, bitsOf, contains, containsCidr, formatIp, ipToBigInt } from "../values/index.ts";
import type { Ip } from "../values/index.ts";
import { countOf } from "./functions/addresses.ts";
import { list } from "./functions/arguments.ts";
import { exact } from "./functions/lists.ts";
import { text } from "./functions/texts.ts";
import { fault } from "./functions/types.ts";
import type { FunctionTools, Outcome } from "./functions/types.ts";
import { booleanValue, compareValues, equalValues, textOf } from "./value.ts";
import type { Value } from "./value.ts";

export type ValueOperator = Exclude<BinaryOperator, "and" | "or">;

/** The kinds do not go together. */
const meaningless = fault(null);

/** A fault without a reason when the operator has no meaning for the two. */
export function operate(operator: ValueOperator, x: Value, y: Value, tools: FunctionTools): Outcome {
  switch (operator) {
    case "+":
      return plus(x, y, tools);
    case "-":
      return minus(x, y);
    case "*":
      return times(x, y);
    case "==":
    case "!=": {
      const equal = equalValues(x, y, tools.worked);
      return equal === null ? meaningless : booleanValue(equal === (operator === "=="));
    }
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const order = compareValues(x, y);
      if (order === null) return meaningless;
      return booleanValue(operator === "<" ? order < 0 : operator === "<=" ? order <= 0 : operator === ">" ? order > 0 : order >= 0);
    }
    case "in":
    case "not in": {
      const held = holds(y, x, tools);
      return held === null ? meaningless : booleanValue(held === (operator === "in"));
    }
  }
}

function plus(x: Value, y: Value, tools: FunctionTools): Outcome {
  if (x.kind === "number" && y.kind === "number") return exact(x.value + y.value);
  if (x.kind === "string" || y.kind === "string") {
    const [left, right] = [textOf(x), textOf(y)];
    return left === null || right === null ? meaningless : text(left + right, tools);
  }
  if (x.kind === "ip" && y.kind === "number") return moved(x.ip, y.value);
  if (x.kind === "list" && y.kind === "list") return list([...x.items, ...y.items], tools);
  if (x.kind === "map" && y.kind === "map") {
    tools.made(x.entries.size + y.entries.size);
    return { kind: "map", entries: new Map([...x.entries, ...y.entries]) };
  }
  if (x.kind === "duration" && y.kind === "duration") return quantity(x, x.milliseconds + y.milliseconds);
  if (x.kind === "size" && y.kind === "size") return quantity(x, x.bytes + y.bytes);
  if (x.kind === "port" && y.kind === "number") return shifted(x, y.value);
  return meaningless;
}

function minus(x: Value, y: Value): Outcome {
  if (x.kind === "number" && y.kind === "number") return exact(x.value - y.value);
  if (x.kind === "ip" && y.kind === "number") return moved(x.ip, -y.value);
  if (x.kind === "ip" && y.kind === "ip") return x.ip.family === y.ip.family ? countOf(ipToBigInt(x.ip) - ipToBigInt(y.ip)) : meaningless;
  if (x.kind === "duration" && y.kind === "duration") return quantity(x, x.milliseconds - y.milliseconds);
  if (x.kind === "size" && y.kind === "size") return quantity(x, x.bytes - y.bytes);
  if (x.kind === "port" && y.kind === "number") return shifted(x, -y.value);
  return meaningless;
}

function times(x: Value, y: Value): Outcome {
  if (x.kind === "number" && y.kind === "number") return exact(x.value * y.value);
  const [factor, other] = x.kind === "number" ? [x.value, y] : [y.kind === "number" ? y.value : null, x];
  if (factor === null) return meaningless;
  if (other.kind === "duration") return quantity(other, other.milliseconds * factor);
  return other.kind === "size" ? quantity(other, other.bytes * factor) : meaningless;
}

/** Durations and sizes are never less than nothing. */
function quantity(like: Value & { readonly kind: "duration" | "size" }, value: number): Outcome {
  if (value < 0) return fault(`a ${like.kind} is never less than nothing`);
  if (!Number.isSafeInteger(value)) return fault("it is beyond the largest number, 2^53 - 1");
  return like.kind === "duration" ? { kind: "duration", milliseconds: value } : { kind: "size", bytes: value };
}

/** Addresses do not run over at either end of their family. */
function moved(ip: Ip, by: number): Outcome {
  const sum = ipToBigInt(ip) + BigInt(by);
  if (sum < 0n || sum >= 1n << BigInt(bitsOf(ip.family)))
    return fault(`there is no address ${Math.abs(by)} ${by < 0 ? "before" : "behind"} \`${formatIp(ip)}\``);
  return { kind: "ip", ip: addToIp(ip, by) };
}

function shifted(port: Value & { readonly kind: "port" }, by: number): Outcome {
  const number = port.port + by;
  return number < 1 || number > 65_535 ? fault(`a port is 1 to 65535, not ${number}`) : { ...port, port: number };
}

/** Item in list, number or port in range, key in map, address or range in range; null for kinds that hold nothing of the kind. */
function holds(outer: Value, inner: Value, tools: FunctionTools): boolean | null {
  switch (outer.kind) {
    case "list":
      tools.worked(outer.items.length);
      return outer.items.some((item) => equalValues(item, inner, tools.worked) === true);
    case "range":
      if (inner.kind === "number") return outer.protocol === null ? outer.first <= inner.value && inner.value <= outer.last : null;
      return inner.kind === "port" && outer.protocol !== null
        ? inner.protocol === outer.protocol && outer.first <= inner.port && inner.port <= outer.last
        : null;
    case "map": {
      const key = textOf(inner);
      return key === null ? null : outer.entries.has(key);
    }
    case "cidr":
      if (inner.kind === "ip") return contains(outer.cidr, inner.ip);
      return inner.kind === "cidr" ? containsCidr(outer.cidr, inner.cidr) : null;
    default:
      return null;
  }
}
