/** The .knet files that a command line names: files, `-`, and folders with all that is in them. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemErrorWords } from "../artifacts/system-errors.ts";
import { CommandError } from "./command-error.ts";

/**
 * A folder stands for the .knet files in it and below it, in the order of their names. Hidden folders, `node_modules` and symbolic links
 * are left out, so that nothing outside of the folder is ever met; what is named itself is taken as it is.
 * @returns paths as the user would write them; one that is named twice stands once
 * @throws CommandError for a folder that cannot be read or holds no such file
 */
export async function knetFiles(cwd: string, named: string): Promise<readonly string[]> {
  if (named === "-") return [named];
  const info = await stat(resolve(cwd, named)).catch(() => null);
  // What is no folder is read as a file, and what is wrong with it said then.
  if (info === null || !info.isDirectory()) return [named];
  const files = await filesBelow(cwd, named);
  if (files.length === 0)
    throw new CommandError("input-unreadable", `there are no .knet files in ${named}`, "name a .knet file, or a folder that holds some");
  return files;
}

async function filesBelow(cwd: string, folder: string): Promise<readonly string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(resolve(cwd, folder), { withFileTypes: true });
  } catch (error) {
    throw new CommandError("input-unreadable", `cannot read ${folder}: ${systemErrorWords(error)}`);
  }
  const found: string[] = [];
  for (const entry of entries.toSorted((x, y) => (x.name < y.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile() && entry.name.endsWith(".knet")) found.push(path);
    else if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      found.push(...(await filesBelow(cwd, path)));
  }
  return found;
}
