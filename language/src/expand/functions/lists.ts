/** Functions of lists, maps and numbers. */
import { booleanValue, compareValues, equalValues, keysOfValues, listValue, nameValue, numberValue } from "../value.ts";
import type { Value } from "../value.ts";
import { itemsOf, list, mapOf, numberOf, rangeItems, stringOf } from "./arguments.ts";
import { text } from "./texts.ts";
import { fault, isFault, row } from "./types.ts";
import type { Fault, FunctionRow, FunctionTools, Outcome } from "./types.ts";

/** A number that is exact. */
export function exact(value: number): Outcome {
  if (!Number.isSafeInteger(value)) return fault("it is beyond the largest number, ±(2^53 - 1)");
  return numberValue(value === 0 ? 0 : value);
}

/** Arguments of `min` and `max`: numbers, or lists of them. */
function numbersIn(values: readonly Value[], tools: FunctionTools): readonly number[] | Fault {
  const out: number[] = [];
  for (const value of values) {
    const items = value.kind === "number" ? [value] : itemsOf(value, tools);
    for (const item of items) {
      if (item.kind !== "number") return fault("the list holds something else than numbers");
      out.push(item.value);
    }
  }
  return out.length === 0 ? fault("there are no numbers") : out;
}

function reduceNumbers(values: readonly Value[], tools: FunctionTools, step: (x: number, y: number) => number): Outcome {
  const numbers = numbersIn(values, tools);
  if ("kind" in numbers) return numbers;
  return exact(numbers.reduce(step));
}

function truths(items: readonly Value[], decide: (truth: readonly boolean[]) => boolean): Outcome {
  const out: boolean[] = [];
  for (const item of items) {
    if (item.kind !== "boolean") return fault("the list holds something else than `true` and `false`");
    out.push(item.value);
  }
  return booleanValue(decide(out));
}

function sorted(items: readonly Value[]): Outcome {
  const unordered = items.some((item, index) => compareValues(item, items[index === 0 ? 0 : index - 1] ?? item) === null);
  return unordered ? fault("the items have no order among them") : listValue(items.toSorted((x, y) => compareValues(x, y) ?? 0));
}

function distinct(items: readonly Value[], tools: FunctionTools): Value {
  const keyOf = keysOfValues(tools.worked);
  const seen = new Map<string, Value>();
  for (const item of items) {
    const key = keyOf(item);
    if (!seen.has(key)) seen.set(key, item);
  }
  return list([...seen.values()], tools);
}

export const listFunctions: readonly FunctionRow[] = [
  row(
    "length(x: list, map or string)",
    "number",
    "How many items a list or range, entries a map, or characters a string has.",
    ["length(1..5)", "5"],
    ([x]) => {
      switch (x?.kind) {
        case "list":
          return numberValue(x.items.length);
        case "range":
          return exact(Math.max(0, x.last - x.first + 1));
        case "map":
          return numberValue(x.entries.size);
        default:
          return numberValue(Array.from(stringOf(x)).length);
      }
    },
  ),
  row(
    "min(numbers...: number or list)",
    "number",
    "The least of some numbers, or of lists of them.",
    ["min(3, 2, 5)", "2"],
    (values, tools) => reduceNumbers(values, tools, (x, y) => Math.min(x, y)),
  ),
  row(
    "max(numbers...: number or list)",
    "number",
    "The greatest of some numbers, or of lists of them.",
    ["max([3, 2, 5])", "5"],
    (values, tools) => reduceNumbers(values, tools, (x, y) => Math.max(x, y)),
  ),
  row("abs(x: number)", "number", "A number without its sign.", ["abs(2 - 5)", "3"], ([x]) => exact(Math.abs(numberOf(x)))),
  row("sum(list: list)", "number", "All numbers of a list together; 0 of an empty one.", ["sum(1..4)", "10"], ([items], tools) => {
    const all = itemsOf(items, tools);
    return all.length === 0 ? numberValue(0) : reduceNumbers([listValue(all)], tools, (x, y) => x + y);
  }),
  row(
    "range(first: number; last: number)",
    "list of number",
    "The numbers from the first to the last, both included.",
    ["range(1, 4)", "[1, 2, 3, 4]"],
    ([first, last], tools) => listValue(rangeItems(numberOf(first), numberOf(last), tools)),
  ),
  row("keys(map: map)", "list", "The keys of a map, in their order.", ["keys({ west = 1, east = 2 })", "[west, east]"], ([map], tools) =>
    list([...mapOf(map).keys()].map(nameValue), tools),
  ),
  row(
    "values(map: map)",
    "list",
    "The values of a map, in the order of their keys.",
    ["values({ west = 1, east = 2 })", "[1, 2]"],
    ([map], tools) => list([...mapOf(map).values()], tools),
  ),
  row(
    "merge(maps...: map)",
    "map",
    "All entries of some maps; where two have a key, that of the map further right counts.",
    ["merge({ a = 1, b = 2 }, { b = 3 })", "{ a = 1, b = 3 }"],
    (maps, tools) => {
      const entries = new Map<string, Value>();
      for (const map of maps) {
        tools.made(mapOf(map).size);
        for (const [key, value] of mapOf(map)) entries.set(key, value);
      }
      return { kind: "map", entries };
    },
  ),
  row(
    "get(map: map; key: string; fallback: value)",
    "value",
    "The value of a key, or the fallback where the map does not have it.",
    ["get({ west = 1 }, east, 0)", "0"],
    ([map, key, fallback]) => mapOf(map).get(stringOf(key)) ?? fallback ?? fault("there is no fallback"),
  ),
  row("sort(list: list)", "list", "The items in ascending order.", ["sort([3, 1, 2])", "[1, 2, 3]"], ([items], tools) => {
    const outcome = sorted(itemsOf(items, tools));
    return isFault(outcome) || outcome.kind !== "list" ? outcome : list(outcome.items, tools);
  }),
  row("reverse(list: list)", "list", "The items from the last to the first.", ["reverse([a, b])", "[b, a]"], ([items], tools) =>
    list(itemsOf(items, tools).toReversed(), tools),
  ),
  row("distinct(list: list)", "list", "Each item once, where it first stands.", ["distinct([a, b, a])", "[a, b]"], ([items], tools) =>
    distinct(itemsOf(items, tools), tools),
  ),
  row(
    "flatten(list: list)",
    "list",
    "The items of the lists in a list; other items stay as they are.",
    ["flatten([[1, 2], [3], 4])", "[1, 2, 3, 4]"],
    ([items], tools) => {
      const parts = itemsOf(items, tools);
      // Before they are made: the lists may all be the same long one.
      tools.made(parts.reduce((sum, part) => sum + (part.kind === "list" ? part.items.length : 1), 0));
      return listValue(parts.flatMap((part) => (part.kind === "list" ? part.items : [part])));
    },
  ),
  row(
    "slice(x: list or string; from: number; to?: number)",
    "list or string",
    "The part from one index, from 0, up to another, which is not included; negative indexes count from the end.",
    ["slice([a, b, c, d], 1, 3)", "[b, c]"],
    ([x, from, to], tools) => {
      const end = to === undefined ? undefined : numberOf(to);
      if (x?.kind === "list" || x?.kind === "range") return list(itemsOf(x, tools).slice(numberOf(from), end), tools);
      return text(Array.from(stringOf(x)).slice(numberOf(from), end).join(""), tools);
    },
  ),
  row(
    "index-of(x: list or string; item: value)",
    "number",
    "Where an item first stands in a list, or a string in a string, from 0; -1 when it does not.",
    ["index-of([a, b, c], b)", "1"],
    ([x, item], tools) => {
      if (item === undefined) return fault("there is nothing to look for");
      if (x?.kind === "list" || x?.kind === "range")
        return numberValue(itemsOf(x, tools).findIndex((other) => equalValues(other, item, tools.worked) === true));
      if (item.kind !== "string" && item.kind !== "name" && item.kind !== "path") return fault("only a string can stand in a string");
      const at = stringOf(x).indexOf(item.text);
      return numberValue(at < 0 ? -1 : Array.from(stringOf(x).slice(0, at)).length);
    },
  ),
  row(
    "any(list: list)",
    "boolean",
    "Whether an item is `true`; `false` of an empty list.",
    ["any([1 > 2, 2 > 1])", "true"],
    ([items], tools) => truths(itemsOf(items, tools), (all) => all.includes(true)),
  ),
  row(
    "all(list: list)",
    "boolean",
    "Whether every item is `true`; `true` of an empty list.",
    ["all([1 > 2, 2 > 1])", "false"],
    ([items], tools) => truths(itemsOf(items, tools), (all) => !all.includes(false)),
  ),
];
