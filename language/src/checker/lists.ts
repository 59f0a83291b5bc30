/** Attributes that take any number of values. */
import type { ValueNode } from "../ast/nodes.ts";
import { domainFault } from "../binder/names.ts";
import type { AttributeRow } from "../schema/types.ts";
import { equalCidr, equalIp, formatCidr, formatIp, parseIp } from "../values/index.ts";
import type { Cidr, Ip } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { addressFixes, cidrOf, enumOf, itemsOf, stringOf, wrongType } from "./values.ts";

interface Item<T> {
  readonly value: T;
  readonly node: ValueNode;
}

/** Every item that `one` can read, each once; null when one cannot be read or stands twice. */
function each<T>(
  ctx: CheckContext,
  value: ValueNode,
  one: (item: ValueNode) => T | null,
  same: (x: T, y: T) => boolean,
  text: (item: T) => string,
): readonly T[] | null {
  const out: Item<T>[] = [];
  let sound = true;
  for (const node of itemsOf(value)) {
    const read = one(node);
    const first = read === null ? undefined : out.find((other) => same(other.value, read));
    if (read === null) sound = false;
    else if (first === undefined) out.push({ value: read, node });
    else {
      sound = false;
      ctx.report("listed-twice", { name: text(read) }, { span: ctx.span(node), related: [{ span: ctx.span(first.node), text: "first here" }] });
    }
  }
  return sound ? out.map((item) => item.value) : null;
}

/** At most `limit` items; the first one too many is reported. */
function atMost<T>(ctx: CheckContext, row: AttributeRow, value: ValueNode, items: readonly T[] | null, limit: number): readonly T[] | null {
  if (items === null || items.length <= limit) return items;
  const extra = itemsOf(value)[limit] ?? value;
  ctx.report("too-many-items", { attribute: row.name, count: items.length, limit }, { span: ctx.span(extra) });
  return null;
}

type Reader<T> = (ctx: CheckContext, row: AttributeRow, value: ValueNode) => T | null;

/** Addresses of both families in the order written. */
export function addressListOf(limit: number = Number.POSITIVE_INFINITY): Reader<readonly Ip[]> {
  return (ctx, row, value) => {
    const one = (item: ValueNode): Ip | null =>
      item.kind === "scalar" && item.form === "address"
        ? parseIp(item.text)
        : wrongType(ctx, row.name, row.type, item, addressFixes(ctx, item, "address"));
    return atMost(ctx, row, value, each(ctx, value, one, equalIp, formatIp), limit);
  };
}

export const cidrListOf: Reader<readonly Cidr[]> = (ctx, row, value) =>
  each(ctx, value, (item) => cidrOf(ctx, row, item), equalCidr, formatCidr);

/** Words of a closed set as what the API calls them; at least one. */
export function choicesOf<T>(choices: Readonly<Record<string, T>>): Reader<readonly T[]> {
  return (ctx, row, value) => {
    if (itemsOf(value).length === 0) return wrongType(ctx, row.name, row.type, value);
    const one = (item: ValueNode): T | null => {
      const word = enumOf(ctx, row, item);
      return word === null ? null : (choices[word] ?? null);
    };
    return each(
      ctx,
      value,
      one,
      (x, y) => x === y,
      (item) => Object.keys(choices).find((word) => choices[word] === item) ?? "",
    );
  };
}

/** DNS names without trailing dots. */
export function domainListOf(limit: number): Reader<readonly string[]> {
  return (ctx, row, value) => {
    const one = (item: ValueNode): string | null => {
      const text = stringOf(ctx, row, item);
      const rule = text === null ? null : domainFault(text);
      if (text === null || rule === null) return text;
      ctx.report("invalid-name", { what: "a DNS domain", name: text, rule }, { span: ctx.span(item) });
      return null;
    };
    return atMost(ctx, row, value, each(ctx, value, one, (x, y) => x === y, String), limit);
  };
}
