/** Programs and locks from files or standard input. */
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { nearest } from "@knet/language";
import { parseLock } from "../allocate/index.ts";
import type { Allocation } from "../allocate/index.ts";
import { systemErrorWords } from "../artifacts/system-errors.ts";
import { largestInput, utf8 } from "../files/program-host.ts";
import { CommandError } from "./command-error.ts";
import type { Io } from "./io.ts";

export interface SourceInput {
  /** As the user wrote it, with `/`; `<stdin>` for `-`. */
  readonly name: string;
  readonly text: string;
  /** Null for standard input. */
  readonly path: string | null;
}

/** @throws CommandError when it cannot be read, or is no UTF-8. */
export async function readSource(io: Io, file: string): Promise<SourceInput> {
  if (file === "-") return { name: "<stdin>", text: decode("standard input", await io.readStdin()), path: null };
  const path = resolve(io.cwd, file);
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw new CommandError("input-unreadable", `cannot read ${file}: it is a folder`, "name a .knet file");
    if (info.size > largestInput) throw new CommandError("input-unreadable", `cannot read ${file}: ${info.size} bytes are more than the limit of ${largestInput}`);
    return { name: file.replaceAll("\\", "/"), text: decode(file, await readFile(path)), path };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError("input-unreadable", `cannot read ${file}: ${systemErrorWords(error)}`, await suggestion(path, file));
  }
}

function decode(name: string, bytes: Uint8Array): string {
  const text = utf8(bytes);
  if (text === null) throw new CommandError("input-unreadable", `cannot read ${name}: it is not UTF-8`, "save it in UTF-8");
  return text;
}

async function suggestion(path: string, file: string): Promise<string | null> {
  try {
    const names = (await readdir(dirname(path))).filter((name) => name.endsWith(".knet"));
    const near = nearest(basename(path), names);
    if (near !== null) return `did you mean ${join(dirname(file), near)}?`;
    return names.length === 0 ? "`knet init` makes a small working cluster to start from" : `this folder has ${names.toSorted().slice(0, 5).join(", ")}`;
  } catch {
    return null;
  }
}

/** The lock beside the program: `knet.lock`. Null when there is none, or the program came from standard input. */
export async function readLock(source: SourceInput): Promise<{ readonly path: string; readonly text: string; readonly allocation: Allocation } | null> {
  if (source.path === null) return null;
  const path = lockPath(source.path);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new CommandError("lock-unreadable", `cannot read ${path}: ${systemErrorWords(error)}`);
  }
  const parsed = parseLock(text);
  if (!parsed.ok) throw new CommandError("lock-unreadable", `${path} is no lock: ${parsed.message}`, "restore it from version control, or delete it and run `knet lock`");
  return { path, text, allocation: parsed.allocation };
}

export function lockPath(sourcePath: string): string {
  return join(dirname(sourcePath), "knet.lock");
}
