/**
 * Writes a tree of files so that the folder always holds a whole one. New files are staged beside the old; when all are
 * there, the entries of the top level change places by renaming. What a stopped run leaves is discarded before that point
 * and finished after it, by the next run.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { compareText } from "@knet/language/values";
import { makeFolders } from "./make-folders.ts";
import { listedPaths, listText, parseList, pathProblem, topOf } from "./paths.ts";
import { systemErrorWords } from "./system-errors.ts";

/** The list of what knet wrote, inside the folder: what it may replace and remove. */
export const listName = ".knet-files";
const stagingName = ".knet-staging";
const newName = "new";
const oldName = "old";
/** There once everything is staged. */
const commitName = "commit.json";
const ownerName = "pid";

export type WriteProblem =
  /** The folder, or something above it, is a file. */
  | "not-a-directory"
  /** The system refuses to write. */
  | "not-writable"
  /** A file that knet did not write is where one of its own belongs. */
  | "foreign-file"
  /** A path that is absolute, leaves the folder, or is not portable; or two files of one path. */
  | "bad-path"
  /** The list of written files holds something that knet does not write. */
  | "bad-list"
  /** Another run is writing. */
  | "busy";

export class WriteError extends Error {
  readonly problem: WriteProblem;
  /** The folder, or the path inside it. */
  readonly path: string;

  constructor(problem: WriteProblem, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WriteError";
    this.problem = problem;
    this.path = path;
  }
}

/** A file to write. */
export interface TreeFile {
  readonly path: string;
  readonly text: string;
  /** The path of an earlier file of the same text: the two become one file with two names, where the file system can do that. */
  readonly sameAs?: string;
}

export interface WriteReport {
  /** In the order given. */
  readonly files: readonly { readonly path: string; readonly change: "added" | "changed" | "unchanged" }[];
  /** In bytes: all files as they read, and without those that only are further names of others. */
  readonly bytes: { readonly read: number; readonly written: number };
  /** What was there before and is no longer; sorted. */
  readonly removed: readonly string[];
}

export interface WriteOptions {
  /** Looks and reports, and leaves the folder as it is. */
  readonly dryRun?: boolean;
  /** Called before each step that changes the folder. A test stops the run by throwing. */
  readonly onStep?: (step: "stage" | "commit" | "swap" | "sweep") => void;
  /** Gives a file a second name. A test brings one that cannot. */
  readonly link?: (existing: string, path: string) => void;
  /** Moves an entry to its place. A test brings one that may not move some. */
  readonly move?: (from: string, to: string) => void;
}

/**
 * Makes `dir` hold exactly `files`, besides files of others, which it never touches.
 * @throws WriteError; what the iterable throws passes through. The folder is then as it was. Only a run that is stopped while entries
 * change places leaves a mark, and the next run finishes it first.
 */
export function writeTree(
  dir: string,
  files: Iterable<TreeFile>,
  options: WriteOptions = {},
): WriteReport {
  const folder = resolve(dir);
  const dryRun = options.dryRun ?? false;
  const step = options.onStep ?? ((): void => undefined);
  const isThere = checkFolder(dir, folder);
  const staging = isThere ? join(folder, stagingName) : join(dirname(folder), `.${basename(folder)}${stagingName}`);
  if (!dryRun) claim(dir, folder, staging, isThere, step);
  let isCommitted = false;
  try {
    const before = isThere ? readList(dir, folder) : new Set<string>();
    const target = dryRun ? null : new Target(join(staging, newName), options.link ?? linkSync);
    const report = stage(new Before(folder, before), target, files, step);
    if (dryRun) return report;
    system(dir, () => {
      const paths = report.files.map((file) => file.path);
      writeFileSync(join(staging, newName, listName), listText(paths));
      if (isThere) {
        const commit: Commit = {
          before: [...before, ...(existsSync(join(folder, listName)) ? [listName] : [])],
          after: [...paths, listName],
        };
        writeSynced(join(staging, `${commitName}.part`), JSON.stringify(commit));
        step("commit");
        renameSync(join(staging, `${commitName}.part`), join(staging, commitName));
        isCommitted = true;
        finish(folder, staging, commit, step, options.move);
      } else {
        step("commit");
        renameSync(join(staging, newName), folder);
        rmSync(staging, { recursive: true, force: true });
      }
    });
    return report;
  } catch (error) {
    // Once everything is staged, what is left to do is the next run's; earlier, nothing has changed.
    if (!dryRun && !isCommitted) rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}

/** Whether the folder is there. */
function checkFolder(dir: string, folder: string): boolean {
  return system(dir, () => {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isDirectory()) throw new WriteError("not-a-directory", dir, `${dir} is not a directory`);
    return stat !== undefined;
  });
}

/** Takes the staging folder, after finishing or discarding what an earlier run left in it. */
function claim(dir: string, folder: string, staging: string, isThere: boolean, step: Step): void {
  system(dir, () => {
    if (lstatSync(staging, { throwIfNoEntry: false })?.isDirectory() === false)
      throw new WriteError("foreign-file", staging, `${staging} is not knet's`);
    if (existsSync(staging)) {
      if (isAnotherRun(staging)) throw new WriteError("busy", dir, `another knet is writing to ${dir}; if none is, remove ${staging}`);
      const commit = isThere ? readCommit(staging) : null;
      if (commit !== null) finish(folder, staging, commit, step);
      rmSync(staging, { recursive: true, force: true });
    }
    step("stage");
    makeFolders(dirname(staging));
    mkdirSync(staging);
    writeFileSync(join(staging, ownerName), String(process.pid));
    mkdirSync(join(staging, newName));
  });
}

function isAnotherRun(staging: string): boolean {
  const owner = join(staging, ownerName);
  const pid = existsSync(owner) ? Number(readFileSync(owner, "utf8")) : Number.NaN;
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

type Step = NonNullable<WriteOptions["onStep"]>;

/** Checks every file and, unless `target` is null, writes it there. */
function stage(before: Before, target: Target | null, files: Iterable<TreeFile>, step: Step): WriteReport {
  const written: WriteReport["files"][number][] = [];
  const sizes = new Map<string, number>();
  const folders = new Set<string>();
  let read = 0;
  let linked = 0;
  for (const file of files) {
    const { path, text, sameAs } = file;
    const folder = dirname(path);
    // Most files stand beside the one before: of their paths only the last part is new.
    const isKnown = folders.has(folder);
    const problem = pathProblem(isKnown ? basename(path) : path);
    if (problem !== null) throw new WriteError("bad-path", path, `cannot write a file named ${JSON.stringify(path)}: ${problem}`);
    if (sizes.has(path) || folders.has(path)) throw new WriteError("bad-path", path, `${path} is written twice`);
    const knownSize = sameAs === undefined ? undefined : sizes.get(sameAs);
    if (sameAs !== undefined && knownSize === undefined) throw new WriteError("bad-path", path, `${path} is said to be the same as ${sameAs}, which is not written before it`);
    const size = knownSize ?? Buffer.byteLength(text);
    sizes.set(path, size);
    for (const parent of isKnown ? [] : parentsOf(path)) {
      if (sizes.has(parent)) throw new WriteError("bad-path", path, `${parent} is both a file and a folder`);
      folders.add(parent);
    }
    read += size;
    system(path, () => {
      const change = before.change(path, text, size);
      written.push({ path, change });
      if (target === null) {
        if (sameAs !== undefined) linked += size;
        return;
      }
      step("stage");
      if (target.put(file, change === "unchanged" ? before.placeOf(path) : null)) linked += size;
    });
  }
  return { files: written, bytes: { read, written: read - linked }, removed: [...before.paths].filter((path) => !sizes.has(path)).sort() };
}

/** Where new files are put. */
class Target {
  readonly #folder: string;
  readonly #link: (existing: string, path: string) => void;
  readonly #made = new Set<string>();
  /** Where the bytes of a file stand that others are the same as: itself, or a copy once it has all the names that it can have. */
  readonly #copies = new Map<string, string>();

  constructor(folder: string, link: (existing: string, path: string) => void) {
    this.#folder = folder;
    this.#link = link;
  }

  /**
   * Whether an earlier file only got a second name.
   * @param old a file outside of the same text
   */
  put({ path, text, sameAs }: TreeFile, old: string | null): boolean {
    this.#make(dirname(path));
    const place = join(this.#folder, path);
    if (sameAs !== undefined) {
      if (this.#tryLink(join(this.#folder, this.#copies.get(sameAs) ?? sameAs), place)) return true;
      this.#copies.set(sameAs, path);
    } else if (old !== null && this.#tryLink(old, place)) return false;
    // With the encoding said, Node opens, writes and closes in one go.
    writeFileSync(place, text, { flag: "wx", encoding: "utf8" });
    return false;
  }

  #make(folder: string): void {
    if (this.#made.has(folder)) return;
    const parent = dirname(folder);
    if (parent !== folder) this.#make(parent);
    if (folder !== ".") mkdirSync(join(this.#folder, folder));
    this.#made.add(folder);
  }

  #tryLink(existing: string, place: string): boolean {
    try {
      this.#link(existing, place);
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (code === null || !noLink.has(code)) throw error;
      return false;
    }
  }
}

/** The file system has no second names, or this file has as many as it can have, or may not get one. */
const noLink: ReadonlySet<string> = new Set(["EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EPERM", "EACCES", "EXDEV", "EINVAL"]);

/** What the folder held before. */
class Before {
  readonly #folder: string;
  /** What knet wrote. */
  readonly paths: ReadonlySet<string>;
  /** Folders that are there, and paths where nothing is, as far as somebody asked. */
  readonly #parents = new Map<string, "folder" | "nothing">();
  /** The text of the old file that several names have, by device and inode: compared once with each new text. */
  readonly #compared = new Map<string, { readonly text: string; readonly isEqual: boolean }>();

  constructor(folder: string, paths: ReadonlySet<string>) {
    this.#folder = folder;
    this.paths = paths;
  }

  placeOf(path: string): string {
    return join(this.#folder, path);
  }

  /** What writing the file does. @throws WriteError when a file of somebody else is in its way. */
  change(path: string, text: string, size: number): WriteReport["files"][number]["change"] {
    this.#refuseForeign(path);
    if (!this.paths.has(path)) return "added";
    const place = this.placeOf(path);
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) return "added";
    if (stat.size !== size) return "changed";
    if (stat.nlink === 1) return readFileSync(place, "utf8") === text ? "unchanged" : "changed";
    const key = `${stat.dev} ${stat.ino}`;
    let compared = this.#compared.get(key);
    // The same string object compares at once.
    if (compared?.text !== text) {
      compared = { text, isEqual: readFileSync(place, "utf8") === text };
      this.#compared.set(key, compared);
    }
    return compared.isEqual ? "unchanged" : "changed";
  }

  /** Every part of the path is free, a real folder, or a file that knet wrote: links are not followed. */
  #refuseForeign(path: string): void {
    for (const part of [...parentsOf(path), path]) {
      const known = this.#parents.get(part);
      if (known === "nothing") return;
      if (known === "folder" && part !== path) continue;
      const stat = lstatSync(join(this.#folder, part), { throwIfNoEntry: false });
      if (stat === undefined) {
        if (part !== path) this.#parents.set(part, "nothing");
        return;
      }
      const isWanted = part !== path && stat.isDirectory();
      if (isWanted) {
        this.#parents.set(part, "folder");
        continue;
      }
      const isOwn = stat.isDirectory() ? !holdsForeign(this.#folder, part, this.paths) : this.paths.has(part);
      if (!isOwn) throw new WriteError("foreign-file", part, `${part} is in the way of ${path}, and knet did not write it`);
      if (!stat.isDirectory()) return;
    }
  }
}

/** `a/b/c` → `a`, `a/b`. */
function parentsOf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

function holdsForeign(folder: string, path: string, before: ReadonlySet<string>): boolean {
  return readdirSync(join(folder, path), { withFileTypes: true }).some((entry) => {
    const inner = `${path}/${entry.name}`;
    return entry.isDirectory() ? holdsForeign(folder, inner, before) : !before.has(inner);
  });
}

function readList(dir: string, folder: string): ReadonlySet<string> {
  const path = join(folder, listName);
  const text = system(dir, () => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isFile()) throw new WriteError("bad-list", listName, `${path} is not a file`);
    return stat === undefined ? "" : readFileSync(path, "utf8");
  });
  const list = parseList(text);
  if (list === null) throw new WriteError("bad-list", listName, `${path} holds names that knet does not write; remove it to start anew`);
  return list;
}

interface Commit {
  /** What knet wrote earlier, with the list itself. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Null when staging had not been completed. */
function readCommit(staging: string): Commit | null {
  const path = join(staging, commitName);
  if (!existsSync(path)) return null;
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  const before = listedPaths(value, "before", listName);
  const after = listedPaths(value, "after", listName);
  if (before === null || after === null)
    throw new WriteError("bad-list", path, `${path} holds names that knet does not write; remove ${staging} to start anew`);
  return { before, after };
}

/** Puts the staged entries in their places. Every step can be repeated, so a stopped run is finished by running it again. */
function finish(folder: string, staging: string, commit: Commit, step: Step, rename: (from: string, to: string) => void = renameSync): void {
  const [fresh, stale] = [join(staging, newName), join(staging, oldName)];
  mkdirSync(stale, { recursive: true });
  const after = new Set(commit.after.map(topOf));
  // The list comes last: until then it tells what the folder held before.
  const tops = [...new Set([...commit.before, ...commit.after].map(topOf))].sort(
    (x, y) => Number(x === listName) - Number(y === listName) || compareText(x, y),
  );
  const moved: (readonly [from: string, to: string])[] = [];
  const move = (from: string, to: string): void => {
    try {
      rename(from, to);
    } catch (error) {
      takeBack(staging, moved);
      throw error;
    }
    moved.push([from, to]);
  };
  for (const top of tops) {
    const isStaged = existsSync(join(fresh, top));
    const isSetAside = lstatSync(join(stale, top), { throwIfNoEntry: false }) !== undefined;
    const isThere = lstatSync(join(folder, top), { throwIfNoEntry: false }) !== undefined;
    step("swap");
    if (isThere && !isSetAside && (isStaged || !after.has(top))) move(join(folder, top), join(stale, top));
    if (isStaged) move(join(fresh, top), join(folder, top));
  }
  step("sweep");
  sweep(folder, stale, "", new Set(commit.before), parentsOfAll([...commit.before, ...commit.after]));
  rmSync(staging, { recursive: true, force: true });
}

/** An entry that may not be moved, such as a folder of another user: the others go back, and the folder is what it was. */
function takeBack(staging: string, moved: readonly (readonly [from: string, to: string])[]): void {
  for (const [from, to] of moved.toReversed()) renameSync(to, from);
  rmSync(staging, { recursive: true, force: true });
}

function parentsOfAll(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.flatMap(parentsOf));
}

/** Removes knet's own files from what was set aside, and puts those of others back: whole folders where knet has nothing. */
function sweep(folder: string, stale: string, path: string, listed: ReadonlySet<string>, folders: ReadonlySet<string>): void {
  const here = join(stale, path);
  for (const entry of readdirSync(here, { withFileTypes: true })) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory() && folders.has(inner)) sweep(folder, stale, inner, listed, folders);
    else if (!entry.isDirectory() && listed.has(inner)) unlinkSync(join(stale, inner));
    else {
      mkdirSync(dirname(join(folder, inner)), { recursive: true });
      renameSync(join(stale, inner), join(folder, inner));
    }
  }
  rmdirSync(here);
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, "w");
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Runs file operations and turns what the system says into a WriteError. */
function system<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof WriteError || code === null) throw error;
    const isNotDirectory = code === "ENOTDIR" || code === "EEXIST";
    throw new WriteError(isNotDirectory ? "not-a-directory" : "not-writable", path, `cannot write ${path}: ${systemErrorWords(error)}`, { cause: error });
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error ? error.code : null;
}
