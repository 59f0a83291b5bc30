/** What is generated is up to date: `pnpm update` writes it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { generatedFiles } from "../../scripts/generated.ts";

const root = new URL("../../", import.meta.url);
const files = await generatedFiles();

describe("generated files", () => {
  it.each(files.map(({ path, text }) => [path, text] as const))("%s should be what its generator writes", (path, text) => {
    expect(readFileSync(fileURLToPath(new URL(path, root)), "utf8")).toBe(text);
  });
});
