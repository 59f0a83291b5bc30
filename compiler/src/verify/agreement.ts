/** Whether the rules do what the intent judge says; they know nothing of each other. */
import type { Journey } from "../simulate/steps.ts";
import type { Flow, IntentOracle } from "./types.ts";

/** What can happen to a flow, as sorted words that both judges use: `delivered pod/x:80`, `refused node/a:81`, `rejected`, `blocked`. */
export function simulatedOutcomes(journeys: readonly Journey[]): readonly string[] {
  return distinct(
    journeys.map((journey) => {
      switch (journey.verdict) {
        case "delivered":
        case "refused":
          return `${journey.verdict} ${journey.server ?? "?"}:${journey.serverPort ?? 0}`;
        case "rejected":
          return "rejected";
        default:
          return "blocked";
      }
    }),
  );
}

/** The same of the intent judge, or null when the specifications leave the flow open. */
export function intendedOutcomes(intent: IntentOracle, flow: Flow): { readonly words: readonly string[]; readonly reasons: readonly string[] } | null {
  const answer = intent.ask({ from: flow.from.host, dst: flow.to.address, protocol: flow.protocol, port: flow.port });
  if (answer.unspecified !== null) return null;
  const words = answer.outcomes.map((outcome) => {
    switch (outcome.kind) {
      case "delivered":
      case "refused":
        return `${outcome.kind} ${outcome.server ?? "?"}:${outcome.port ?? 0}`;
      case "rejected":
        return "rejected";
      default:
        return "blocked";
    }
  });
  return { words: distinct(words), reasons: distinct(answer.outcomes.map((outcome) => outcome.reason)) };
}

function distinct(words: readonly string[]): readonly string[] {
  return [...new Set(words)].toSorted();
}
