/** The canonical text of a selector, and the ids that Felix makes of it. */
import { createHash } from "node:crypto";
import type { Selector } from "@knet/language/values";

function quote(value: string): string {
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

/** One blank around operators, groups of two or more in parentheses and never flattened, sets sorted. */
export function printSelector(selector: Selector): string {
  switch (selector.kind) {
    case "all":
    case "global":
      return `${selector.kind}()`;
    case "has":
      return `has(${selector.key})`;
    case "compare":
      return `${selector.key} ${selector.operator} ${quote(selector.value)}`;
    case "in":
    case "not-in":
      return `${selector.key} ${selector.kind === "in" ? "in" : "not in"} {${selector.values.map(quote).join(", ")}}`;
    case "not":
      return `!${printSelector(selector.operand)}`;
    case "and":
    case "or":
      return `(${selector.operands.map(printSelector).join(selector.kind === "and" ? " && " : " || ")})`;
  }
}

function uniqueId(prefix: string, content: string): string {
  return `${prefix}:${createHash("sha224").update(`${prefix}:${content}`).digest("base64url")}`;
}

/** `s:…`: the id of the IP set of everything that the selector selects. */
export function selectorId(selector: Selector): string {
  return uniqueId("s", printSelector(selector));
}

/** `n:…`: the id of the set of address and port of a named port of what the selector selects. */
export function namedPortId(selector: Selector, protocol: "tcp" | "udp" | "sctp" | "any", name: string): string {
  return uniqueId("n", `${selectorId(selector)},${protocol},${name}`);
}
