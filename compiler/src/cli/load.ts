/** What every command that takes a program does first: read, check, keep the lock, print what is wrong. */
import { relative } from "node:path";
import { hasErrors } from "@knet/language";
import type { CheckedProgram, CheckOptions, Diagnostic, SourceFile } from "@knet/language";
import { formatLock } from "../allocate/index.ts";
import { checkSource } from "../compilation/compilation.ts";
import type { Checked, Compilation, Purpose } from "../compilation/compilation.ts";
import { commandLineNames, fileHost } from "../files/program-host.ts";
import { checkPretty } from "../report/check-pretty.ts";
import type { CheckView } from "../report/check-view.ts";
import { CommandError } from "./command-error.ts";
import { readLock, readSource } from "./input.ts";
import type { SourceInput } from "./input.ts";
import type { Io } from "./io.ts";
import { readParameters } from "./parameters.ts";
import type { ParameterOptions } from "./parameters.ts";
import { styleFor } from "./style.ts";
import type { ColorWhen } from "./style.ts";

export interface LoadOptions extends ParameterOptions {
  readonly locked: boolean;
  readonly color: ColorWhen;
  /** How a program that cannot be used is reported to a program that reads stdout; absent: it is said on stderr only. */
  readonly report?: (view: CheckView) => string;
}

export interface Loaded extends Checked {
  readonly input: SourceInput;
}

export async function loadSource(io: Io, file: string, options: Omit<LoadOptions, "color">): Promise<Loaded> {
  const { locked } = options;
  const input = await readSource(io, file);
  const lock = await readLock(input);
  const checked = checkSource(input.name, input.text, lock?.allocation ?? null, await surroundings(io, input, options));
  if (checked.compilations.length > 1 && (locked || lock !== null)) {
    const help = lock === null ? "leave --locked out" : "remove knet.lock, or keep the clusters in programs of their own";
    throw new CommandError("lock-would-change", "the program has several clusters, and knet.lock holds the addresses of one", help, 5);
  }
  if (locked && checked.compilation !== null) {
    const wanted = formatLock(checked.compilation.allocation);
    if (lock === null || lock.text !== wanted) {
      throw new CommandError("lock-would-change", lock === null ? "there is no knet.lock beside the program" : "knet.lock is not up to date with the program", "run `knet lock` and commit the file", 5);
    }
  }
  return { ...checked, input };
}

/** Where the program's imports and the values of its parameters come from. */
export async function surroundings(io: Io, input: SourceInput, options: ParameterOptions): Promise<CheckOptions> {
  const folderName = (path: string): string => relative(io.cwd, path).replaceAll("\\", "/") || ".";
  return { host: fileHost(input.name, commandLineNames(io.cwd), folderName), parameters: await readParameters(io, options) };
}

/** Sources by their paths. */
export function sourcesIn(files: readonly SourceFile[]): (path: string) => SourceFile | null {
  const known = new Map(files.map((file) => [file.path, file]));
  return (path) => known.get(path) ?? null;
}

/**
 * The compilation of a program's only cluster; or null after the diagnostics were printed on stderr, and the command ends with 1. Warnings are
 * printed too. A second cluster is an error.
 * @param purpose what the command needs of the compiler; null: no more than the model
 */
export async function loadProgram(
  io: Io,
  file: string,
  options: LoadOptions,
  purpose: Purpose | null = null,
): Promise<{ readonly compilation: Compilation; readonly loaded: Loaded } | null> {
  const found = await load(io, file, options, purpose, (loaded) => loaded.compilations[1]?.besideOthers() ?? []);
  return found?.loaded.compilation == null ? null : { compilation: found.loaded.compilation, loaded: found.loaded };
}

/** As {@link loadProgram}, with the compilations of all clusters: at least one. */
export async function loadClusters(
  io: Io,
  file: string,
  options: LoadOptions,
  purpose: Purpose | null = null,
): Promise<{ readonly compilations: readonly Compilation[]; readonly program: CheckedProgram; readonly loaded: Loaded } | null> {
  return load(io, file, options, purpose, () => []);
}

async function load(
  io: Io,
  file: string,
  options: LoadOptions,
  purpose: Purpose | null,
  refused: (loaded: Loaded) => readonly Diagnostic[],
): Promise<{ readonly compilations: readonly Compilation[]; readonly program: CheckedProgram; readonly loaded: Loaded } | null> {
  const loaded = await loadSource(io, file, options);
  const missing = purpose === null ? [] : loaded.compilations.flatMap((compilation) => compilation.unsupported(purpose));
  const diagnostics = [...loaded.diagnostics, ...refused(loaded), ...missing];
  if (diagnostics.length > 0) {
    io.stderr.write(checkPretty({ files: [loaded.source.path], diagnostics, sources: sourcesIn(loaded.sources) }, styleFor(io.stderr, io.env, options.color)));
  }
  const { compilations, program } = loaded;
  if (program !== null && compilations.length > 0 && !hasErrors(diagnostics)) return { compilations, program, loaded };
  if (options.report !== undefined) io.stdout.write(options.report({ files: loaded.sources.map(({ path }) => path), diagnostics, sources: sourcesIn(loaded.sources) }));
  return null;
}
