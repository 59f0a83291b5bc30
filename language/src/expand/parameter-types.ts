/** Types of parameters: what values they take, and how a text or data from outside of the program is read as one. */
import type { TypeNode } from "../ast/nodes.ts";
import { oneOf } from "../diagnostics/suggest.ts";
import { hasHostBits, isTransport, transports } from "../values/index.ts";
import { nameValue, numberValue, stringValueOf, textOf } from "./value.ts";
import type { Value } from "./value.ts";

interface ScalarType {
  readonly name: string;
  /** With its article, and an example where the name does not say how it is written. */
  readonly noun: string;
  /** The value as one of this type; null when it is none. */
  readonly take: (value: Value) => Value | null;
  /** Text from outside stands for itself, without quotes. */
  readonly raw: boolean;
}

export type ParameterType =
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "list" | "map"; readonly of: ParameterType }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Of an unknown name: it takes everything, because that has been said. */
  | { readonly kind: "unknown" };

const only =
  (kind: Value["kind"], when: (value: Value) => boolean = () => true) =>
  (value: Value): Value | null =>
    value.kind === kind && when(value) ? value : null;

const scalar = (name: string, noun: string, take: ScalarType["take"], raw = false): ScalarType => ({ name, noun, take, raw });

function asString(value: Value): Value | null {
  const text = textOf(value);
  return text === null ? null : stringValueOf(text);
}

function asName(value: Value): Value | null {
  const text = textOf(value);
  return text === null || value.kind === "path" ? null : nameValue(text);
}

const reference = (kind: string): ScalarType => scalar(kind, `the name of a ${kind}`, asName, true);

const cidr = (family: 4 | 6 | null) =>
  only("cidr", (value) => value.kind === "cidr" && (family === null || value.cidr.ip.family === family) && !hasHostBits(value.cidr));
const ip = (family: 4 | 6 | null) => only("ip", (value) => value.kind === "ip" && (family === null || value.ip.family === family));

/** AS numbers are 32 bits wide (RFC 6793); 0 is nobody's (RFC 7607). */
function asNumber(value: Value): Value | null {
  const number =
    value.kind === "number" ? value.value : value.kind === "name" && /^AS[0-9]{1,10}$/.test(value.text) ? Number(value.text.slice(2)) : 0;
  return number >= 1 && number <= 4_294_967_295 ? value : null;
}

const scalars: readonly ScalarType[] = [
  scalar("integer", "a whole number", only("number")),
  scalar("string", "a string", asString, true),
  scalar("boolean", "`true` or `false`", only("boolean")),
  scalar("name", "a name", asName, true),
  scalar("ip", "an address", ip(null)),
  scalar("ip4", "an IPv4 address", ip(4)),
  scalar("ip6", "an IPv6 address", ip(6)),
  scalar("cidr", "a CIDR such as `10.0.0.0/16`", cidr(null)),
  scalar("cidr4", "an IPv4 CIDR such as `10.0.0.0/16`", cidr(4)),
  scalar("cidr6", "an IPv6 CIDR such as `fd00::/64`", cidr(6)),
  scalar("port", "a port such as `80/tcp`", only("port")),
  scalar("port-range", "a port or a range such as `8000..8090/tcp`", (value) =>
    value.kind === "port" || value.kind === "range" ? value : null,
  ),
  scalar("protocol", oneOf(transports), (value) => (isTransport(textOf(value) ?? "") ? asName(value) : null), true),
  scalar("duration", "a duration such as `30s`", only("duration")),
  scalar("size", "a size such as `64KiB`", only("size")),
  scalar("mac", "a MAC address", only("mac")),
  scalar("asn", "an AS number such as `AS64512`", asNumber),
  ...["node", "subnet", "network", "namespace", "pod", "workload", "service", "pool"].map(reference),
];

const byName = new Map(scalars.map((type) => [type.name, type]));

/** Every word a type may begin with. */
export const typeNames: readonly string[] = [...scalars.map((type) => type.name), "list", "map", "one"];

export function typeOf(node: TypeNode | null): ParameterType {
  if (node === null) return { kind: "unknown" };
  const { value: name } = node.name;
  if ((name === "list" || name === "map") && node.of !== null) return { kind: name, of: typeOf(node.of) };
  if (name === "one") {
    const items = node.values?.kind === "list" ? node.values.items : [];
    const words = items.flatMap((item) => (item.kind === "scalar" && (item.form === "word" || item.form === "string") ? [item.text] : []));
    return words.length === 0 ? { kind: "unknown" } : { kind: "words", words };
  }
  const found = byName.get(name);
  return found === undefined ? { kind: "unknown" } : { kind: "scalar", scalar: found };
}

/** As a message names it. */
export function typeNoun(type: ParameterType): string {
  switch (type.kind) {
    case "scalar":
      return type.scalar.noun;
    case "list":
    case "map":
      return type.of.kind === "scalar"
        ? `a ${type.kind} of which each ${type.kind === "map" ? "value" : "item"} is ${type.of.scalar.noun}`
        : `a ${type.kind}`;
    case "words":
      return oneOf(type.words);
    case "unknown":
      return "a value";
  }
}

/** The value as one of the type; or, when it is none, the part of it that is not. */
export type Taken =
  { readonly kind: "taken"; readonly value: Value } | { readonly kind: "refused"; readonly part: Value; readonly expected: string };

const taking = new WeakMap<ParameterType, WeakMap<Value, Taken>>();

/** Each list and map is looked at once, however many others hold it. */
export function takeValue(type: ParameterType, value: Value): Taken {
  if (type.kind !== "list" && type.kind !== "map") return takenValue(type, value);
  const known = taking.get(type) ?? new WeakMap<Value, Taken>();
  taking.set(type, known);
  const taken = known.get(value) ?? takenValue(type, value);
  known.set(value, taken);
  return taken;
}

function takenValue(type: ParameterType, value: Value): Taken {
  switch (type.kind) {
    case "unknown":
      return { kind: "taken", value };
    case "scalar": {
      const taken = type.scalar.take(value);
      return taken === null ? { kind: "refused", part: value, expected: type.scalar.noun } : { kind: "taken", value: taken };
    }
    case "words": {
      const text = textOf(value);
      return text !== null && type.words.includes(text)
        ? { kind: "taken", value: nameValue(text) }
        : { kind: "refused", part: value, expected: typeNoun(type) };
    }
    case "list": {
      if (value.kind !== "list") return { kind: "refused", part: value, expected: typeNoun(type) };
      const items: Value[] = [];
      for (const item of value.items) {
        const taken = takeValue(type.of, item);
        if (taken.kind === "refused") return taken;
        items.push(taken.value);
      }
      return { kind: "taken", value: { kind: "list", items } };
    }
    case "map": {
      if (value.kind !== "map") return { kind: "refused", part: value, expected: typeNoun(type) };
      const entries = new Map<string, Value>();
      for (const [key, item] of value.entries) {
        const taken = takeValue(type.of, item);
        if (taken.kind === "refused") return taken;
        entries.set(key, taken.value);
      }
      return { kind: "taken", value: { kind: "map", entries } };
    }
  }
}

/**
 * Text from outside as a value: strings, names and words as they are, lists with or without their brackets, anything else as it would be
 * written in a program. Null when it cannot be read.
 * @param compute what a literal of the language comes to, words standing for themselves
 */
export function readText(type: ParameterType, text: string, compute: (source: string) => Value | null): Value | null {
  if (type.kind === "words" || (type.kind === "scalar" && type.scalar.raw)) return stringValueOf(text);
  const trimmed = text.trim();
  if (type.kind === "list" && !trimmed.startsWith("[")) {
    const raw = type.of.kind === "words" || (type.of.kind === "scalar" && type.of.scalar.raw);
    if (trimmed === "") return { kind: "list", items: [] };
    if (raw) return { kind: "list", items: trimmed.split(",").map((item) => stringValueOf(item.trim())) };
    return compute(`[${trimmed}]`);
  }
  return compute(trimmed);
}

/** Data of JSON or YAML as a value, texts by the type; null when it holds something that no value is. */
export function readData(type: ParameterType, data: unknown, compute: (source: string) => Value | null): Value | null {
  if (typeof data === "string") return type.kind === "list" || type.kind === "map" ? stringValueOf(data) : readText(type, data, compute);
  if (typeof data === "boolean") return { kind: "boolean", value: data };
  if (typeof data === "number") return Number.isSafeInteger(data) ? numberValue(data) : null;
  if (typeof data !== "object" || data === null) return null;
  const inner: ParameterType = type.kind === "list" || type.kind === "map" ? type.of : { kind: "unknown" };
  if (Array.isArray(data)) {
    const items = data.map((item: unknown) => readData(inner, item, compute));
    return items.every((item) => item !== null) ? { kind: "list", items } : null;
  }
  const entries = new Map<string, Value>();
  for (const [key, item] of Object.entries(data)) {
    const value = readData(inner, item, compute);
    if (value === null) return null;
    entries.set(key, value);
  }
  return { kind: "map", entries };
}
