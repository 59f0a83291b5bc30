/** Label selectors of the program and of the model. */
import type { SelectorDeclaration } from "@knet/language";
import type { Labels, LabelSelector } from "../model/types.ts";

export function lowerSelector(selector: SelectorDeclaration): LabelSelector {
  return { requirements: selector.requirements };
}

/** Kubernetes' rules: `NotIn` and `DoesNotExist` hold where the key is absent; no requirement selects everything. */
export function selects(selector: Pick<SelectorDeclaration, "requirements">, labels: Labels): boolean {
  return selector.requirements.every((requirement) => {
    const value = labels[requirement.key];
    switch (requirement.operator) {
      case "In":
        return value !== undefined && requirement.values.includes(value);
      case "NotIn":
        return value === undefined || !requirement.values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
    }
  });
}
