/** `knet fmt`: the one style. */
import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import { parse, sourceFile } from "@knet/language";
import type { Diagnostic, SourceFile } from "@knet/language";
import { format, sameProgram } from "@knet/language/formatter";
import { systemErrorWords } from "../../artifacts/system-errors.ts";
import { checkPretty } from "../../report/check-pretty.ts";
import { counted } from "../../report/words.ts";
import { CommandError, commandErrorText } from "../command-error.ts";
import { readSource } from "../input.ts";
import type { ExitCode, Io } from "../io.ts";
import { knetFiles } from "../knet-files.ts";
import { sourcesIn } from "../load.ts";
import { styleFor, wantsColor } from "../style.ts";
import type { ColorWhen } from "../style.ts";
import { replaceFile } from "../write-file.ts";

export interface FmtOptions {
  readonly check: boolean;
  readonly diff: boolean;
  readonly color: ColorWhen;
}

interface Input {
  readonly name: string;
  readonly text: string;
  /** Null for standard input. */
  readonly path: string | null;
}

type Outcome = "formatted" | "unformatted" | "broken" | "failed";

/**
 * Formats files in place, standard input to standard output. With `check` or `diff` nothing is written. A file that cannot be formatted
 * stays as it is and does not keep the others from being formatted.
 */
export async function fmt(io: Io, named: readonly string[], options: FmtOptions): Promise<ExitCode> {
  const outcomes: Outcome[] = [];
  const broken: { readonly source: SourceFile; readonly diagnostics: readonly Diagnostic[] }[] = [];
  const attempt = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof CommandError) || error.exit !== 2) throw error;
      io.stderr.write(commandErrorText(error, styleFor(io.stderr, io.env, options.color)));
      outcomes.push("failed");
    }
  };
  const files = new Set<string>();
  for (const name of named) {
    await attempt(async () => {
      for (const file of await knetFiles(io.cwd, name)) files.add(file);
    });
  }
  for (const file of files) {
    await attempt(async () => {
      const input = await readSource(io, file);
      const done = format(input.name, input.text);
      if (done.ok) outcomes.push(await settle(io, input, done.text, options));
      else {
        broken.push({ source: sourceFile(input.name, input.text), diagnostics: done.diagnostics });
        outcomes.push("broken");
      }
    });
  }
  if (broken.length > 0) {
    const sources = broken.map(({ source }) => source);
    const view = {
      files: sources.map(({ path }) => path),
      diagnostics: broken.flatMap(({ diagnostics }) => diagnostics),
      sources: sourcesIn(sources),
    };
    io.stderr.write(checkPretty(view, styleFor(io.stderr, io.env, options.color)));
  }
  const unformatted = outcomes.filter((outcome) => outcome === "unformatted").length;
  if (options.check && unformatted > 0) io.stderr.write(`${counted(unformatted, "file")} not formatted; \`knet fmt\` formats\n`);
  if (outcomes.includes("failed")) return 2;
  if (outcomes.includes("broken")) return 1;
  return options.check && unformatted > 0 ? 3 : 0;
}

async function settle(io: Io, input: Input, text: string, options: FmtOptions): Promise<Outcome> {
  const differs = text !== input.text;
  if (differs) promise(input, text);
  if (options.diff && differs) io.stdout.write(patch(io, input, text, options.color));
  else if (options.check && differs) io.stdout.write(`${input.name}\n`);
  if (options.check || options.diff) return differs ? "unformatted" : "formatted";
  if (input.path === null) io.stdout.write(text);
  else if (differs) {
    await write(input.path, text);
    io.stdout.write(`formatted ${input.name}\n`);
  }
  return "formatted";
}

/** Nothing is printed or written that says something else. @throws Error: then the formatter is wrong */
function promise(input: Input, text: string): void {
  const before = parse(input.name, input.text.replaceAll(/\r\n?/g, "\n"));
  // Of a damaged file the repaired punctuation makes another tree.
  if (before.damaged || sameProgram(before.tree, parse(input.name, text).tree)) return;
  throw new Error(`formatting ${input.name} would change what it says; it was left as it is`);
}

/** A link that was named stays a link: the file that it leads to is replaced. */
async function write(path: string, text: string): Promise<void> {
  let target: string;
  try {
    target = await realpath(path);
    await access(target, constants.W_OK);
  } catch (error) {
    throw new CommandError("output-unwritable", `cannot write ${path}: ${systemErrorWords(error)}`);
  }
  await replaceFile(target, text);
}

function patch(io: Io, { name, text }: Input, formatted: string, color: ColorWhen): string {
  const lines = createTwoFilesPatch(name, name, text, formatted, "", "formatted", { context: 3, headerOptions: FILE_HEADERS_ONLY });
  if (!wantsColor(io.stdout, io.env, color)) return lines;
  const style = styleFor(io.stdout, io.env, color);
  return lines.replaceAll(/^([-+ @]).*$/gm, (line, sign: string) =>
    sign === "+" ? style.good(line) : sign === "-" ? style.bad(line) : style.dim(line),
  );
}
