/** Label maps. */
import type { AttributeNode, ValueNode } from "../ast/nodes.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import { quote } from "../lexer/lexer.ts";
import type { AttributeRow } from "../schema/types.ts";
import type { CheckContext } from "./context.ts";
import { labelKeyFault, labelValueFault } from "../binder/names.ts";
import { describeValue, isMalformed, wrongType } from "./values.ts";

export type Labels = Readonly<Record<string, string>>;

/**
 * The labels of a map; null when a part of it is wrong.
 * @param reserved keys that Kubernetes sets itself
 */
export function labelsOf(reserved: readonly string[] = []): (ctx: CheckContext, row: AttributeRow, value: ValueNode) => Labels | null {
  return (ctx, row, value) => {
    if (value.kind !== "map") return wrongType(ctx, row.name, row.type, value);
    const out: Record<string, string> = {};
    const first = new Map<string, AttributeNode>();
    let sound = true;
    for (const member of value.body.members) {
      if (member.kind !== "attribute") {
        ctx.report(
          "misplaced-declaration",
          { what: "this", where: "in a map of labels" },
          { span: ctx.span(member), help: 'a map holds `key = "value"`' },
        );
        sound = false;
        continue;
      }
      const key = member.name.value;
      const earlier = first.get(key);
      if (earlier !== undefined) {
        ctx.report(
          "duplicate-attribute",
          { name: key },
          { span: ctx.span(member.name), related: [{ span: ctx.span(earlier.name), text: "first here" }] },
        );
        sound = false;
        continue;
      }
      first.set(key, member);
      const fault = labelKeyFault(key);
      if (fault !== null) {
        ctx.report("invalid-label-key", { key, rule: fault }, { span: ctx.span(member.name) });
        sound = false;
      } else if (reserved.includes(key)) {
        ctx.report("reserved-name", { name: key, owner: "Kubernetes sets this label itself" }, { span: ctx.span(member.name) });
        sound = false;
      }
      const text = member.value === null ? null : labelValue(ctx, member.value, key);
      if (text === null) sound = false;
      else out[key] = text;
    }
    return sound ? out : null;
  };
}

/** The text of a label value: a string that keeps Kubernetes' rules. */
export function labelValue(ctx: CheckContext, value: ValueNode, attribute: string): string | null {
  if (value.kind !== "scalar" || value.form !== "string") {
    if (isMalformed(value)) return null;
    const fixes = value.kind === "scalar" ? [replace(ctx.span(value), quote(ctx.text(value)), `write ${quote(ctx.text(value))}`)] : [];
    ctx.report("wrong-type", { attribute, expected: "a string in quotes", found: describeValue(value) }, { span: ctx.span(value), fixes });
    return null;
  }
  const rule = labelValueFault(value.text);
  if (rule === null) return value.text;
  ctx.report("invalid-label-value", { value: value.text, rule }, { span: ctx.span(value) });
  return null;
}
