/** Whether the rules do what the intent judge says; they know nothing of each other. */
import { equalIp, formatIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Journey } from "../simulate/steps.ts";
import type { Flow, IntentOracle } from "./types.ts";

/** One way in which a flow can end, in what both judges state. */
export interface FlowEnd {
  /** `unanswered`: it arrives and its answer is lost. `dropped`: it is lost in silence. `unreachable`: some host has no way for it. */
  readonly kind: "delivered" | "refused" | "rejected" | "unanswered" | "dropped" | "unreachable";
  /** Host id; null when nobody gets it. */
  readonly server: string | null;
  readonly port: number | null;
  /** The client's address as the server sees it: any of these; empty when nobody gets it. */
  readonly sources: readonly Ip[];
}

/** What the intent judge says of a flow. */
export interface IntendedEnds {
  readonly ends: readonly FlowEnd[];
  /** The ends in words, sorted, without repeats. */
  readonly words: readonly string[];
  readonly reasons: readonly string[];
}

/** How a journey ended. */
export function simulatedEnd(journey: Journey): FlowEnd {
  const { verdict, server, serverPort: port, sourceSeen } = journey;
  const sources = sourceSeen === null ? [] : [sourceSeen];
  switch (verdict) {
    case "delivered":
    case "refused":
      return { kind: verdict, server, port, sources };
    case "reply-lost":
      return { kind: "unanswered", server, port, sources };
    case "rejected":
      // A sender that hears nothing of it has lost it in silence.
      return nobody(journey.observed === "refused" ? "rejected" : "dropped");
    case "dropped":
      return nobody("dropped");
    default:
      return nobody("unreachable");
  }
}

/** The same of the intent judge, or null when it cannot say exactly. */
export function intendedEnds(intent: IntentOracle, flow: Flow): IntendedEnds | null {
  return endsOf(intent.ask({ from: flow.from.host, dst: flow.to.address, protocol: flow.protocol, port: flow.port }));
}

/** The ends of an answer, or null when it is not exact. */
export function endsOf(answer: ReturnType<IntentOracle["ask"]>): IntendedEnds | null {
  if (!answer.exact) return null;
  const ends = answer.outcomes.map(intendedEnd);
  return { ends, words: endWords(ends), reasons: distinct(answer.outcomes.map((outcome) => outcome.reason)) };
}

export function intendedEnd(outcome: ReturnType<IntentOracle["ask"]>["outcomes"][number]): FlowEnd {
  const { kind, server, port, sources } = outcome;
  switch (kind) {
    case "delivered":
    case "refused":
      return { kind, server, port, sources };
    case "rejected":
    case "unreachable":
      return nobody(kind);
    case "dropped":
      return server === null ? nobody("dropped") : { kind: "unanswered", server, port, sources };
  }
}

function nobody(kind: FlowEnd["kind"]): FlowEnd {
  return { kind, server: null, port: null, sources: [] };
}

/** Whether each end of the journeys is an intended one, and each intended one is met. */
export function agree(intended: readonly FlowEnd[], journeys: readonly Journey[]): boolean {
  const simulated = journeys.map(simulatedEnd);
  return (
    simulated.every((end) => intended.some((wanted) => isMet(wanted, end))) &&
    intended.every((wanted) => simulated.some((end) => isMet(wanted, end)))
  );
}

/** Whether what happened is what was wanted, by one of the sources that were. */
export function isMet(wanted: FlowEnd, end: FlowEnd): boolean {
  return (
    wanted.kind === end.kind &&
    wanted.server === end.server &&
    wanted.port === end.port &&
    (wanted.sources.length === 0
      ? end.sources.length === 0
      : end.sources.some((source) => wanted.sources.some((ip) => equalIp(ip, source))))
  );
}

/** Sorted words without repeats: `delivered pod/x:80 from 10.0.0.1`, `refused node/a:81 from 10.0.0.1 or 10.0.0.2`, `rejected`, `dropped`. */
export function endWords(ends: readonly FlowEnd[]): readonly string[] {
  return distinct(
    ends.map(({ kind, server, port, sources }) =>
      server === null ? kind : `${kind} ${server}:${port ?? 0} from ${sources.map(formatIp).join(" or ")}`,
    ),
  );
}

/** The words of the journeys' ends. */
export function simulatedWords(journeys: readonly Journey[]): readonly string[] {
  return endWords(journeys.map(simulatedEnd));
}

function distinct(words: readonly string[]): readonly string[] {
  return [...new Set(words)].toSorted();
}
