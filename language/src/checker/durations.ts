/** Durations of whole seconds. */
import type { ValueNode } from "../ast/nodes.ts";
import type { AttributeRow } from "../schema/types.ts";
import type { CheckContext } from "./context.ts";
import { inRange, wrongType } from "./values.ts";

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1h30m` in milliseconds; null when it is no duration. */
function durationIn(text: string): number | null {
  if (!/^(?:\d+(?:ms|s|m|h|d))+$/.test(text)) return null;
  let sum = 0;
  for (const [, count = "", unit = ""] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) sum += Number(count) * (milliseconds[unit] ?? 0);
  return sum;
}

/** Seconds; a number without a unit is a number of seconds. */
export function secondsOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): number | null {
  if (row.type.kind !== "duration" || value.kind !== "scalar") return wrongType(ctx, row.name, row.type, value);
  const { first, last } = row.type;
  const time = value.form === "number" ? Number(value.text) * 1000 : value.form === "duration" ? durationIn(value.text) : null;
  if (time === null || time % 1000 !== 0) return wrongType(ctx, row.name, row.type, value);
  return inRange(ctx, `\`${row.name}\``, String(time / 1000), first, last, value, " seconds");
}
