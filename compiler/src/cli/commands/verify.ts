/** `knet verify`: every assertion, proved by trying all or refuted with a witness. */
import { Locator } from "../../report/locate.ts";
import { tellStory } from "../../report/story.ts";
import type { Story } from "../../report/types.ts";
import { verifyGithub } from "../../report/verify-github.ts";
import { verifyJson } from "../../report/verify-json.ts";
import { verifyJunit } from "../../report/verify-junit.ts";
import { verifyMarkdown } from "../../report/verify-markdown.ts";
import { verifyPretty } from "../../report/verify-pretty.ts";
import { verifySarif } from "../../report/verify-sarif.ts";
import type { DisagreementView, FlowView, VerifyView, WitnessView } from "../../report/verify-view.ts";
import type { Compilation } from "../../compilation/compilation.ts";
import type { Journey } from "../../simulate/steps.ts";
import { verify as verifyAssertions } from "../../verify/verify.ts";
import type { Disagreement, Failures, Flow, VerifyReport, Witness } from "../../verify/types.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadProgram, sourcesIn } from "../load.ts";
import type { ParameterOptions } from "../parameters.ts";
import { progressLine } from "../progress.ts";
import { styleFor } from "../style.ts";
import type { ColorWhen } from "../style.ts";
import { version } from "../version.ts";

export const verifyFormats = ["pretty", "json", "junit", "sarif", "github", "markdown"] as const;

export interface VerifyCommandOptions extends ParameterOptions {
  readonly runs: string;
  readonly seed?: string;
  readonly format: (typeof verifyFormats)[number];
  readonly locked: boolean;
  readonly color: ColorWhen;
}

/** Used when none is given, so that two runs of the same program say the same. */
const defaultSeed = 20261122;

export async function verify(io: Io, file: string, options: VerifyCommandOptions): Promise<ExitCode> {
  const runs = wholeNumber(options.runs, "--runs", 1, 10_000_000);
  const seed = options.seed === undefined ? defaultSeed : wholeNumber(options.seed, "--seed", 0, 2 ** 31 - 1);
  const loaded = await loadProgram(io, file, options, "judges");
  if (loaded === null) return 1;
  const { compilation } = loaded;
  const progress = progressLine(io.stderr, "verifying");
  const report = verifyAssertions(compilation.scenario, { runs, seed, after: (failures) => compilation.after(failures), progress: (done, total) => progress.update(`${done}/${total} assertions`) });
  progress.end();
  io.stdout.write(render(io, viewOf(compilation, report), options));
  if (report.disagreements.length > 0) return 70;
  if (report.assertions.some((assertion) => assertion.verdict === "fails")) return 4;
  return report.assertions.some((assertion) => assertion.verdict === "unknown" || assertion.verdict === "not-refuted") ? 6 : 0;
}

function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new CommandError("usage", `${option} wants a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  return value;
}

function render(io: Io, view: VerifyView, options: VerifyCommandOptions): string {
  switch (options.format) {
    case "pretty":
      return verifyPretty(view, { style: styleFor(io.stdout, io.env, options.color), width: io.stdout.columns });
    case "json":
      return verifyJson(view);
    case "junit":
      return verifyJunit(view);
    case "sarif":
      return verifySarif(view, { toolVersion: version });
    case "github":
      return verifyGithub(view);
    case "markdown":
      return verifyMarkdown(view);
  }
}

function viewOf(compilation: Compilation, report: VerifyReport): VerifyView {
  return {
    assertions: report.assertions.map((assertion) => ({ ...assertion, witness: assertion.witness === null ? null : witnessView(compilation, assertion.witness) })),
    disagreements: report.disagreements.map((disagreement) => disagreementView(compilation, disagreement)),
    compared: report.compared,
    sources: sourcesIn(compilation.sources),
  };
}

function witnessView(compilation: Compilation, witness: Witness): WitnessView {
  const { flow, failures, summary, reason, cause, isUndecided = false, statement, journey } = witness;
  return { flow: flowView(flow), failures, summary, reason, cause, isUndecided, statement, story: journey === null ? null : storyOf(compilation, failures, flow, journey, [journey]) };
}

function disagreementView(compilation: Compilation, disagreement: Disagreement): DisagreementView {
  const { flow, failures, simulated, intended, journeys } = disagreement;
  return { flow: flowView(flow), failures, simulated, intended, stories: journeys.map((journey) => storyOf(compilation, failures, flow, journey, journeys)) };
}

function flowView(flow: Flow): FlowView {
  return { from: flow.from.name, to: flow.to.name, protocol: flow.protocol, port: flow.port };
}

function storyOf(compilation: Compilation, failures: Failures | null, flow: Flow, journey: Journey, alternatives: readonly Journey[]): Story {
  // What a cut link has been asked of is the cluster as it was declared.
  const { fabric } = failures === null || (failures.links?.length ?? 0) > 0 ? compilation.scenario : compilation.after(failures);
  const locator = new Locator(fabric, sourcesIn(compilation.sources));
  return tellStory({ fabric, locator, from: flow.from.name, to: flow.to.name, protocol: flow.protocol, port: flow.port, journey, alternatives, lookup: null });
}
