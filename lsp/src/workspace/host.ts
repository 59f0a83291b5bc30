/** Imported files by their URIs: those that are open in the editor as they are there, others from the disk. */
import { relative, dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileHost } from "@knet/compiler";
import type { ProgramHost } from "@knet/language";

/**
 * Null for a document that is in no folder, such as one that was never saved: it can import nothing.
 * @param openText the text of an open document by its URI
 */
export function documentHost(uri: string, openText: (uri: string) => string | null): ProgramHost | null {
  if (!uri.startsWith("file:")) return null;
  let home: string;
  try {
    home = dirname(fileURLToPath(uri));
  } catch {
    return null;
  }
  return fileHost(
    uri,
    {
      pathOf: fileURLToPath,
      nameOf: (path) => pathToFileURL(path).href,
      openText: (path) => openText(pathToFileURL(path).href),
    },
    (folder) => relative(home, folder) || ".",
  );
}
