/** The formatter's output is the only style, of every program and of every example in a page: `npm run format` writes it. */
import { describe, expect, it } from "vitest";
import { templateFiles } from "../../compiler/src/cli/template.ts";
import { formattedFiles, formattedProgram } from "../../scripts/formatted.ts";

const files = formattedFiles();

describe("formatting", () => {
  it("should be asked of programs and pages", () => {
    const paths = files.map(({ path }) => path);
    expect(paths).toContain("examples/journey/journey.knet");
    expect(paths).toContain("docs/language.md");
  });

  it.each(files.map((file) => [file.path, file] as const))("should leave %s as it is", (_, { text, formatted }) => {
    expect(text).toBe(formatted);
  });

  it("should leave the programs that `knet init` writes as they are", () => {
    const programs = templateFiles.filter(({ path }) => path.endsWith(".knet"));
    expect(programs.length).toBeGreaterThan(0);
    for (const { text } of programs) expect(text).toBe(formattedProgram(text));
  });
});
