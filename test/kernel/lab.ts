/** What the kernel tests share: whether they can run here, and probes in one line. */
import { labSupport } from "../../compiler/src/lab/support.ts";
import type { Probe } from "../../compiler/src/lab/lab.ts";
import type { ProbeResult } from "../../compiler/src/lab/observe.ts";

const support = labSupport();

/** Why no laboratory can be opened here; null when it can. */
export const noLab: string | null = support.available ? null : support.reason;
/** Why nothing can be traced here; null when it can. */
export const noTracing: string | null = support.available ? (support.tracing.available ? null : support.tracing.reason) : support.reason;

/** A suite's name, which says why it is skipped when it is. */
export function named(name: string, missing: string | null): string {
  return missing === null ? name : `${name} (skipped: ${missing})`;
}

/** `web-0 -> 10.10.0.65 tcp 8080`; the words name the probe too. */
export function probe(words: string, more: Partial<Probe> = {}): Probe {
  const [from = "", , to = "", protocol = "", port = ""] = words.split(" ");
  if (protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp") throw new Error(`${words} names no protocol`);
  return { id: words, from, to, protocol, port: Number(port), ...more };
}

/** `ok from 10.10.0.1 by pod/shop/api-0`, or the verdict alone. */
export function outcome(result: ProbeResult | undefined): string {
  if (result === undefined) return "no result";
  return result.server === null ? result.verdict : `${result.verdict} from ${result.source ?? "?"} by ${result.server}`;
}
