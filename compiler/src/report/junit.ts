/** JUnit XML as CI systems read it: suites of cases, each passed, failed or skipped. */
import { block, element, textElement } from "./markup.ts";

export interface JunitCase {
  readonly name: string;
  readonly className: string;
  /** File and 1-based line, where a CI system can show them; null when the case stands nowhere in a program. */
  readonly place: { readonly file: string; readonly line: number } | null;
  readonly outcome:
    | { readonly kind: "passed"; readonly output: string | null }
    | { readonly kind: "failed"; readonly type: string; readonly message: string; readonly text: string }
    /** Neither passed nor failed. */
    | { readonly kind: "skipped"; readonly message: string };
}

export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

/** The document, ending in a line break. No times: output does not depend on the clock. */
export function junitXml(suites: readonly JunitSuite[]): string {
  const cases = suites.flatMap((suite) => suite.cases);
  const root = block(
    "testsuites",
    { name: "knet", ...counts(cases) },
    suites.map((suite) => indent(suiteXml(suite))),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

function suiteXml({ name, cases }: JunitSuite): string {
  return block(
    "testsuite",
    { name, ...counts(cases) },
    cases.map((one) => indent(caseXml(one))),
  );
}

function counts(cases: readonly JunitCase[]): Readonly<Record<"tests" | "failures" | "errors" | "skipped", number>> {
  const count = (kind: JunitCase["outcome"]["kind"]): number => cases.filter((one) => one.outcome.kind === kind).length;
  return { tests: cases.length, failures: count("failed"), errors: 0, skipped: count("skipped") };
}

function caseXml({ name, className, place, outcome }: JunitCase): string {
  const attributes = { name, classname: className, file: place?.file ?? null, line: place?.line ?? null };
  switch (outcome.kind) {
    case "passed":
      return outcome.output === null
        ? element("testcase", attributes)
        : element("testcase", attributes, [textElement("system-out", {}, outcome.output)]);
    case "failed":
      return element("testcase", attributes, [textElement("failure", { message: outcome.message, type: outcome.type }, outcome.text)]);
    case "skipped":
      return element("testcase", attributes, [element("skipped", { message: outcome.message })]);
  }
}

/** Element lines move in; text inside `failure` and `system-out` must stay as it is. */
function indent(xml: string): string {
  return xml.replaceAll(/\n(?=\s*<\/?(?:testsuite|testcase)\b)/gu, "\n  ");
}
