/** What expressions come to: a small union of typed values, with how they are compared, written and called in messages. */
import { quote } from "../lexer/lexer.ts";
import { compareIp, compareText, equalCidr, equalIp, formatCidr, formatIp, formatPortRange } from "../values/index.ts";
import type { Cidr, Ip, Transport } from "../values/index.ts";
import { formatDuration, formatSize } from "./units.ts";

export type Value =
  /** A whole number within ±(2^53 - 1). */
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "string"; readonly text: string }
  /** A word without quotes: a name, or a word of an enumeration. */
  | { readonly kind: "name"; readonly text: string }
  /** `namespace/name`, `namespace/*`. */
  | { readonly kind: "path"; readonly text: string }
  | { readonly kind: "ip"; readonly ip: Ip }
  | { readonly kind: "cidr"; readonly cidr: Cidr }
  | { readonly kind: "port"; readonly port: number; readonly protocol: Transport }
  /** Both ends belong to it; empty when the last is less than the first. A range of ports has a protocol. */
  | { readonly kind: "range"; readonly first: number; readonly last: number; readonly protocol: Transport | null }
  /** Lower-case hex pairs with colons. */
  | { readonly kind: "mac"; readonly text: string }
  | { readonly kind: "duration"; readonly milliseconds: number }
  | { readonly kind: "size"; readonly bytes: number }
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Value> };

export type ValueKind = Value["kind"];

export const numberValue = (value: number): Value => ({ kind: "number", value });
export const booleanValue = (value: boolean): Value => ({ kind: "boolean", value });
export const stringValueOf = (text: string): Value => ({ kind: "string", text });
export const listValue = (items: readonly Value[]): Value => ({ kind: "list", items });

/** Lists in lists, maps in maps: deeper values are not made. */
export const deepestValue = 64;

const depths = new WeakMap<Value, number>();

/** How deep lists and maps stand in each other: 0 of everything else. */
export function depthOf(value: Value): number {
  if (value.kind !== "list" && value.kind !== "map") return 0;
  const known = depths.get(value);
  if (known !== undefined) return known;
  let depth = 0;
  for (const item of value.kind === "list" ? value.items : value.entries.values()) depth = Math.max(depth, depthOf(item));
  depths.set(value, depth + 1);
  return depth + 1;
}

const word = /^[A-Za-z_]\w*(?:-+\w+)*$/;

/** Whether the text can stand as a name without quotes. */
export function isWordText(text: string): boolean {
  return word.test(text);
}

/** The text as a name where it can be one without quotes, as a string otherwise. */
export function nameValue(text: string): Value {
  return isWordText(text) ? { kind: "name", text } : { kind: "string", text };
}

/** The text of a string, a name or a path; null for every other kind. */
export function textOf(value: Value): string | null {
  return value.kind === "string" || value.kind === "name" || value.kind === "path" ? value.text : null;
}

/** The value as it would be written in a program. */
export function writeValue(value: Value): string {
  return writeUpTo(value, Infinity);
}

/** The beginning of what {@link writeValue} gives; all of it when it has no more than `limit` characters, otherwise somewhat more than those. */
function writeUpTo(value: Value, limit: number): string {
  const written: Written = { text: "", limit };
  write(value, written);
  return written.text;
}

interface Written {
  text: string;
  readonly limit: number;
}

/** A value that holds another many times is far longer when it is written than when it is kept: nothing is written behind the limit. */
function write(value: Value, out: Written): void {
  if (out.text.length > out.limit) return;
  if (value.kind === "list") {
    out.text += "[";
    writeEach(value.items, out, (item) => write(item, out));
    out.text += "]";
  } else if (value.kind === "map") {
    out.text += value.entries.size === 0 ? "{" : "{ ";
    writeEach(value.entries, out, ([key, item]) => {
      out.text += `${isWordText(key) ? key : quote(key)} = `;
      write(item, out);
    });
    out.text += value.entries.size === 0 ? "}" : " }";
  } else out.text += writeScalar(value);
}

function writeEach<T>(items: Iterable<T>, out: Written, one: (item: T) => void): void {
  let first = true;
  for (const item of items) {
    if (out.text.length > out.limit) return;
    if (!first) out.text += ", ";
    first = false;
    one(item);
  }
}

function writeScalar(value: Exclude<Value, { readonly kind: "list" | "map" }>): string {
  switch (value.kind) {
    case "number":
    case "boolean":
      return String(value.value);
    case "string":
      return quote(value.text);
    case "name":
    case "path":
    case "mac":
      return value.text;
    case "ip":
      return formatIp(value.ip);
    case "cidr":
      return formatCidr(value.cidr);
    case "port":
      return `${value.port}/${value.protocol}`;
    case "range":
      return `${value.first}..${value.last}${value.protocol === null ? "" : `/${value.protocol}`}`;
    case "duration":
      return formatDuration(value.milliseconds);
    case "size":
      return formatSize(value.bytes);
  }
}

/** What stands for the value inside a string; null for lists and maps, which have no one text. */
export function plainText(value: Value): string | null {
  if (value.kind === "list" || value.kind === "map") return null;
  return textOf(value) ?? writeValue(value);
}

/** Written in at most `width` characters, with `…` where it is cut. */
export function shortly(value: Value, width = 40): string {
  // A character has at most two code units.
  const text = writeUpTo(value, width * 2);
  const characters = Array.from(text.length > width * 2 ? text.slice(0, width * 2 + 2) : text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

const nouns: Readonly<Record<ValueKind, string>> = {
  number: "a number",
  boolean: "`true` or `false`",
  string: "a string",
  name: "a name",
  path: "a path",
  ip: "an address",
  cidr: "a CIDR",
  port: "a port",
  range: "a range",
  mac: "a MAC address",
  duration: "a duration",
  size: "a size",
  list: "a list",
  map: "a map",
};

/** The kind with its article. */
export function nounOf(kind: ValueKind): string {
  return nouns[kind];
}

/** A value as a reader would name it in a message. */
export function describe(value: Value): string {
  switch (value.kind) {
    case "list":
      return value.items.length === 0 ? "an empty list" : "a list";
    case "map":
      return "a map";
    case "name":
    case "path":
    case "boolean":
      return `\`${shortly(value, 80)}\``;
    case "string":
      return `the string ${shortly(value)}`;
    case "number":
      return `the number ${value.value}`;
    case "ip":
    case "cidr":
    case "port":
    case "range":
    case "mac":
    case "duration":
    case "size":
      return `${nouns[value.kind].replace(/^an? /, "the ")} \`${writeValue(value)}\``;
  }
}

/** Counts items that are looked at, and may end the expansion. */
export type CountWork = (many: number) => void;

const uncounted: CountWork = () => undefined;

/** Lists and maps that one comparison has looked at together: they are equal, or it has ended. */
interface Comparison {
  readonly worked: CountWork;
  readonly seen: Map<Value, Set<Value>>;
}

/** Whether two values are the same; null when they are of kinds that are never compared. Names and strings are compared as texts. */
export function equalValues(x: Value, y: Value, worked: CountWork = uncounted): boolean | null {
  return equal(x, y, { worked, seen: new Map() });
}

function equal(x: Value, y: Value, comparison: Comparison): boolean | null {
  // What is shared is not walked: a value may hold another many times, and that another.
  if (x === y) return true;
  const [left, right] = [textOf(x), textOf(y)];
  if (left !== null && right !== null) return left === right;
  switch (x.kind) {
    case "number":
      return y.kind === "number" ? x.value === y.value : null;
    case "boolean":
      return y.kind === "boolean" ? x.value === y.value : null;
    case "ip":
      return y.kind === "ip" ? equalIp(x.ip, y.ip) : null;
    case "cidr":
      return y.kind === "cidr" ? equalCidr(x.cidr, y.cidr) : null;
    case "port":
      return y.kind === "port" ? x.port === y.port && x.protocol === y.protocol : null;
    case "range":
      return y.kind === "range" ? x.first === y.first && x.last === y.last && x.protocol === y.protocol : null;
    case "mac":
      return y.kind === "mac" ? x.text === y.text : null;
    case "duration":
      return y.kind === "duration" ? x.milliseconds === y.milliseconds : null;
    case "size":
      return y.kind === "size" ? x.bytes === y.bytes : null;
    case "list":
      if (y.kind !== "list") return null;
      if (x.items.length !== y.items.length) return false;
      if (known(x, y, comparison)) return true;
      comparison.worked(x.items.length);
      return x.items.every((item, index) => equalParts(item, y.items[index], comparison));
    case "map":
      if (y.kind !== "map") return null;
      if (x.entries.size !== y.entries.size) return false;
      if (known(x, y, comparison)) return true;
      comparison.worked(x.entries.size);
      return [...x.entries].every(([key, item]) => equalParts(item, y.entries.get(key), comparison));
    case "string":
    case "name":
    case "path":
      return null;
  }
}

function equalParts(x: Value, y: Value | undefined, comparison: Comparison): boolean {
  return y !== undefined && equal(x, y, comparison) === true;
}

/** Whether the two have been looked at before; from now on they have. */
function known(x: Value, y: Value, { seen }: Comparison): boolean {
  const others = seen.get(x);
  if (others === undefined) seen.set(x, new Set([y]));
  else if (others.has(y)) return true;
  else others.add(y);
  return false;
}

/** Whether two values are the same, values of different kinds being different. */
export function sameValue(x: Value, y: Value | undefined): boolean {
  return y !== undefined && equalValues(x, y) === true;
}

/** Negative, zero or positive; null when the two have no order: only numbers, addresses of one family, durations, sizes and texts do. */
export function compareValues(x: Value, y: Value): number | null {
  const [left, right] = [textOf(x), textOf(y)];
  if (left !== null && right !== null) return compareText(left, right);
  if (x.kind === "number" && y.kind === "number") return x.value - y.value;
  if (x.kind === "ip" && y.kind === "ip") return x.ip.family === y.ip.family ? compareIp(x.ip, y.ip) : null;
  if (x.kind === "duration" && y.kind === "duration") return x.milliseconds - y.milliseconds;
  if (x.kind === "size" && y.kind === "size") return x.bytes - y.bytes;
  return null;
}

/**
 * Gives texts that equal values, and only they, share, as long as they come from the same function. Each list and map is looked at once,
 * however many others hold it, and its text is short.
 */
export function keysOfValues(worked: CountWork): (value: Value) => string {
  const known = new Map<Value, string>();
  const numbers = new Map<string, string>();
  const keyOf = (value: Value): string => {
    const text = textOf(value);
    if (text !== null) return quote(text);
    if (value.kind !== "list" && value.kind !== "map") return scalarKey(value);
    const before = known.get(value);
    if (before !== undefined) return before;
    worked(value.kind === "list" ? value.items.length : value.entries.size);
    const whole =
      value.kind === "list"
        ? `[${value.items.map(keyOf).join(",")}]`
        : `{${[...value.entries]
            .toSorted(([x], [y]) => compareText(x, y))
            .map(([key, item]) => `${quote(key)}=${keyOf(item)}`)
            .join(",")}}`;
    const key = numbers.get(whole) ?? `#${numbers.size}`;
    numbers.set(whole, key);
    known.set(value, key);
    return key;
  };
  return keyOf;
}

function scalarKey(value: Exclude<Value, { readonly kind: "list" | "map" }>): string {
  // All ports of a protocol would be written as its name.
  if (value.kind === "range" && value.protocol !== null)
    return `${value.first}..${value.last} ${formatPortRange({ protocol: value.protocol, first: value.first, last: value.last })}`;
  return writeScalar(value);
}
