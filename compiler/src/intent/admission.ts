/** Why a request that arrives was let in: the policies, the exemptions from them, and the firewall before a node. */
import type { Origin } from "@knet/language";
import type { Firewall, Node, Pod } from "../model/types.ts";
import type { Admission, DirectionVerdict } from "./types.ts";

/** Into a pod with a network of its own. `egress`: the policies of the pod that asks, or null when it is none. */
export function intoPod(ingress: DirectionVerdict, egress: DirectionVerdict | null): Admission {
  const [rule] = ingress.allowedBy;
  if (rule !== undefined) return { reason: `${rule.policy.origin.name} admits it`, cause: rule.rule.origin };
  return letOut(egress, { reason: `no policy isolates ingress of pod ${nameOf(ingress.pod)}`, cause: ingress.pod.origin });
}

export function toItself(pod: Pod): Admission {
  return { reason: `pod ${nameOf(pod)} asks itself, which no policy prevents`, cause: pod.origin };
}

export function fromOwnNode(pod: Pod): Admission {
  return { reason: `${pod.node} is the node of pod ${nameOf(pod)} and always gets in`, cause: pod.origin };
}

/**
 * Into a node's own network. `pod`: the one on the host network that listens there, or null. `firewall`: the one that admits
 * the request, or null when none was asked.
 */
export function ontoNode(node: Node, pod: Pod | null, firewall: Firewall | null, egress: DirectionVerdict | null): Admission {
  const unpoliced =
    pod === null
      ? { reason: `${node.name} is a node, to which NetworkPolicy does not apply`, cause: node.origin }
      : { reason: `pod ${nameOf(pod)} is on the host network, where NetworkPolicy does not apply`, cause: pod.origin };
  if (firewall === null) return letOut(egress, unpoliced);
  return { reason: `${firewall.origin.name} admits it, and ${unpoliced.reason}`, cause: firewall.origin };
}

/** To a router or a machine outside. */
export function beyond(name: string, origin: Origin, egress: DirectionVerdict | null): Admission {
  if (egress !== null && egress.isolatedBy.length === 0) {
    return { reason: `no policy isolates egress of pod ${nameOf(egress.pod)}`, cause: egress.pod.origin };
  }
  return letOut(egress, { reason: `NetworkPolicy does not apply to ${name}`, cause: origin });
}

/** Where nothing decided at the receiving end, a rule that lets the sender out decided. */
function letOut(egress: DirectionVerdict | null, arrival: Admission): Admission {
  const [rule] = egress?.allowedBy ?? [];
  return rule === undefined ? arrival : { reason: `${rule.policy.origin.name} lets it out, and ${arrival.reason}`, cause: rule.rule.origin };
}

function nameOf(pod: Pod): string {
  return `${pod.namespace}/${pod.name}`;
}
