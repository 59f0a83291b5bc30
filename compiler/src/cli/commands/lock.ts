/** `knet lock`: writes the allocated addresses beside the program. */
import { relative } from "node:path";
import { formatLock } from "../../allocate/index.ts";
import { CommandError } from "../command-error.ts";
import { lockPath, readLock } from "../input.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadProgram } from "../load.ts";
import type { ParameterOptions } from "../parameters.ts";
import type { ColorWhen } from "../style.ts";
import { replaceFile } from "../write-file.ts";

export interface LockOptions extends ParameterOptions {
  readonly locked: boolean;
  readonly color: ColorWhen;
}

export async function lock(io: Io, file: string, options: LockOptions): Promise<ExitCode> {
  const loaded = await loadProgram(io, file, options);
  if (loaded === null) return 1;
  const { input } = loaded.loaded;
  if (input.path === null) throw new CommandError("usage", "a program from standard input has no place for a lock", "name the file");
  const before = await readLock(input);
  const text = formatLock(loaded.compilation.allocation);
  const path = lockPath(input.path);
  const shown = relative(io.cwd, path).replaceAll("\\", "/");
  if (before?.text === text) {
    io.stdout.write(`${shown} is up to date\n`);
    return 0;
  }
  await replaceFile(path, text);
  const { nodes, pods, services } = loaded.compilation.allocation;
  io.stdout.write(`wrote ${shown}: ${nodes.size} nodes, ${pods.size} pods, ${services.size} services\n`);
  return 0;
}
