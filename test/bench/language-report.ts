/** The results of the language's measurements as a page to read: `language.md`. */
import { codeSpeed, speed } from "./language.ts";
import type { LanguageResults } from "./language.ts";

export function languageReport({ machine, runs, warmups, measures, skipped, goals }: LanguageResults): string {
  return [
    "# Measurements of the language",
    "",
    "`pnpm bench:language` writes this page and `language.json`.",
    "",
    `Machine: ${machine.cpus} × ${machine.cpu}, ${(machine.memory / 2 ** 30).toFixed(1)} GB memory, Linux ${machine.kernel}, Node ${machine.node}. Load before and after: ${machine.load.before}, ${machine.load.after}.`,
    "",
    `Of ${runs} runs after ${warmups} that ${warmups === 1 ? "is" : "are"} not counted, each in a process of its own. Reading files is not part of them. Lines a second and the goals are of the fastest run, since others who use the machine only ever add to it.`,
    "",
    "| | of | lines | comments | median | fastest | lines a second | without comments |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...measures.map((measure) => `| ${measure.name} | ${measure.of} | ${grouped(measure.lines)} | ${measure.comments}% | ${measure.median} ms | ${measure.fastest} ms | ${grouped(speed(measure))} | ${grouped(codeSpeed(measure))} |`),
    ...(skipped.length === 0 ? [] : ["", "Not measured:", "", ...skipped.map(({ name, reason }) => `- ${name}: ${reason}.`)]),
    "",
    "## Goals",
    "",
    "| | wanted | measured | |",
    "| --- | --- | --- | --- |",
    ...goals.map(({ what, wanted, measured, met }) => `| ${what} | ${wanted} | ${measured ?? "–"} | ${met === null ? "not measured" : met ? "met" : "missed"} |`),
    "",
  ].join("\n");
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}
