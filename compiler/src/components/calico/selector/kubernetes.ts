/** Kubernetes label selectors as Calico selector text. */
import type { LabelRequirement, LabelSelector } from "../../../model/types.ts";

/** A label selector as the API has it. */
export interface SplitSelector {
  /** Sorted by key. */
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelRequirement[];
}

/**
 * `In` with one value becomes an entry of `matchLabels`, everything else stays an expression, in its order. The ids of
 * Calico's IP sets depend on this split, so manifests must be written with the same one.
 */
export function splitLabelSelector(selector: LabelSelector): SplitSelector {
  const labels = new Map<string, string>();
  const matchExpressions: LabelRequirement[] = [];
  for (const requirement of selector.requirements) {
    const only = requirement.operator === "In" && requirement.values.length === 1 ? requirement.values[0] : undefined;
    const there = labels.get(requirement.key);
    if (only !== undefined && (there === undefined || there === only)) labels.set(requirement.key, only);
    else matchExpressions.push(requirement);
  }
  const keys = [...labels.keys()].toSorted();
  return { matchLabels: Object.fromEntries(keys.map((key) => [key, labels.get(key) ?? ""])), matchExpressions };
}

function terms(selector: LabelSelector): readonly string[] {
  const { matchLabels, matchExpressions } = splitLabelSelector(selector);
  const values = (list: readonly string[]): string => `{ '${list.join("', '")}' }`;
  return [
    ...Object.keys(matchLabels)
      .toSorted()
      .map((key) => `${key} == '${matchLabels[key] ?? ""}'`),
    ...matchExpressions.map((requirement) => {
      switch (requirement.operator) {
        case "In":
          return `${requirement.key} in ${values(requirement.values)}`;
        case "NotIn":
          return `${requirement.key} not in ${values(requirement.values)}`;
        case "Exists":
          return `has(${requirement.key})`;
        case "DoesNotExist":
          return `! has(${requirement.key})`;
      }
    }),
  ];
}

/** Pods of an orchestrator only: a Kubernetes policy never selects other endpoints. Null selects all pods. */
export function podSelectorText(selector: LabelSelector | null): string {
  return ["projectcalico.org/orchestrator == 'k8s'", ...(selector === null ? [] : terms(selector))].join(" && ");
}

export function namespaceSelectorText(selector: LabelSelector): string {
  return selector.requirements.length === 0 ? "all()" : terms(selector).join(" && ");
}
