/** `knet check`: parse, check, allocate; say what is wrong. */
import type { Diagnostic, SourceFile } from "@knet/language";
import { checkGithub } from "../../report/check-github.ts";
import { checkJson } from "../../report/check-json.ts";
import { checkJunit } from "../../report/check-junit.ts";
import { checkPretty } from "../../report/check-pretty.ts";
import { checkSarif } from "../../report/check-sarif.ts";
import type { CheckView } from "../../report/check-view.ts";
import { CommandError } from "../command-error.ts";
import { fixText } from "../fix.ts";
import { readSource } from "../input.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadClusters, loadSource, sourcesIn, surroundings } from "../load.ts";
import { modelJson } from "../model-json.ts";
import type { ParameterOptions } from "../parameters.ts";
import { styleFor } from "../style.ts";
import type { ColorWhen } from "../style.ts";
import { version } from "../version.ts";
import { replaceFile } from "../write-file.ts";

export const checkFormats = ["pretty", "json", "sarif", "github", "junit", "model-json"] as const;

export interface CheckOptions extends ParameterOptions {
  readonly format: (typeof checkFormats)[number];
  readonly denyWarnings: boolean;
  readonly fix: boolean;
  readonly locked: boolean;
  readonly color: ColorWhen;
}

export async function check(io: Io, files: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const { format } = options;
  if (format === "model-json") return model(io, files, options);
  const sources = new Map<string, SourceFile>();
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    if (options.fix) await fixFile(io, file, options);
    const loaded = await loadSource(io, file, options);
    for (const source of loaded.sources) sources.set(source.path, source);
    diagnostics.push(...loaded.diagnostics);
  }
  io.stdout.write(render(io, { files: [...sources.keys()], diagnostics: distinct(diagnostics), sources: sourcesIn([...sources.values()]) }, format, options));
  const failing = diagnostics.some((diagnostic) => diagnostic.severity === "error" || options.denyWarnings);
  return failing ? 1 : 0;
}

/** What is wrong with a file that several programs import is told once. */
function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const out = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { code, message, span } = diagnostic;
    const key = `${code} ${span.start} ${span.end} ${span.file}\n${message}`;
    if (!out.has(key)) out.set(key, diagnostic);
  }
  return [...out.values()];
}

/** The model alone goes to stdout, so that it can be piped; what is wrong is said on stderr. */
async function model(io: Io, files: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) throw new CommandError("usage", "--format model-json takes one program", "name one file");
  if (options.fix) await fixFile(io, file, options);
  const loaded = await loadClusters(io, file, options);
  if (loaded === null) return 1;
  io.stdout.write(modelJson(loaded.program, loaded.compilations));
  return options.denyWarnings && loaded.loaded.diagnostics.length > 0 ? 1 : 0;
}

/** Writes the repaired program back; what was done is said on stderr, so that stdout keeps its form. */
async function fixFile(io: Io, file: string, options: CheckOptions): Promise<void> {
  const input = await readSource(io, file);
  if (input.path === null) throw new CommandError("usage", "--fix has no file to write when the program comes from standard input", "name the file");
  const { text, applied } = fixText(input.name, input.text, await surroundings(io, input, options));
  if (applied === 0) return;
  await replaceFile(input.path, text);
  io.stderr.write(`repaired ${applied} problem${applied === 1 ? "" : "s"} in ${input.name}\n`);
}

function render(io: Io, view: CheckView, format: Exclude<CheckOptions["format"], "model-json">, options: CheckOptions): string {
  switch (format) {
    case "pretty":
      return checkPretty(view, styleFor(io.stdout, io.env, options.color));
    case "json":
      return checkJson(view);
    case "sarif":
      return checkSarif(view, { toolVersion: version });
    case "github":
      return checkGithub(view);
    case "junit":
      return checkJunit(view, { denyWarnings: options.denyWarnings });
  }
}
