/** `knet reach`: who reaches whom on what. */
import type { Compilation } from "../../compilation/compilation.ts";
import { reach as reachOf } from "../../reach/reach.ts";
import { select } from "../../reach/select.ts";
import type { Selection } from "../../reach/select.ts";
import type { ReachReport } from "../../reach/types.ts";
import { rangeOfSpan } from "../../report/diagnostics.ts";
import { reachCsv } from "../../report/reach-csv.ts";
import { reachDot } from "../../report/reach-dot.ts";
import { reachHtml } from "../../report/reach-html.ts";
import { reachJson } from "../../report/reach-json.ts";
import { reachMarkdown } from "../../report/reach-markdown.ts";
import { reachTable } from "../../report/reach-table.ts";
import { reachTxt } from "../../report/reach-txt.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadProgram, sourcesIn } from "../load.ts";
import type { ParameterOptions } from "../parameters.ts";
import { progressLine } from "../progress.ts";
import { styleFor } from "../style.ts";
import type { ColorWhen } from "../style.ts";

export const reachFormats = ["table", "txt", "json", "csv", "md", "dot", "html"] as const;

export interface ReachCommandOptions extends ParameterOptions {
  readonly from?: string;
  readonly to?: string;
  readonly explain: boolean;
  readonly format: (typeof reachFormats)[number];
  readonly locked: boolean;
  readonly color: ColorWhen;
}

export async function reach(io: Io, file: string, options: ReachCommandOptions): Promise<ExitCode> {
  const loaded = await loadProgram(io, file, options, "judges");
  if (loaded === null) return 1;
  const { compilation } = loaded;
  const sources = sourcesIn(compilation.sources);
  const progress = progressLine(io.stderr, "reaching");
  const report = reachOf(compilation.scenario, {
    from: selected(compilation, options.from),
    to: selected(compilation, options.to),
    explain: options.explain
      ? { intent: compilation.scenario.intent, place: (span) => `${span.file}:${rangeOfSpan(span, sources).start.line}` }
      : null,
    progress: (done, total) => progress.update(`${done}/${total} classes`),
  });
  progress.end();
  io.stdout.write(render(io, report, options));
  for (const { flow, simulated, intended } of report.disagreements) {
    const { from, to, port, protocol } = flow;
    io.stderr.write(
      `internal error[KN7001]: ${from.name} → ${to.name} ${port}/${protocol}: the rules say ${simulated}, the specifications say ${intended}\n`,
    );
  }
  if (report.disagreements.length === 0) return 0;
  io.stderr.write("  = help: this is a defect of knet; please report it with the program that shows it\n");
  return 70;
}

function selected({ model }: Compilation, text: string | undefined): Selection | null {
  if (text === undefined) return null;
  const found = select(model, text);
  if (!found.ok) throw new CommandError("unknown-endpoint", found.message, found.help);
  return found.selection;
}

function render(io: Io, report: ReachReport, options: ReachCommandOptions): string {
  switch (options.format) {
    case "table":
      return reachTable(report, { style: styleFor(io.stdout, io.env, options.color), width: io.stdout.columns });
    case "txt":
      return reachTxt(report);
    case "json":
      return reachJson(report);
    case "csv":
      return reachCsv(report);
    case "md":
      return reachMarkdown(report);
    case "dot":
      return reachDot(report);
    case "html":
      return reachHtml(report);
  }
}
