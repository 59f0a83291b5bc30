import { checkProgram, parse } from "@knet/language";
import { format } from "@knet/language/formatter";
import { describe, expect, it } from "vitest";
import { languageReport } from "./language-report.ts";
import { documented, hostOf, loopOf, workspaceOf } from "./language-texts.ts";
import { languageBench } from "./language.ts";
import { scan } from "./scanner.ts";

describe("the texts of the measurements", () => {
  it.each([
    [1000, 1],
    [2000, 20],
  ])("of %i lines in %i files should be sound, formatted, and as long as they say", (lines, files) => {
    const workspace = workspaceOf(lines, files);
    expect(workspace.files.size).toBe(files);
    const texts = [...workspace.files.values()];
    expect(Math.abs(texts.join("").split("\n").length - lines)).toBeLessThan(100);
    const { diagnostics } = checkProgram(workspace.entry, workspace.files.get(workspace.entry) ?? "", { host: hostOf(workspace) });
    expect(diagnostics).toEqual([]);
    expect(texts.map((text) => format("a.knet", text))).toEqual(texts.map((text) => ({ ok: true, text })));
  });

  it("should write a cluster of any size as a loop", () => {
    const { program, diagnostics } = checkProgram("a.knet", loopOf(2000));
    expect(diagnostics).toEqual([]);
    expect(program?.clusters[0]?.nodes).toHaveLength(2000);
  });
});

describe("a text documented like a library", () => {
  it("should have its comments in front of each line, at its depth", () => {
    const comments = (depth: string): readonly string[] => [1, 2].map((line) => `${depth}/// Line ${line} of what stands here, and why.`);
    expect(documented("a {\n  b = 1\n\n}", 2).split("\n")).toEqual([...comments(""), "a {", ...comments("  "), "  b = 1", "", ...comments(""), "}"]);
  });
});

describe("the scanner", () => {
  it("should find the tokens of a line, and where they are", () => {
    const { count, tokens } = scan('a-b = 10.0.0.0/8 // "x"\n"\\""{');
    expect(Array.from({ length: count }, (_unused, index) => [0, 1, 2].map((field) => tokens[3 * index + field]))).toEqual([
      [1, 0, 3],
      [5, 4, 5],
      [2, 6, 16],
      [4, 17, 23],
      [6, 23, 24],
      [3, 24, 28],
      [5, 28, 29],
    ]);
  });

  it("should read as far as the lexer does", () => {
    const text = workspaceOf(1000, 1).files.get("main.knet") ?? "";
    const { count, tokens } = scan(text);
    const ends = new Set(Array.from({ length: count }, (_unused, index) => tokens[3 * index + 2]));
    const missed = parse("main.knet", text).tree.tokens.filter(({ kind, end }) => kind === "word" && !ends.has(end));
    expect(missed).toEqual([]);
  });
});

describe("the measurements of the language", () => {
  it("should be told with what was skipped, and judge no timing", { timeout: 60_000 }, async () => {
    const results = await languageBench({ lines: 400, nodes: 50, runs: 1, warmups: 0, log: () => undefined });
    const names = [...results.measures, ...results.skipped].map(({ name }) => name);
    expect(names).toContain("TypeSpec parses its own library");
    expect(names).toHaveLength(12);
    expect(results.goals).toHaveLength(9);
    const text = languageReport(results);
    for (const name of names) expect(text).toContain(name);
    for (const { what } of results.goals) expect(text).toContain(`| ${what} |`);
  });
});
