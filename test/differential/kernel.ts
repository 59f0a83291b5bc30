/** The simulator's answers beside the kernel's, flow by flow. */
import { defaultSize, defaultSourcePort, everyJourney } from "@knet/compiler";
import type { Fabric, Journey, Lab, LabProbe, LabProbeResult } from "@knet/compiler";
import { chosenFlowText } from "@knet/compiler/testing";
import type { ChosenFlow } from "@knet/compiler/testing";
import { formatIp } from "@knet/language/values";

export interface KernelComparison {
  readonly flows: number;
  readonly answered: number;
  /** One line for each flow on which the two differ. */
  readonly differences: readonly string[];
  /** One line for each flow of a protocol that the kernel lacks. */
  readonly skipped: readonly string[];
}

/** An outcome that the kernel has is missed less often than this. */
const missed = 1e-6;
/** No flow is asked more often; what is too rare for it may stay unseen. */
const mostRepeats = 300;
/**
 * Milliseconds in which a machine under load answers, and has given up asking for a neighbour that does not answer, which takes
 * the laboratory's machines 0.3 s. Less than a second: then a SYN is sent again, and may meet another backend.
 */
const unhurried = 900;
/** Milliseconds after which a silence is believed. */
const patient = 6000;

/** What a journey looks like from outside: what the client saw, which host answered, which source it saw. */
function outcomeOf(journey: Journey): string {
  return journey.observed === "ok"
    ? `ok ${journey.server ?? "?"} sees ${journey.sourceSeen === null ? "?" : formatIp(journey.sourceSeen)}`
    : journey.observed;
}

function observedOf(result: LabProbeResult): string {
  return result.verdict === "ok" ? `ok ${result.server ?? "?"} sees ${result.source ?? "?"}` : result.verdict;
}

/** What the simulator says, in the words of the comparison, with the probability of each; more than one where a service chooses. */
export function expectedOutcomes(fabric: Fabric, flow: ChosenFlow): ReadonlyMap<string, number> {
  const probe = {
    from: flow.from,
    src: null,
    dst: flow.dst,
    protocol: flow.protocol,
    dport: flow.port,
    sport: defaultSourcePort,
    size: defaultSize,
  };
  const outcomes = new Map<string, number>();
  for (const journey of everyJourney(fabric, probe)) {
    const outcome = outcomeOf(journey);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + journey.probability);
  }
  return outcomes;
}

/** How often a flow is asked so that each of these outcomes is seen: (1 − p)ⁿ < 10⁻⁶ for the least probable. */
export function repeatsFor(expected: ReadonlyMap<string, number>): number {
  if (expected.size < 2) return 1;
  const least = Math.min(...expected.values());
  return least >= 1 ? 1 : Math.min(mostRepeats, Math.ceil(Math.log(missed) / Math.log1p(-least)));
}

/** Whether what the kernel did is what the simulator says: nothing else, and everything that so many repeats must show. */
export function agrees(expected: ReadonlyMap<string, number>, seen: ReadonlySet<string>): boolean {
  const repeats = repeatsFor(expected);
  return (
    [...seen].every((outcome) => expected.has(outcome)) &&
    [...expected].every(([outcome, p]) => seen.has(outcome) || (expected.size > 1 && (1 - p) ** repeats >= missed * 1.01))
  );
}

/** The flow under way: what is expected, and what was seen so far. */
interface Asked {
  readonly flow: ChosenFlow;
  readonly expected: ReadonlyMap<string, number>;
  seen: ReadonlySet<string>;
}

/** Every flow at once and in haste; those on which the two differ once more without haste, and then each by itself. */
export async function compareWithKernel(fabric: Fabric, lab: Lab, flows: readonly ChosenFlow[]): Promise<KernelComparison> {
  const asked = flows.map((flow): Asked => ({ flow, expected: expectedOutcomes(fabric, flow), seen: new Set() }));
  await ask(lab, asked, (each) => (isSlow(each) ? unhurried : null));
  const hurried = asked.filter(isDiffering);
  if (hurried.length > 0) await ask(lab, hurried, () => unhurried);
  for (const each of asked.filter(isDiffering)) {
    await lab.flush();
    await ask(lab, [each], () => (each.expected.size > 1 ? unhurried : patient));
  }
  const words = (outcomes: Iterable<string>): string => [...outcomes].toSorted().join(" | ");
  return {
    flows: flows.length,
    answered: asked.filter(({ seen }) => [...seen].some((word) => word.startsWith("ok"))).length,
    differences: asked
      .filter(isDiffering)
      .map(({ flow, expected, seen }) => `${chosenFlowText(flow)}: simulator ${words(expected.keys())}; kernel ${words(seen)}`),
    skipped: asked.filter(isSkipped).map(({ flow }) => `${chosenFlowText(flow)}: the kernel has no ${flow.protocol.toUpperCase()}`),
  };
}

function isSkipped({ seen }: Asked): boolean {
  return seen.has("skipped");
}

function isSlow({ expected }: Asked): boolean {
  return expected.has("hostunreach");
}

function isDiffering(asked: Asked): boolean {
  return !isSkipped(asked) && !agrees(asked.expected, asked.seen);
}

/** Asks as often as the expectation needs and notes what was seen. `timeout` gives milliseconds; null: the laboratory's own. */
async function ask(lab: Lab, all: readonly Asked[], timeout: (each: Asked) => number | null): Promise<void> {
  const probes = all.flatMap((each, index) => {
    const { flow, expected } = each;
    const limit = timeout(each);
    return Array.from({ length: repeatsFor(expected) }, (_unused, n): LabProbe => ({
      id: `${index}.${n}`,
      from: flow.from,
      to: formatIp(flow.dst),
      protocol: flow.protocol,
      port: flow.port,
      ...(limit === null ? {} : { timeout: limit }),
    }));
  });
  const results = await lab.probe(probes);
  const seen = all.map(() => new Set<string>());
  results.forEach((result) => seen[Number(result.id.split(".")[0])]?.add(observedOf(result)));
  all.forEach((each, index) => {
    each.seen = seen[index] ?? new Set();
  });
}
