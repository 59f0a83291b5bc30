/** `knet explain`: a diagnostic at length. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { languageCatalogue, nearest } from "@knet/language";
import { commandErrors, compilerCatalogue } from "../../diagnostics/catalogue.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { wantsColor } from "../style.ts";
import { colouredReportStyle } from "../../report/style.ts";
import type { ColorWhen } from "../style.ts";

export interface ExplainOptions {
  readonly format: "pretty" | "json";
  readonly color: ColorWhen;
}

/** Where pages lie: beside the bundled command, or beside the catalogues when the sources run. */
const folders = ["./explain/", "../../diagnostics/explain/", "../../../../language/src/diagnostics/explain/"];

/** Every code with its kebab-case name, in ascending order. */
export function everyCode(): readonly { readonly code: string; readonly name: string }[] {
  const declared = [languageCatalogue.entries, compilerCatalogue.entries].flatMap((entries) => Object.entries(entries).map(([name, entry]) => ({ code: entry.code as string, name })));
  const command = Object.entries(commandErrors).map(([name, code]) => ({ code: code as string, name }));
  return [...declared, ...command].toSorted((x, y) => (x.code < y.code ? -1 : 1));
}

export async function explain(io: Io, wanted: string, options: ExplainOptions): Promise<ExitCode> {
  const codes = everyCode();
  const text = wanted.trim();
  const found = codes.find(({ code, name }) => code === text.toUpperCase() || name === text.toLowerCase());
  if (found === undefined) {
    const near = nearest(text.toUpperCase(), codes.map(({ code }) => code)) ?? nearest(text.toLowerCase(), codes.map(({ name }) => name));
    throw new CommandError("unknown-code", `there is no code ${JSON.stringify(text)}`, near === null ? `codes run from ${codes[0]?.code ?? ""} to ${codes.at(-1)?.code ?? ""}` : `did you mean ${near}?`);
  }
  const page = await explainPage(found.code);
  if (options.format === "json") io.stdout.write(`${JSON.stringify({ version: 1, ...found, page }, null, 2)}\n`);
  else io.stdout.write(wantsColor(io.stdout, io.env, options.color) ? highlight(page) : page);
  return 0;
}

export async function explainPage(code: string): Promise<string> {
  for (const folder of folders) {
    try {
      return await readFile(fileURLToPath(new URL(`${folder}${code}.md`, import.meta.url)), "utf8");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  throw new Error(`no page explains ${code}`);
}

function highlight(page: string): string {
  return page
    .split("\n")
    .map((line) => (line.startsWith("#") ? colouredReportStyle.heading(line) : line.startsWith("```") ? colouredReportStyle.dim(line) : line))
    .join("\n");
}
