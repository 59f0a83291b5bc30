/** Strings that keep a rule of Kubernetes or Calico. */
import type { ScalarNode, ValueNode } from "../ast/nodes.ts";
import { labelKeyFault, labelValueFault, nameFault } from "../binder/names.ts";
import type { AttributeRow } from "../schema/types.ts";
import { parseSelector, SelectorError } from "../values/index.ts";
import type { Selector } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { stringOf, wrongType } from "./values.ts";

function ruled(
  ctx: CheckContext,
  row: AttributeRow,
  value: ValueNode,
  what: string,
  faultOf: (text: string) => string | null,
): string | null {
  const text = stringOf(ctx, row, value);
  const rule = text === null ? null : faultOf(text);
  if (text === null || rule === null) return text;
  ctx.report("invalid-name", { what, name: text, rule }, { span: ctx.span(value) });
  return null;
}

/** A name as label keys are, with or without a domain in front. */
export function qualifiedNameOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  return ruled(ctx, row, value, "a load balancer's class", labelKeyFault);
}

export function labelValueOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  const text = stringOf(ctx, row, value);
  const rule = text === null ? null : labelValueFault(text);
  if (text === null || rule === null) return text;
  ctx.report("invalid-label-value", { value: text, rule }, { span: ctx.span(value) });
  return null;
}

export function dnsLabelOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  return ruled(ctx, row, value, "an endpoint", (text) => nameFault(text, "label"));
}

/** The name of something declared elsewhere, where it stands. */
export function referenceOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): ScalarNode | null {
  if (value.kind === "scalar" && (value.form === "word" || value.form === "string" || value.form === "dotted")) return value;
  return wrongType(ctx, row.name, row.type, value);
}

/** The text of a selector in Calico's syntax, as written. `global()` selects things outside of every namespace, and no nodes. */
export function calicoSelectorOf(ctx: CheckContext, row: AttributeRow, value: ValueNode): string | null {
  const text = stringOf(ctx, row, value);
  if (text === null) return null;
  const fault = selectorFault(text);
  if (fault === null) return text;
  ctx.report(
    "malformed-selector",
    { text, reason: fault },
    { span: ctx.span(value), help: "Calico writes `key == 'v'`, `key in {'v', 'w'}`, `has(key)`, `all()`, `!`, `&&`, `||` and parentheses" },
  );
  return null;
}

function selectorFault(text: string): string | null {
  try {
    return holdsGlobal(parseSelector(text)) ? "`global()` selects no nodes" : null;
  } catch (error) {
    if (error instanceof SelectorError) return `${error.message}, at character ${error.offset + 1}`;
    throw error;
  }
}

function holdsGlobal(selector: Selector): boolean {
  switch (selector.kind) {
    case "global":
      return true;
    case "not":
      return holdsGlobal(selector.operand);
    case "and":
    case "or":
      return selector.operands.some(holdsGlobal);
    default:
      return false;
  }
}
