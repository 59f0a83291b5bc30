/** What the `verify` reporters print: the verifier's results with their witnesses told as stories. */
import type { Transport } from "@knet/language/values";
import type { Origin, Span } from "@knet/language";
import type { Failures, VerdictName } from "../verify/types.ts";
import { spanOfLine } from "./diagnostics.ts";
import type { Sources } from "./diagnostics.ts";
import type { ArtifactRef, SourceRef, Story } from "./types.ts";
import { counted } from "./words.ts";

export interface FlowView {
  /** `namespace001/pod-0`, `internet`. */
  readonly from: string;
  /** `service namespace001/myapp`, `namespace001/pod-3`, an address. */
  readonly to: string;
  readonly protocol: Transport;
  readonly port: number;
}

export interface WitnessView {
  readonly flow: FlowView;
  readonly failures: Failures | null;
  /** One sentence: what happened instead of what was asserted. */
  readonly summary: string;
  /** Why the specifications say so too, as a sentence without a full stop; null when they leave it open. */
  readonly reason: string | null;
  /** The declaration that the reason rests on. */
  readonly cause: Origin | null;
  /** The statement that it breaks. */
  readonly statement: Span;
  /** Null when the target no longer exists. */
  readonly story: Story | null;
  /** No rule decided: the way was another than asserted, or a wire was cut. Absent: some rule did. */
  readonly isUndecided?: boolean;
}

export interface AssertionView {
  readonly title: string;
  readonly span: Span;
  readonly verdict: VerdictName;
  readonly method: "exact" | "enumerated" | "sampled";
  /** Flows that were tried. */
  readonly flows: number;
  readonly runs: number | null;
  readonly seed: number | null;
  /** Of `unknown`. */
  readonly reason: string | null;
  readonly witness: WitnessView | null;
}

/** The rules and the specifications disagree: a defect of knet. */
export interface DisagreementView {
  readonly flow: FlowView;
  readonly failures: Failures | null;
  /** What the generated rules do. */
  readonly simulated: string;
  /** What the specifications say. */
  readonly intended: string;
  readonly stories: readonly Story[];
}

export interface VerifyView {
  /** As declared. */
  readonly assertions: readonly AssertionView[];
  readonly disagreements: readonly DisagreementView[];
  /** Flows that rules and specifications were compared on. */
  readonly compared: number;
  readonly sources: Sources;
}

export const verdictNames: Readonly<Record<VerdictName, string>> = {
  holds: "holds",
  fails: "fails",
  "not-refuted": "not refuted",
  unknown: "unknown",
};

/** `enumerated, 18 flows`; `sampled, 200 runs, seed 42`. */
export function howOf({ method, flows, runs, seed }: AssertionView): string {
  const parts: string[] = [method];
  if (runs !== null) parts.push(counted(runs, "run"));
  else if (flows > 0) parts.push(counted(flows, "flow"));
  if (seed !== null) parts.push(`seed ${seed}`);
  return parts.join(", ");
}

/** `namespace001/pod-2 → service namespace001/myapp  80/tcp`, and what had failed. */
export function flowText(flow: FlowView, failures: Failures | null): string {
  const after = failuresText(failures);
  return `${flow.from} → ${flow.to}  ${flow.port}/${flow.protocol}${after === null ? "" : `, ${after}`}`;
}

/** `without node node-a`, `without pods shop/a and shop/b`, `without link node node-a to blue`; null when nothing failed. */
export function failuresText(failures: Failures | null): string | null {
  if (failures === null) return null;
  const kinds = [
    ...(failures.nodes.length > 0 ? [`node${failures.nodes.length === 1 ? "" : "s"} ${failures.nodes.join(", ")}`] : []),
    ...(failures.pods.length > 0 ? [`pod${failures.pods.length === 1 ? "" : "s"} ${failures.pods.join(", ")}`] : []),
    ...(failures.links === undefined || failures.links.length === 0 ? [] : [`link${failures.links.length === 1 ? "" : "s"} ${failures.links.join(", ")}`]),
  ];
  return kinds.length === 0 ? null : `without ${kinds.join(" and ")}`;
}

/** `1 holds, 1 fails of 2 assertions`. */
export function verifySummary({ assertions }: VerifyView): string {
  if (assertions.length === 0) return "no assertions";
  const parts = (["holds", "fails", "not-refuted", "unknown"] as const).flatMap((verdict) => {
    const count = assertions.filter((assertion) => assertion.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${verdictNames[verdict]}`];
  });
  return `${parts.join(", ")} of ${counted(assertions.length, "assertion")}`;
}

/** The rule that decided a witness: what stopped the request or, when it arrived though it must not, the last filter that let it pass. */
export function decidingOf(story: Story | null): { readonly artifact: ArtifactRef | null; readonly source: SourceRef | null } | null {
  if (story === null) return null;
  if (story.decidedBy !== null) return story.decidedBy;
  const passed = story.steps.findLast((step) => step.phase === "request" && step.layer === "filter" && step.table === "filter" && step.artifacts.length > 0);
  return passed === undefined ? null : { artifact: passed.artifacts[0] ?? null, source: passed.source };
}

/** {@link decidingOf} the witness; null where no rule decided. */
export function deciderOf({ story, isUndecided = false }: WitnessView): ReturnType<typeof decidingOf> {
  return isUndecided ? null : decidingOf(story);
}

/** What the reason rests on, else the declaration behind the deciding rule; null when neither is at hand. */
export function lineToChange(witness: WitnessView, sources: Sources): { readonly span: Span; readonly name: string } | null {
  const { cause } = witness;
  if (cause !== null && cause.span !== null && sources(cause.span.file) !== null) return { span: cause.span, name: cause.name };
  const source = deciderOf(witness)?.source ?? null;
  const span = source === null ? null : spanOfLine(source.file, source.line, sources);
  return source === null || span === null ? null : { span, name: source.name };
}
