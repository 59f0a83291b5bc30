/** Flows before the two judges that need no kernel, and what the simulator's journeys touched. */
import { formatIp } from "@knet/language/values";
import type { Rule } from "../dataplane/netfilter/types.ts";
import type { Fabric } from "../fabric/types.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "../simulate/journey.ts";
import type { Journey } from "../simulate/steps.ts";
import { agree, intendedEnds, simulatedEnd, simulatedWords } from "../verify/agreement.ts";
import type { IntendedEnds } from "../verify/agreement.ts";
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

/** Journeys of flows of one fabric that were made already. */
export type KnownJourneys = Map<ChosenFlow, readonly Journey[]>;

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

export function judge(
  scenario: Scenario,
  flows: readonly ChosenFlow[],
  matched: MatchedRules = new Map(),
  known: KnownJourneys = new Map(),
): Judgement {
  let compared = 0;
  let open = 0;
  let denied = 0;
  const disagreements: FlowDisagreement[] = [];
  for (const flow of flows) {
    const journeys = known.get(flow) ?? journeysOf(scenario.fabric, flow);
    noteMatched(journeys, matched);
    if (journeys.every((journey) => !isAnswered.has(simulatedEnd(journey).kind))) denied++;
    const intended = intendedOf(scenario, flow);
    if (intended === null) {
      open++;
      continue;
    }
    compared++;
    if (!agree(intended.ends, journeys))
      disagreements.push({ flow, intended: intended.words, simulated: simulatedWords(journeys), reasons: intended.reasons });
  }
  return { compared, open, denied, disagreements };
}

const isAnswered: ReadonlySet<string> = new Set(["delivered", "refused"]);

/** The intent judge's answer; null when the flow is open. */
export function intendedOf(scenario: Pick<Scenario, "intent">, flow: ChosenFlow): IntendedEnds | null {
  const { from, dst, protocol, port } = flow;
  const to = { name: formatIp(dst), address: dst, host: null, classKey: "", offers: [] };
  return intendedEnds(scenario.intent, { from: { host: from, name: from, addresses: [], classKey: "" }, to, protocol, port });
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
