/** The mutation trial of one cluster: are the judges' flows sharp enough to tell a faulty dataplane from a sound one? */
import { formatIp } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import type { Rule } from "../dataplane/netfilter/types.ts";
import { ruleOfLine } from "../dataplane/netfilter/ruleset.ts";
import type { Journey } from "../simulate/steps.ts";
import { agree, simulatedWords } from "../verify/agreement.ts";
import type { FlowEnd } from "../verify/agreement.ts";
import { chosenFlowText } from "./chosen-flow.ts";
import type { ChosenFlow } from "./chosen-flow.ts";
import { dependsOnOrder, ruleCoverage } from "./coverage.ts";
import type { UnreachableReason } from "./coverage.ts";
import { EquivalenceProofs } from "./equivalence.ts";
import { everyRequest } from "./every-request.ts";
import { drawFault, faultSites } from "./faults.ts";
import type { Fault, FaultSite } from "./faults.ts";
import { intendedOf, journeysOf, noteMatched } from "./judge.ts";
import type { MatchedRules } from "./judge.ts";
import type { Random } from "./random.ts";
import { SiteAims } from "./site-aims.ts";

/**
 * Which set of flows told a fault, each drawn from the sound cluster, none from the fault: those that random clusters are asked,
 * those aimed at the place in question, or every request of the cluster.
 */
export type FlowSet = "chosen" | "aimed" | "every";

export type FaultFate =
  | {
      readonly kind: "caught";
      readonly by: FlowSet;
      readonly flow: ChosenFlow;
      readonly intended: readonly string[];
      readonly simulated: readonly string[];
    }
  /** No packet comes to where the fault is. */
  | { readonly kind: "unreachable"; readonly reason: UnreachableReason }
  /** Every packet has the same fate. */
  | { readonly kind: "equivalent"; readonly reason: string }
  /** Only requests end otherwise that the specifications leave open, for this reason. */
  | { readonly kind: "open"; readonly reason: string; readonly flow: ChosenFlow }
  /** Some request ends otherwise in what the judge of intent does not state: which error the sender hears. */
  | { readonly kind: "missed"; readonly flow: ChosenFlow };

export interface TriedFault {
  readonly fault: Fault;
  readonly fate: FaultFate;
}

interface Baseline {
  readonly flow: ChosenFlow;
  /** Or why it is open. */
  readonly intended: { readonly ends: readonly FlowEnd[]; readonly words: readonly string[] } | string;
  readonly seen: string;
  /** Hosts that its packets come to, and `host family table chain` of every user chain that they enter, by number. */
  readonly places: ReadonlySet<number>;
  /** The rules that they match, by number of host and rule. */
  readonly matched: ReadonlySet<number>;
}

export class MutationTrial {
  readonly #compilation: Pick<Compilation, "model" | "fabric" | "scenario">;
  readonly #places: readonly FaultSite[];
  readonly #baselines: readonly Baseline[];
  readonly #matched: MatchedRules = new Map();
  readonly #reasons: ReadonlyMap<string, ReadonlyMap<Rule, UnreachableReason | null>>;
  readonly #proofs: EquivalenceProofs;
  readonly #keys = new Map<string, number>();
  readonly #rules = new Map<Rule, number>();
  readonly #asked: ReadonlySet<string>;
  readonly #sites: SiteAims;
  #universe: readonly Baseline[] | null = null;

  constructor(compilation: Pick<Compilation, "model" | "fabric" | "scenario">, flows: readonly ChosenFlow[]) {
    this.#compilation = compilation;
    this.#places = faultSites(compilation.fabric);
    this.#sites = new SiteAims(compilation);
    this.#asked = new Set(flows.map(chosenFlowText));
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
      const fault = drawFault(this.#compilation.fabric, random.pick(this.#places), random);
      if (fault !== null) return { fault, fate: this.try(fault) };
    }
  }

  /** Asks the chosen flows that may meet the fault, then those aimed at its place; where none tells and nothing proves it harmless, every request. */
  try(fault: Fault): FaultFate {
    const { site } = fault;
    const differing: Baseline[] = [];
    const caught = (by: FlowSet, baselines: readonly Baseline[]): FaultFate | null => {
      for (const baseline of baselines) {
        if (!this.#mayMeet(fault, baseline)) continue;
        const { flow, intended, seen } = baseline;
        const journeys = journeysOf(fault.fabric, flow);
        if (typeof intended !== "string" && !agree(intended.ends, journeys))
          return { kind: "caught", by, flow, intended: intended.words, simulated: simulatedWords(journeys) };
        if (visible(journeys) !== seen) differing.push(baseline);
      }
      return null;
    };
    const told = caught("chosen", this.#baselines) ?? caught("aimed", this.#aimedAt(site));
    if (told !== null) return told;
    const why = differing.length === 0 ? this.#excuse(fault) : null;
    if (why !== null) return why;
    this.#universe ??= everyRequest(this.#compilation).map((flow) => this.#baseline(flow));
    const found = caught("every", this.#universe);
    if (found !== null) return found;
    const missed = differing.find(({ intended }) => typeof intended !== "string") ?? differing[0];
    if (missed === undefined) return { kind: "equivalent", reason: "no request of the cluster has another end" };
    const { flow, intended } = missed;
    return typeof intended === "string" ? { kind: "open", reason: intended, flow } : { kind: "missed", flow };
  }

  #aimedAt(site: FaultSite): readonly Baseline[] {
    return this.#sites
      .at(site)
      .filter((flow) => !this.#asked.has(chosenFlowText(flow)))
      .map((flow) => this.#baseline(flow));
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

  /**
   * A packet that does not come to a host, or not into a chain, meets no fault there. A rule that is missing or misplaced, or that
   * ends packets otherwise, is met by those alone that match it.
   */
  #mayMeet({ site, kind }: Fault, { flow, places, matched }: Baseline): boolean {
    if (!places.has(this.#key(site.host))) return false;
    if (site.of === "rule" && (kind === "drop" || kind === "verdict" || kind === "swap")) {
      const lines = kind === "swap" && site.next !== null ? [site.line, site.next] : [site.line];
      return lines.some((line) => matched.has(this.#ruleKey(site.host, ruleOfLine(line, site.file.family))));
    }
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

  #ruleKey(host: string, rule: Rule): number {
    let number = this.#rules.get(rule);
    if (number === undefined) {
      number = this.#rules.size;
      this.#rules.set(rule, number);
    }
    return this.#key(host) * mostRules + number;
  }

  #baseline(flow: ChosenFlow): Baseline {
    const { scenario } = this.#compilation;
    const journeys = journeysOf(scenario.fabric, flow);
    noteMatched(journeys, this.#matched);
    const places = new Set<number>();
    const matched = new Set<number>();
    for (const journey of journeys) {
      for (const step of [...journey.request, ...journey.reply]) {
        places.add(this.#key(step.host));
        for (const { rule, table } of step.matched) {
          matched.add(this.#ruleKey(step.host, rule));
          if (rule.target?.kind === "jump" || rule.target?.kind === "goto")
            places.add(this.#key(`${step.host} ${step.packet.src.family} ${table} ${rule.target.chain}`));
        }
      }
    }
    return {
      flow,
      intended: intendedOf(scenario, flow) ?? scenario.intent.ask(flow).unspecified ?? "",
      seen: visible(journeys),
      places,
      matched,
    };
  }
}

/** More than any cluster of the trial has. */
const mostRules = 2 ** 24;

const baseChains: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** All that the two ends of a flow can notice. */
function visible(journeys: readonly Journey[]): string {
  const all = journeys.map(
    ({ verdict, observed, server, serverPort, sourceSeen }) =>
      `${verdict} ${observed} ${server ?? ""} ${serverPort ?? ""} ${sourceSeen === null ? "" : formatIp(sourceSeen)}`,
  );
  return [...new Set(all)].toSorted().join();
}
