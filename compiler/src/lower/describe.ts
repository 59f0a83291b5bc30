/** Allocation problems as sentences at places. */
import { formatCidr, formatIp } from "@knet/language/values";
import type { Span } from "@knet/language";
import type { AddressProblem, PortProblem } from "../allocate/index.ts";
import type { LoweringProblem } from "./problems.ts";

interface Range {
  readonly span: Span | null;
  readonly label: string;
}

export function describeAddressProblem(problem: AddressProblem, subject: string, span: Span, range: Range): LoweringProblem {
  const related = range.span === null ? null : { span: range.span, label: range.label };
  switch (problem.kind) {
    case "range-full":
      return { kind: "range-full", message: `no address is left in ${formatCidr(problem.range)} for ${subject}`, span, related };
    case "outside-range":
      return { kind: "address-taken", message: `${formatIp(problem.address)} of ${subject} is not usable in ${formatCidr(problem.range)}`, span, related };
    case "already-taken":
      return { kind: "address-taken", message: `${formatIp(problem.address)} of ${subject} already belongs to ${problem.holder ?? "a router"}`, span, related };
  }
}

export function describePortProblem(problem: PortProblem, span: Span): LoweringProblem {
  switch (problem.kind) {
    case "range-full":
      return { kind: "range-full", message: `no node port is left in ${problem.range.first}..${problem.range.last} for ${problem.key}`, span, related: null };
    case "outside-range":
      return { kind: "address-taken", message: `node port ${problem.port} of ${problem.key} is outside ${problem.range.first}..${problem.range.last}`, span, related: null };
    case "already-taken":
      return { kind: "address-taken", message: `node port ${problem.port} of ${problem.key} already belongs to ${problem.holder ?? "another service"}`, span, related: null };
  }
}
