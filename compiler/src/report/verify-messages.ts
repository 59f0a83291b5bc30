/** The same few sentences about results, for every reporter that has one line for each. */
import { deciderOf, flowText, howOf, lineToChange, verdictNames } from "./verify-view.ts";
import type { AssertionView, DisagreementView, WitnessView } from "./verify-view.ts";
import { rangeOfSpan } from "./diagnostics.ts";
import type { Sources } from "./diagnostics.ts";
import type { Span } from "@knet/language";

/** `assertion "title" fails: what happened`, or how far it was tried. */
export function assertionMessage(assertion: AssertionView): string {
  const { title, verdict, witness, reason } = assertion;
  const because = witness?.summary ?? reason ?? howOf(assertion);
  return `assertion "${title}" ${verdict === "not-refuted" || verdict === "unknown" ? "is " : ""}${verdictNames[verdict]}: ${because}`;
}

/** Why, as the specifications see it; null when they leave it open. */
export function becauseOf({ reason }: WitnessView): string | null {
  return reason === null ? null : `because ${reason}`;
}

/** The flow, why, then the rule that decided and the declaration to change, a line each. */
export function witnessDetails(witness: WitnessView, sources: Sources): readonly string[] {
  const because = becauseOf(witness);
  const [flow = "", ...deciding] = witnessFacts(witness, sources);
  return [flow, ...(because === null ? [] : [because]), ...deciding];
}

/** The flow, the rule that decided and the declaration to change, a line each. */
export function witnessFacts(witness: WitnessView, sources: Sources): readonly string[] {
  const { flow, failures } = witness;
  const artifact = deciderOf(witness)?.artifact ?? null;
  const change = lineToChange(witness, sources);
  const lines = [flowText(flow, failures)];
  if (artifact !== null) lines.push(`decided by ${artifact.file}:${artifact.line}  ${artifact.text}`);
  if (change !== null) lines.push(`the line to change: ${change.span.file}:${rangeOfSpan(change.span, sources).start.line}  ${change.name}`);
  return lines;
}

export function disagreementMessage({ flow, failures, simulated, intended }: DisagreementView): string {
  return `internal disagreement on ${flowText(flow, failures)}: the rules say ${simulated}, the specifications say ${intended}`;
}

/** Where an annotation belongs: the statement that broke, else the assertion. */
export function placeOf({ witness, span }: AssertionView): Span {
  return witness?.statement ?? span;
}

export function changePlace(assertion: AssertionView, sources: Sources): { readonly span: Span; readonly name: string } | null {
  return assertion.witness === null ? null : lineToChange(assertion.witness, sources);
}
