/** The reference page of functions, from the table that the language itself reads. */
import { functionGroups, signatureOf } from "@knet/language";
import type { FunctionRow } from "@knet/language";

const cell = (text: string): string => text.replaceAll("|", "\\|");

function typesOf({ parameters }: FunctionRow): string {
  return parameters
    .map(
      ({ name, type, many }) =>
        `\`${name}\`: ${type}${many === "optional" ? ", may be left out" : many === "rest" ? ", any number of them" : ""}`,
    )
    .join("; ");
}

function table(rows: readonly FunctionRow[]): string {
  const lines = rows.map((row) => {
    const [call, gives] = row.example;
    return `| \`${signatureOf(row)}\` | ${cell(row.doc)} | ${cell(typesOf(row))} | ${cell(row.result)} | \`${cell(call)}\` is \`${cell(gives)}\` |`;
  });
  return ["| Function | Gives | Takes | Result | Example |", "| --- | --- | --- | --- | --- |", ...lines].join("\n");
}

export function functionsPage(): string {
  const sections = functionGroups.map(({ title, rows }) => `## ${title}\n\n${table(rows)}\n`);
  return `# Functions

What expressions may call ([programs](../programs.md#functions) says where). Functions are pure: the same values give the same result, on every machine.
Names are taken where strings are, ranges of numbers where lists are. Every example is executed by a test.

${sections.join("\n")}`;
}
