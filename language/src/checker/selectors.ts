/** Selectors: from syntax to requirements, and which pods they match. */
import type { SelectorNode } from "../ast/nodes.ts";
import type { ContainerPortDeclaration, SelectorDeclaration } from "../program/checked.ts";
import type { CheckContext } from "./context.ts";
import { labelKeyFault } from "../binder/names.ts";
import { labelValue } from "./labels.ts";
import type { Labels } from "./labels.ts";

type Requirement = SelectorDeclaration["requirements"][number];

/** The label that every namespace carries with its own name. */
export const namespaceNameLabel = "kubernetes.io/metadata.name";

/** The requirements of a selector; null after a message. */
export function selectorOf(ctx: CheckContext, node: SelectorNode): SelectorDeclaration | null {
  const requirements: Requirement[] = [];
  let sound = true;
  for (const requirement of node.requirements) {
    const key = requirement.key.value;
    const fault = key === "" ? null : labelKeyFault(key);
    if (fault !== null) ctx.report("invalid-label-key", { key, rule: fault }, { span: ctx.span(requirement.key) });
    if (fault !== null || key === "") {
      sound = false;
      continue;
    }
    if (requirement.operator === "has" || requirement.operator === "not has") {
      requirements.push({ key, operator: requirement.operator === "has" ? "Exists" : "DoesNotExist" });
      continue;
    }
    const value = requirement.value;
    if (value === null) {
      sound = false;
      continue;
    }
    const items = value.kind === "list" ? value.items : [value];
    if (items.length === 0) {
      ctx.report(
        "wrong-type",
        { attribute: key, expected: "at least one value in the list", found: "an empty list" },
        { span: ctx.span(value) },
      );
      sound = false;
    }
    const values: string[] = [];
    for (const item of items) {
      const text = labelValue(ctx, item, key);
      if (text === null) sound = false;
      else if (!values.includes(text)) values.push(text);
    }
    requirements.push({ key, operator: requirement.operator === "==" || requirement.operator === "in" ? "In" : "NotIn", values });
  }
  return sound ? { requirements, span: ctx.span(node) } : null;
}

/** A selector of the one namespace of that name. */
export function namespaceNamed(name: string, span: SelectorDeclaration["span"]): SelectorDeclaration {
  return { requirements: [{ key: namespaceNameLabel, operator: "In", values: [name] }], span };
}

export function matches(selector: SelectorDeclaration, labels: Labels): boolean {
  return selector.requirements.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    switch (requirement.operator) {
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      case "In":
        return value !== undefined && requirement.values.includes(value);
      case "NotIn":
        return value === undefined || !requirement.values.includes(value);
    }
  });
}

/** A pod, or a workload for all its pods. */
export interface Selectable {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPortDeclaration[];
  /** How many pods it stands for. */
  readonly pods: number;
}

/** Pods by namespace and label, so that a selector looks at few of them. */
export class PodIndex<P extends Selectable = Selectable> {
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly all: P[] = [];
  private readonly byNamespace = new Map<string, P[]>();
  private readonly byLabel = new Map<string, P[]>();
  private readonly portNames = new Map<string, Set<"tcp" | "udp" | "sctp">>();
  /** With the label that every namespace carries. */
  private readonly namespaceLabels: ReadonlyMap<string, Labels>;
  /** By the requirements: policies of many namespaces name the same ones. */
  private readonly matchingNamespaces = new Map<string, readonly string[]>();

  constructor(namespaces: ReadonlyMap<string, Labels>, pods: readonly P[]) {
    this.namespaces = namespaces;
    this.namespaceLabels = new Map([...namespaces].map(([name, labels]) => [name, { ...labels, [namespaceNameLabel]: name }]));
    for (const pod of pods) {
      this.all.push(pod);
      push(this.byNamespace, pod.namespace, pod);
      for (const [key, value] of Object.entries(pod.labels)) push(this.byLabel, `${pod.namespace}\n${key}\n${value}`, pod);
      for (const port of pod.ports) {
        if (port.name === null) continue;
        const known = this.portNames.get(port.name);
        if (known === undefined) this.portNames.set(port.name, new Set([port.protocol]));
        else known.add(port.protocol);
      }
    }
  }

  in(namespace: string): readonly P[] {
    return this.byNamespace.get(namespace) ?? [];
  }

  /** The pods of a namespace that a selector matches; null selects all. */
  select(namespace: string, selector: SelectorDeclaration | null): readonly P[] {
    if (selector === null) return this.in(namespace);
    return this.candidates(namespace, selector).filter((pod) => matches(selector, pod.labels));
  }

  /** Whether a selector matches any pod in any of the namespaces. */
  any(namespaces: Iterable<string>, selector: SelectorDeclaration | null): boolean {
    for (const namespace of namespaces) {
      if (
        selector === null
          ? this.in(namespace).length > 0
          : this.candidates(namespace, selector).some((pod) => matches(selector, pod.labels))
      )
        return true;
    }
    return false;
  }

  /** Names of the namespaces whose labels a selector matches. */
  namespacesMatching(selector: SelectorDeclaration): readonly string[] {
    const key = JSON.stringify(selector.requirements);
    let names = this.matchingNamespaces.get(key);
    if (names === undefined) {
      names = this.namespaceCandidates(selector).filter((name) => matches(selector, this.namespaceLabels.get(name) ?? {}));
      this.matchingNamespaces.set(key, names);
    }
    return names;
  }

  /** Those that a requirement names, in the order of all; or all. */
  private namespaceCandidates(selector: SelectorDeclaration): readonly string[] {
    for (const requirement of selector.requirements) {
      if (requirement.operator !== "In" || requirement.key !== namespaceNameLabel) continue;
      const [only, ...more] = requirement.values;
      if (more.length === 0) return only !== undefined && this.namespaceLabels.has(only) ? [only] : [];
    }
    return [...this.namespaceLabels.keys()];
  }

  /** Protocols under which any pod offers a port of that name. */
  protocolsOfName(name: string): readonly ("tcp" | "udp" | "sctp")[] {
    return [...(this.portNames.get(name) ?? [])].sort();
  }

  private candidates(namespace: string, selector: SelectorDeclaration): readonly P[] {
    let best = this.in(namespace);
    for (const requirement of selector.requirements) {
      if (requirement.operator !== "In" || requirement.values.length !== 1) continue;
      const posting = this.byLabel.get(`${namespace}\n${requirement.key}\n${requirement.values[0] ?? ""}`) ?? [];
      if (posting.length < best.length) best = posting;
    }
    return best;
  }
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
