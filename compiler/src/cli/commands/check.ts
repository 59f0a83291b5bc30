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
import { loadSource, sourcesIn } from "../load.ts";
import { styleFor } from "../style.ts";
import type { ColorWhen } from "../style.ts";
import { version } from "../version.ts";
import { replaceFile } from "../write-file.ts";

export const checkFormats = ["pretty", "json", "sarif", "github", "junit"] as const;

export interface CheckOptions {
  readonly format: (typeof checkFormats)[number];
  readonly denyWarnings: boolean;
  readonly fix: boolean;
  readonly locked: boolean;
  readonly color: ColorWhen;
}

export async function check(io: Io, files: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const sources: SourceFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    if (options.fix) await fixFile(io, file);
    const loaded = await loadSource(io, file, options.locked);
    sources.push(loaded.source);
    diagnostics.push(...loaded.diagnostics);
  }
  io.stdout.write(render(io, { files: sources.map((source) => source.path), diagnostics, sources: sourcesIn(sources) }, options));
  const failing = diagnostics.some((diagnostic) => diagnostic.severity === "error" || options.denyWarnings);
  return failing ? 1 : 0;
}

/** Writes the repaired program back; what was done is said on stderr, so that stdout keeps its form. */
async function fixFile(io: Io, file: string): Promise<void> {
  const input = await readSource(io, file);
  if (input.path === null) throw new CommandError("usage", "--fix has no file to write when the program comes from standard input", "name the file");
  const { text, applied } = fixText(input.name, input.text);
  if (applied === 0) return;
  await replaceFile(input.path, text);
  io.stderr.write(`repaired ${applied} problem${applied === 1 ? "" : "s"} in ${input.name}\n`);
}

function render(io: Io, view: CheckView, options: CheckOptions): string {
  switch (options.format) {
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
