/** Label selectors, evaluated once over an index of labels. */
import type { LabelRequirement, LabelSelector, Labels, Namespace, Pod } from "../model/types.ts";

/** Every requirement must hold. `NotIn` holds also where the key is absent. */
export function matchesSelector(selector: LabelSelector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => matchesRequirement(requirement, labels));
}

function matchesRequirement(requirement: LabelRequirement, labels: Labels): boolean {
  const { key } = requirement;
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (!("values" in requirement)) return (value !== undefined) === (requirement.operator === "Exists");
  const listed = value !== undefined && requirement.values.includes(value);
  return requirement.operator === "In" ? listed : !listed;
}

/** The conjunction of equalities that a Service has for a selector. */
export function equalities(labels: Labels): LabelSelector {
  return { requirements: Object.entries(labels).map(([key, value]) => ({ key, operator: "In", values: [value] })) };
}

/**
 * Pods by namespace and label. A selector reads only the pods of its rarest positive requirement, and the answer of
 * every distinct selector is kept.
 */
export class SelectorIndex {
  readonly #namespaces: readonly Namespace[];
  readonly #byNamespace = new Map<string, Pod[]>();
  readonly #byKey = new Map<string, Pod[]>();
  readonly #byLabel = new Map<string, Pod[]>();
  readonly #selectedPods = new Map<string, readonly Pod[]>();
  readonly #selectedNamespaces = new Map<string, readonly string[]>();
  readonly #peers = new Map<string, ReadonlySet<Pod>>();

  constructor(namespaces: readonly Namespace[], pods: readonly Pod[]) {
    this.#namespaces = namespaces;
    for (const pod of pods) {
      append(this.#byNamespace, pod.namespace, pod);
      for (const [key, value] of Object.entries(pod.labels)) {
        append(this.#byKey, `${pod.namespace}\n${key}`, pod);
        append(this.#byLabel, `${pod.namespace}\n${key}\n${value}`, pod);
      }
    }
  }

  /** The pods of one namespace that the selector matches, in the model's order. */
  pods(namespace: string, selector: LabelSelector): readonly Pod[] {
    const place = `${namespace}\n${JSON.stringify(selector.requirements)}`;
    let found = this.#selectedPods.get(place);
    if (found === undefined) {
      found = this.#candidates(namespace, selector).filter((pod) => matchesSelector(selector, pod.labels));
      this.#selectedPods.set(place, found);
    }
    return found;
  }

  /** Names of the namespaces whose labels match. */
  namespaces(selector: LabelSelector): readonly string[] {
    const place = JSON.stringify(selector.requirements);
    let found = this.#selectedNamespaces.get(place);
    if (found === undefined) {
      found = this.#namespaces.filter((namespace) => matchesSelector(selector, namespace.labels)).map((namespace) => namespace.name);
      this.#selectedNamespaces.set(place, found);
    }
    return found;
  }

  /**
   * The pods behind one peer of a policy in namespace `own`: both selectors must match. A missing namespace selector
   * is the policy's own namespace, a missing pod selector every pod.
   */
  peers(own: string, podSelector: LabelSelector | null, namespaceSelector: LabelSelector | null): ReadonlySet<Pod> {
    const pods = podSelector ?? everything;
    const place = `${namespaceSelector === null ? `own ${own}` : JSON.stringify(namespaceSelector.requirements)}\n${JSON.stringify(pods.requirements)}`;
    let found = this.#peers.get(place);
    if (found === undefined) {
      const namespaces = namespaceSelector === null ? [own] : this.namespaces(namespaceSelector);
      found = new Set(namespaces.flatMap((namespace) => this.pods(namespace, pods)));
      this.#peers.set(place, found);
    }
    return found;
  }

  #candidates(namespace: string, selector: LabelSelector): readonly Pod[] {
    let best: readonly Pod[] = this.#byNamespace.get(namespace) ?? [];
    for (const requirement of selector.requirements) {
      if (requirement.operator !== "In" && requirement.operator !== "Exists") continue;
      const [only] = requirement.operator === "In" && requirement.values.length === 1 ? requirement.values : [];
      const pods =
        (only === undefined
          ? this.#byKey.get(`${namespace}\n${requirement.key}`)
          : this.#byLabel.get(`${namespace}\n${requirement.key}\n${only}`)) ?? [];
      if (pods.length < best.length) best = pods;
    }
    return best;
  }
}

const everything: LabelSelector = { requirements: [] };

function append(index: Map<string, Pod[]>, place: string, pod: Pod): void {
  const list = index.get(place);
  if (list === undefined) index.set(place, [pod]);
  else list.push(pod);
}
