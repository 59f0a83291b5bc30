/** `knet verify`: every assertion, proved by trying all or refuted with a witness. */
import { Locator } from "../../report/locate.ts";
import { tellStory } from "../../report/story.ts";
import type { Story } from "../../report/types.ts";
import { verifyReporter } from "../../report/verify.ts";
import type { VerifyFormat } from "../../report/verify.ts";
import type { VerifyView } from "../../report/verify-view.ts";
import type { Compilation } from "../../compilation/compilation.ts";
import { everyJourney } from "../../simulate/journey.ts";
import { verify as verifyAssertions } from "../../verify/verify.ts";
import type { Disagreement, VerifyReport, Witness } from "../../verify/types.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadProgram } from "../load.ts";
import { progressLine } from "../progress.ts";
import { frameStyle, wantsColor } from "../style.ts";
import type { ColorWhen } from "../style.ts";

export interface VerifyCommandOptions {
  readonly runs: string;
  readonly seed?: string;
  readonly format: VerifyFormat;
  readonly locked: boolean;
  readonly color: ColorWhen;
}

/** Used when none is given, so that two runs of the same program say the same. */
const defaultSeed = 20261122;

export async function verify(io: Io, file: string, options: VerifyCommandOptions): Promise<ExitCode> {
  const runs = wholeNumber(options.runs, "--runs", 1, 10_000_000);
  const seed = options.seed === undefined ? defaultSeed : wholeNumber(options.seed, "--seed", 0, 2 ** 31 - 1);
  const loaded = await loadProgram(io, file, options);
  if (loaded === null) return 1;
  const { compilation } = loaded;
  const progress = progressLine(io.stderr, "verifying");
  const report = verifyAssertions(compilation.scenario, { runs, seed, after: (failures) => compilation.after(failures), progress: (done, total) => progress.update(`${done}/${total} assertions`) });
  progress.end();
  const view = viewOf(compilation, report);
  io.stdout.write(verifyReporter(options.format)(view, { width: io.stdout.columns, color: wantsColor(io.stdout, io.env, options.color), style: frameStyle(io.stdout, io.env, options.color) }));
  if (report.disagreements.length > 0) return 70;
  if (report.assertions.some((assertion) => assertion.verdict === "fails")) return 4;
  return report.assertions.some((assertion) => assertion.verdict === "unknown" || assertion.verdict === "not-refuted") ? 6 : 0;
}

function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new CommandError("usage", `${option} wants a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  return value;
}

function viewOf(compilation: Compilation, report: VerifyReport): VerifyView {
  return {
    source: compilation.source,
    assertions: report.assertions.map((result) => ({ result, story: result.witness === null ? null : witnessStory(compilation, result.witness) })),
    disagreements: report.disagreements.map((disagreement) => ({ disagreement, story: disagreementStory(compilation, disagreement) })),
    compared: report.compared,
  };
}

function witnessStory(compilation: Compilation, witness: Witness): Story | null {
  if (witness.journey === null) return null;
  const scenario = witness.failures === null ? compilation.scenario : compilation.after(witness.failures);
  return story(compilation, scenario, witness.flow, witness.journey, [witness.journey]);
}

function disagreementStory(compilation: Compilation, disagreement: Disagreement): Story | null {
  const [journey] = disagreement.journeys;
  const scenario = disagreement.failures === null ? compilation.scenario : compilation.after(disagreement.failures);
  return journey === undefined ? null : story(compilation, scenario, disagreement.flow, journey, disagreement.journeys);
}

function story(compilation: Compilation, scenario: Compilation["scenario"], flow: Witness["flow"], journey: Parameters<typeof tellStory>[0]["journey"], alternatives: ReturnType<typeof everyJourney>): Story {
  const locator = new Locator(scenario.fabric, (path) => (path === compilation.source.path ? compilation.source : null));
  return tellStory({ fabric: scenario.fabric, locator, from: flow.from.name, to: flow.to.name, protocol: flow.protocol, port: flow.port, journey, alternatives, lookup: null });
}
