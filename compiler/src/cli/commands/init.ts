/** `knet init`: a small working cluster to start from. */
import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeFolders } from "../../artifacts/make-folders.ts";
import { systemErrorWords } from "../../artifacts/system-errors.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { templateFiles } from "../template.ts";

export async function init(io: Io, directory: string): Promise<ExitCode> {
  const root = resolve(io.cwd, directory);
  const written: string[] = [];
  for (const { path, text } of templateFiles) {
    const target = join(root, path);
    try {
      makeFolders(dirname(target));
      // `wx` never overwrites: what stands there is the user's.
      await writeFile(target, text, { flag: "wx" });
      written.push(path);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST" && written.length === 0) {
        throw new CommandError("folder-not-empty", `${join(directory, path)} is already there; nothing was written`, "choose another folder: `knet init DIR`");
      }
      const reason = error instanceof Error && "code" in error && error.code === "EEXIST" ? "it is already there" : systemErrorWords(error);
      throw new CommandError("output-unwritable", `cannot write ${join(directory, path)}: ${reason}`, written.length === 0 ? "choose a folder that can be written" : `written before that: ${written.join(", ")}`);
    }
  }
  io.stdout.write(`${written.map((path) => `wrote ${join(directory, path)}`).join("\n")}\n\nnext: knet verify ${join(directory, "cluster.knet")}\n`);
  return 0;
}
