/** `knet verify`: every assertion, proved by trying all or refuted with a witness. */
import { compareText } from "@knet/language/values";
import type { Cidr } from "@knet/language/values";
import type { BetweenAssertion, Span } from "@knet/language";
import { betweenReason, rangesOf, unjudged } from "../../compilation/clusters.ts";
import { Locator } from "../../report/locate.ts";
import { tellStory } from "../../report/story.ts";
import type { Story } from "../../report/types.ts";
import { verifyGithub } from "../../report/verify-github.ts";
import { verifyJson } from "../../report/verify-json.ts";
import { verifyJunit } from "../../report/verify-junit.ts";
import { verifyMarkdown } from "../../report/verify-markdown.ts";
import { verifyPretty } from "../../report/verify-pretty.ts";
import { verifySarif } from "../../report/verify-sarif.ts";
import { checkGithub } from "../../report/check-github.ts";
import { checkJson } from "../../report/check-json.ts";
import { checkJunit } from "../../report/check-junit.ts";
import { checkSarif } from "../../report/check-sarif.ts";
import type { CheckView } from "../../report/check-view.ts";
import type { Sources } from "../../report/diagnostics.ts";
import type { AssertionView, DisagreementView, FlowView, VerifyView, WitnessView } from "../../report/verify-view.ts";
import type { Compilation } from "../../compilation/compilation.ts";
import type { Journey } from "../../simulate/steps.ts";
import { verify as verifyAssertions } from "../../verify/verify.ts";
import type { VerifyOptions } from "../../verify/verify.ts";
import type { AssertionResult, Disagreement, Failures, Flow, Scenario, VerifyReport, Witness } from "../../verify/types.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadClusters, sourcesIn } from "../load.ts";
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

/** What CI reads when there is nothing to verify, because the program has errors. The other formats have no place for them. */
const findingsAs: { readonly [format in VerifyCommandOptions["format"]]?: (view: CheckView) => string } = {
  json: checkJson,
  sarif: (view) => checkSarif(view, { toolVersion: version }),
  github: checkGithub,
  junit: (view) => checkJunit(view, { denyWarnings: false }),
};

export async function verify(io: Io, file: string, options: VerifyCommandOptions): Promise<ExitCode> {
  const runs = wholeNumber(options.runs, "--runs", 1, 10_000_000);
  const seed = options.seed === undefined ? defaultSeed : wholeNumber(options.seed, "--seed", 0, 2 ** 31 - 1);
  const report = findingsAs[options.format];
  const loaded = await loadClusters(io, file, report === undefined ? options : { ...options, report }, "judges");
  if (loaded === null) return 1;
  const { compilations, program } = loaded;
  const progress = progressLine(io.stderr, "verifying");
  const parts = compilations.map((compilation) => {
    const others = compilations.filter((other) => other !== compilation).flatMap(({ model }) => rangesOf(model));
    return { compilation, report: verifyCluster(compilation, others, { runs, seed, progress: (done, total) => progress.update(`${done}/${total} assertions`) }) };
  });
  progress.end();
  const view = viewOf(parts, program.between.map(undecidedBetween), sourcesIn(loaded.loaded.sources));
  io.stdout.write(render(io, view, options));
  if (view.disagreements.length > 0) return 70;
  if (view.assertions.some((assertion) => assertion.verdict === "fails")) return 4;
  return view.assertions.some((assertion) => assertion.verdict === "unknown" || assertion.verdict === "not-refuted") ? 6 : 0;
}

/** Verifies the assertions of one cluster; those that are also about the others are not judged. */
function verifyCluster(compilation: Compilation, others: readonly Cidr[], options: Omit<VerifyOptions, "after">): VerifyReport {
  const { scenario } = compilation;
  const { assertions } = scenario.model;
  const reasons = new Map(others.length === 0 ? [] : assertions.map((assertion) => [assertion, unjudged(assertion, others)] as const));
  const judged = assertions.filter((assertion) => (reasons.get(assertion) ?? null) === null);
  const within: Scenario = judged.length === assertions.length ? scenario : { ...scenario, model: { ...scenario.model, assertions: judged } };
  const report = verifyAssertions(within, { ...options, after: (failures) => compilation.after(failures) });
  const open = assertions.flatMap((assertion) => {
    const reason = reasons.get(assertion) ?? null;
    return reason === null ? [] : [undecided(assertion, reason)];
  });
  return { ...report, assertions: [...report.assertions, ...open] };
}

function undecidedBetween(assertion: BetweenAssertion): AssertionResult {
  return undecided(assertion, betweenReason(assertion.clusters));
}

function undecided({ title, span }: { readonly title: string; readonly span: Span }, reason: string): AssertionResult {
  return { title, span, verdict: "unknown", method: "enumerated", flows: 0, runs: null, seed: null, reason, witness: null };
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

interface VerifiedCluster {
  readonly compilation: Compilation;
  readonly report: VerifyReport;
}

/** The results of all clusters, those of several in the order in which the assertions stand in their files. */
function viewOf(parts: readonly VerifiedCluster[], between: readonly AssertionResult[], sources: Sources): VerifyView {
  const own = parts.flatMap(({ compilation, report }) =>
    report.assertions.map((assertion): AssertionView => ({ ...assertion, witness: assertion.witness === null ? null : witnessView(compilation, assertion.witness) })),
  );
  const all = [...own, ...between.map((assertion): AssertionView => ({ ...assertion, witness: null }))];
  return {
    assertions: parts.length === 1 ? all : all.toSorted((x, y) => compareText(x.span.file, y.span.file) || x.span.start - y.span.start),
    disagreements: parts.flatMap(({ compilation, report }) => report.disagreements.map((disagreement) => disagreementView(compilation, disagreement))),
    compared: parts.reduce((sum, { report }) => sum + report.compared, 0),
    sources,
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
  const locator = new Locator(fabric, sourcesIn(compilation.sources), compilation.folder);
  return tellStory({ fabric, locator, from: flow.from.name, to: flow.to.name, protocol: flow.protocol, port: flow.port, journey, alternatives, lookup: null });
}
