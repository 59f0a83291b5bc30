/** `knet verify --format github`: what fails is an error, what nobody could decide a warning, what sampling did not refute a notice; what holds says nothing. */
import { annotation, escapeData } from "./github.ts";
import { assertionMessage, disagreementMessage, placeOf, witnessDetails } from "./verify-messages.ts";
import type { AssertionView, VerifyView } from "./verify-view.ts";

export function verifyGithub({ assertions, disagreements, sources }: VerifyView): string {
  const lines = assertions
    .filter((assertion) => assertion.verdict !== "holds")
    .map((assertion) => {
      const details = assertion.witness === null ? [] : witnessDetails(assertion.witness, sources);
      return annotation(
        levelOf(assertion),
        placeOf(assertion),
        assertion.title,
        [assertionMessage(assertion), ...details].join("\n"),
        sources,
      );
    });
  // A defect of knet stands nowhere in the program.
  const defects = disagreements.map(
    (disagreement) => `::error title=internal disagreement::${escapeData(disagreementMessage(disagreement))}`,
  );
  return [...lines, ...defects].map((line) => `${line}\n`).join("");
}

function levelOf({ verdict }: AssertionView): "error" | "warning" | "notice" {
  if (verdict === "fails") return "error";
  return verdict === "unknown" ? "warning" : "notice";
}
