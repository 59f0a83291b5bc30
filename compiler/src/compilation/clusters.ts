/** Several clusters in one program: what one cluster's model does not know of the others, and who may therefore not be believed. */
import { formatCidr, hostCidr, overlaps } from "@knet/language/values";
import type { Cidr } from "@knet/language/values";
import type { Assertion, EndpointSet, NetworkModel, Statement } from "../model/types.ts";

/** Where the other clusters of a program are: their pools and service ranges, and their nodes. */
export function rangesOf({ cluster, nodes }: NetworkModel): readonly Cidr[] {
  return [...cluster.cni.pools.map((pool) => pool.cidr), ...cluster.serviceCidrs, ...nodes.flatMap((node) => node.addresses.map(hostCidr))];
}

/**
 * Why an assertion about one cluster cannot be judged by its model alone; null: it can.
 * @param others what the other clusters of the program hold, see {@link rangesOf}
 */
export function unjudged({ statements }: Assertion, others: readonly Cidr[]): string | null {
  for (const statement of statements) {
    const reason = reasonOf(statement, others);
    if (reason !== null) return reason;
  }
  return null;
}

function reasonOf(statement: Statement, others: readonly Cidr[]): string | null {
  switch (statement.kind) {
    case "reach":
      return outside(statement.sources, others) ?? outside(statement.target, others);
    case "resolve":
      return outside(statement.sources, others);
    case "connectivity":
      return "`connectivity` is also about the machines of the other clusters, and the judges know one cluster at a time";
    case "failure":
      return statement.statements.map((inner) => reasonOf(inner, others)).find((reason) => reason !== null) ?? null;
  }
}

function outside(set: EndpointSet, others: readonly Cidr[]): string | null {
  switch (set.kind) {
    case "all":
      return "`anything` and `nothing` also mean the pods of the other clusters, and the judges know one cluster at a time";
    case "internet":
      return "`internet` is what is outside every cluster, and the judges know one cluster at a time";
    case "cidr":
      return others.some((range) => overlaps(range, set.cidr))
        ? `addresses of ${formatCidr(set.cidr)} are another cluster's, and the judges know one cluster at a time`
        : null;
    case "union":
      return set.members.map((member) => outside(member, others)).find((reason) => reason !== null) ?? null;
    case "pods":
    case "service":
    case "nodes":
      return null;
  }
}

/** Why an assertion between clusters is not judged. */
export function betweenReason(clusters: readonly string[]): string {
  return `it is about the clusters ${clusters.slice(0, -1).join(", ")} and ${clusters.at(-1) ?? ""}, and the judges know one cluster at a time`;
}
