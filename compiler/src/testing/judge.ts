/** Flows before the two judges that need no kernel, and what the simulator's journeys touched. */
import { formatIp } from "@knet/language/values";
import type { Rule } from "../dataplane/netfilter/types.ts";
import type { Fabric } from "../fabric/types.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "../simulate/journey.ts";
import type { Journey } from "../simulate/steps.ts";
import { intendedOutcomes, simulatedOutcomes } from "../verify/agreement.ts";
import type { Scenario } from "../verify/types.ts";
import { chosenFlowText } from "./chosen-flow.ts";
import type { ChosenFlow } from "./chosen-flow.ts";

export interface FlowDisagreement {
  readonly flow: ChosenFlow;
  readonly intended: readonly string[];
  readonly simulated: readonly string[];
  /** The intent judge's sentences. */
  readonly reasons: readonly string[];
}

export interface Judgement {
  /** Flows on which both judges have an answer. */
  readonly compared: number;
  /** Flows that the specifications leave open. */
  readonly open: number;
  /** Flows of which every end is a drop, a rejection or no way at all. */
  readonly denied: number;
  readonly disagreements: readonly FlowDisagreement[];
}

/** Rules by the host whose dataplane holds them. */
export type MatchedRules = Map<string, Set<Rule>>;

/** Every journey of the flow with the fabric's default ports and sizes. */
export function journeysOf(fabric: Fabric, flow: ChosenFlow): readonly Journey[] {
  return everyJourney(fabric, {
    from: flow.from,
    src: null,
    dst: flow.dst,
    protocol: flow.protocol,
    dport: flow.port,
    sport: defaultSourcePort,
    size: defaultSize,
  });
}

export function judge(scenario: Scenario, flows: readonly ChosenFlow[], matched: MatchedRules = new Map()): Judgement {
  let compared = 0;
  let open = 0;
  let denied = 0;
  const disagreements: FlowDisagreement[] = [];
  for (const flow of flows) {
    const journeys = journeysOf(scenario.fabric, flow);
    const simulated = simulatedOutcomes(journeys);
    noteMatched(journeys, matched);
    if (simulated.every((word) => word === "blocked" || word === "rejected")) denied++;
    const intended = intendedWords(scenario, flow);
    if (intended === null) {
      open++;
      continue;
    }
    compared++;
    if (intended.words.join() !== simulated.join())
      disagreements.push({ flow, intended: intended.words, simulated, reasons: intended.reasons });
  }
  return { compared, open, denied, disagreements };
}

/** The intent judge's answer in the words of `simulatedOutcomes`; null when the flow is open. */
export function intendedWords(scenario: Pick<Scenario, "intent">, flow: ChosenFlow): ReturnType<typeof intendedOutcomes> {
  const { from, dst, protocol, port } = flow;
  const to = { name: formatIp(dst), address: dst, host: null, classKey: "", offers: [] };
  return intendedOutcomes(scenario.intent, { from: { host: from, name: from, addresses: [], classKey: "" }, to, protocol, port });
}

/** Adds every rule that a journey matched, on every host. */
export function noteMatched(journeys: readonly Journey[], matched: MatchedRules): void {
  for (const journey of journeys) {
    for (const steps of [journey.request, journey.reply]) {
      for (const step of steps) {
        if (step.matched.length === 0) continue;
        let rules = matched.get(step.host);
        if (rules === undefined) {
          rules = new Set();
          matched.set(step.host, rules);
        }
        for (const entry of step.matched) rules.add(entry.rule);
      }
    }
  }
}

export function disagreementText({ flow, intended, simulated, reasons }: FlowDisagreement): string {
  return `${chosenFlowText(flow)}: intent ${intended.join(" | ")} (${reasons.join("; ")}); simulator ${simulated.join(" | ")}`;
}
