/** The results as a page to read: `results.md`. */
import type { BenchResults, Measure, MeasureName, ProgramResult } from "./types.ts";

export function reportText(results: BenchResults): string {
  const { machine, programs, runs, warmups, nodeStart, growth } = results;
  const names = [...new Set(programs.flatMap((program) => program.measures.map((measure) => measure.name)))];
  const skipped = programs.flatMap((program) => program.measures.flatMap((measure) => ("skipped" in measure ? [{ program: program.name, ...measure }] : [])));
  const reasons = Map.groupBy(skipped, ({ skipped: reason }) => reason);
  const steps = [...new Map(growth.map(({ from, to }) => [`${from} → ${to}`, { from, to }])).values()];
  const grown = names.filter((name) => growth.some((entry) => entry.name === name));
  return [
    "# Measurements",
    "",
    "`pnpm bench` writes this page and `results.json`.",
    "",
    `Machine: ${machine.cpus} × ${machine.cpu}, ${gigabytes(machine.memory)} memory, Linux ${machine.kernel}, Node ${machine.node}. Load before and after: ${machine.load.before}, ${machine.load.after}.`,
    "",
    `Medians of ${runs} runs after ${warmups} that ${warmups === 1 ? "is" : "are"} not counted. "New process", memory and "all nodes" are of ${runs} processes that do nothing else, without a warm-up. Loading the code and reading the program are not counted. Processor time includes that of the threads which collect garbage; it says more than the time on the clock when others use the machine.`,
    `Node's own start takes ${milliseconds(nodeStart.median)}.`,
    "",
    "## Programs",
    "",
    ...table(
      ["program", "nodes", "pods", "services", "policies", "text"],
      programs.map((program) => [program.name, ...[program.nodes, program.pods, program.services, program.policies].map(grouped), bytes(program.bytes)]),
    ),
    "",
    "Pods and services count those of the cluster's own software.",
    "",
    "## Times, rates and memory",
    "",
    ...table(["", ...programs.map((program) => program.name)], names.map((name) => [name, ...programs.map((program) => cell(program, name))])),
    ...(skipped.length === 0 ? [] : ["", "Not measured:", "", ...[...reasons].map(([reason, of]) => `- ${distinct(of.map(({ name }) => name))} (${distinct(of.map(({ program }) => program))}): ${reason}.`)]),
    ...(steps.length === 0
      ? []
      : [
          "",
          "## When the number of nodes doubles",
          "",
          "By how much each grows, from the medians of two sizes; 2 is linear.",
          "",
          ...table(
            ["", ...steps.map(({ from, to }) => `${grouped(from)} → ${grouped(to)}`)],
            grown.map((name) => [
              name,
              ...steps.map(({ from, to }) => growth.find((entry) => entry.name === name && entry.from === from && entry.to === to)?.perDoubling.toFixed(2) ?? "–"),
            ]),
          ),
        ]),
    "",
  ].join("\n");
}

function distinct(words: readonly string[]): string {
  return [...new Set(words)].join(", ");
}

function cell(program: ProgramResult, name: MeasureName): string {
  const measure: Measure | undefined = program.measures.find((candidate) => candidate.name === name);
  if (measure === undefined || "skipped" in measure) return "–";
  switch (measure.unit) {
    case "ms":
      return milliseconds(measure.median);
    case "bytes":
      return bytes(measure.median);
    case "per-second":
      return `${grouped(Math.round(measure.median))}/s`;
  }
}

function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(value >= 10_000 ? 1 : 2)} s`;
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

function bytes(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} GB`;
  return value >= 1e6 ? `${Math.round(value / 1e6)} MB` : `${Math.round(value / 1e3)} kB`;
}

function gigabytes(value: number): string {
  return `${Math.round(value / 2 ** 30)} GiB`;
}

/** `150,000`, whatever the locale. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_unused, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)];
}
