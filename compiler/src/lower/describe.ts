/** Allocation problems as sentences at places. */
import { formatCidr } from "@knet/language/values";
import type { Span } from "@knet/language";
import type { AddressProblem, PortProblem } from "../allocate/index.ts";
import type { LoweringProblem } from "./problems.ts";

interface Range {
  readonly span: Span | null;
  readonly label: string;
}

export function describeAddressProblem(problem: AddressProblem, subject: string, span: Span, range: Range): LoweringProblem {
  if (problem.kind !== "range-full") throw unchecked(`${subject}: ${problem.kind}`);
  const related = range.span === null ? null : { span: range.span, label: range.label };
  return { name: "range-full", message: `no address is left in ${formatCidr(problem.range)} for ${subject}`, span, related };
}

export function describePortProblem(problem: PortProblem, span: Span): LoweringProblem {
  if (problem.kind !== "range-full") throw unchecked(`${problem.key}: ${problem.kind}`);
  return { name: "range-full", message: `no node port is left in ${problem.range.first}..${problem.range.last} for ${problem.key}`, span, related: null };
}

/** What the source pins is the checker's business: it never passes a pinned address or port that is not free. */
export function unchecked(what: string): Error {
  return new Error(`the checker passed a program that cannot be allocated: ${what}`);
}
