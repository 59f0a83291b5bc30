/** `knet reach --format table`: for reading on a terminal. */
import type { ReachReport } from "../reach/types.ts";
import { columnsOf, padColumns, printable, wrap } from "./columns.ts";
import { allowedText, detourTexts, endpointName, reachSummary, rowsOf } from "./reach-view.ts";
import { plainReportStyle } from "./style.ts";
import type { ReportStyle } from "./style.ts";

export interface ReachTableOptions {
  readonly style?: ReportStyle;
  /** Columns of the terminal. 100 when not given. */
  readonly width?: number;
}

interface Line {
  readonly from: string;
  readonly to: string;
  readonly ports: string;
  readonly below: readonly string[];
}

/** A line for each pair, grouped by sender; explanations below their line, what is taken for granted at the end. Ends in a line break. */
export function reachTable(report: ReachReport, options: ReachTableOptions = {}): string {
  const style = options.style ?? plainReportStyle;
  const width = options.width ?? 100;
  const lines: readonly Line[] = [
    ...rowsOf(report).map(({ connection, from, to }) => ({
      from: printable(endpointName(from)),
      to: printable(endpointName(to)),
      ports: printable([allowedText(connection.allowed), ...detourTexts(connection).map((way) => `by ${way}`)].join("; ")),
      below: connection.explanation,
    })),
    ...report.refusals.map(({ from, to, explanation }) => ({
      from: printable(from),
      to: printable(to),
      ports: "nothing",
      below: explanation,
    })),
  ];
  const room = (texts: readonly string[]): number => Math.max(0, ...texts.map(columnsOf));
  const [left, right] = [room(["FROM", ...lines.map(({ from }) => from)]), room(["TO", ...lines.map(({ to }) => to)])];
  const out = lines.length === 0 ? [] : [style.heading(`${padColumns("FROM", left)}  ${padColumns("TO", right)}  PORTS`)];
  let before = "";
  for (const { from, to, ports, below } of lines) {
    const [first = "", ...more] = wrap(ports, Math.max(24, width - left - right - 4));
    // A sender is named once, and again after sentences have stood between.
    const name = from === before && below.length === 0 ? "" : from;
    out.push(`${style.host(padColumns(name, left))}  ${padColumns(to, right)}  ${ports === "nothing" ? style.bad(first) : first}`);
    out.push(...more.map((text) => `${" ".repeat(left + right + 4)}${text}`));
    out.push(...below.flatMap((sentence) => wrap(printable(sentence), width - 4)).map((text) => `    ${style.dim(text)}`));
    before = from;
  }
  if (lines.length > 0) out.push("");
  out.push(style.heading(reachSummary(report)));
  out.push(...report.notes.flatMap((note) => wrap(printable(note), width)).map((text) => style.dim(text)));
  return `${out.map((line) => line.trimEnd()).join("\n")}\n`;
}
