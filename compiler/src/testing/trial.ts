/** Many random clusters before the judges, and faults in some of them. */
import { checkSource } from "../compilation/compilation.ts";
import type { Compilation } from "../compilation/compilation.ts";
import { ruleCoverage, ruleKind } from "./coverage.ts";
import type { UnreachableReason } from "./coverage.ts";
import { drawSketch } from "./draw-sketch.ts";
import type { SketchOptions } from "./draw-sketch.ts";
import { faultKinds } from "./faults.ts";
import type { FaultKind } from "./faults.ts";
import { flowsOf } from "./flows.ts";
import { disagreementText, judge } from "./judge.ts";
import type { FlowDisagreement, KnownJourneys, MatchedRules } from "./judge.ts";
import { MutationTrial } from "./mutation.ts";
import type { FlowSet, TriedFault } from "./mutation.ts";
import { printSketch } from "./print-sketch.ts";
import { randomFrom } from "./random.ts";
import type { Random } from "./random.ts";
import { smallestSketch } from "./shrink-sketch.ts";
import type { ClusterSketch } from "./sketch.ts";

/** The choices of cluster `number` of a seed: the same whatever other clusters are drawn. */
export function randomOfCluster(seed: number, number: number): Random {
  return randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
}

/** @throws {Error} when the checker refuses the text */
export function compileText(text: string, file = "random.knet"): Compilation {
  const { compilation, diagnostics } = checkSource(file, text, null);
  if (compilation !== null) return compilation;
  throw new Error(`${diagnostics.map((diagnostic) => diagnostic.message).join("; ")}\n${text}`);
}

// Judges --------------------------------------------------------------------------------------------

export interface JudgeOptions {
  readonly seed: number;
  readonly clusters: number;
  /** The number of the first cluster; default 0. */
  readonly first?: number;
  /** Flows of a cluster; default 400. */
  readonly flows?: number;
  readonly sketch?: SketchOptions;
  readonly onCluster?: (done: JudgedClusters) => void;
}

export interface JudgedClusters {
  readonly clusters: number;
  readonly flows: number;
  readonly compared: number;
  readonly open: number;
  readonly denied: number;
  readonly rules: number;
  readonly hit: number;
  /** Rules that no flow can hit, by reason. */
  readonly unreachable: ReadonlyMap<UnreachableReason, number>;
  /** Rules that no flow of their cluster hit though nothing rules it out, by `ruleKind`. */
  readonly unhit: ReadonlyMap<string, number>;
  /** Kinds of rules that a flow of some cluster hit. */
  readonly hitKinds: ReadonlySet<string>;
  /** The first; nothing is drawn behind it. */
  readonly disagreement: ClusterDisagreement | null;
}

export interface ClusterDisagreement {
  readonly number: number;
  /** Shrunk, in .knet. */
  readonly text: string;
  readonly disagreements: readonly FlowDisagreement[];
}

export function judgeClusters(options: JudgeOptions): JudgedClusters {
  const { seed, clusters, first = 0, flows: limit = 400, sketch: kind = {} } = options;
  const count = { clusters: 0, flows: 0, compared: 0, open: 0, denied: 0, rules: 0, hit: 0 };
  const unreachable = new Map<UnreachableReason, number>();
  const unhit = new Map<string, number>();
  const hitKinds = new Set<string>();
  let disagreement: ClusterDisagreement | null = null;
  const done = (): JudgedClusters => ({ ...count, unreachable, unhit, hitKinds, disagreement });
  for (let number = first; number < first + clusters && disagreement === null; number++) {
    const sketch = drawSketch(randomOfCluster(seed, number), kind);
    const compilation = compileText(printSketch(sketch));
    const journeys: KnownJourneys = new Map();
    const flows = flowsOf(compilation, randomOfCluster(seed, number), { limit, journeys });
    const matched: MatchedRules = new Map();
    const judgement = judge(compilation.scenario, flows, matched, journeys);
    const coverage = ruleCoverage(compilation, matched);
    count.clusters++;
    count.flows += flows.length;
    count.compared += judgement.compared;
    count.open += judgement.open;
    count.denied += judgement.denied;
    count.rules += coverage.rules;
    count.hit += coverage.hit;
    for (const entry of coverage.unhit) {
      if (entry.reason !== null) unreachable.set(entry.reason, (unreachable.get(entry.reason) ?? 0) + 1);
      else unhit.set(ruleKind(entry), (unhit.get(ruleKind(entry)) ?? 0) + 1);
    }
    for (const entry of coverage.hitRules) hitKinds.add(ruleKind(entry));
    if (judgement.disagreements.length > 0) disagreement = shrunk(sketch, number, seed, limit);
    options.onCluster?.(done());
  }
  return done();
}

/** Each compiles and judges a cluster anew, about a tenth of a second. */
const shrinkAttempts = 800;

function shrunk(sketch: ClusterSketch, number: number, seed: number, limit: number): ClusterDisagreement {
  const disagreements = (candidate: ClusterSketch): readonly FlowDisagreement[] => {
    const { compilation } = checkSource("random.knet", printSketch(candidate), null);
    // A cluster whose ranges are full is no smaller form of the same fault.
    if (compilation === null) return [];
    return judge(compilation.scenario, flowsOf(compilation, randomOfCluster(seed, number), { limit })).disagreements;
  };
  const smallest = smallestSketch(sketch, (candidate) => disagreements(candidate).length > 0, shrinkAttempts);
  return { number, text: printSketch(smallest), disagreements: disagreements(smallest) };
}

/** What to read, keep and run when judges disagree. */
export function disagreementReport({ number, text, disagreements }: ClusterDisagreement, seed: number): string {
  return [
    `the judges disagree on cluster ${number} of seed ${seed}; shrunk, it is`,
    "",
    text,
    ...disagreements.slice(0, 5).map(disagreementText),
    "",
    `again: pnpm trial --seed ${seed} --first ${number} --clusters 1`,
  ].join("\n");
}

// Faults --------------------------------------------------------------------------------------------

export interface KindScore {
  caught: number;
  equivalent: number;
  unreachable: number;
  /** Only requests that the specifications leave open end otherwise. */
  open: number;
  missed: number;
}

export interface MutationScore {
  readonly total: Readonly<KindScore>;
  /** The caught ones by the first set of flows that told them. */
  readonly caughtBy: Readonly<Record<FlowSet, number>>;
  /** The open ones by reason. */
  readonly open: ReadonlyMap<string, number>;
  readonly byKind: Readonly<Record<FaultKind, Readonly<KindScore>>>;
  readonly tried: readonly TriedFault[];
}

/** Caught against all that changes what the specifications state; 1 when nothing does. */
export function scoreOf({ caught, missed }: Readonly<KindScore>): number {
  const telling = caught + missed;
  return telling === 0 ? 1 : caught / telling;
}

export interface MutationOptions {
  readonly seed: number;
  /** Programs that stand before the random clusters. */
  readonly texts: readonly string[];
  readonly clusters: number;
  /** Faults of each program and cluster. */
  readonly faults: number;
  /** Flows of a cluster; default 1500. */
  readonly flows?: number;
  readonly onCluster?: (score: MutationScore) => void;
}

/** Small, since every request of the cluster is asked where no chosen flow tells. */
const small: SketchOptions = { pods: 3, policies: 2 };

export function mutateClusters({ seed, texts, clusters, faults, flows = 1500, onCluster }: MutationOptions): MutationScore {
  const none = (): KindScore => ({ caught: 0, equivalent: 0, unreachable: 0, open: 0, missed: 0 });
  const total = none();
  const byKind: Record<FaultKind, KindScore> = {
    drop: none(),
    swap: none(),
    port: none(),
    address: none(),
    mask: none(),
    verdict: none(),
    mark: none(),
    "next-hop": none(),
  };
  const tried: TriedFault[] = [];
  const caughtBy: Record<FlowSet, number> = { chosen: 0, aimed: 0, every: 0 };
  const open = new Map<string, number>();
  const score: MutationScore = { total, caughtBy, open, byKind, tried };
  const drawn = Array.from({ length: clusters }, (_unused, number) =>
    printSketch(drawSketch(randomOfCluster(seed, number), { ...small, families: number % 2 === 0 ? [4] : [6] })),
  );
  for (const [number, text] of [...texts, ...drawn].entries()) {
    const compilation = compileText(text);
    const random = randomOfCluster(seed, number);
    const trial = new MutationTrial(compilation, flowsOf(compilation, random, { limit: flows, aims: 6 }));
    for (let n = 0; n < faults; n++) {
      const one = trial.next(random);
      tried.push(one);
      const { fate } = one;
      for (const count of [total, byKind[one.fault.kind]]) count[fate.kind]++;
      if (fate.kind === "caught") caughtBy[fate.by]++;
      if (fate.kind === "open") open.set(fate.reason, (open.get(fate.reason) ?? 0) + 1);
    }
    onCluster?.(score);
  }
  return score;
}

/** The score as it is kept, by kind of fault. */
export function scoreRecord(
  options: Pick<MutationOptions, "seed" | "clusters" | "faults" | "texts">,
  { total, caughtBy, open, byKind }: MutationScore,
): Readonly<Record<string, unknown>> {
  const rounded = (counts: Readonly<KindScore>): Readonly<Record<string, number>> => ({
    score: Number(scoreOf(counts).toFixed(3)),
    ...counts,
  });
  return {
    seed: options.seed,
    clusters: options.clusters,
    programs: options.texts.length,
    faultsOfEach: options.faults,
    total: rounded(total),
    caughtBy,
    open: Object.fromEntries([...open].toSorted(([x], [y]) => (x < y ? -1 : 1))),
    byKind: Object.fromEntries(faultKinds.map((kind) => [kind, rounded(byKind[kind])])),
  };
}
