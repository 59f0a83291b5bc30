/** `knet verify --format pretty`. */
import { cutRule, printable, wrap } from "./columns.ts";
import { placesFrame } from "./diagnostics.ts";
import { plainReportStyle } from "./style.ts";
import type { ReportStyle } from "./style.ts";
import { traceText } from "./trace-text.ts";
import { becauseOf } from "./verify-messages.ts";
import { deciderOf, flowText, howOf, lineToChange, verdictNames, verifySummary } from "./verify-view.ts";
import type { AssertionView, DisagreementView, VerifyView, WitnessView } from "./verify-view.ts";
import { counted } from "./words.ts";

export interface VerifyPrettyOptions {
  readonly style?: ReportStyle;
  /** Columns of the terminal. 100 when not given. */
  readonly width?: number;
}

/** An assertion a line, each failure with its witness below it; the summary comes last. Ends in a line break. */
export function verifyPretty(view: VerifyView, options: VerifyPrettyOptions = {}): string {
  const style = options.style ?? plainReportStyle;
  const width = options.width ?? 100;
  const out = view.assertions.flatMap((assertion) => [
    headline(assertion, style),
    ...(assertion.reason === null ? [] : indented([...wrap(printable(assertion.reason), width - 4)].join("\n"))),
    ...(assertion.witness === null ? [] : witnessLines(assertion.witness, view, style, width)),
  ]);
  if (view.disagreements.length > 0) out.push("", ...disagreementLines(view.disagreements, style, width));
  const failed = view.disagreements.length > 0 || view.assertions.some((assertion) => assertion.verdict === "fails");
  const open = view.assertions.some((assertion) => assertion.verdict !== "holds");
  const paint = failed ? style.bad : open ? style.warning : style.good;
  if (out.length > 0 && out.at(-1) !== "") out.push("");
  out.push(paint(verifySummary(view)));
  if (view.compared > 0) {
    const agreement = view.disagreements.length === 0 ? "they agree" : `they disagree on ${view.disagreements.length}`;
    out.push(style.dim(`rules and specifications compared on ${counted(view.compared, "flow")}: ${agreement}`));
  }
  return `${out.join("\n")}\n`;
}

const marks = { holds: "✓", fails: "✗", "not-refuted": "?", unknown: "?" } as const;

function headline(assertion: AssertionView, style: ReportStyle): string {
  const { verdict, title } = assertion;
  const paint = verdict === "holds" ? style.good : verdict === "fails" ? style.bad : style.warning;
  return `${paint(`${marks[verdict]} ${verdictNames[verdict]}`)}  ${printable(title)} ${style.dim(`(${howOf(assertion)})`)}`;
}

function witnessLines(witness: WitnessView, view: VerifyView, style: ReportStyle, width: number): readonly string[] {
  const room = width - 4;
  const change = lineToChange(witness, view.sources);
  const because = becauseOf(witness);
  const inStatement = change !== null && change.span.file === witness.statement.file && change.span.start === witness.statement.start;
  const related = change === null || inStatement ? [] : [{ span: change.span, text: `the line to change: ${printable(change.name)}` }];
  const out = [
    ...indented(style.bad(wrap(printable(witness.summary), room).join("\n"))),
    ...(because === null ? [] : indented(wrap(printable(because), room).join("\n"))),
    "",
    ...indented(placesFrame(witness.statement, "this does not hold", related, view.sources, style.frame)),
  ];
  const artifact = deciderOf(witness)?.artifact ?? null;
  if (artifact !== null) {
    out.push(
      "",
      "    the rule that decided",
      `      ${style.dim(cutRule(printable(`${artifact.file}:${artifact.line}  ${artifact.text}`), width - 6))}`,
    );
  }
  out.push("", `    ${style.heading("witness")}  ${printable(flowText(witness.flow, witness.failures))}`);
  if (witness.story !== null) {
    // The flow just above is the trace's own heading.
    const trace = traceText(witness.story, { style, width: room, brief: true });
    out.push(...indented(trace.slice(trace.indexOf("\n") + 1)));
  }
  out.push("");
  return out;
}

function disagreementLines(disagreements: readonly DisagreementView[], style: ReportStyle, width: number): readonly string[] {
  const out = [
    style.bad("internal disagreement"),
    ...wrap(
      "The generated rules do not do what the specifications say. This is a defect of knet, not of the program: please report it with what follows.",
      width,
    ),
  ];
  for (const { flow, failures, simulated, intended, stories } of disagreements) {
    out.push("", `  ${style.heading(printable(flowText(flow, failures)))}`);
    for (const [name, text] of [
      ["rules", simulated],
      ["specifications", intended],
    ] as const) {
      const [first = "", ...more] = wrap(printable(text), width - 20);
      out.push(`    ${name.padEnd(14)}  ${first}`, ...more.map((line) => `${" ".repeat(20)}${line}`));
    }
    for (const story of stories) out.push("", ...indented(traceText(story, { style, width: width - 4 })));
  }
  return out;
}

function indented(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`));
}
