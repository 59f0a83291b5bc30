/** How long reading, checking and formatting take, beside a published parser and a scanner written by hand. Timing decides no test. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { checkProgram, parse } from "@knet/language";
import type { ParseResult } from "@knet/language";
import { format } from "@knet/language/formatter";
import { median } from "./bench.ts";
import { documented, hostOf, loopOf, workspaceOf } from "./language-texts.ts";
import type { Workspace } from "./language-texts.ts";
import { scan } from "./scanner.ts";

export interface LanguageBenchOptions {
  /** Lines of the texts that are read, checked and formatted. */
  readonly lines: number;
  /** Nodes of the cluster that a loop writes. */
  readonly nodes: number;
  readonly runs: number;
  readonly warmups: number;
  readonly log: (line: string) => void;
}

export interface LanguageMeasure {
  readonly name: string;
  /** What was done, and to what. */
  readonly of: string;
  readonly lines: number;
  /** Lines of them that are comments, in hundredths. */
  readonly comments: number;
  /** Milliseconds. */
  readonly median: number;
  readonly fastest: number;
  readonly runs: readonly number[];
}

export interface LanguageGoal {
  readonly what: string;
  readonly wanted: string;
  /** Null: what it takes was not measured. */
  readonly measured: string | null;
  readonly met: boolean | null;
}

export interface LanguageResults {
  readonly version: 1;
  readonly machine: {
    readonly cpus: number;
    readonly cpu: string;
    readonly memory: number;
    readonly node: string;
    readonly kernel: string;
    readonly load: { readonly before: number; readonly after: number };
  };
  readonly runs: number;
  readonly warmups: number;
  readonly measures: readonly LanguageMeasure[];
  /** What was not measured, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly goals: readonly LanguageGoal[];
}

export const peersFolder = fileURLToPath(new URL("./peers/", import.meta.url));

const names = {
  typespec: "TypeSpec parses its own library",
  scan: "a scanner written by hand",
  parse: "lex and parse, with recovery",
  parseDocumented: "lex and parse, documented like a library",
  parseDouble: "lex and parse, twice the lines",
  check: "check one file",
  checkDouble: "check one file, twice the lines",
  anew: "check 20 files",
  workspace: "check 20 files, warm",
  format: "format",
  loop: "check a cluster written as a loop",
  loopDouble: "check a cluster written as a loop, twice the nodes",
} as const;

interface Task {
  readonly of: string;
  readonly texts: readonly string[];
  readonly work: () => void;
}

type Size = Pick<LanguageBenchOptions, "lines" | "nodes">;

/** Each measure by its name; a text says why there is none. */
const tasks: Readonly<Record<keyof typeof names, (size: Size) => Task | string | Promise<Task | string>>> = {
  typespec: async ({ lines }) => {
    const peer = await typespec();
    if (typeof peer === "string") return peer;
    // As many lines a run as the other texts have, so that the machine has seen as much of one parser as of the other.
    const times = Math.max(1, Math.round(lines / linesOf(peer.texts)));
    const texts = Array.from({ length: times }, () => peer.texts).flat();
    return { of: `${peer.version}, ${peer.texts.length} files, ${times} times`, texts, work: () => texts.forEach((text) => void peer.parse(text)) };
  },
  scan: ({ lines }) => oneFile(lines, scan),
  parse: ({ lines }) => oneFile(lines, (text) => parse("main.knet", text)),
  parseDocumented: ({ lines }) => {
    // Three lines in front of each: about the share of comments that TypeSpec's library has.
    const text = documented(textOf(workspaceOf(Math.round(lines / 4), 1)), 3);
    return { of: "one file", texts: [text], work: () => void parse("main.knet", text) };
  },
  parseDouble: ({ lines }) => oneFile(lines * 2, (text) => parse("main.knet", text)),
  format: ({ lines }) => oneFile(lines, (text) => format("main.knet", text)),
  check: ({ lines }) => oneFile(lines, checkText),
  checkDouble: ({ lines }) => oneFile(lines * 2, checkText),
  anew: ({ lines }) => {
    const workspace = workspaceOf(lines, 20);
    return { of: "each read and parsed", texts: [...workspace.files.values()], work: () => check(workspace) };
  },
  workspace: ({ lines }) => {
    const workspace = workspaceOf(lines, 20);
    const { files: known } = checkProgram(workspace.entry, textOf(workspace), { host: hostOf(workspace) });
    let edits = 0;
    return { of: "one of them has changed", texts: [...workspace.files.values()], work: () => check(edited(workspace, ++edits), known) };
  },
  loop: ({ nodes }) => loopTask(nodes),
  loopDouble: ({ nodes }) => loopTask(nodes * 2),
};

function oneFile(lines: number, work: (text: string) => unknown): Task {
  const text = textOf(workspaceOf(lines, 1));
  return { of: "one file", texts: [text], work: () => void work(text) };
}

function loopTask(nodes: number): Task {
  const text = loopOf(nodes);
  return { of: `${nodes} nodes`, texts: [text], work: () => checkText(text) };
}

export type TaskName = keyof typeof tasks;
export const taskNames = Object.keys(tasks) as readonly TaskName[];

/** One measure, in this process. A text says why there is none. */
export async function measureTask(name: TaskName, options: Omit<LanguageBenchOptions, "log">): Promise<LanguageMeasure | string> {
  const task = await tasks[name](options);
  return typeof task === "string" ? task : { name: names[name], of: task.of, lines: linesOf(task.texts), comments: commentShare(task.texts), ...timed(task.work, options) };
}

/** @param measure of each task: what {@link measureTask} gives, here or in a process of its own */
export async function languageBench(
  options: LanguageBenchOptions,
  measure: (name: TaskName) => Promise<LanguageMeasure | string> = (name) => measureTask(name, options),
): Promise<LanguageResults> {
  const before = loadavg()[0] ?? 0;
  const skipped: { readonly name: string; readonly reason: string }[] = [];
  const measures: LanguageMeasure[] = [];
  for (const name of taskNames) {
    options.log(names[name]);
    // One behind the other: two at once would measure each other.
    // oxlint-disable-next-line no-await-in-loop
    const measured = await measure(name);
    if (typeof measured === "string") skipped.push({ name: names[name], reason: measured });
    else measures.push(measured);
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
    measures,
    skipped,
    goals: goalsOf(measures, options),
  };
}

export function goalsOf(measures: readonly LanguageMeasure[], { lines, nodes }: Size): readonly LanguageGoal[] {
  const find = (name: string): LanguageMeasure | undefined => measures.find((measure) => measure.name === name);
  const time = (what: string, name: string, most: number): LanguageGoal => {
    const took = find(name)?.fastest;
    return { what, wanted: `at most ${most} ms`, measured: took === undefined ? null : `${took} ms`, met: took === undefined ? null : took <= most };
  };
  const growth = (what: string, small: string, large: string): LanguageGoal => {
    const [first, second] = [find(small)?.fastest, find(large)?.fastest];
    const factor = first === undefined || second === undefined || first === 0 ? null : rounded(second / first);
    return { what, wanted: "at most 2.5 times as long", measured: factor === null ? null : `${factor} times`, met: factor === null ? null : factor <= 2.5 };
  };
  const peer = find(names.typespec);
  const beside = (what: string, name: string, rate: (measure: LanguageMeasure) => number): LanguageGoal => {
    const own = find(name);
    const share = own === undefined || peer === undefined ? null : rounded(rate(own) / rate(peer));
    return { what: `lines a second of the parser beside TypeSpec's: ${what}`, wanted: "at least 0.6", measured: share === null ? null : String(share), met: share === null ? null : share >= 0.6 };
  };
  return [
    beside("all lines, both texts documented alike", names.parseDocumented, speed),
    beside("lines that are no comments", names.parse, codeSpeed),
    beside("all lines, though TypeSpec's are comments for the most part and knet's are not", names.parse, speed),
    time(`20 files with ${lines} lines in all are checked`, names.workspace, 150),
    time(`${lines} lines are formatted`, names.format, 250),
    time(`${nodes} nodes written as a loop are checked`, names.loop, 1000),
    growth("twice the lines, parsed", names.parse, names.parseDouble),
    growth("twice the lines, checked", names.check, names.checkDouble),
    growth("twice the nodes of the loop", names.loop, names.loopDouble),
  ];
}

/** Lines a second, of the fastest run: others who use the machine only ever add to it. */
export function speed({ lines, fastest: took }: LanguageMeasure): number {
  return took === 0 ? 0 : Math.round((lines / took) * 1000);
}

/** The same without the lines that are comments. */
export function codeSpeed(measure: LanguageMeasure): number {
  return Math.round((speed(measure) * (100 - measure.comments)) / 100);
}

/** As after a key in an editor: the last file has another text. */
function edited(workspace: Workspace, edit: number): Workspace {
  const last = [...workspace.files.keys()].at(-1) ?? workspace.entry;
  return { ...workspace, files: new Map([...workspace.files, [last, `${workspace.files.get(last) ?? ""}// ${edit}\n`]]) };
}

function checkText(text: string): void {
  check({ entry: "main.knet", files: new Map([["main.knet", text]]) });
}

function check(workspace: Workspace, known: ReadonlyMap<string, ParseResult> = new Map<string, never>()): void {
  const { diagnostics, program } = checkProgram(workspace.entry, textOf(workspace), { host: hostOf(workspace), known });
  if (program === null) throw new Error(`the program has errors: ${diagnostics[0]?.message ?? ""}`);
}

function textOf({ entry, files }: Workspace): string {
  return files.get(entry) ?? "";
}

/** In hundredths. */
function commentShare(texts: readonly string[]): number {
  const lines = texts.flatMap((text) => text.split("\n"));
  return Math.round((100 * lines.filter((line) => /^\s*(?:\/\/|\/?\*)/.test(line)).length) / lines.length);
}

function linesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.split("\n").length - 1, 0);
}

function timed(work: () => void, { runs, warmups }: Pick<LanguageBenchOptions, "runs" | "warmups">): Pick<LanguageMeasure, "median" | "fastest" | "runs"> {
  for (let run = 0; run < warmups; run++) work();
  const took = Array.from({ length: runs }, () => {
    globalThis.gc?.();
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return { median: median(took), fastest: rounded(Math.min(...took)), runs: took.map(rounded) };
}

function rounded(value: number): number {
  return value >= 1000 ? Math.round(value) : Math.round(value * 100) / 100;
}

interface Peer {
  readonly version: string;
  readonly texts: readonly string[];
  readonly parse: (text: string) => unknown;
}

/** The peer, or why there is none. Its parser keeps comments and documentation, as knet's does. */
async function typespec(): Promise<Peer | string> {
  const folder = join(peersFolder, "node_modules/@typespec/compiler");
  if (!existsSync(folder)) return "@typespec/compiler is not installed; `pnpm bench:language` installs it where a registry can be reached";
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly version: string };
  const { parse: parseTypeSpec } = (await import(pathToFileURL(join(folder, "dist/src/ast/index.js")).href)) as {
    readonly parse: (text: string, options: { readonly comments: boolean; readonly docs: boolean }) => unknown;
  };
  const texts = readdirSync(join(folder, "lib"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".tsp"))
    .toSorted()
    .map((name) => readFileSync(join(folder, "lib", name), "utf8"));
  return { version, texts, parse: (text) => parseTypeSpec(text, { comments: true, docs: true }) };
}
