/** Attribute values: from syntax to typed values, with one message for each value of the wrong kind. */
import type { AttributeNode, BlockNode, NodeBase, ScalarNode, ValueNode } from "../ast/nodes.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { Fix } from "../diagnostics/diagnostic.ts";
import { nearest, oneOf } from "../diagnostics/suggest.ts";
import { quote } from "../lexer/lexer.ts";
import type { Sourced } from "../program/checked.ts";
import { attributeRow, blockRow } from "../schema/blocks.ts";
import { describeType } from "../schema/describe.ts";
import type { AttributeRow, ValueType } from "../schema/types.ts";
import { equalIp, formatCidr, formatIp, hasHostBits, hostCidr, maskCidr, parseCidr, parseIp } from "../values/index.ts";
import type { Cidr, Family, Ip } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { domainFault } from "../binder/names.ts";

/** The first attribute of the name in a block. */
export function attributeOf(block: BlockNode, name: string): AttributeNode | null {
  for (const member of block.body?.members ?? []) if (member.kind === "attribute" && member.name.value === name) return member;
  return null;
}

/**
 * Reads one attribute. Null when its value is wrong (that has been said) or when it is required and missing (that too).
 * @param fallback the default; it stands at the block's header
 */
export function read<T>(
  ctx: CheckContext,
  block: BlockNode,
  name: string,
  evaluate: (ctx: CheckContext, row: AttributeRow, value: ValueNode) => T | null,
  fallback?: T,
): Sourced<T> | null {
  const schema = blockRow(block.keyword.value);
  const row = schema === null ? null : attributeRow(schema, name);
  const attribute = attributeOf(block, name);
  if (row === null) return null;
  if (attribute === null) return fallback === undefined ? null : { value: fallback, span: ctx.header(block), explicit: false };
  if (attribute.value === null) return null;
  const value = evaluate(ctx, row, attribute.value);
  return value === null ? null : { value, span: ctx.span(attribute), explicit: true };
}

export function isNumber(value: ValueNode | null): value is ScalarNode & { readonly form: "number" } {
  return value?.kind === "scalar" && value.form === "number";
}

/** A value as a reader would name it. */
export function describeValue(value: ValueNode): string {
  switch (value.kind) {
    case "list":
      return "a list";
    case "map":
      return "a map";
    case "range":
      return "a range";
    case "scalar":
      switch (value.form) {
        case "string":
          return `the string ${quote(value.text)}`;
        case "number":
          return `the number ${value.text}`;
        case "port":
          return `the port \`${value.text}\``;
        case "address":
          return `the address \`${value.text}\``;
        case "cidr":
          return `the CIDR \`${value.text}\``;
        case "mac":
          return `the MAC address \`${value.text}\``;
        case "duration":
          return `the duration \`${value.text}\``;
        case "size":
          return `the size \`${value.text}\``;
        case "path":
        case "word":
        case "dotted":
        case "malformed":
          return `\`${value.text}\``;
      }
    default:
      // The expander has computed it, or said why it cannot.
      return "a computed value";
  }
}

export function wrongType(ctx: CheckContext, attribute: string, type: ValueType, value: ValueNode, fixes: readonly Fix[] = []): null {
  if (isMalformed(value)) return null;
  ctx.report("wrong-type", { attribute, expected: describeType(type), found: describeValue(value) }, { span: ctx.span(value), fixes });
  return null;
}

/** The lexer has already said what is wrong with it. */
export function isMalformed(value: ValueNode | null): boolean {
  if (value?.kind === "range") return isMalformed(value.first) || isMalformed(value.last);
  return value?.kind === "scalar" && value.form === "malformed";
}

const scalar = (value: ValueNode, form: ScalarNode["form"]): string | null =>
  value.kind === "scalar" && value.form === form ? value.text : null;

export function stringOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  const text = scalar(value, "string");
  if (text !== null) return text;
  const fixes = value.kind === "scalar" ? [replace(ctx.span(value), quote(ctx.text(value)), `write ${quote(ctx.text(value))}`)] : [];
  return wrongType(ctx, row.name, row.type, value, fixes);
}

export function domainOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  const text = stringOf(ctx, row, value);
  if (text === null) return null;
  const rule = domainFault(text);
  if (rule === null) return text;
  ctx.report("invalid-name", { what: "a DNS domain", name: text, rule }, { span: ctx.span(value) });
  return null;
}

export function versionOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  const text = stringOf(ctx, row, value);
  if (text === null || row.type.kind !== "version") return null;
  const { software, described } = row.type;
  if (described.includes(text)) return text;
  const known = described.map((version) => quote(version));
  ctx.report(
    "unknown-version",
    { software, version: text },
    {
      span: ctx.span(value),
      help: `described ${described.length === 1 ? "is" : "are"} ${known.join(", ")}`,
      ...(described.length === 1 ? { fixes: [replace(ctx.span(value), known[0] ?? "", `write ${known[0] ?? ""}`, false)] } : {}),
    },
  );
  return null;
}

export function booleanOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): boolean | null {
  const text = value.kind === "scalar" && (value.form === "word" || value.form === "string") ? value.text : null;
  if (value.kind === "scalar" && value.form === "word" && (text === "true" || text === "false")) return text === "true";
  const meant = /^(?:true|yes|on|enabled)$/i.test(text ?? "") ? "true" : /^(?:false|no|off|disabled)$/i.test(text ?? "") ? "false" : null;
  return wrongType(ctx, row.name, row.type, value, meant === null ? [] : [replace(ctx.span(value), meant, `write \`${meant}\``)]);
}

export function integerOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): number | null {
  const text = scalar(value, "number");
  if (text === null || row.type.kind !== "integer") return wrongType(ctx, row.name, row.type, value);
  return inRange(ctx, `\`${row.name}\``, text, row.type.first, row.type.last, value);
}

/** A number within bounds, or null and a message. `unit` stands behind the last bound: ` seconds`. */
export function inRange(ctx: CheckContext, what: string, text: string, first: number, last: number, at: NodeBase, unit = ""): number | null {
  const number = Number(text);
  if (number >= first && number <= last) return number;
  ctx.report("out-of-range", { what, value: text, first, last: `${last}${unit}` }, { span: ctx.span(at) });
  return null;
}

export function enumOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  if (row.type.kind !== "enum" && row.type.kind !== "enum-list") return null;
  const { values, future } = row.type;
  const text = value.kind === "scalar" && (value.form === "word" || value.form === "string") ? value.text : null;
  if (text === null) return wrongType(ctx, row.name, row.type, value);
  if (future.includes(text)) {
    ctx.report("not-supported", { what: `\`${row.name} = ${text}\`` }, { span: ctx.span(value), help: `supported: ${oneOf(values)}` });
    return null;
  }
  if (!values.includes(text)) {
    const meant = nearest(text, [...values, ...future]);
    ctx.report(
      "unknown-value",
      { attribute: row.name, value: text },
      {
        span: ctx.span(value),
        help: meant === null ? `it is ${oneOf(values)}` : `did you mean \`${meant}\`?`,
        ...(meant === null ? {} : { fixes: [replace(ctx.span(value), meant, `write \`${meant}\``, false)] }),
      },
    );
    return null;
  }
  if (value.kind === "scalar" && value.form === "string") {
    return wrongType(ctx, row.name, row.type, value, [replace(ctx.span(value), text, `write \`${text}\` without quotes`)]);
  }
  return text;
}

/** Reads a word of an enumeration as what the API calls it. */
export function choiceOf<T>(
  choices: Readonly<Record<string, T>>,
): (ctx: CheckContext, row: AttributeRow, value: ValueNode) => T | null {
  return (ctx, row, value) => {
    const word = enumOf(ctx, row, value);
    return word === null || !Object.hasOwn(choices, word) ? null : (choices[word] ?? null);
  };
}

/** One value as a list of one; a list as it is. */
export function itemsOf(value: ValueNode): readonly ValueNode[] {
  return value.kind === "list" ? value.items : [value];
}

export function cidrOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): Cidr | null {
  const text = scalar(value, "cidr");
  if (text === null) return wrongType(ctx, row.name, row.type, value, addressFixes(ctx, value, "cidr"));
  return masked(ctx, text, value);
}

export function addressFixes(ctx: CheckContext, value: ValueNode, wanted: "cidr" | "address"): readonly Fix[] {
  if (value.kind !== "scalar") return [];
  if (value.form === "string" && (wanted === "cidr" ? parseCidr(value.text) : parseIp(value.text)) !== null) {
    return [replace(ctx.span(value), value.text, `write \`${value.text}\` without quotes`)];
  }
  if (wanted === "address" && value.form === "cidr") {
    const alone = value.text.slice(0, value.text.indexOf("/"));
    return [replace(ctx.span(value), alone, `write \`${alone}\``, false)];
  }
  return [];
}

/** The CIDR of a text that the lexer took for one; bits behind the prefix are an error. */
export function masked(ctx: CheckContext, text: string, at: NodeBase): Cidr | null {
  const cidr = parseCidr(text);
  if (cidr === null) return null;
  if (!hasHostBits(cidr)) return cidr;
  const right = formatCidr(maskCidr(cidr));
  ctx.report(
    "host-bits-set",
    { cidr: text },
    {
      span: ctx.span(at),
      help: `the range is \`${right}\`; one address alone is \`${formatIp(cidr.ip)}\``,
      fixes: [replace(ctx.span(at), right, `write \`${right}\``)],
    },
  );
  return null;
}

/** A CIDR or one address, as peers are written. */
export function cidrOrAddress(ctx: CheckContext, value: ScalarNode): Cidr | null {
  if (value.form === "cidr") return masked(ctx, value.text, value);
  const ip = value.form === "address" ? parseIp(value.text) : null;
  return ip === null ? null : hostCidr(ip);
}

function onePerFamily<T>(
  ctx: CheckContext,
  row: AttributeRow,
  value: ValueNode,
  one: (item: ValueNode) => T | null,
  familyOf: (item: T) => 4 | 6,
): readonly T[] | null {
  const items = itemsOf(value);
  if (items.length === 0) return wrongType(ctx, row.name, row.type, value);
  const out: T[] = [];
  const seen = new Map<4 | 6, ValueNode>();
  let broken = false;
  for (const item of items) {
    const typed = one(item);
    if (typed === null) {
      broken = true;
      continue;
    }
    const family = familyOf(typed);
    const first = seen.get(family);
    if (first !== undefined) {
      ctx.report(
        "family-twice",
        { attribute: row.name, family },
        { span: ctx.span(item), related: [{ span: ctx.span(first), text: `the first IPv${family} value` }] },
      );
      broken = true;
      continue;
    }
    seen.set(family, item);
    out.push(typed);
  }
  return broken ? null : out;
}

export function cidrsOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): readonly Cidr[] | null {
  return onePerFamily(
    ctx,
    row,
    value,
    (item) => cidrOf(ctx, row, item),
    (cidr) => cidr.ip.family,
  );
}

export function addressesOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): readonly Ip[] | null {
  return onePerFamily(
    ctx,
    row,
    value,
    (item) => {
      const text = scalar(item, "address");
      return text === null ? wrongType(ctx, row.name, row.type, item, addressFixes(ctx, item, "address")) : parseIp(text);
    },
    (ip) => ip.family,
  );
}

const familyWords: Readonly<Record<string, Family>> = { ipv4: 4, ipv6: 6 };

/** Address families in the order written. */
export function familiesOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): readonly Family[] | null {
  return onePerFamily(
    ctx,
    row,
    value,
    (item) => {
      const word = scalar(item, "word") ?? "";
      const family = Object.hasOwn(familyWords, word) ? familyWords[word] : undefined;
      if (family !== undefined) return family;
      const meant = item.kind === "scalar" && /^(?:ip)?v?[46]$/i.test(item.text) ? `ipv${item.text.slice(-1)}` : null;
      return wrongType(ctx, row.name, row.type, item, meant === null ? [] : [replace(ctx.span(item), meant, `write \`${meant}\``)]);
    },
    (family) => family,
  );
}

/** The node of an attribute's list that spells an address; the whole value when it is not a list. */
export function nodeOfAddress(block: BlockNode, name: string, ip: Ip): ValueNode | null {
  const value = attributeOf(block, name)?.value ?? null;
  if (value === null) return null;
  return (
    itemsOf(value).find((item) => {
      const parsed = item.kind === "scalar" && item.form === "address" ? parseIp(item.text) : null;
      return parsed !== null && equalIp(parsed, ip);
    }) ?? value
  );
}

export function portNumbersOf(
  ctx: CheckContext,
  row: AttributeRow,
  value: ValueNode,
): { readonly first: number; readonly last: number } | null {
  if (value.kind !== "range" || !isNumber(value.first) || !isNumber(value.last)) {
    return isMalformed(value) ? null : wrongType(ctx, row.name, row.type, value);
  }
  const first = inRange(ctx, "a port", value.first.text, 1, 65_535, value.first);
  const last = inRange(ctx, "a port", value.last.text, 1, 65_535, value.last);
  if (first === null || last === null) return null;
  if (first <= last) return { first, last };
  reversed(ctx, first, last, value, `${last}..${first}`);
  return null;
}

export function reversed(ctx: CheckContext, first: number, last: number, at: NodeBase, right: string): void {
  ctx.report("reversed-range", { first, last }, { span: ctx.span(at), fixes: [replace(ctx.span(at), right, `write \`${right}\``)] });
}

export interface NamedReference {
  readonly name: string;
  readonly node: NodeBase;
}

/** The names in a list of references, or in one reference without brackets; a name listed twice is reported and left out. */
export function namesIn(ctx: CheckContext, attribute: string, type: ValueType, value: ValueNode): readonly NamedReference[] | null {
  if (value.kind !== "list") {
    const fixes =
      value.kind === "scalar" && value.form === "word" ? [replace(ctx.span(value), `[${value.text}]`, `write \`[${value.text}]\``)] : [];
    return wrongType(ctx, attribute, type, value, fixes);
  }
  const out: NamedReference[] = [];
  let broken = false;
  for (const item of value.items) {
    if (item.kind !== "scalar" || (item.form !== "word" && item.form !== "string" && item.form !== "dotted")) {
      wrongType(ctx, attribute, type, item);
      broken = true;
    } else if (!listedTwice(ctx, out, item.text, item)) out.push({ name: item.text, node: item });
  }
  if (!broken && out.length === 0 && value.items.length === 0) return wrongType(ctx, attribute, type, value);
  return broken ? null : out;
}

export function listedTwice(ctx: CheckContext, before: readonly NamedReference[], name: string, at: NodeBase): boolean {
  const first = before.find((other) => other.name === name);
  if (first === undefined) return false;
  ctx.report("listed-twice", { name }, { span: ctx.span(at), related: [{ span: ctx.span(first.node), text: "first here" }] });
  return true;
}
