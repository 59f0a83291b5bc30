/** `knet check`: parse, check, allocate; say what is wrong. */
import type { Diagnostic, SourceFile } from "@knet/language";
import { diagnosticsReporter } from "../../report/check.ts";
import type { CheckFormat } from "../../report/check.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadSource } from "../load.ts";
import { frameStyle } from "../style.ts";
import type { ColorWhen } from "../style.ts";

export interface CheckOptions {
  readonly format: CheckFormat;
  readonly denyWarnings: boolean;
  readonly locked: boolean;
  readonly color: ColorWhen;
}

export async function check(io: Io, files: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const sources: SourceFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    const loaded = await loadSource(io, file, options.locked);
    sources.push(loaded.source);
    diagnostics.push(...loaded.diagnostics);
  }
  io.stdout.write(diagnosticsReporter(options.format)(sources, diagnostics, { style: frameStyle(io.stdout, io.env, options.color) }));
  const failing = diagnostics.some((diagnostic) => diagnostic.severity === "error" || options.denyWarnings);
  return failing ? 1 : 0;
}
