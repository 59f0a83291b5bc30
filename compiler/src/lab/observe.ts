/** What a probe saw, as plain data in the simulator's words. */
import type { Observation } from "../simulate/steps.ts";

/**
 * The words of the simulator, without `not-permitted`: the kernel says EPERM only for UDP, and at once, while the
 * same rule lets TCP time out; here both are `timeout`, and `error` of the result keeps the EPERM. A probe of a protocol that
 * the kernel lacks is not sent: `skipped`, with EPROTONOSUPPORT in `error`.
 */
export type LabVerdict = Exclude<Observation, "not-permitted"> | "skipped";

const verdicts: ReadonlySet<string> = new Set<LabVerdict>(["ok", "refused", "hostunreach", "netunreach", "msgsize", "invalid", "timeout", "skipped"]);

export function isLabVerdict(word: string): word is LabVerdict {
  return verdicts.has(word);
}

/** The verdict that the laboratory gives where the simulator observes this. */
export function verdictOf(observation: Observation): LabVerdict {
  return observation === "not-permitted" ? "timeout" : observation;
}

export interface ProbeResult {
  readonly id: string;
  readonly verdict: LabVerdict;
  /** Id of the host that answered; null without an answer. */
  readonly server: string | null;
  /** The address and port that the server saw; null without an answer. */
  readonly source: string | null;
  readonly sourcePort: number | null;
  /** The error's name (`ECONNREFUSED`), or null. */
  readonly error: string | null;
}
