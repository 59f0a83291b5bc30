/** What the verifier is asked and what it answers. */
import type { Ip, Transport } from "@knet/language/values";
import type { Origin, Span } from "@knet/language";
import type { Fabric } from "../fabric/types.ts";
import type { Journey } from "../simulate/steps.ts";
import type { NetworkModel } from "../model/types.ts";

/** A cluster in one state: as declared, or after failures. */
export interface Scenario {
  readonly model: NetworkModel;
  readonly fabric: Fabric;
  readonly intent: IntentOracle;
}

/** What failed. Names of nodes, `namespace/name` of pods, and links as `node node-a to blue`. */
export interface Failures {
  readonly nodes: readonly string[];
  readonly pods: readonly string[];
  /** Absent: none. */
  readonly links?: readonly string[];
}

/** The narrow door to the intent judge: what should happen to a flow. */
export interface IntentOracle {
  ask(flow: { readonly from: string; readonly dst: Ip; readonly protocol: Transport; readonly port: number }): {
    readonly outcomes: readonly {
      readonly kind: "delivered" | "refused" | "rejected" | "dropped" | "unreachable";
      readonly server: string | null;
      readonly port: number | null;
      /** The client as the server sees it: any of these. Empty when nobody gets the request. */
      readonly sources: readonly Ip[];
      readonly reason: string;
      /** Declarations that the reason rests on, the deciding one first. */
      readonly causes: readonly Origin[];
      /** What let a request in that arrives, as a sentence without a full stop, and the declaration that decided; else null. */
      readonly admission: { readonly reason: string; readonly cause: Origin } | null;
    }[];
    /** Why the specifications leave it open, or null. */
    readonly unspecified: string | null;
    /** Whether the outcomes are to be compared: those of Calico and kube-proxy where Kubernetes leaves them open. */
    readonly exact: boolean;
  };
}

/** Something that can send or receive. */
export interface Endpoint {
  /** Host id. */
  readonly host: string;
  /** As a reader says it. */
  readonly name: string;
  readonly addresses: readonly Ip[];
  /** Endpoints with the same key cannot be told apart by any rule. */
  readonly classKey: string;
}

/** A destination: one address, and how to name it. */
export interface Destination {
  readonly name: string;
  readonly address: Ip;
  /** The endpoint itself, or null for a service. */
  readonly host: string | null;
  readonly classKey: string;
  /** What it offers, when a statement names no ports. */
  readonly offers: readonly { readonly protocol: Transport; readonly port: number }[];
}

export interface Flow {
  readonly from: Endpoint;
  readonly to: Destination;
  readonly protocol: Transport;
  readonly port: number;
}

export interface Witness {
  readonly flow: Flow;
  readonly failures: Failures | null;
  /** The journey that breaks the statement, or null when the target no longer exists. */
  readonly journey: Journey | null;
  /** In one sentence: what happened instead of what was asserted. */
  readonly summary: string;
  /** What the intent judge says of the same end, as a sentence without a full stop; null when it leaves the flow open. */
  readonly reason: string | null;
  /** The declaration that decided. */
  readonly cause: Origin | null;
  /** No rule decided: the way was another than asserted, or a wire was cut. */
  readonly isUndecided?: boolean;
  readonly statement: Span;
}

export type VerdictName = "holds" | "fails" | "not-refuted" | "unknown";

export interface AssertionResult {
  readonly title: string;
  readonly span: Span;
  readonly verdict: VerdictName;
  readonly method: "enumerated" | "sampled";
  /** Flows that were tried. */
  readonly flows: number;
  readonly runs: number | null;
  readonly seed: number | null;
  readonly reason: string | null;
  readonly witness: Witness | null;
}

/** The rules and the intent judge disagree: a defect of knet itself, with the smallest case that shows it. */
export interface Disagreement {
  readonly flow: Flow;
  readonly failures: Failures | null;
  readonly simulated: string;
  readonly intended: string;
  readonly journeys: readonly Journey[];
}

export interface VerifyReport {
  readonly assertions: readonly AssertionResult[];
  readonly disagreements: readonly Disagreement[];
  readonly compared: number;
}
