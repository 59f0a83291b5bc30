/**
 * `pnpm trial --clusters N [--seed S] [--first I] [--flows F] [--kernel M] [--mutations K]`: random clusters before all judges, and K
 * deliberate faults. Ends with counts, rule coverage and score; with 1 on a disagreement, after writing the shrunk cluster to
 * test/regressions. `--keep` writes the score to test/properties/mutation-score.json.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { labSupport } from "@knet/compiler";
import {
  chosenFlowText,
  disagreementReport,
  faultKinds,
  judgeClusters,
  mutateClusters,
  scoreOf,
  scoreRecord,
} from "@knet/compiler/testing";
import { askKernel, forEachCluster, kernelCluster } from "../test/differential/random-cluster.ts";

const { values } = parseArgs({
  options: {
    clusters: { type: "string", default: "1000" },
    seed: { type: "string", default: "20261122" },
    first: { type: "string", default: "0" },
    flows: { type: "string", default: "400" },
    kernel: { type: "string", default: "0" },
    mutations: { type: "string", default: "0" },
    keep: { type: "boolean", default: false },
  },
});

function whole(name: "clusters" | "seed" | "first" | "flows" | "kernel" | "mutations"): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name} wants a whole number, not ${values[name]}\n`);
  process.exit(2);
}

const root = new URL("../", import.meta.url);
const [clusters, seed, first, flows, kernel, mutations] = [
  whole("clusters"),
  whole("seed"),
  whole("first"),
  whole("flows"),
  whole("kernel"),
  whole("mutations"),
];
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const percent = (part: number, all: number): string => `${((100 * part) / Math.max(1, all)).toFixed(1)} %`;
let failed = false;

function keep(number: number, text: string, what: string): void {
  const path = `test/regressions/seed-${seed}-cluster-${number}.knet`;
  writeFileSync(new URL(path, root), `// ${what}\n${text}`);
  say(`wrote ${path}`);
  failed = true;
}

// Intent and simulator ------------------------------------------------------------------------------

const done = judgeClusters({
  seed,
  clusters,
  first,
  flows,
  onCluster: (sofar) => {
    if (sofar.clusters % 50 === 0) say(`${sofar.clusters} clusters, ${sofar.flows} flows`);
  },
});
const explained = [...done.unreachable.values()].reduce((sum, count) => sum + count, 0);
say(
  `seed ${seed}: ${done.clusters} clusters, ${done.flows} flows (${percent(done.denied, done.flows)} denied), ${done.compared} compared, ${done.open} open`,
);
say(
  `rules ${done.rules}: hit ${percent(done.hit, done.rules)}, out of reach ${percent(explained, done.rules)}, left ${percent(done.rules - done.hit - explained, done.rules)}`,
);
for (const [reason, count] of [...done.unreachable].toSorted((x, y) => y[1] - x[1])) say(`  ${count} ${reason}`);
const never = [...done.unhit].filter(([kind]) => !done.hitKinds.has(kind)).toSorted((x, y) => y[1] - x[1]);
say(`kinds of rules that no flow of any cluster hit, and nothing rules out: ${never.length}`);
for (const [kind, count] of never) say(`  ${count} ${kind}`);
if (done.disagreement !== null) {
  say(disagreementReport(done.disagreement, seed));
  keep(done.disagreement.number, done.disagreement.text, "intent and simulator disagree");
}

// Simulator and kernel ------------------------------------------------------------------------------

if (kernel > 0) {
  const support = labSupport();
  if (!support.available) say(`the kernel is not asked: ${support.reason}`);
  let asked = 0;
  let differing = 0;
  let skipped = 0;
  await forEachCluster(support.available ? kernel : 0, async (index) => {
    const number = first + index;
    const { text, compilation, flows: chosen } = kernelCluster(seed, number);
    const { differences: found, skipped: left } = await askKernel(compilation, chosen);
    asked += chosen.length - left.length;
    skipped += left.length;
    differing += found.length;
    if (found.length > 0) {
      for (const line of found) say(`cluster ${number}: ${line}`);
      keep(number, text, `simulator and kernel disagree: ${found[0] ?? ""}`);
    }
  });
  say(`kernel: ${asked} flows in ${support.available ? kernel : 0} clusters, ${differing} differ, ${skipped} of SCTP skipped`);
}

// Faults --------------------------------------------------------------------------------------------

if (mutations > 0) {
  const texts = [readFileSync(new URL("examples/journey/journey.knet", root), "utf8")];
  const faults = 50;
  const drawn = Math.max(0, Math.ceil(mutations / faults) - texts.length);
  const score = mutateClusters({ seed, texts, clusters: drawn, faults, onCluster: ({ tried }) => say(`${tried.length} faults`) });
  const reasons = new Map<string, number>();
  for (const { fault, fate } of score.tried) {
    if (fate.kind === "caught") continue;
    const reason = fate.kind === "missed" ? "MISSED: the intent judge does not state what differs" : `${fate.kind}: ${fate.reason}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (fate.kind === "missed" || fate.kind === "open") say(`${fate.kind}: ${fault.kind}: ${fault.text}; ${chosenFlowText(fate.flow)}`);
  }
  for (const [reason, count] of [...reasons].toSorted((x, y) => y[1] - x[1])) say(`  ${count} ${reason}`);
  for (const kind of faultKinds) say(`  ${kind}: ${JSON.stringify(score.byKind[kind])} ${scoreOf(score.byKind[kind]).toFixed(3)}`);
  say(`caught by flows: ${JSON.stringify(score.caughtBy)}`);
  say(`faults: ${JSON.stringify(score.total)}, score ${scoreOf(score.total).toFixed(3)}`);
  if (values.keep)
    writeFileSync(
      new URL("test/properties/mutation-score.json", root),
      `${JSON.stringify(scoreRecord({ seed, texts, clusters: drawn, faults }, score), null, 2)}\n`,
    );
}

process.exitCode = failed ? 1 : 0;
