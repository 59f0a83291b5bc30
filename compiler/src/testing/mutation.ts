/** The mutation trial of one cluster: are the judges' flows sharp enough to tell a faulty dataplane from a sound one? */
import { formatIp } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import type { Rule } from "../dataplane/netfilter/types.ts";
import { ruleOfLine } from "../dataplane/netfilter/ruleset.ts";
import type { Journey } from "../simulate/steps.ts";
import { simulatedOutcomes } from "../verify/agreement.ts";
import type { ChosenFlow } from "./chosen-flow.ts";
import { dependsOnOrder, ruleCoverage } from "./coverage.ts";
import type { UnreachableReason } from "./coverage.ts";
import { EquivalenceProofs } from "./equivalence.ts";
import { everyRequest } from "./every-request.ts";
import { drawFault, faultSites } from "./faults.ts";
import type { Fault, FaultSite } from "./faults.ts";
import { intendedWords, journeysOf, noteMatched } from "./judge.ts";
import type { MatchedRules } from "./judge.ts";
import type { Random } from "./random.ts";

export type FaultFate =
  | { readonly kind: "caught"; readonly flow: ChosenFlow; readonly intended: readonly string[]; readonly simulated: readonly string[] }
  /** No packet comes to where the fault is. */
  | { readonly kind: "unreachable"; readonly reason: UnreachableReason }
  /** Every packet has the same fate. */
  | { readonly kind: "equivalent"; readonly reason: string }
  /**
   * Some request ends otherwise. By the `flows`: it is none of those that were chosen. By the `judge`: only the source that the
   * server sees, or the error that the sender hears, is another one, or the specifications leave the request open.
   */
  | { readonly kind: "missed"; readonly by: "flows" | "judge"; readonly flow: ChosenFlow };

export interface TriedFault {
  readonly fault: Fault;
  readonly fate: FaultFate;
}

interface Baseline {
  readonly flow: ChosenFlow;
  /** Null: open. */
  readonly intended: readonly string[] | null;
  readonly seen: string;
  /** Hosts that its packets come to, and `host family table chain` of every user chain that they enter, by number. */
  readonly places: ReadonlySet<number>;
}

export class MutationTrial {
  readonly #compilation: Pick<Compilation, "model" | "fabric" | "scenario">;
  readonly #sites: readonly FaultSite[];
  readonly #baselines: readonly Baseline[];
  readonly #matched: MatchedRules = new Map();
  readonly #reasons: ReadonlyMap<string, ReadonlyMap<Rule, UnreachableReason | null>>;
  readonly #proofs: EquivalenceProofs;
  readonly #keys = new Map<string, number>();
  #universe: readonly Baseline[] | null = null;

  constructor(compilation: Pick<Compilation, "model" | "fabric" | "scenario">, flows: readonly ChosenFlow[]) {
    this.#compilation = compilation;
    this.#sites = faultSites(compilation.fabric);
    this.#baselines = flows.map((flow) => this.#baseline(flow));
    const reasons = new Map<string, Map<Rule, UnreachableReason | null>>();
    for (const { host, rule, reason } of ruleCoverage(compilation, this.#matched).unhit) {
      const ofHost = reasons.get(host) ?? new Map<Rule, UnreachableReason | null>();
      ofHost.set(rule, reason);
      reasons.set(host, ofHost);
    }
    this.#reasons = reasons;
    this.#proofs = new EquivalenceProofs(compilation, (host, rule) => reasons.get(host)?.get(rule) ?? null);
  }

  /** A fault drawn uniformly over rules, routes and set members, and its fate. */
  next(random: Random): TriedFault {
    for (;;) {
      const fault = drawFault(this.#compilation.fabric, random.pick(this.#sites), random);
      if (fault !== null) return { fault, fate: this.try(fault) };
    }
  }

  /** Asks the chosen flows that may meet the fault; where none tells and nothing proves it harmless, every request of the cluster. */
  try(fault: Fault): FaultFate {
    const { site } = fault;
    const affected = this.#baselines.filter((baseline) => this.#mayMeet(site, baseline));
    let seen: ChosenFlow | null = null;
    for (const { flow, intended, seen: before } of affected) {
      const journeys = journeysOf(fault.fabric, flow);
      const simulated = simulatedOutcomes(journeys);
      if (intended !== null && simulated.join() !== intended.join()) return { kind: "caught", flow, intended, simulated };
      if (seen === null && visible(journeys) !== before) seen = flow;
    }
    const why = seen === null ? this.#excuse(fault) : null;
    if (why !== null) return why;
    this.#universe ??= everyRequest(this.#compilation).map((flow) => this.#baseline(flow));
    const every = this.#universe.filter((baseline) => this.#mayMeet(site, baseline));
    for (const { flow, intended, seen: before } of every) {
      const journeys = journeysOf(fault.fabric, flow);
      const simulated = simulatedOutcomes(journeys);
      if (intended !== null && simulated.join() !== intended.join()) return { kind: "missed", by: "flows", flow };
      if (seen === null && visible(journeys) !== before) seen = flow;
    }
    return seen === null
      ? { kind: "equivalent", reason: "no request of the cluster has another end" }
      : { kind: "missed", by: "judge", flow: seen };
  }

  #excuse(fault: Fault): FaultFate | null {
    const reason = this.#proofs.prove(fault);
    if (reason !== null) return { kind: "equivalent", reason };
    const { site } = fault;
    if (site.of !== "rule") return null;
    const reasons = this.#reasons.get(site.host);
    const of = (line: typeof site.line): UnreachableReason | null => reasons?.get(ruleOfLine(line, site.file.family)) ?? null;
    const own = of(site.line);
    switch (fault.kind) {
      case "drop":
      case "verdict":
        return own === null ? null : { kind: "unreachable", reason: own };
      case "swap": {
        // Another order brings other packets and marks to a rule, but no packets of kinds that there are none of.
        const either = [own, site.next === null ? null : of(site.next)].find((reason) => reason !== null && !dependsOnOrder(reason));
        return either === undefined || either === null ? null : { kind: "unreachable", reason: either };
      }
      // Another value may be one that packets have.
      default:
        return own === "behind rules that end every packet" ? { kind: "unreachable", reason: own } : null;
    }
  }

  /** A packet that does not come to a host, or not into a chain, meets no fault there. */
  #mayMeet(site: FaultSite, { flow, places }: Baseline): boolean {
    if (!places.has(this.#key(site.host))) return false;
    if (site.of === "route") return true;
    const { family } = site.of === "rule" ? site.file : site.set;
    if (flow.dst.family !== family) return false;
    return (
      site.of !== "rule" ||
      baseChains.has(site.line.chain) ||
      places.has(this.#key(`${site.host} ${family} ${site.table} ${site.line.chain}`))
    );
  }

  #key(text: string): number {
    let key = this.#keys.get(text);
    if (key === undefined) {
      key = this.#keys.size;
      this.#keys.set(text, key);
    }
    return key;
  }

  #baseline(flow: ChosenFlow): Baseline {
    const { scenario } = this.#compilation;
    const journeys = journeysOf(scenario.fabric, flow);
    noteMatched(journeys, this.#matched);
    const places = new Set<number>();
    for (const journey of journeys) {
      for (const step of [...journey.request, ...journey.reply]) {
        places.add(this.#key(step.host));
        for (const { rule, table } of step.matched) {
          if (rule.target?.kind === "jump" || rule.target?.kind === "goto")
            places.add(this.#key(`${step.host} ${step.packet.src.family} ${table} ${rule.target.chain}`));
        }
      }
    }
    return { flow, intended: intendedWords(scenario, flow)?.words ?? null, seen: visible(journeys), places };
  }
}

const baseChains: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** All that the two ends of a flow can notice. */
function visible(journeys: readonly Journey[]): string {
  const all = journeys.map(
    ({ verdict, observed, server, serverPort, sourceSeen }) =>
      `${verdict} ${observed} ${server ?? ""} ${serverPort ?? ""} ${sourceSeen === null ? "" : formatIp(sourceSeen)}`,
  );
  return [...new Set(all)].toSorted().join();
}
