/** `knet explain`: a diagnostic at length. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compareText } from "@knet/language/values";
import { languageCatalogue, nearest } from "@knet/language";
import type { Severity } from "@knet/language";
import { commandErrors, compilerCatalogue } from "../../diagnostics/catalogue.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { cut } from "../../report/columns.ts";
import { wantsColor } from "../style.ts";
import { colouredReportStyle } from "../../report/style.ts";
import type { ColorWhen } from "../style.ts";

export interface ExplainOptions {
  readonly format: "pretty" | "json";
  readonly color: ColorWhen;
}

/** Where pages lie: beside the bundled command, or beside the catalogues when the sources run. */
const folders = ["./explain/", "../../diagnostics/explain/", "../../../../language/src/diagnostics/explain/"];

interface Code {
  readonly code: string;
  /** In kebab case. */
  readonly name: string;
  readonly severity: Severity;
}

/** Every code in ascending order. */
export function everyCode(): readonly Code[] {
  const declared = [languageCatalogue.entries, compilerCatalogue.entries].flatMap((entries) =>
    Object.entries(entries).map(([name, { code, severity }]): Code => ({ code, name, severity })),
  );
  const command = Object.entries(commandErrors).map(([name, code]): Code => ({ code, name, severity: "error" }));
  return [...declared, ...command].toSorted((x, y) => compareText(x.code, y.code));
}

/** All codes, one line each: the first sentence of the page. On a terminal the lines are cut to its width. */
async function listCodes(io: Io, options: ExplainOptions): Promise<ExitCode> {
  const codes = await Promise.all(everyCode().map(async (entry) => ({ ...entry, summary: summaryOf(await explainPage(entry.code)) })));
  if (options.format === "json") {
    io.stdout.write(`${JSON.stringify({ version: 1, codes }, null, 2)}\n`);
    return 0;
  }
  const width = Math.max(...codes.map(({ name }) => name.length));
  for (const { code, name, severity, summary } of codes) {
    const line = `${code}  ${severity.padEnd(7)}  ${name.padEnd(width)}  ${summary}`;
    io.stdout.write(`${io.stdout.isTTY ? cut(line, io.stdout.columns) : line}\n`);
  }
  return 0;
}

/** The first sentence below the heading, on one line. */
function summaryOf(page: string): string {
  const [, paragraph = ""] = page.split("\n\n");
  const text = paragraph.replaceAll(/\s+/g, " ").trim();
  return /^.*?[.:](?= |$)/.exec(text)?.[0].replace(/[.:]$/, "") ?? text;
}

/** @param wanted a code or its name; null: all codes */
export async function explain(io: Io, wanted: string | null, options: ExplainOptions): Promise<ExitCode> {
  if (wanted === null) return await listCodes(io, options);
  const codes = everyCode();
  const text = wanted.trim();
  const found = codes.find(({ code, name }) => code === text.toUpperCase() || name === text.toLowerCase());
  if (found === undefined) {
    const near = nearest(text.toUpperCase(), codes.map(({ code }) => code)) ?? nearest(text.toLowerCase(), codes.map(({ name }) => name));
    throw new CommandError("unknown-code", `there is no code ${JSON.stringify(text)}`, near === null ? "`knet explain` lists all codes" : `did you mean ${near}?`);
  }
  const page = await explainPage(found.code);
  if (options.format === "json") io.stdout.write(`${JSON.stringify({ version: 1, code: found.code, name: found.name, severity: found.severity, page }, null, 2)}\n`);
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
