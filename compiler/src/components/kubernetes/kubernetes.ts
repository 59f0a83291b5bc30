/** The objects that the program declares, as the API server takes them. System objects come from the component they belong to. */
import type { Namespace, NetworkModel } from "../../model/types.ts";
import type { Component, Manifest } from "../types.ts";
import { manifestOrder, metadata } from "./object.ts";
import { clusterPolicyManifest } from "./cluster-policy.ts";
import { policyManifest } from "./policy.ts";
import { manualSlices, serviceManifest } from "./service.ts";
import { deploymentManifest, podManifest, serviceAccountManifests } from "./workload.ts";

/** It programs nothing on a node. A pod that is terminating is already gone from what shall be, and is not written. */
export const kubernetes: Component = {
  name: "kubernetes",
  shared: () => ({}),
  local: () => ({}),
  manifests(model: NetworkModel): readonly Manifest[] {
    const pods = model.pods.filter((pod) => !pod.system);
    const services = model.services.filter((service) => !service.system);
    return [
      ...model.namespaces.filter((namespace) => !isBuiltIn(namespace.name)).map(namespaceManifest),
      ...serviceAccountManifests(pods),
      ...model.workloads.filter((workload) => !workload.system).map((workload) => deploymentManifest(model, workload)),
      ...pods.filter((pod) => pod.workload === null && !pod.terminating).map((pod) => podManifest(model, pod)),
      ...services.map((service) => serviceManifest(model, service)),
      ...services.flatMap(manualSlices),
      ...(model.clusterPolicies ?? []).map(clusterPolicyManifest),
      ...model.policies.map(policyManifest),
    ];
  },
};

/** Namespaces that the API server makes. */
function isBuiltIn(name: string): boolean {
  return name === "default" || name.startsWith("kube-");
}

/** The API server sets `kubernetes.io/metadata.name` itself. */
function namespaceManifest(namespace: Namespace): Manifest {
  const { "kubernetes.io/metadata.name": _, ...labels } = namespace.labels;
  return {
    path: `${namespace.name}/namespace.yaml`,
    body: { apiVersion: "v1", kind: "Namespace", metadata: metadata({ name: namespace.name, labels }) },
    format: "yaml",
    order: manifestOrder.namespace,
    origin: namespace.origin,
  };
}
