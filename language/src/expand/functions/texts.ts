/** Functions of strings. */
import { booleanValue, numberValue, plainText, stringValueOf } from "../value.ts";
import type { Value } from "../value.ts";
import { stringLimit } from "../types.ts";
import { itemsOf, list, numberOf, stringOf } from "./arguments.ts";
import { fault, row } from "./types.ts";
import type { FunctionRow, FunctionTools, Outcome } from "./types.ts";

/** A string that is not too long. */
export function text(value: string, tools: Pick<FunctionTools, "worked">): Outcome {
  if (value.length > stringLimit) return fault(`the string would have more than ${stringLimit} characters`);
  tools.worked(value.length);
  return stringValueOf(value);
}

/** Numbers are padded with blanks, or with zeros when the width begins with one. */
const widest = 100;

function formatted(pattern: string, values: readonly Value[], tools: FunctionTools): Outcome {
  let next = 0;
  let problem: string | null = null;
  const out = pattern.replace(/\{\{|\}\}|\{(?::(0?)([0-9]*))?\}|[{}]/g, (hole: string, zero?: string, digits?: string) => {
    if (hole === "{{") return "{";
    if (hole === "}}") return "}";
    if (hole === "{" || hole === "}") {
      problem ??= `\`${hole}\` stands alone: a hole is \`{}\` or \`{:02}\`, a brace \`{{\` or \`}}\``;
      return hole;
    }
    const value = values[next++];
    const written = value === undefined ? "" : plainText(value);
    if (written === null) problem ??= "a list or a map has no one text";
    const width = Number(digits ?? "");
    if (width > widest) problem ??= `a width is at most ${widest}`;
    if (problem !== null || written === null) return "";
    const negative = zero === "0" && value?.kind === "number" && value.value < 0;
    return negative ? `-${written.slice(1).padStart(width - 1, "0")}` : written.padStart(width, zero === "0" ? "0" : " ");
  });
  if (problem !== null) return fault(problem);
  if (next !== values.length) return fault(`the pattern has ${next} holes for ${values.length} values`);
  return text(out, tools);
}

function joined(items: readonly Value[], separator: string, tools: FunctionTools): Outcome {
  const texts = items.map(plainText);
  if (texts.some((item) => item === null)) return fault("a list or a map in the list has no one text");
  const length = texts.reduce((sum, item) => sum + (item ?? "").length + separator.length, 0);
  return length > stringLimit + separator.length
    ? fault(`the string would have more than ${stringLimit} characters`)
    : text(texts.join(separator), tools);
}

export const textFunctions: readonly FunctionRow[] = [
  row("string(x: value)", "string", "The value as a string.", ["string(10.0.0.0/8)", '"10.0.0.0/8"'], ([x], tools) => {
    const written = x === undefined ? null : plainText(x);
    return written === null ? fault("a list or a map has no one text") : text(written, tools);
  }),
  row("number(text: string)", "number", "The whole number that a string spells.", ['number("042")', "42"], ([x]) => {
    const digits = stringOf(x);
    const value = /^-?[0-9]+$/.test(digits) ? Number(digits) : Number.NaN;
    return Number.isSafeInteger(value)
      ? numberValue(value === 0 ? 0 : value)
      : fault("the string is not a whole number within ±(2^53 - 1)");
  }),
  row(
    "join(list: list; separator: string)",
    "string",
    "The items one behind the other with the separator between them.",
    ['join([a, b, 3], "-")', '"a-b-3"'],
    ([items, separator], tools) => joined(itemsOf(items, tools), stringOf(separator), tools),
  ),
  row(
    "split(text: string; separator: string)",
    "list of string",
    "The parts of a string between separators.",
    ['split("shop/web", "/")', '["shop", "web"]'],
    ([x, separator], tools) => {
      if (stringOf(separator) === "") return fault("the separator is empty");
      return list(stringOf(x).split(stringOf(separator)).map(stringValueOf), tools);
    },
  ),
  row(
    "format(pattern: string; values...: value)",
    "string",
    "The pattern with each `{}` replaced by a value; `{:3}` is at least three wide, `{:03}` with zeros in front. `{{` and `}}` are braces.",
    ['format("rack-{:02}-{}", 7, west)', '"rack-07-west"'],
    ([pattern, ...values], tools) => formatted(stringOf(pattern), values, tools),
  ),
  row("lower(text: string)", "string", "In small letters.", ['lower("West-1")', '"west-1"'], ([x], tools) =>
    text(stringOf(x).toLowerCase(), tools),
  ),
  row("upper(text: string)", "string", "In capitals.", ['upper("west-1")', '"WEST-1"'], ([x], tools) =>
    text(stringOf(x).toUpperCase(), tools),
  ),
  row(
    "replace(text: string; from: string; to: string)",
    "string",
    "With every occurrence of one string replaced by another.",
    ['replace("a.b.c", ".", "-")', '"a-b-c"'],
    ([x, from, to], tools) => {
      const [whole, old, put] = [stringOf(x), stringOf(from), stringOf(to)];
      if (old === "") return fault("what is to be replaced is empty");
      const parts = whole.split(old);
      const length = whole.length + (parts.length - 1) * (put.length - old.length);
      return length > stringLimit ? fault(`the string would have more than ${stringLimit} characters`) : text(parts.join(put), tools);
    },
  ),
  row(
    "starts-with(text: string; start: string)",
    "boolean",
    "Whether a string begins with another.",
    ['starts-with("rack-1", "rack-")', "true"],
    ([x, start]) => booleanValue(stringOf(x).startsWith(stringOf(start))),
  ),
  row(
    "ends-with(text: string; end: string)",
    "boolean",
    "Whether a string ends with another.",
    ['ends-with("rack-1", "-2")', "false"],
    ([x, end]) => booleanValue(stringOf(x).endsWith(stringOf(end))),
  ),
  row(
    "hash(name: string; n: number)",
    "number",
    "A number from 0 to n - 1 that depends on nothing but the name: it spreads names evenly, and is the same everywhere and always.",
    ["hash(a, 7)", "5"],
    ([name, n], tools) => {
      if (numberOf(n) < 1) return fault(`\`n\` is at least 1, not ${numberOf(n)}`);
      if (numberOf(n) > mostHashes) return fault(`\`n\` is at most 2^32, not ${numberOf(n)}`);
      tools.worked(stringOf(name).length);
      return numberValue(fnv1a(stringOf(name)) % numberOf(n));
    },
  ),
];

/** There are no more hashes: what lies beyond would never come out. */
const mostHashes = 2 ** 32;

/** FNV-1a, 32 bits, over the text's UTF-8 (draft-eastlake-fnv, section 2). */
function fnv1a(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
