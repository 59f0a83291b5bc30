/** Imported files from the file system, and none from outside of the project. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { nearest } from "@knet/language";
import type { LoadedFile, ProgramHost } from "@knet/language";
import { systemErrorWords } from "../artifacts/system-errors.ts";

/** A program of this size has some 500,000 lines; anything larger is a mistake. */
export const largestInput = 32 * 1024 * 1024;

/** How files are called in spans, and where they are. */
export interface FileNames {
  /** Where a file of the program is, or, for one that is no file, a place in the folder that its imports are relative to. */
  readonly pathOf: (name: string) => string;
  /** What an imported file is called in spans. */
  readonly nameOf: (path: string, specifier: string, importer: string) => string;
  /** The text of a file that is open in an editor; null: what the disk has. */
  readonly openText?: (path: string) => string | null;
}

/** Names as a user of the command line would write them: relative where the program was, with `/`. */
export function commandLineNames(cwd: string): FileNames {
  return {
    pathOf: (name) => resolve(cwd, name),
    nameOf: (_, specifier, importer) => join(dirname(importer), specifier).replaceAll("\\", "/"),
  };
}

/**
 * @param entry name of the entry file
 * @param folderName how the project's folder is called in messages
 */
export function fileHost(entry: string, names: FileNames, folderName: (path: string) => string): ProgramHost {
  const start = names.pathOf(entry);
  const root = projectRoot(realFolder(dirname(start)));
  // A file has one name, however many ways lead to it.
  const known = new Map<string, string>([[realPath(start), entry]]);
  return {
    load: (specifier, importer): LoadedFile => {
      const path = resolve(dirname(names.pathOf(importer)), specifier);
      const real = realPath(path);
      if (!isInside(root, real)) return { kind: "outside", root: folderName(root) };
      const name = known.get(real) ?? names.nameOf(path, specifier, importer);
      const open = names.openText?.(path) ?? null;
      if (open !== null) {
        known.set(real, name);
        return { kind: "file", path: name, text: open };
      }
      try {
        const info = statSync(real);
        if (info.isDirectory()) return { kind: "unreadable", path: name, reason: "it is a folder" };
        if (!info.isFile()) return { kind: "unreadable", path: name, reason: "it is no file" };
        if (info.size > largestInput)
          return { kind: "unreadable", path: name, reason: `${info.size} bytes are more than the limit of ${largestInput}` };
        const text = utf8(readFileSync(real));
        if (text === null) return { kind: "unreadable", path: name, reason: "it is not UTF-8" };
        known.set(real, name);
        return { kind: "file", path: name, text };
      } catch (error) {
        if (!isMissing(error)) return { kind: "unreadable", path: name, reason: systemErrorWords(error) };
        const near = nearestFile(path, specifier);
        return { kind: "missing", path: name, ...(near === null ? {} : { nearest: near }) };
      }
    },
  };
}

/** The text of bytes without a byte order mark; null when they are no UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

/** The nearest folder upwards with `knet.json`, otherwise with `.git`, otherwise the folder itself. */
export function projectRoot(folder: string): string {
  for (const mark of ["knet.json", ".git"]) {
    for (let at = folder; ; at = dirname(at)) {
      if (existsSync(join(at, mark))) return at;
      if (dirname(at) === at) break;
    }
  }
  return folder;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Where a path really leads; of one that does not exist, where its part that does leads. */
function realPath(path: string): string {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realpathSync(at), ...missing);
    } catch {
      if (dirname(at) === at) return path;
      missing.unshift(basename(at));
    }
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return !/^\.\.(?:[/\\]|$)/.test(way) && !isAbsolute(way);
}

/** A program in the same folder whose name is like the one that is missing, as it would be imported. */
function nearestFile(path: string, specifier: string): string | null {
  try {
    const near = nearest(
      basename(path),
      readdirSync(dirname(path)).filter((name) => name.endsWith(".knet")),
    );
    return near === null ? null : `${specifier.slice(0, specifier.lastIndexOf("/") + 1)}${near}`;
  } catch {
    return null;
  }
}
