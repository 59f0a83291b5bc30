/** Values back to nodes: what the checker reads in the place of an expression. */
import type { AttributeNode, NameNode, NodeBase, NodeSource, PlainValueNode, ScalarForm, ScalarNode } from "../ast/nodes.ts";
import { isWordText, writeValue } from "./value.ts";
import type { Value } from "./value.ts";

/**
 * What is wanted where a value stands. Names stand for words where words are read, and for strings among labels; a string names a party
 * where it has a slash, and a port where it could be a word.
 */
export type Wanted = "value" | "label" | "party" | "port";

/** Where a node is to stand. */
export interface Standing {
  readonly start: number;
  readonly end: number;
  readonly source: NodeSource;
}

function scalar(at: Standing, form: ScalarForm, text: string): ScalarNode {
  return { kind: "scalar", start: at.start, end: at.end, source: at.source, form, text };
}

/** What stands for a value that could not be computed: the checker says nothing of it. */
export function malformed(at: Standing): ScalarNode {
  return scalar(at, "malformed", "");
}

export function standing({ start, end }: Pick<NodeBase, "start" | "end">, source: NodeSource): Standing {
  return { start, end, source };
}

const nodeCounts = new WeakMap<Value, number>();

/** How many nodes {@link plainNode} makes of a value. Each list and map is looked at once, however many others hold it. */
export function nodeCount(value: Value): number {
  if (value.kind !== "list" && value.kind !== "map") return value.kind === "range" ? 3 : 1;
  const known = nodeCounts.get(value);
  if (known !== undefined) return known;
  const many =
    value.kind === "list"
      ? value.items.reduce((sum, item) => sum + nodeCount(item), 1)
      : [...value.entries.values()].reduce((sum, item) => sum + 2 + nodeCount(item), 2);
  nodeCounts.set(value, many);
  return many;
}

export function plainNode(value: Value, at: Standing, wanted: Wanted): PlainValueNode {
  switch (value.kind) {
    case "number":
      return scalar(at, "number", writeValue(value));
    case "boolean":
      return scalar(at, "word", writeValue(value));
    case "string":
    case "name":
    case "path":
      return scalar(at, textForm(value, wanted), value.text);
    case "ip":
      return scalar(at, "address", writeValue(value));
    case "cidr":
    case "port":
    case "mac":
    case "duration":
    case "size":
      return scalar(at, value.kind, writeValue(value));
    case "range": {
      const last =
        value.protocol === null ? scalar(at, "number", String(value.last)) : scalar(at, "port", `${value.last}/${value.protocol}`);
      return { ...at, kind: "range", first: scalar(at, "number", String(value.first)), last };
    }
    case "list":
      return { ...at, kind: "list", items: value.items.map((item) => plainNode(item, at, wanted)) };
    case "map": {
      const members = [...value.entries].map(([key, item]): AttributeNode => ({
        ...at,
        kind: "attribute",
        name: nameNode(key, at),
        value: plainNode(item, at, "label"),
        damaged: false,
      }));
      return { ...at, kind: "map", body: { ...at, kind: "body", members } };
    }
  }
}

/** A name that came out of an expression. */
export function nameNode(text: string, at: Standing): NameNode {
  return { kind: "name", start: at.start, end: at.end, source: at.source, value: text, quoted: true, parts: null };
}

function textForm(value: Value & { readonly kind: "string" | "name" | "path" }, wanted: Wanted): ScalarForm {
  const { kind, text } = value;
  if (wanted === "label") return "string";
  if (wanted === "party") {
    const parts = text.split("/");
    // As the lexer has it: `cluster/namespace/name` is for the checker to cut.
    if (parts.length === 3 && parts.every((part) => part !== "")) return "dotted";
    return /^[^/]+\/[^/]+$/.test(text) ? "path" : isWordText(text) ? "word" : "string";
  }
  if (kind === "string") return wanted === "port" && isWordText(text) ? "word" : "string";
  return kind === "name" ? "word" : "path";
}
