/** Questions to the intent judge, and its answers. */
import type { Ip, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { NetworkPolicy, Pod, PolicyRule } from "../model/types.ts";

export interface Flow {
  /** Host id of the sender: `pod/ns/name`, `node/name` or `external/name`. A host-network pod sends as its node. */
  readonly from: string;
  readonly dst: Ip;
  readonly protocol: Transport;
  /** Destination port, 0 to 65535. */
  readonly port: number;
}

/**
 * How a request can end.
 * - `delivered`: a listener gets it and its answer comes back.
 * - `refused`: it reaches a host where nobody listens on the port, and that answer comes back.
 * - `rejected`: kube-proxy answers for a service that has no endpoints.
 * - `dropped`: it is lost in silence, or it arrives and its answer is lost (then `server` is set).
 * - `unreachable`: some host on the way has no route or finds nobody at the address.
 */
export type OutcomeKind = "delivered" | "refused" | "rejected" | "dropped" | "unreachable";

export interface IntentOutcome {
  readonly kind: OutcomeKind;
  /**
   * Host id of what gets the request: of the listener that answers, which on a node may be a pod on the host network, and where
   * nobody listens, of the pod or machine whose network namespace it came to. Null when nobody gets it.
   */
  readonly server: string | null;
  /** The port on the server, after service translation; null with `server`. */
  readonly port: number | null;
  /** The client as the server sees it; several where the specifications leave it open which. Empty when nobody gets the request. */
  readonly sources: readonly Ip[];
  /** A sentence without a full stop. */
  readonly reason: string;
  /** The declarations that decided, the deciding one first. */
  readonly causes: readonly Origin[];
  /** What let the request in; null when nobody gets it. */
  readonly admission: Admission | null;
}

/** Why a request that arrives got through. */
export interface Admission {
  /** A sentence without a full stop. */
  readonly reason: string;
  /** The declaration that decided; where none admits it, what was reached. */
  readonly cause: Origin;
}

/**
 * A caller may compare kind, server, port and source of `exact` answers. `dropped` without a server is silence; of
 * `unreachable` the sender may hear, by an error whose kind is not judged, or not. MTUs are not judged.
 */
export interface IntentAnswer {
  /** The set of possible ends: one per backend that a service may choose, equal ends merged. Never empty. */
  readonly outcomes: readonly IntentOutcome[];
  /** Why Kubernetes leaves the answer open, or what it depends on beside the program. Null: the answer is certain. */
  readonly unspecified: string | null;
  /** Whether the outcomes are nevertheless exactly those of Calico and of kube-proxy in iptables mode; true where nothing is unspecified. */
  readonly exact: boolean;
}

/** What policies say about one direction of one pod. */
export interface DirectionVerdict {
  readonly direction: "ingress" | "egress";
  /** The pod that is judged: the sender for egress, the receiver for ingress. */
  readonly pod: Pod;
  readonly allowed: boolean;
  /** The policies that isolate the pod in this direction; empty: it is not isolated and everything is allowed. */
  readonly isolatedBy: readonly NetworkPolicy[];
  /** The rules that allow it, in order; empty when it is denied or the pod is not isolated. */
  readonly allowedBy: readonly { readonly policy: NetworkPolicy; readonly rule: PolicyRule }[];
}

export interface PolicyVerdict {
  readonly allowed: boolean;
  /** Null when the sender is no pod that policies apply to. */
  readonly egress: DirectionVerdict | null;
  /** Null when the receiver is no pod that policies apply to, or `exempt` says why it is not judged. */
  readonly ingress: DirectionVerdict | null;
  /** Why ingress is not judged: a pod itself and the processes of its node always get in. */
  readonly exempt: string | null;
}

export interface Intent {
  /** @throws {Error} when `from` names no host of the model. */
  ask(flow: Flow): IntentAnswer;
  /**
   * The policies' word on a packet from an address or pod to a pod, without services, routes and firewalls. Between two pods
   * the first family that both have is judged. `port` is that of the destination's container.
   */
  policyVerdict(source: Pod | Ip, destination: Pod, protocol: Transport, port: number): PolicyVerdict;
}
