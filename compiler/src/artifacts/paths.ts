/** Which paths knet writes, and the list of them. */

const segment = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/;
/** Longest name of one file that common file systems hold. */
const maxSegment = 255;

/** Why a path cannot be written, or null. It is relative, stays below its folder, and means the same on every system. */
export function pathProblem(path: string): string | null {
  if (path === "") return "it is empty";
  for (const part of path.split("/")) {
    if (part === "") return "it is absolute or has an empty part";
    if (part.length > maxSegment) return "a part is longer than 255 characters";
    if (!segment.test(part)) return "a part has characters other than letters, digits, and _ . @ + -, or starts with a dot or a sign";
    if (part.endsWith(".")) return "a part ends with a dot";
  }
  return null;
}

/** One path per line, sorted. */
export function listText(paths: readonly string[]): string {
  return [...paths]
    .sort()
    .map((path) => `${path}\n`)
    .join("");
}

/** Null when a line is no path that knet writes: to remove such a file could reach anywhere. */
export function parseList(text: string): ReadonlySet<string> | null {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.every((line) => pathProblem(line) === null) ? new Set(lines) : null;
}

/** The paths of a field of a parsed document; null when it is not a list of paths that knet writes, or of `extra`. */
export function listedPaths(document: unknown, field: string, extra: string): readonly string[] | null {
  if (typeof document !== "object" || document === null) return null;
  const value: unknown = Object.entries(document).find(([key]) => key === field)?.[1];
  if (!Array.isArray(value)) return null;
  const paths = value.filter((path): path is string => typeof path === "string" && (path === extra || pathProblem(path) === null));
  return paths.length === value.length ? paths : null;
}

/** The first part of a path. */
export function topOf(path: string): string {
  return path.split("/")[0] ?? path;
}
