/** Address ranges that must not overlap: pools, service ranges, subnets and the link-local ranges. */
import { attributeOf, itemsOf } from "./values.ts";
import type { BlockNode } from "../ast/nodes.ts";
import { compareIp, containsCidr, formatCidr, parseCidr } from "../values/index.ts";
import type { Cidr } from "../values/index.ts";
import type { Span } from "../text/span.ts";
import type { CheckContext } from "./context.ts";

export interface NamedRange {
  readonly cidr: Cidr;
  /** `pool \`pods\` (10.10.0.0/16)`. */
  readonly label: string;
  /** Null: not in the program. */
  readonly span: Span | null;
}

/** The range of an attribute's value, at the place where it is written. */
export function rangeAt(ctx: CheckContext, block: BlockNode, attribute: string, cidr: Cidr, label: string): NamedRange {
  const value = attributeOf(block, attribute)?.value ?? null;
  const text = formatCidr(cidr);
  const node = value === null ? null : (itemsOf(value).find((item) => item.kind === "scalar" && sameCidr(item.text, text)) ?? value);
  return { cidr, label: `${label} (${text})`, span: node === null ? ctx.header(block) : ctx.span(node) };
}

function sameCidr(text: string, canonical: string): boolean {
  const cidr = parseCidr(text);
  return cidr !== null && formatCidr(cidr) === canonical;
}

const linkLocal: readonly NamedRange[] = ["169.254.0.0/16", "fe80::/10"].flatMap((text) => {
  const cidr = parseCidr(text);
  return cidr === null ? [] : [{ cidr, label: `the link-local range ${text}`, span: null }];
});

/**
 * Reports each range against the narrowest one that holds it. Two CIDRs are either disjoint or one holds the other, so after sorting a
 * stack of open ranges finds every overlap in one pass. Gives the ranges that overlap another.
 * @param told pairs that were reported before; those that are reported now join them
 */
export function checkOverlaps(ctx: CheckContext, ranges: readonly NamedRange[], told: Set<string> = new Set()): ReadonlySet<NamedRange> {
  const order = new Map([...ranges, ...linkLocal].map((range, index) => [range, index]));
  const sorted = [...order.keys()].sort(
    (x, y) => compareIp(x.cidr.ip, y.cidr.ip) || x.cidr.prefix - y.cidr.prefix || (order.get(x) ?? 0) - (order.get(y) ?? 0),
  );
  const open: NamedRange[] = [];
  const overlapping = new Set<NamedRange>();
  for (const range of sorted) {
    while (open.length > 0 && !containsCidr(open.at(-1)?.cidr ?? range.cidr, range.cidr)) open.pop();
    const outer = open.at(-1);
    if (outer !== undefined) {
      overlapping.add(range).add(outer);
      report(ctx, range, outer, told);
    }
    open.push(range);
  }
  return overlapping;
}

/** Reports two ranges that overlap. */
export function checkPair(ctx: CheckContext, one: NamedRange, other: NamedRange, told: Set<string>): void {
  if (containsCidr(one.cidr, other.cidr) || containsCidr(other.cidr, one.cidr)) report(ctx, one, other, told);
}

function report(ctx: CheckContext, one: NamedRange, other: NamedRange, told: Set<string>): void {
  const [later, earlier] = (one.span?.start ?? -1) >= (other.span?.start ?? -1) ? [one, other] : [other, one];
  const pair = `${placeKey(later)} ${placeKey(earlier)}`;
  if (later.span === null || told.has(pair)) return;
  told.add(pair);
  ctx.report(
    "ranges-overlap",
    { one: later.label, other: earlier.label },
    { span: later.span, ...(earlier.span === null ? {} : { related: [{ span: earlier.span, text: earlier.label }] }) },
  );
}

function placeKey({ label, span }: NamedRange): string {
  return `${label} ${span?.file ?? ""} ${span?.start ?? ""}`;
}
