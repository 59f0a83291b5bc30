/** `--param name=value` and `--params FILE`: values for the parameters of a program. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ParameterArgument, ParameterArguments } from "@knet/language";
import { parseDocument } from "yaml";
import { systemErrorWords } from "../artifacts/system-errors.ts";
import { CommandError } from "./command-error.ts";
import type { Io } from "./io.ts";

export interface ParameterOptions {
  /** `name=value`, each. */
  readonly param: readonly string[];
  /** A file in JSON or YAML. */
  readonly params?: string;
}

/** What a single `--param` says counts before what the file says. @throws CommandError when they cannot be read */
export async function readParameters(io: Io, { param, params }: ParameterOptions): Promise<ParameterArguments> {
  const out = new Map<string, ParameterArgument>(params === undefined ? [] : await readFileOf(io, params));
  const given = new Set<string>();
  for (const text of param) {
    const at = text.indexOf("=");
    const name = text.slice(0, at);
    if (at < 1) throw new CommandError("usage", `--param wants name=value, not ${JSON.stringify(text)}`);
    if (given.has(name)) throw new CommandError("usage", `--param ${name}=… is given twice`);
    given.add(name);
    out.set(name, { kind: "text", text: text.slice(at + 1), from: `--param ${text}` });
  }
  return out;
}

async function readFileOf(io: Io, file: string): Promise<readonly (readonly [string, ParameterArgument])[]> {
  let text: string;
  try {
    text = await readFile(resolve(io.cwd, file), "utf8");
  } catch (error) {
    throw new CommandError("input-unreadable", `cannot read ${file}: ${systemErrorWords(error)}`);
  }
  // JSON is YAML too.
  const document = parseDocument(text, { uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined)
    throw new CommandError(
      "input-unreadable",
      `cannot read ${file}: ${problem.message.split("\n")[0] ?? ""}`,
      "it holds parameters by their names, in JSON or YAML",
    );
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new CommandError("input-unreadable", `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (data === null || data === undefined) return [];
  if (typeof data !== "object" || Array.isArray(data)) {
    throw new CommandError(
      "input-unreadable",
      `cannot read ${file}: it is no map of parameters by their names`,
      "write `name: value`, one on each line",
    );
  }
  return Object.entries(data).map(
    ([name, value]: readonly [string, unknown]) => [name, { kind: "data", data: value, from: file }] as const,
  );
}
