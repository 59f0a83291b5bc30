/** `knet verify --format sarif`: one result an assertion, with the verdict as its kind. */
import type { ReportingDescriptor, Result } from "sarif";
import { sarifLocation, sarifLog } from "./sarif.ts";
import type { SarifOptions } from "./sarif.ts";
import type { Sources } from "./diagnostics.ts";
import { assertionMessage, changePlace, disagreementMessage, placeOf, witnessDetails } from "./verify-messages.ts";
import type { AssertionView, VerifyView } from "./verify-view.ts";

const rules: readonly ReportingDescriptor[] = [
  {
    id: "assertion",
    name: "Assertion",
    shortDescription: { text: "what the program asserts about its network" },
    defaultConfiguration: { level: "error" },
  },
  {
    id: "internal-disagreement",
    name: "InternalDisagreement",
    shortDescription: { text: "a defect of knet itself" },
    defaultConfiguration: { level: "error" },
  },
];

export function verifySarif({ assertions, disagreements, sources }: VerifyView, options: SarifOptions): string {
  const results = [
    ...assertions.map((assertion) => resultOf(assertion, sources)),
    ...disagreements.map((disagreement): Result => ({
      ruleId: "internal-disagreement",
      ruleIndex: 1,
      level: "error",
      message: { text: disagreementMessage(disagreement) },
    })),
  ];
  return sarifLog(rules, results, options);
}

function resultOf(assertion: AssertionView, sources: Sources): Result {
  const { witness } = assertion;
  const change = changePlace(assertion, sources);
  const details = witness === null ? [] : witnessDetails(witness, sources);
  return {
    ruleId: "assertion",
    ruleIndex: 0,
    ...kindOf(assertion),
    message: { text: [assertionMessage(assertion), ...details].join("\n") },
    locations: [sarifLocation(placeOf(assertion), sources)],
    ...(change === null ? {} : { relatedLocations: [sarifLocation(change.span, sources, `the line to change: ${change.name}`)] }),
  };
}

/** A result that did not fail has no level (SARIF 2.1.0, 3.27.10). */
function kindOf({ verdict }: AssertionView): Pick<Result, "kind" | "level"> {
  switch (verdict) {
    case "fails":
      return { kind: "fail", level: "error" };
    case "holds":
      return { kind: "pass", level: "none" };
    case "not-refuted":
    case "unknown":
      return { kind: "open", level: "none" };
  }
}
