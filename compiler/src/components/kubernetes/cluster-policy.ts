/** ClusterNetworkPolicy objects of policy.networking.k8s.io/v1alpha2, which Calico 3.32 enforces. */
import { formatCidr } from "@knet/language/values";
import type { ClusterNetworkPolicy, ClusterPolicyPeer, ClusterPolicyPort, ClusterPolicyRule, NamespacedPods } from "../../model/types.ts";
import type { Manifest } from "../types.ts";
import { labelSelector, manifestOrder, metadata, objectPath } from "./object.ts";

type Fields = Readonly<Record<string, unknown>>;

export function clusterPolicyManifest(policy: ClusterNetworkPolicy): Manifest {
  const { ingress, egress } = policy;
  return {
    path: objectPath("cluster", "ClusterNetworkPolicy", policy.name),
    body: {
      apiVersion: "policy.networking.k8s.io/v1alpha2",
      kind: "ClusterNetworkPolicy",
      metadata: metadata({ name: policy.name }),
      spec: {
        tier: policy.tier,
        priority: policy.priority,
        subject: podsOf(policy.subject),
        ...(ingress.length === 0 ? {} : { ingress: ingress.map((rule) => ruleOf(rule, "from")) }),
        ...(egress.length === 0 ? {} : { egress: egress.map((rule) => ruleOf(rule, "to")) }),
      },
    },
    format: "yaml",
    order: manifestOrder.policy,
    origin: policy.origin,
  };
}

function podsOf({ namespaces, pods }: NamespacedPods): Fields {
  if (pods === null) return { namespaces: labelSelector(namespaces) };
  return { pods: { namespaceSelector: labelSelector(namespaces), podSelector: labelSelector(pods) } };
}

function ruleOf(rule: ClusterPolicyRule, side: "from" | "to"): Fields {
  return {
    ...(rule.name === null ? {} : { name: rule.name }),
    action: rule.action,
    [side]: rule.peers.map(peerOf),
    ...(rule.ports.length === 0 ? {} : { protocols: rule.ports.map(protocolOf) }),
  };
}

function peerOf(peer: ClusterPolicyPeer): Fields {
  switch (peer.kind) {
    case "pods":
      return podsOf(peer);
    case "nodes":
      return { nodes: labelSelector(peer.nodes) };
    case "networks":
      return { networks: peer.cidrs.map(formatCidr) };
  }
}

/** A range has an end behind its start: a single port is a number. */
function protocolOf(port: ClusterPolicyPort): Fields {
  if (port.kind === "named") return { destinationNamedPort: port.name };
  const { protocol, first, last } = port;
  return { [protocol]: { destinationPort: first === last ? { number: first } : { range: { start: first, end: last } } } };
}
