/** Assertions tried on the generated dataplanes: every flow where that is finite and small, samples otherwise. */
import * as fc from "fast-check";
import type { Origin } from "@knet/language";
import type { Assertion, FailureStatement, ReachStatement } from "../model/types.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "../simulate/journey.ts";
import type { Journey } from "../simulate/steps.ts";
import { intendedOutcomes, simulatedOutcomes } from "./agreement.ts";
import { EndpointCatalogue } from "./endpoints.ts";
import { failureSets } from "./failures.ts";
import { classesIn, portClasses } from "./ports.ts";
import type { PortClass } from "./ports.ts";
import type { AssertionResult, Destination, Disagreement, Endpoint, Failures, Flow, Scenario, VerdictName, VerifyReport, Witness } from "./types.ts";

export interface VerifyOptions {
  /** Samples of a statement whose flows are too many to enumerate. */
  readonly runs: number;
  readonly seed: number;
  /** The scenario after these failures, converged. */
  readonly after: (failures: Failures) => Scenario;
  /** Called once for each assertion that is done. */
  readonly progress?: (done: number, total: number) => void;
  /** More flows than this are reduced to classes, and more classes than this are sampled. */
  readonly enumerationLimit?: number;
}

const defaultLimit = 20_000;

export function verify(scenario: Scenario, options: VerifyOptions): VerifyReport {
  const session = new Session(scenario, options);
  const { assertions } = scenario.model;
  const results = assertions.map((assertion, index) => {
    const result = session.assertion(assertion);
    options.progress?.(index + 1, assertions.length);
    return result;
  });
  return { assertions: results, disagreements: [...session.disagreements.values()], compared: session.compared };
}

/** What one statement came to. */
interface Outcome {
  readonly witness: Witness | null;
  readonly sampled: boolean;
  readonly flows: number;
  readonly reason: string | null;
}

interface Situation {
  readonly scenario: Scenario;
  readonly failures: Failures | null;
  /** Hosts that are dead while the rest still believes in them. */
  readonly down: ReadonlySet<string>;
}

class Session {
  readonly disagreements = new Map<string, Disagreement>();
  compared = 0;
  readonly #base: Scenario;
  readonly #options: VerifyOptions;
  readonly #journeys = new Map<string, readonly Journey[]>();
  readonly #scenarios = new Map<string, Scenario>();
  readonly #ids = new WeakMap<Scenario, number>();
  #nextId = 0;

  constructor(base: Scenario, options: VerifyOptions) {
    this.#base = base;
    this.#options = options;
  }

  assertion(assertion: Assertion): AssertionResult {
    const outcomes = assertion.statements.map((statement) =>
      statement.kind === "reach" ? this.#reach(statement, { scenario: this.#base, failures: null, down: new Set() }) : this.#failure(statement),
    );
    const witness = outcomes.map((outcome) => outcome.witness).find((found) => found !== null) ?? null;
    const sampled = outcomes.some((outcome) => outcome.sampled);
    const reason = outcomes.map((outcome) => outcome.reason).find((found) => found !== null) ?? null;
    const verdict: VerdictName = witness !== null ? "fails" : reason !== null ? "unknown" : sampled ? "not-refuted" : "holds";
    return {
      title: assertion.title,
      span: assertion.span,
      verdict,
      method: sampled ? "sampled" : "enumerated",
      flows: outcomes.reduce((sum, outcome) => sum + outcome.flows, 0),
      runs: sampled ? this.#options.runs : null,
      seed: sampled ? this.#options.seed : null,
      reason: verdict === "unknown" ? reason : null,
      witness,
    };
  }

  #failure(statement: FailureStatement): Outcome {
    const { sets, complete } = failureSets(this.#base.model, statement.what, statement.count, this.#options.runs, this.#options.seed);
    let flows = 0;
    let sampled = !complete;
    let reason: string | null = null;
    for (const failures of sets) {
      const situation = this.#situation(statement, failures);
      for (const reach of statement.statements) {
        const outcome = this.#reach(reach, situation);
        flows += outcome.flows;
        sampled ||= outcome.sampled;
        reason ??= outcome.reason;
        if (outcome.witness !== null) return { ...outcome, flows, sampled };
      }
    }
    return { witness: null, flows, sampled, reason };
  }

  #situation(statement: FailureStatement, failures: Failures): Situation {
    if (statement.when === "while") {
      const nodes = new Set(failures.nodes);
      const down = new Set([
        ...failures.nodes.map((node) => `node/${node}`),
        ...failures.pods.map((pod) => `pod/${pod}`),
        ...this.#base.model.pods.filter((pod) => nodes.has(pod.node)).map((pod) => `pod/${pod.namespace}/${pod.name}`),
      ]);
      return { scenario: this.#base, failures, down };
    }
    const key = JSON.stringify(failures);
    let scenario = this.#scenarios.get(key);
    if (scenario === undefined) {
      scenario = this.#options.after(failures);
      this.#scenarios.set(key, scenario);
    }
    return { scenario, failures, down: new Set() };
  }

  #reach(statement: ReachStatement, situation: Situation): Outcome {
    const catalogue = new EndpointCatalogue(situation.scenario);
    const sources = catalogue.sources(statement.sources, statement.except).filter((source) => !situation.down.has(source.host));
    const { found, missing } = catalogue.destinations(statement.target);
    const [gone] = missing;
    if (gone !== undefined && !statement.never && sources.length > 0) {
      return { witness: this.#goneWitness(statement, situation, sources, gone), sampled: false, flows: 1, reason: null };
    }
    const classes = statement.never || statement.ports !== null ? portClasses(situation.scenario.model) : [];
    const ports = (destination: Destination): readonly PortClass[] => {
      if (statement.ports !== null) return statement.never ? classesIn(classes, statement.ports) : statement.ports.map(({ protocol, first }) => ({ protocol, port: first }));
      return statement.never ? classes : destination.offers;
    };
    const silent = found.find((destination) => ports(destination).length === 0);
    if (silent !== undefined && !statement.never) {
      return { witness: null, sampled: false, flows: 0, reason: `${silent.name} offers no port; say \`on\` which` };
    }
    const limit = this.#options.enumerationLimit ?? defaultLimit;
    const all = new FlowSpace(sources, found, ports);
    if (all.size <= limit) return this.#enumerate(statement, situation, all);
    const reduced = new FlowSpace(representatives(sources), representatives(found), ports);
    if (reduced.size <= limit) return this.#enumerate(statement, situation, reduced);
    return this.#sample(statement, situation, all);
  }

  #enumerate(statement: ReachStatement, situation: Situation, space: FlowSpace): Outcome {
    let flows = 0;
    for (const flow of space.flows()) {
      flows++;
      const witness = this.#try(statement, situation, flow);
      if (witness !== null) return { witness, sampled: false, flows, reason: null };
    }
    return { witness: null, sampled: false, flows, reason: null };
  }

  #sample(statement: ReachStatement, situation: Situation, space: FlowSpace): Outcome {
    const { runs: numRuns, seed } = this.#options;
    const index = fc.tuple(fc.nat(space.sources.length - 1), fc.nat(space.destinations.length - 1), fc.nat());
    let smallest: Witness | null = null;
    const details = fc.check(
      fc.property(index, ([source, destination, port]) => {
        const flow = space.at(source, destination, port);
        const witness = flow === null ? null : this.#try(statement, situation, flow);
        if (witness !== null) smallest = witness;
        return witness === null;
      }),
      { numRuns, seed },
    );
    return { witness: smallest, sampled: true, flows: details.numRuns, reason: null };
  }

  /** The witness that this flow is, or null when the statement survives it. */
  #try(statement: ReachStatement, situation: Situation, flow: Flow): Witness | null {
    const journeys = this.#journeysOf(situation, flow);
    if (situation.down.size === 0) this.#compare(situation, flow, journeys);
    const reached = (journey: Journey): boolean => journey.verdict === "delivered" || (statement.never && journey.verdict === "refused");
    const witness = (journey: Journey, summary: string): Witness => ({
      flow,
      failures: situation.failures,
      journey,
      summary,
      ...(situation.down.size === 0 ? whyOf(situation.scenario, flow, journey) : { reason: null, cause: null }),
      statement: statement.span,
    });
    const name = `${flow.from.name} → ${flow.to.name} on ${flow.port}/${flow.protocol}`;
    if (statement.never) {
      const through = journeys.find(reached);
      return through === undefined ? null : witness(through, `${name} gets through${through.verdict === "refused" ? " (nobody listens there, but the network lets it pass)" : ""}`);
    }
    const lost = journeys.find((journey) => !reached(journey));
    if (lost === undefined) return null;
    if (statement.someBackend && journeys.some(reached)) return null;
    const share = journeys.length > 1 ? ` for ${journeys.filter((journey) => !reached(journey)).length} of ${journeys.length} backends` : "";
    return witness(lost, `${name} is ${verdictWords[lost.verdict]}${share}`);
  }

  #journeysOf(situation: Situation, flow: Flow): readonly Journey[] {
    const key = [this.#id(situation.scenario), [...situation.down].join(","), flow.from.host, flow.to.address.family, flow.to.address.a, flow.to.address.b, flow.to.address.c, flow.to.address.d, flow.protocol, flow.port].join(" ");
    let journeys = this.#journeys.get(key);
    if (journeys === undefined) {
      const probe = { from: flow.from.host, src: null, dst: flow.to.address, protocol: flow.protocol, dport: flow.port, sport: defaultSourcePort, size: defaultSize };
      journeys = everyJourney(situation.scenario.fabric, probe, { down: situation.down });
      this.#journeys.set(key, journeys);
    }
    return journeys;
  }

  #id(scenario: Scenario): number {
    let id = this.#ids.get(scenario);
    if (id === undefined) {
      id = this.#nextId++;
      this.#ids.set(scenario, id);
    }
    return id;
  }

  #compare(situation: Situation, flow: Flow, journeys: readonly Journey[]): void {
    const intended = intendedOutcomes(situation.scenario.intent, flow);
    if (intended === null) return;
    this.compared++;
    const simulated = simulatedOutcomes(journeys);
    if (simulated.join(";") === intended.words.join(";")) return;
    const key = `${flow.from.name} ${flow.to.name} ${flow.to.address.family} ${flow.protocol}`;
    if (this.disagreements.has(key)) return;
    this.disagreements.set(key, {
      flow,
      failures: situation.failures,
      simulated: simulated.join(", "),
      intended: `${intended.words.join(", ")} (${intended.reasons.join("; ")})`,
      journeys,
    });
  }

  #goneWitness(statement: ReachStatement, situation: Situation, sources: readonly Endpoint[], gone: string): Witness {
    const [from] = sources;
    if (from === undefined) throw new Error("a witness has a source");
    const address = from.addresses[0];
    if (address === undefined) throw new Error(`${from.name} has no address`);
    const port = statement.ports?.[0] ?? { protocol: "tcp", first: 1 };
    const to: Destination = { name: gone, address, host: null, classKey: gone, offers: [] };
    return {
      flow: { from, to, protocol: port.protocol, port: port.first },
      failures: situation.failures,
      journey: null,
      summary: `${gone} is gone, and nothing takes its place`,
      reason: null,
      cause: null,
      statement: statement.span,
    };
  }
}

/** The intent judge's reason for the end that the journey came to. */
function whyOf(scenario: Scenario, flow: Flow, journey: Journey): { readonly reason: string | null; readonly cause: Origin | null } {
  const { outcomes, unspecified } = scenario.intent.ask({ from: flow.from.host, dst: flow.to.address, protocol: flow.protocol, port: flow.port });
  const arrived = (kind: string): boolean => kind === "delivered" || kind === "refused";
  const [wanted] = simulatedOutcomes([journey]);
  const outcome = outcomes.find((candidate) => (arrived(candidate.kind) ? `${candidate.kind} ${candidate.server ?? "?"}:${candidate.port ?? 0}` : candidate.kind === "rejected" ? "rejected" : "blocked") === wanted);
  if (unspecified !== null || outcome === undefined) return { reason: null, cause: null };
  if (arrived(outcome.kind)) return outcome.admission ?? { reason: null, cause: null };
  const [first] = outcome.causes;
  return first === undefined ? { reason: null, cause: null } : { reason: outcome.reason, cause: first };
}

const verdictWords: Readonly<Record<Journey["verdict"], string>> = {
  delivered: "delivered",
  refused: "refused: nobody listens there",
  rejected: "rejected",
  dropped: "dropped",
  "no-route": "not routed",
  unreachable: "unreachable",
  "ttl-exceeded": "lost in a loop",
  "too-big": "too big for the path",
  "reply-lost": "answered, but the reply is lost",
};

function representatives<T extends { readonly classKey: string }>(items: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const item of items) if (!first.has(item.classKey)) first.set(item.classKey, item);
  return [...first.values()];
}

/** Sources × destinations × ports, without a host about itself and without mixed families. */
class FlowSpace {
  readonly sources: readonly Endpoint[];
  readonly destinations: readonly Destination[];
  readonly #ports: (destination: Destination) => readonly PortClass[];

  constructor(sources: readonly Endpoint[], destinations: readonly Destination[], ports: (destination: Destination) => readonly PortClass[]) {
    this.sources = sources;
    this.destinations = destinations;
    this.#ports = ports;
  }

  get size(): number {
    return this.sources.length * this.destinations.reduce((sum, destination) => sum + this.#ports(destination).length, 0);
  }

  /** Ports that the destination offers come first, so that the first witness is one that a reader can use. */
  *flows(): Generator<Flow> {
    for (const offered of [true, false]) {
      for (const from of this.sources) {
        for (const to of this.destinations) {
          if (!comparable(from, to)) continue;
          for (const { protocol, port } of this.#ports(to)) {
            if (to.offers.some((offer) => offer.protocol === protocol && offer.port === port) === offered) yield { from, to, protocol, port };
          }
        }
      }
    }
  }

  at(source: number, destination: number, port: number): Flow | null {
    const from = this.sources[source];
    const to = this.destinations[destination];
    if (from === undefined || to === undefined || !comparable(from, to)) return null;
    const ports = this.#ports(to);
    const chosen = ports[port % ports.length];
    return chosen === undefined ? null : { from, to, ...chosen };
  }
}

function comparable(from: Endpoint, to: Destination): boolean {
  return from.host !== to.host && from.addresses.some((ip) => ip.family === to.address.family);
}
