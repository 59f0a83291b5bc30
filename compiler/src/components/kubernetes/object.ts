/** What all Kubernetes objects share: metadata, paths below `manifests/`, and the order of applying. */
import type { Transport } from "@knet/language/values";
import type { Labels, LabelSelector } from "../../model/types.ts";

/** Lower is applied earlier; within one number, objects are applied by path. */
export const manifestOrder = { namespace: 0, customResource: 10, config: 20, workload: 30, service: 40, policy: 50 } as const;

export interface Metadata {
  readonly name: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Metadata without empty maps. */
export function metadata(fields: Metadata): Readonly<Record<string, unknown>> {
  const { name, namespace, labels = {}, annotations = {} } = fields;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** `namespace001/service-myapp.yaml`. `name` may hold `:`, as names of cluster roles do; a path may not. */
export function objectPath(folder: string, kind: string, name: string): string {
  return `${folder}/${kind.toLowerCase()}-${name.replaceAll(":", "-")}.yaml`;
}

export function protocolName(protocol: Transport): "TCP" | "UDP" | "SCTP" {
  return protocol === "tcp" ? "TCP" : protocol === "udp" ? "UDP" : "SCTP";
}

/** A LabelSelector: equality as `matchLabels`, the rest as `matchExpressions`. Empty selects everything. */
export function labelSelector(selector: LabelSelector): Readonly<Record<string, unknown>> {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: Readonly<Record<string, unknown>>[] = [];
  for (const requirement of selector.requirements) {
    const { key, operator } = requirement;
    if (operator === "In" && requirement.values.length === 1 && !Object.hasOwn(matchLabels, key))
      matchLabels[key] = requirement.values[0] ?? "";
    else if (operator === "In" || operator === "NotIn") matchExpressions.push({ key, operator, values: [...requirement.values] });
    else matchExpressions.push({ key, operator });
  }
  return {
    ...(Object.keys(matchLabels).length === 0 ? {} : { matchLabels }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
  };
}
