/** Assertions tried on the generated dataplanes: every flow where that is finite and small, samples otherwise. */
import * as fc from "fast-check";
import type { Origin } from "@knet/language";
import type { Assertion, ConnectivityStatement, EndpointSet, FailureStatement, ReachStatement, ResolveStatement, Statement } from "../model/types.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "../simulate/journey.ts";
import type { Journey } from "../simulate/steps.ts";
import { linkKey } from "../simulate/world.ts";
import { agree, intendedEnd, intendedEnds, isMet, simulatedEnd, simulatedWords } from "./agreement.ts";
import { EndpointCatalogue } from "./endpoints.ts";
import { failureSets, linksOf } from "./failures.ts";
import { FlowSpace, representatives } from "./flow-space.ts";
import { lookUp } from "./lookups.ts";
import { imbalance, requestSize, tellsAddressesApart, unmet } from "./path.ts";
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
  /** Links that are cut. */
  readonly cut: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

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
    const outcomes = assertion.statements.map((statement) => this.#statement(statement));
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

  #statement(statement: Statement): Outcome {
    const asDeclared: Situation = { scenario: this.#base, failures: null, down: nothing, cut: nothing };
    switch (statement.kind) {
      case "reach":
        return this.#reach(statement, asDeclared);
      case "resolve":
        return this.#resolve(statement, asDeclared);
      case "connectivity":
        return this.#connectivity(statement, asDeclared);
      case "failure":
        return this.#failure(statement);
    }
  }

  #failure(statement: FailureStatement): Outcome {
    if (statement.what === "link" && statement.when === "after") {
      return { witness: null, sampled: false, flows: 0, reason: "where the control plane runs is not part of the model, so what it does about a cut link is open" };
    }
    const { sets, complete } = failureSets(this.#base.model, statement.what, statement.count, this.#options.runs, this.#options.seed);
    let flows = 0;
    let sampled = !complete;
    let reason: string | null = null;
    for (const failures of sets) {
      const situation = this.#situation(statement, failures);
      for (const inner of statement.statements) {
        const outcome = inner.kind === "reach" ? this.#reach(inner, situation) : this.#resolve(inner, situation);
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
      const cut = new Set(linksOf(this.#base.model).flatMap((link) => (failures.links?.includes(link.name) === true ? [linkKey(link.host, link.device)] : [])));
      return { scenario: this.#base, failures, down, cut };
    }
    const key = JSON.stringify(failures);
    let scenario = this.#scenarios.get(key);
    if (scenario === undefined) {
      scenario = this.#options.after(failures);
      this.#scenarios.set(key, scenario);
    }
    return { scenario, failures, down: nothing, cut: nothing };
  }

  #reach(statement: ReachStatement, situation: Situation): Outcome {
    const catalogue = new EndpointCatalogue(situation.scenario);
    const sources = catalogue.sources(statement.sources, statement.except).filter((source) => !situation.down.has(source.host));
    const { found, missing } = catalogue.destinations(statement.target);
    const [gone] = missing;
    if (gone !== undefined && !statement.never && sources.length > 0) {
      return { witness: this.#goneWitness(statement, situation, sources, gone), sampled: false, flows: 1, reason: null };
    }
    const ports = portsOf(statement, situation.scenario);
    const silent = found.find((destination) => ports(destination).length === 0);
    if (silent !== undefined && !statement.never) {
      return { witness: null, sampled: false, flows: 0, reason: `${silent.name} offers no port; say \`on\` which` };
    }
    const limit = this.#options.enumerationLimit ?? defaultLimit;
    const all = new FlowSpace(sources, found, ports);
    const attempt = (flow: Flow): Witness | null => this.#try(statement, situation, flow);
    if (all.size <= limit) return enumerate(all, attempt);
    if (tellsAddressesApart(statement.path ?? [])) return this.#sample(all, attempt);
    const reduced = new FlowSpace(representatives(sources), representatives(found), ports);
    if (reduced.size <= limit) return enumerate(reduced, attempt);
    return this.#sample(all, attempt);
  }

  #sample(space: FlowSpace, attempt: (flow: Flow) => Witness | null): Outcome {
    const { runs: numRuns, seed } = this.#options;
    const index = fc.tuple(fc.nat(space.sources.length - 1), fc.nat(space.destinations.length - 1), fc.nat());
    let smallest: Witness | null = null;
    const details = fc.check(
      fc.property(index, ([source, destination, port]) => {
        const flow = space.at(source, destination, port);
        const witness = flow === null ? null : attempt(flow);
        if (witness !== null) smallest = witness;
        return witness === null;
      }),
      { numRuns, seed },
    );
    return { witness: smallest, sampled: true, flows: details.numRuns, reason: null };
  }

  /** The witness that this flow is, or null when the statement survives it. */
  #try(statement: ReachStatement, situation: Situation, flow: Flow): Witness | null {
    const path = statement.path ?? [];
    const size = requestSize(path);
    const journeys = this.#journeysOf(situation, flow, size);
    const isWhole = situation.down.size === 0 && situation.cut.size === 0;
    if (isWhole && size === defaultSize) this.#compare(situation, flow, journeys);
    const arrives = (journey: Journey): boolean => journey.verdict === "delivered" || (statement.never && journey.verdict === "refused");
    const reached = (journey: Journey): boolean => arrives(journey) && unmet(situation.scenario, path, journey) === null;
    const witness = (journey: Journey, summary: string): Witness => ({
      flow,
      failures: situation.failures,
      journey,
      summary,
      ...(isWhole ? whyOf(situation.scenario, flow, journey) : { reason: null, cause: null }),
      isUndecided: situation.cut.size > 0,
      statement: statement.span,
    });
    // What has two addresses may be lost by one of them only; an address says so itself.
    const family = flow.to.address.family === 6 && !flow.to.name.includes(":") ? " over IPv6" : "";
    const name = `${flow.from.name} → ${flow.to.name} on ${flow.port}/${flow.protocol}${family}`;
    if (statement.never) {
      const through = journeys.find(reached);
      return through === undefined ? null : witness(through, `${name} gets through${through.verdict === "refused" ? " (nobody listens there, but the network lets it pass)" : ""}`);
    }
    const lost = journeys.find((journey) => !reached(journey));
    if (lost === undefined) {
      const uneven = imbalance(situation.scenario, path, flow, journeys);
      return uneven === null ? null : { ...witness(uneven.journey, `${name} ${uneven.summary}`), reason: null, cause: null, isUndecided: true };
    }
    if (statement.someBackend && journeys.some(reached)) return null;
    const share = journeys.length > 1 ? ` for ${journeys.filter((journey) => !reached(journey)).length} of ${journeys.length} backends` : "";
    const otherwise = lost.verdict === "delivered" ? unmet(situation.scenario, path, lost) : null;
    if (otherwise !== null) return { ...witness(lost, `${name} is ${otherwise.words}${share}`), reason: null, cause: otherwise.cause, isUndecided: true };
    return witness(lost, `${name} is ${verdictWords[lost.verdict]}${share}`);
  }

  #resolve(statement: ResolveStatement, situation: Situation): Outcome {
    const catalogue = new EndpointCatalogue(situation.scenario);
    const sources = catalogue.sources(statement.sources, statement.except).filter((source) => !situation.down.has(source.host));
    const { target } = statement;
    const expected = target.kind === "service" ? catalogue.destinations({ kind: "service", service: `${target.namespace}/${target.name}` }).found.map((found) => found.address) : [];
    let reason: string | null = null;
    for (const [index, from] of sources.entries()) {
      const end = lookUp(situation.scenario, statement, from, expected, (flow) => this.#journeysOf(situation, flow, defaultSize));
      if (end.kind === "unknown") reason ??= end.reason;
      if (end.kind !== "otherwise") continue;
      const { flow, summary, journey } = end;
      const why = journey !== null && situation.down.size === 0 && situation.cut.size === 0 ? whyOf(situation.scenario, flow, journey) : { reason: null, cause: null };
      const witness: Witness = { flow, failures: situation.failures, journey, summary, ...why, statement: statement.span };
      return { witness, sampled: false, flows: index + 1, reason: null };
    }
    return { witness: null, sampled: false, flows: sources.length, reason };
  }

  /** First that everything listed gets through, then that nothing else does. */
  #connectivity(statement: ConnectivityStatement, situation: Situation): Outcome {
    let flows = 0;
    let sampled = false;
    let reason: string | null = null;
    for (const reach of statement.statements) {
      const outcome = this.#reach(reach, situation);
      flows += outcome.flows;
      sampled ||= outcome.sampled;
      reason ??= outcome.reason;
      if (outcome.witness !== null) return { ...outcome, flows, sampled };
    }
    const isListed = this.#listing(statement, situation);
    const pods = (inside: boolean): EndpointSet => {
      const chosen = situation.scenario.model.pods.filter((pod) => (pod.namespace === statement.namespace) === inside);
      return { kind: "pods", pods: chosen.map((pod) => `${pod.namespace}/${pod.name}`), text: `${statement.namespace}/*` };
    };
    const others: EndpointSet = { kind: "union", members: [pods(false), { kind: "internet" }] };
    const rest = { kind: "reach", never: true, except: null, ports: null, someBackend: false, span: statement.span } as const;
    const sides: readonly ReachStatement[] = [
      { ...rest, sources: { kind: "all" }, target: pods(true) },
      { ...rest, sources: pods(true), target: others },
    ];
    for (const side of sides) {
      const outcome = this.#tryAll(side, situation, isListed);
      flows += outcome.flows;
      sampled ||= outcome.sampled;
      if (outcome.witness !== null) return { ...outcome, flows, sampled };
    }
    return { witness: null, sampled, flows, reason };
  }

  /** Classes do not help: what is listed may tell pods apart that no rule does. */
  #tryAll(statement: ReachStatement, situation: Situation, isListed: (flow: Flow, journey: Journey) => boolean): Outcome {
    const space = this.#flowsOf(statement, situation, null);
    const attempt = (flow: Flow): Witness | null => {
      const witness = this.#try(statement, situation, flow);
      if (witness === null) return null;
      const unlisted = this.#journeysOf(situation, flow, defaultSize).find(
        (journey) => (journey.verdict === "delivered" || journey.verdict === "refused") && !isListed(flow, journey),
      );
      return unlisted === undefined ? null : { ...witness, journey: unlisted, summary: `${witness.summary}, and is not listed` };
    };
    return space.size <= (this.#options.enumerationLimit ?? defaultLimit) ? enumerate(space, attempt) : this.#sample(space, attempt);
  }

  /** Whether some statement lists what a journey leads to; worked out for each sender that asks. */
  #listing(statement: ConnectivityStatement, situation: Situation): (flow: Flow, journey: Journey) => boolean {
    const bySender = new Map<string, ReadonlySet<string>>();
    const listedFor = (sender: string): ReadonlySet<string> => {
      const flows = statement.statements.flatMap((reach) => [...this.#flowsOf(reach, situation, sender).flows()]);
      return new Set(flows.flatMap((flow) => this.#journeysOf(situation, flow, defaultSize).map((journey) => exchangeOf(flow, journey))));
    };
    return (flow, journey) => {
      const { host } = flow.from;
      const known = bySender.get(host) ?? listedFor(host);
      bySender.set(host, known);
      return known.has(exchangeOf(flow, journey));
    };
  }

  /** @param sender host id of the only one that counts; null: all do */
  #flowsOf(statement: ReachStatement, situation: Situation, sender: string | null): FlowSpace {
    const catalogue = new EndpointCatalogue(situation.scenario);
    const sources = catalogue
      .sources(statement.sources, statement.except)
      .filter((source) => !situation.down.has(source.host) && (sender === null || source.host === sender));
    const { found } = catalogue.destinations(statement.target);
    return new FlowSpace(sources, found, portsOf(statement, situation.scenario));
  }

  #journeysOf(situation: Situation, flow: Flow, size: number): readonly Journey[] {
    const key = [this.#id(situation.scenario), [...situation.down].join(","), [...situation.cut].join(","), size, flow.from.host, flow.to.address.family, flow.to.address.a, flow.to.address.b, flow.to.address.c, flow.to.address.d, flow.protocol, flow.port].join(" ");
    let journeys = this.#journeys.get(key);
    if (journeys === undefined) {
      const probe = { from: flow.from.host, src: null, dst: flow.to.address, protocol: flow.protocol, dport: flow.port, sport: defaultSourcePort, size };
      journeys = everyJourney(situation.scenario.fabric, probe, { down: situation.down, cut: situation.cut });
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
    const intended = intendedEnds(situation.scenario.intent, flow);
    if (intended === null) return;
    this.compared++;
    if (agree(intended.ends, journeys)) return;
    const key = `${flow.from.name} ${flow.to.name} ${flow.to.address.family} ${flow.protocol}`;
    if (this.disagreements.has(key)) return;
    this.disagreements.set(key, {
      flow,
      failures: situation.failures,
      simulated: simulatedWords(journeys).join(", "),
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

function enumerate(space: FlowSpace, attempt: (flow: Flow) => Witness | null): Outcome {
  let flows = 0;
  for (const flow of space.flows()) {
    flows++;
    const witness = attempt(flow);
    if (witness !== null) return { witness, sampled: false, flows, reason: null };
  }
  return { witness: null, sampled: false, flows, reason: null };
}

/** Who exchanges what with whom, whatever address it was sent to. */
function exchangeOf(flow: Flow, { server, serverPort }: Journey): string {
  return `${flow.from.host} ${server ?? ""} ${flow.protocol} ${serverPort ?? 0}`;
}

/** The ports that a statement asks a destination for. */
function portsOf({ never, ports }: ReachStatement, { model }: Scenario): (destination: Destination) => readonly PortClass[] {
  const classes = never ? portClasses(model) : [];
  if (ports === null) return (destination) => (never ? classes : destination.offers);
  const asked = never ? classesIn(classes, ports) : ports.map(({ protocol, first }) => ({ protocol, port: first }));
  return () => asked;
}

/** The intent judge's reason for the end that the journey came to. */
function whyOf(scenario: Scenario, flow: Flow, journey: Journey): { readonly reason: string | null; readonly cause: Origin | null } {
  const { outcomes, exact } = scenario.intent.ask({ from: flow.from.host, dst: flow.to.address, protocol: flow.protocol, port: flow.port });
  const end = simulatedEnd(journey);
  const outcome = outcomes.find((candidate) => isMet(intendedEnd(candidate), end));
  if (!exact || outcome === undefined) return { reason: null, cause: null };
  if (outcome.kind === "delivered" || outcome.kind === "refused") return outcome.admission ?? { reason: null, cause: null };
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
