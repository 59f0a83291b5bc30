/** The simulator's answers beside the kernel's, flow by flow. */
import { defaultSize, defaultSourcePort, everyJourney } from "@knet/compiler";
import type { Fabric, Journey, Lab, LabProbeResult } from "@knet/compiler";
import { formatIp } from "@knet/language/values";
import { describeFlow } from "./flows.ts";
import type { TestFlow } from "./flows.ts";

export interface KernelComparison {
  readonly flows: number;
  readonly answered: number;
  /** One line for each flow on which the two differ. */
  readonly differences: readonly string[];
  /** Their positions among the flows. */
  readonly differing: readonly number[];
}

/** A flow whose journeys differ is asked this often: a backend of probability ≥ 1/4 is missed with less than 10⁻⁶. */
const repeats = 48;

/** What a journey looks like from outside: what the client saw, which host answered, which source it saw. */
function outcomeOf(journey: Journey): string {
  return journey.observed === "ok"
    ? `ok ${journey.server ?? "?"} sees ${journey.sourceSeen === null ? "?" : formatIp(journey.sourceSeen)}`
    : journey.observed;
}

/** The simulator names the host whose network namespace answers: for a pod in its node's network, the node. */
function observedOf(fabric: Fabric, result: LabProbeResult): string {
  const server = result.server === null ? undefined : fabric.host(result.server);
  const place = server !== undefined && server.sharesParent ? server.parent : result.server;
  return result.verdict === "ok" ? `ok ${place ?? "?"} sees ${result.source ?? "?"}` : result.verdict;
}

/** What the simulator says, in the words of the comparison; more than one where a service chooses. */
export function expectedOutcomes(fabric: Fabric, flow: TestFlow): ReadonlySet<string> {
  const probe = {
    from: flow.from,
    src: null,
    dst: flow.dst,
    protocol: flow.protocol,
    dport: flow.port,
    sport: defaultSourcePort,
    size: defaultSize,
  };
  return new Set(everyJourney(fabric, probe).map(outcomeOf));
}

export async function compareWithKernel(fabric: Fabric, lab: Lab, flows: readonly TestFlow[]): Promise<KernelComparison> {
  const expected = flows.map((flow) => expectedOutcomes(fabric, flow));
  const probes = flows.flatMap((flow, index) =>
    Array.from({ length: (expected[index]?.size ?? 1) > 1 ? repeats : 1 }, (_unused, n) => ({
      id: `${index}.${n}`,
      from: flow.from,
      to: formatIp(flow.dst),
      protocol: flow.protocol,
      port: flow.port,
      expectOk: [...(expected[index] ?? [])].some((outcome) => outcome !== "timeout"),
    })),
  );
  const results = await lab.probe(probes);
  const seen = flows.map(() => new Set<string>());
  probes.forEach((probe, at) => {
    const result = results[at];
    if (result !== undefined) seen[Number(probe.id.split(".")[0])]?.add(observedOf(fabric, result));
  });
  const words = (set: ReadonlySet<string> | undefined): string => [...(set ?? [])].toSorted().join(" | ");
  const differing = flows.flatMap((_flow, index) => (words(expected[index]) === words(seen[index]) ? [] : [index]));
  const differences = flows.flatMap((flow, index) =>
    differing.includes(index) ? [`${describeFlow(flow)}: simulator ${words(expected[index])}; kernel ${words(seen[index])}`] : [],
  );
  return {
    flows: flows.length,
    answered: seen.filter((set) => [...set].some((word) => word.startsWith("ok"))).length,
    differences,
    differing,
  };
}
