/** NetworkPolicy objects. */
import { formatCidr } from "@knet/language/values";
import type { NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule } from "../../model/types.ts";
import type { Manifest } from "../types.ts";
import { labelSelector, manifestOrder, metadata, objectPath, protocolName } from "./object.ts";

/** A direction's rules are written when its policy type is there: without it they would be ignored. */
export function policyManifest(policy: NetworkPolicy): Manifest {
  const { policyTypes, ingress, egress } = policy;
  return {
    path: objectPath(policy.namespace, "NetworkPolicy", policy.name),
    body: {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: metadata({ name: policy.name, namespace: policy.namespace }),
      spec: {
        podSelector: labelSelector(policy.podSelector),
        policyTypes: [...policyTypes],
        ...(policyTypes.includes("Ingress") && ingress.length > 0 ? { ingress: ingress.map((rule) => policyRule(rule, "from")) } : {}),
        ...(policyTypes.includes("Egress") && egress.length > 0 ? { egress: egress.map((rule) => policyRule(rule, "to")) } : {}),
      },
    },
    format: "yaml",
    order: manifestOrder.policy,
    origin: policy.origin,
  };
}

/** `{}` allows everything; an empty list would mean the same as a missing one and is not written. */
function policyRule(rule: PolicyRule, side: "from" | "to"): Readonly<Record<string, unknown>> {
  return {
    ...(rule.peers.length === 0 ? {} : { [side]: rule.peers.map(policyPeer) }),
    ...(rule.ports.length === 0 ? {} : { ports: rule.ports.map(policyPort) }),
  };
}

/** A peer without a field is refused, so one that selects neither pods nor namespaces says all pods of its own namespace. */
function policyPeer(peer: PolicyPeer): Readonly<Record<string, unknown>> {
  if (peer.kind === "ipBlock") {
    return { ipBlock: { cidr: formatCidr(peer.cidr), ...(peer.except.length === 0 ? {} : { except: peer.except.map(formatCidr) }) } };
  }
  const { podSelector, namespaceSelector } = peer;
  if (podSelector === null && namespaceSelector === null) return { podSelector: {} };
  return {
    ...(namespaceSelector === null ? {} : { namespaceSelector: labelSelector(namespaceSelector) }),
    ...(podSelector === null ? {} : { podSelector: labelSelector(podSelector) }),
  };
}

function policyPort(port: PolicyPort): Readonly<Record<string, unknown>> {
  return {
    protocol: protocolName(port.protocol),
    ...(port.port === null ? {} : { port: port.port }),
    ...(port.endPort === null ? {} : { endPort: port.endPort }),
  };
}
