/** `knet verify --format junit`: a case an assertion. What is neither proved nor refuted counts as skipped. */
import { rangeOfSpan } from "./diagnostics.ts";
import type { Sources } from "./diagnostics.ts";
import { junitXml } from "./junit.ts";
import type { JunitCase } from "./junit.ts";
import { traceText } from "./trace-text.ts";
import { assertionMessage, disagreementMessage, witnessDetails } from "./verify-messages.ts";
import { flowText, howOf } from "./verify-view.ts";
import type { AssertionView, VerifyView } from "./verify-view.ts";

export function verifyJunit({ assertions, disagreements, sources }: VerifyView): string {
  const suites = [{ name: "assertions", cases: assertions.map((assertion) => caseOf(assertion, sources)) }];
  if (disagreements.length === 0) return junitXml(suites);
  const defects = disagreements.map((disagreement): JunitCase => {
    const message = disagreementMessage(disagreement);
    const text = [message, ...disagreement.stories.map((story) => traceText(story))].join("\n\n");
    const outcome = { kind: "failed", type: "internal-disagreement", message, text } as const;
    return { name: flowText(disagreement.flow, disagreement.failures), className: "knet", place: null, outcome };
  });
  return junitXml([...suites, { name: "internal disagreements", cases: defects }]);
}

function caseOf(assertion: AssertionView, sources: Sources): JunitCase {
  const { title, span, verdict, witness } = assertion;
  const base = { name: title, className: span.file, place: { file: span.file, line: rangeOfSpan(span, sources).start.line } };
  switch (verdict) {
    case "holds":
      return { ...base, outcome: { kind: "passed", output: `holds (${howOf(assertion)})` } };
    case "fails": {
      const message = assertionMessage(assertion);
      const trace = witness?.story ? ["", traceText(witness.story)] : [];
      const text = [message, ...(witness === null ? [] : witnessDetails(witness, sources)), ...trace].join("\n");
      return { ...base, outcome: { kind: "failed", type: "assertion", message, text } };
    }
    case "not-refuted":
    case "unknown":
      return { ...base, outcome: { kind: "skipped", message: assertionMessage(assertion) } };
  }
}
