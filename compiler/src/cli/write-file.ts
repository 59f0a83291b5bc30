/** One file replaced as a whole: readers see the old or the new text, never half of one. */
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { systemErrorWords } from "../artifacts/system-errors.ts";
import { CommandError } from "./command-error.ts";

/** @throws CommandError when the system refuses; the file is then as it was. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const mode = await stat(path).then(
      (info) => info.mode & 0o777,
      () => 0o644,
    );
    await writeFile(temporary, text, { mode });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new CommandError("output-unwritable", `cannot write ${path}: ${systemErrorWords(error)}`);
  }
}
