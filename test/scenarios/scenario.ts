/** A changed journey and what must then happen, written by hand and asked of every judge. */
import { readFileSync } from "node:fs";
import { checkSource, defaultSize, defaultSourcePort, everyJourney } from "@knet/compiler";
import type { Compilation, Journey, LabProbe, LabProbeResult } from "@knet/compiler";
import type { ChosenFlow } from "@knet/compiler/testing";
import { formatIp, parseIp } from "@knet/language/values";

export const journeyText = readFileSync(new URL("../../examples/journey/journey.knet", import.meta.url), "utf8");

export interface Expectation {
  /** `pod-0`, `node-a`, `internet`. */
  readonly from: string;
  /** `myapp`, `pod-3`, `node-a`, `internet`, or an address. */
  readonly to: string;
  /** `8080/tcp`. */
  readonly on: string;
  /** Every possible end: `pod-1` (answered by it), `refused`, `timeout`, `hostunreach`, `netunreach`, `msgsize`. */
  readonly ends: readonly string[];
  /** The source address that the server sees, where that is the point. */
  readonly sees?: string;
  /** Bytes of the IP packet, UDP only. */
  readonly size?: number;
  /** What the specifications leave open, so that the intent judge is not asked. */
  readonly open?: true;
}

export interface Scenario {
  readonly name: string;
  /** Replacements in examples/journey/journey.knet; each must be found exactly once. */
  readonly change: readonly (readonly [from: string, to: string])[];
  readonly expect: readonly Expectation[];
}

export function textOf(scenario: Scenario): string {
  return scenario.change.reduce((text, [from, to]) => {
    const parts = text.split(from);
    if (parts.length !== 2) throw new Error(`${scenario.name}: ${JSON.stringify(from)} stands ${parts.length - 1} times in the journey`);
    return parts.join(to);
  }, journeyText);
}

export function compileScenario(scenario: Scenario): Compilation {
  const checked = checkSource("journey.knet", textOf(scenario), null);
  if (checked.compilation === null) throw new Error(`${scenario.name}: ${checked.diagnostics.map((diagnostic) => diagnostic.message).join("; ")}`);
  return checked.compilation;
}

const namespace = "namespace001";

export function flowOf(compilation: Compilation, expectation: Expectation): ChosenFlow {
  const { model } = compilation;
  const [port, protocol] = expectation.on.split("/");
  const podHost = model.pods.find((pod) => pod.namespace === namespace && pod.name === expectation.from);
  const host = podHost !== undefined ? `pod/${namespace}/${expectation.from}` : expectation.from === "internet" ? "external/internet" : `node/${expectation.from}`;
  const dst =
    parseIp(expectation.to) ??
    model.services.find((service) => service.namespace === namespace && service.name === expectation.to)?.clusterIps[0] ??
    model.pods.find((pod) => pod.namespace === namespace && pod.name === expectation.to)?.addresses[0] ??
    model.nodes.find((node) => node.name === expectation.to)?.addresses[0] ??
    (expectation.to === "internet" ? model.external?.hosts[0]?.addresses[0] : undefined);
  if (dst === undefined) throw new Error(`nothing in the scenario is called ${expectation.to}`);
  return { from: host, dst, protocol: protocol === "udp" ? "udp" : "tcp", port: Number(port) };
}

function serverName(server: string | null): string {
  return server === null ? "?" : (server.split("/").at(-1) ?? server);
}

function distinct(words: readonly string[]): readonly string[] {
  return [...new Set(words)].toSorted();
}

export function journeysOf(compilation: Compilation, expectation: Expectation): readonly Journey[] {
  const { from, dst, protocol, port } = flowOf(compilation, expectation);
  return everyJourney(compilation.fabric, { from, src: null, dst, protocol, dport: port, sport: defaultSourcePort, size: expectation.size ?? defaultSize });
}

/** What the simulator says, in the expectation's words. */
export function simulatedEnds(journeys: readonly Journey[]): readonly string[] {
  return distinct(journeys.map((journey) => (journey.observed === "ok" ? serverName(journey.server) : journey.observed)));
}

/** What the intent judge says; blocked traffic is `timeout` whatever the sender hears. Null: left open. */
export function intendedEnds(compilation: Compilation, expectation: Expectation): readonly string[] | null {
  const answer = compilation.scenario.intent.ask(flowOf(compilation, expectation));
  if (!answer.exact) return null;
  return distinct(
    answer.outcomes.map((outcome) => {
      switch (outcome.kind) {
        case "delivered":
          return serverName(outcome.server);
        case "refused":
        case "rejected":
          return "refused";
        default:
          return "timeout";
      }
    }),
  );
}

/** The ends as the intent judge can know them: it judges neither sizes nor which error a sender hears. */
export function blockedAlike(ends: readonly string[]): readonly string[] {
  return distinct(ends.map((end) => (end === "hostunreach" || end === "netunreach" ? "timeout" : end)));
}

/** Asked often enough that a backend of probability 1/2 is missed with less than 10⁻⁶. */
const repeats = 24;

export function kernelProbes(compilation: Compilation, expectation: Expectation, id: string): readonly LabProbe[] {
  const { from, dst, protocol, port } = flowOf(compilation, expectation);
  const count = expectation.ends.length > 1 ? repeats : 1;
  return Array.from({ length: count }, (_unused, n) => ({
    id: `${id}.${n}`,
    from,
    to: formatIp(dst),
    protocol,
    port,
    // A patient second try would send its SYN again, which may meet another backend than the one that does not answer.
    expectOk: !expectation.ends.includes("timeout"),
    ...(expectation.size === undefined ? {} : { size: expectation.size }),
  }));
}

export function kernelEnds(results: readonly LabProbeResult[]): readonly string[] {
  return distinct(results.map((result) => (result.verdict === "ok" ? serverName(result.server) : result.verdict)));
}
