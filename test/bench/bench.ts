/** Runs the measurements, each in a process of its own, and puts the results together. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateCluster } from "./generate.ts";
import type { Measured, Mode, Task } from "./measure.ts";
import type { BenchResults, Growth, Measure, MeasureName, ProgramResult, Unit } from "./types.ts";

export interface BenchOptions {
  /** Numbers of nodes of the generated clusters. */
  readonly sizes: readonly number[];
  /** Paths of programs to measure beside them. */
  readonly examples: readonly string[];
  readonly runs: number;
  readonly warmups: number;
  readonly log: (line: string) => void;
}

/** Larger clusters are not measured with these, and the result says why. */
const limits: { readonly [mode in Mode]?: { readonly nodes: number; readonly reason: string } } = {
  tree: { nodes: 500, reason: "not tried, since one node of 5,000 has some 7 MB of its own, its map not counted: more than 30 GB in all" },
  reach: {
    nodes: 500,
    reason: "not tried, since the report grows with the square of the namespaces: 140,000 connections of 500 nodes, millions of 2,500",
  },
};

const minute = 60_000;

export function bench(options: BenchOptions): BenchResults {
  const before = loadavg()[0] ?? 0;
  const scratch = mkdtempSync(join(tmpdir(), "knet-bench-"));
  try {
    const nodeStart = measuredRuns(Math.max(3, options.runs), () => void execFileSync(process.execPath, ["-e", "0"]));
    const programs: ProgramResult[] = [];
    for (const path of options.examples) programs.push(measureProgram({ name: basename(path, ".knet"), path }, scratch, options));
    for (const nodes of options.sizes.toSorted((x, y) => x - y)) {
      const path = join(scratch, `${nodes}.knet`);
      writeFileSync(path, generateCluster(nodes).text);
      programs.push(measureProgram({ name: `${nodes} nodes`, path }, scratch, options));
    }
    const [cpu] = cpus();
    return {
      version: 1,
      machine: {
        cpus: cpus().length,
        cpu: cpu?.model ?? "unknown",
        memory: totalmem(),
        node: process.version,
        kernel: release(),
        load: { before: rounded(before), after: rounded(loadavg()[0] ?? 0) },
      },
      runs: options.runs,
      warmups: options.warmups,
      nodeStart,
      programs,
      growth: growthOf(programs.filter((program) => options.sizes.includes(program.nodes) && program.name === `${program.nodes} nodes`)),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Program {
  readonly name: string;
  readonly path: string;
}

function measureProgram(program: Program, scratch: string, options: BenchOptions): ProgramResult {
  const keep = join(scratch, "kube-proxy.iptables");
  const task = (mode: Mode, runs: number, warmups = options.warmups): Measured | string => {
    options.log(`${program.name}: ${mode}`);
    return inProcess({ mode, program: program.path, runs, warmups, scratch, keep: mode === "cold" ? keep : null });
  };
  const repeated = (mode: Mode): Measured | string => joined(Array.from({ length: options.runs }, () => task(mode, 1, 0)));
  const first = repeated("cold");
  if (typeof first === "string") throw new Error(`${program.name}: ${first}`);
  const { counts } = first;
  const limited = (mode: Mode, run: () => Measured | string): Measured | string => {
    const limit = limits[mode];
    return limit !== undefined && counts.nodes > limit.nodes ? `more than ${limit.nodes} nodes: ${limit.reason}` : run();
  };
  const measures: Measure[] = [
    ...measuresOf(stageNames, task("stages", options.runs)),
    ...measuresOf(["new process: model and one node", "processor time: model and one node", "peak memory: model and one node"], first),
    ...measuresOf(treeNames, limited("tree", () => repeated("tree"))),
    ...measuresOf(["simulate flows"], task("simulate", options.runs)),
    ...measuresOf(["verify flows"], limited("verify", () => task("verify", options.runs))),
    ...measuresOf(["reach"], limited("reach", () => task("reach", options.runs))),
    loadKubeProxy(keep, options.runs),
  ];
  return { name: program.name, ...counts, bytes: readFileSync(program.path).length, measures };
}

const stageNames: readonly MeasureName[] = [
  "parse",
  "parse and check",
  "lower",
  "assemble and compile one node",
  "compile one more node",
  "peer: one node's bytes to one file",
];

const treeNames: readonly MeasureName[] = [
  "compile all nodes",
  "write all nodes",
  "bytes written",
  "peak memory: all nodes",
  "peer: all nodes' bytes to one file",
];

function unitOf(name: MeasureName): Unit {
  if (name.startsWith("peak memory") || name === "bytes written") return "bytes";
  return name === "simulate flows" || name === "verify flows" ? "per-second" : "ms";
}

function measuresOf(names: readonly MeasureName[], measured: Measured | string): readonly Measure[] {
  return names.map((name): Measure => {
    if (typeof measured === "string") return { name, skipped: measured };
    const runs = measured.values[name] ?? [];
    return runs.length === 0 ? { name, skipped: "it was not measured" } : { name, unit: unitOf(name), median: median(runs), runs: runs.map(rounded) };
  });
}

/** The result, or why there is none. */
function inProcess(task: Task): Measured | string {
  const script = fileURLToPath(new URL("measure.ts", import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ["--expose-gc", script, JSON.stringify(task)], {
    encoding: "utf8",
    timeout: 15 * minute,
  });
  if (status === 0) return JSON.parse(stdout) as Measured;
  if (error !== undefined) return "code" in error && error.code === "ETIMEDOUT" ? "it took longer than 15 minutes" : error.message;
  return stderr.split("\n").find((line) => /^\w*Error:|FATAL/.test(line)) ?? `it ended with ${status}`;
}

function joined(all: readonly (Measured | string)[]): Measured | string {
  const failed = all.find((one) => typeof one === "string");
  if (failed !== undefined) return failed;
  const good = all.filter((one) => typeof one !== "string");
  const [first] = good;
  if (first === undefined) return "it was not measured";
  const values: { [name in MeasureName]?: readonly number[] } = {};
  for (const { values: run } of good) {
    for (const [name, numbers] of Object.entries(run) as [MeasureName, readonly number[]][]) values[name] = [...(values[name] ?? []), ...numbers];
  }
  return { values, counts: first.counts };
}

/** The kernel's own tool, in a network namespace that ends with it. Its start is part of the time. */
function loadKubeProxy(file: string, runs: number): Measure {
  const name = "peer: iptables-restore loads one node's kube-proxy";
  if (!existsSync(file)) return { name, skipped: "there is no file to load" };
  const tool = ["/usr/sbin/iptables-legacy-restore", "/sbin/iptables-legacy-restore"].find((path) => existsSync(path));
  if (tool === undefined) return { name, skipped: "iptables-legacy-restore is not installed" };
  const once = (): string | null => {
    const { status, stderr, error } = spawnSync("unshare", ["--net", tool, "--noflush", file], { encoding: "utf8", timeout: 5 * minute });
    if (status === 0) return null;
    if (error !== undefined) return "code" in error && error.code === "ETIMEDOUT" ? "it took longer than 5 minutes" : error.message;
    return stderr.trim().split("\n").at(-1) ?? `it ended with ${status}`;
  };
  const values: number[] = [];
  for (let run = -1; run < runs; run++) {
    const start = performance.now();
    const problem = once();
    if (problem !== null) return { name, skipped: problem };
    if (run >= 0) values.push(performance.now() - start);
  }
  return { name, unit: "ms", median: median(values), runs: values.map(rounded) };
}

function measuredRuns(count: number, work: () => void): { readonly median: number; readonly runs: readonly number[] } {
  const runs = Array.from({ length: count }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return { median: median(runs), runs: runs.map(rounded) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return rounded(sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2);
}

function rounded(value: number): number {
  return value >= 1000 ? Math.round(value) : Math.round(value * 100) / 100;
}

/** Measures that are not about growth have none: rates, and peers that depend on them. */
function growthOf(programs: readonly ProgramResult[]): readonly Growth[] {
  return programs.slice(1).flatMap((larger, index): readonly Growth[] => {
    const smaller = programs[index];
    if (smaller === undefined) return [];
    return larger.measures.flatMap((measure): readonly Growth[] => {
      const before = smaller.measures.find((candidate) => candidate.name === measure.name);
      if (before === undefined || "skipped" in before || "skipped" in measure || measure.unit === "per-second" || before.median === 0) return [];
      const perDoubling = (measure.median / before.median) ** (1 / Math.log2(larger.nodes / smaller.nodes));
      return [{ name: measure.name, from: smaller.nodes, to: larger.nodes, perDoubling: Math.round(perDoubling * 100) / 100 }];
    });
  });
}
