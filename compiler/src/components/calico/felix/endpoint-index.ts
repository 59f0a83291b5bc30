/** Which pods a selector selects: evaluated once per selector and model, over an index of labels. */
import { compareText, matchesSelector } from "@knet/language/values";
import type { Pod } from "../../../model/types.ts";
import type { CalicoCluster, WorkloadEndpoint } from "../cluster.ts";
import type { LabelLookup, Selector } from "@knet/language/values";
import { printSelector } from "../selector/print.ts";

const namespaceKey = "projectcalico.org/namespace";
const orchestratorKey = "projectcalico.org/orchestrator";
const serviceAccountKey = "projectcalico.org/serviceaccount";
/** Labels inherited from the namespace's and the service account's profile. */
const namespacePrefix = "pcns.";
const serviceAccountPrefix = "pcsa.";

export class EndpointIndex {
  readonly #cluster: CalicoCluster;
  readonly #namespaces: ReadonlyMap<string, LabelLookup>;
  readonly #inNamespace = new Map<string, WorkloadEndpoint[]>();
  /** Pods that have labels which look like inherited ones: their own win. */
  readonly #overriding: readonly WorkloadEndpoint[];
  /** By label key, then value; built when first asked for. */
  readonly #byLabel = new Map<string, ReadonlyMap<string, readonly WorkloadEndpoint[]>>();
  /** Names of namespaces by label key, then value; built when first asked for. */
  readonly #namespacesByLabel = new Map<string, ReadonlyMap<string, readonly string[]>>();
  readonly #selected = new Map<string, readonly WorkloadEndpoint[]>();

  constructor(cluster: CalicoCluster) {
    this.#cluster = cluster;
    this.#namespaces = new Map(
      cluster.model.namespaces.map(({ name, labels }) => {
        const lookup: LabelLookup = (key) => (key === "projectcalico.org/name" ? name : ownLabel(labels, key));
        return [name, lookup];
      }),
    );
    for (const endpoint of cluster.endpoints) {
      const list = this.#inNamespace.get(endpoint.pod.namespace);
      if (list === undefined) this.#inNamespace.set(endpoint.pod.namespace, [endpoint]);
      else list.push(endpoint);
    }
    this.#overriding = cluster.endpoints.filter(({ pod }) => Object.keys(pod.labels).some((key) => key.startsWith(namespacePrefix)));
  }

  /** The same pods in the same order for the same model, whoever asks first. */
  select(selector: Selector): readonly WorkloadEndpoint[] {
    const text = printSelector(selector);
    let selected = this.#selected.get(text);
    if (selected === undefined) {
      selected = this.#candidates(selector).filter(({ pod }) => matchesSelector(selector, this.#labelsOf(pod)));
      this.#selected.set(text, selected);
    }
    return selected;
  }

  /** A pod's own labels, what Calico adds, and what it inherits. */
  #labelsOf(pod: Pod): LabelLookup {
    return (key) => {
      switch (key) {
        case namespaceKey:
          return pod.namespace;
        case orchestratorKey:
          return "k8s";
        case serviceAccountKey:
          // Names of 63 characters and more are no label values.
          return pod.serviceAccount !== "" && pod.serviceAccount.length < 63 ? pod.serviceAccount : undefined;
        default: {
          const own = ownLabel(pod.labels, key);
          if (own !== undefined) return own;
          if (key.startsWith(namespacePrefix)) return this.#namespaces.get(pod.namespace)?.(key.slice(namespacePrefix.length));
          return key === `${serviceAccountPrefix}projectcalico.org/name` && pod.serviceAccount !== "" ? pod.serviceAccount : undefined;
        }
      }
    };
  }

  /** A small list that holds all that the selector can select. */
  #candidates(selector: Selector): readonly WorkloadEndpoint[] {
    const lists = this.#narrow(selector);
    return lists === null ? this.#cluster.endpoints : union(lists);
  }

  /** Lists that together hold all that the selector can select; only the shortest of several choices is ever joined. */
  #narrow(selector: Selector): Lists | null {
    switch (selector.kind) {
      case "and": {
        const choices = selector.operands.map((operand) => this.#narrow(operand)).filter((lists) => lists !== null);
        return choices.length === 0 ? null : choices.reduce((best, lists) => (sizeOf(lists) < sizeOf(best) ? lists : best));
      }
      case "compare":
        return selector.operator === "==" ? this.#having(selector.key, [selector.value]) : null;
      case "in":
        return this.#having(selector.key, selector.values);
      default:
        return null;
    }
  }

  #having(key: string, values: readonly string[]): Lists | null {
    if (key === orchestratorKey || key === serviceAccountKey || key.startsWith(serviceAccountPrefix)) return null;
    if (key === namespaceKey) return values.map((value) => this.#inNamespace.get(value) ?? []);
    if (key.startsWith(namespacePrefix)) {
      const byValue = this.#namespacesByValue(key.slice(namespacePrefix.length));
      const names = values.flatMap((value) => byValue.get(value) ?? []);
      return [...names.map((name) => this.#inNamespace.get(name) ?? []), this.#overriding];
    }
    const byValue = this.#valuesOf(key);
    return values.map((value) => byValue.get(value) ?? []);
  }

  #namespacesByValue(key: string): ReadonlyMap<string, readonly string[]> {
    let byValue = this.#namespacesByLabel.get(key);
    if (byValue === undefined) {
      const built = new Map<string, string[]>();
      for (const [name, label] of this.#namespaces) {
        const value = label(key);
        if (value === undefined) continue;
        const names = built.get(value);
        if (names === undefined) built.set(value, [name]);
        else names.push(name);
      }
      byValue = built;
      this.#namespacesByLabel.set(key, byValue);
    }
    return byValue;
  }

  #valuesOf(key: string): ReadonlyMap<string, readonly WorkloadEndpoint[]> {
    let byValue = this.#byLabel.get(key);
    if (byValue === undefined) {
      const built = new Map<string, WorkloadEndpoint[]>();
      for (const endpoint of this.#cluster.endpoints) {
        const value = ownLabel(endpoint.pod.labels, key);
        if (value === undefined) continue;
        const list = built.get(value);
        if (list === undefined) built.set(value, [endpoint]);
        else list.push(endpoint);
      }
      byValue = built;
      this.#byLabel.set(key, byValue);
    }
    return byValue;
  }
}

type Lists = readonly (readonly WorkloadEndpoint[])[];

/** As if no pod stood in two of them. */
function sizeOf(lists: Lists): number {
  return lists.reduce((sum, list) => sum + list.length, 0);
}

function union(lists: Lists): readonly WorkloadEndpoint[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return filled[0] ?? [];
  return [...new Set(filled.flat())].toSorted((x, y) => compareText(x.key, y.key));
}

/** Labels are plain records, so `constructor` and the like must not be found. */
function ownLabel(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
