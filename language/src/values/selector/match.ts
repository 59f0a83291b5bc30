/** Whether labels satisfy a selector. */
import type { Comparison, Selector } from "./syntax.ts";

export type LabelLookup = (key: string) => string | undefined;

/** `global()` is true here: its real meaning comes from the rewriting of namespace selectors. */
export function matchesSelector(selector: Selector, label: LabelLookup): boolean {
  switch (selector.kind) {
    case "all":
    case "global":
      return true;
    case "has":
      return label(selector.key) !== undefined;
    case "compare":
      return compare(selector.operator, label(selector.key), selector.value);
    case "in": {
      const value = label(selector.key);
      return value !== undefined && selector.values.includes(value);
    }
    case "not-in": {
      const value = label(selector.key);
      return value === undefined || !selector.values.includes(value);
    }
    case "not":
      return !matchesSelector(selector.operand, label);
    case "and":
      return selector.operands.every((operand) => matchesSelector(operand, label));
    case "or":
      return selector.operands.some((operand) => matchesSelector(operand, label));
  }
}

/** Byte-wise and case-sensitive; without the label only `!=` holds. */
function compare(operator: Comparison, value: string | undefined, wanted: string): boolean {
  switch (operator) {
    case "==":
      return value === wanted;
    case "!=":
      return value !== wanted;
    case "contains":
      return value?.includes(wanted) === true;
    case "starts with":
      return value?.startsWith(wanted) === true;
    case "ends with":
      return value?.endsWith(wanted) === true;
  }
}
