/** The ends of a request, in words. */
import type { Ip, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { describeDenial } from "./policy.ts";
import type { LostReply, Passage } from "./reply.ts";
import type { Firewall } from "../model/types.ts";
import type { Admission, DirectionVerdict, IntentOutcome, OutcomeKind } from "./types.ts";

/** What a request went through so far. */
export interface Trail {
  readonly passages: readonly Passage[];
  /** Services and policies that played a part, latest first. */
  readonly causes: readonly Origin[];
  /** Services that were used, as text; empty for none. */
  readonly through: string;
  /** Addresses that policy could take for the client's where the request came through a node port; else empty. */
  readonly readings: readonly Ip[];
  /** What the policies of the pod that asks said last; null while they were not asked. */
  readonly egress: DirectionVerdict | null;
  /** The firewall that admitted the request to the latest node; null when none was asked. */
  readonly firewall: Firewall | null;
}

export const start: Trail = { passages: [], causes: [], through: "", readings: [], egress: null, firewall: null };

export function blocked(kind: Exclude<OutcomeKind, "delivered" | "refused">, reason: string, causes: readonly Origin[]): IntentOutcome {
  return { kind, server: null, port: null, sources: [], reason, causes, admission: null };
}

export function refusedBy(
  server: string,
  name: string,
  protocol: Transport,
  port: number,
  sources: readonly Ip[],
  causes: readonly Origin[],
  admission: Admission,
): IntentOutcome {
  return {
    kind: "refused",
    server,
    port,
    sources,
    reason: `${name} is reached, and nobody listens on ${port}/${protocol}`,
    causes,
    admission,
  };
}

export function withoutAnswer(outcome: IntentOutcome, lost: LostReply): IntentOutcome {
  return {
    ...outcome,
    kind: "dropped",
    reason: `${outcome.reason}, but the answer is lost: ${lost.reason}`,
    causes: [...lost.causes, ...outcome.causes],
  };
}

export function denied(verdict: DirectionVerdict, other: Ip, protocol: Transport, port: number, trail: Trail): IntentOutcome {
  const causes = [...verdict.isolatedBy.map((policy) => policy.origin), ...trail.causes];
  return blocked(
    "dropped",
    describeDenial(verdict, other, protocol, port) + (trail.through === "" ? "" : `, asked${trail.through}`),
    causes,
  );
}

export function origins(verdict: DirectionVerdict): readonly Origin[] {
  return verdict.allowedBy.map(({ rule }) => rule.origin);
}
