import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expansionLimit, listItemLimit, stringLimit } from "../expand/types.ts";
import { typeNames } from "../expand/parameter-types.ts";
import { memoryHost } from "../testing/expressions.ts";
import { inCluster } from "../testing/fixtures.ts";
import { checkProgram } from "./check.ts";

const page = readFileSync(new URL("../../../docs/programs.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/```knet([^\n]*)\n([\s\S]*?)\n```/g)].map((match) => ({
  info: match[1]?.trim() ?? "",
  text: match[2] ?? "",
}));
const files = Object.fromEntries(examples.filter(({ info }) => info.endsWith(".knet")).map(({ info, text }) => [info, text]));

/** What an example stands in: both networks need to be there, whatever it declares itself. */
function whole(text: string): string {
  const rest = inCluster("").trimStart();
  return `${text}\n${rest}`;
}

describe("docs/programs.md", () => {
  const programs = examples.filter(({ info }) => !info.endsWith(".knet") || info === "main.knet");

  it.each(programs.map((example, i) => [i + 1, example] as const))("example %i says what the page says", (_, { info, text }) => {
    const { diagnostics } = checkProgram("main.knet", whole(text), { host: memoryHost(files) });
    expect(diagnostics.map(({ code }) => code)).toEqual(info.startsWith("fails ") ? info.slice("fails ".length).split(" ") : []);
  });

  it("names every type, and the limits", () => {
    expect(typeNames.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
    for (const limit of [expansionLimit, listItemLimit, stringLimit])
      expect(page).toContain(String(limit).replace(/\B(?=(?:\d{3})+$)/g, ","));
  });
});
