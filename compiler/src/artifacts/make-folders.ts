/** Folders with their missing parents. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * One level at a time: Node's own recursive `mkdir` never ends where a file system answers ENOENT below a folder that
 * is there, as /proc does. Throws what the system says of the first folder that cannot be made.
 */
export function makeFolders(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeFolders(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
