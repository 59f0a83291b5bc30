/** Every program, and every page with examples, that is committed or about to be; with the text that the formatter gives it. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "../language/src/formatter/index.ts";
import { parse } from "../language/src/index.ts";

export interface FormattedFile {
  readonly path: string;
  readonly text: string;
  readonly formatted: string;
}

export const root = fileURLToPath(new URL("../", import.meta.url));

/** Sorted by path. */
export function formattedFiles(): readonly FormattedFile[] {
  const listing = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z", "--", "*.knet", "*.md"];
  const paths = execFileSync("git", listing, { cwd: root, encoding: "utf8" }).split("\0");
  return paths
    .filter((path) => path !== "" && existsSync(join(root, path)))
    .toSorted()
    .flatMap((path) => {
      const text = readFileSync(join(root, path), "utf8");
      if (path.endsWith(".knet")) return [{ path, text, formatted: formattedProgram(text) }];
      return examples.test(text) ? [{ path, text, formatted: formattedPage(text) }] : [];
    });
}

/** The text itself where it does not read as knet: examples of mistakes, and fixtures with markers below their lines. */
export function formattedProgram(text: string): string {
  const done = parse("example.knet", text).diagnostics.length === 0 ? format("example.knet", text) : null;
  return done?.ok === true ? done.text : text;
}

const examples = /^```knet/m;

/** Blocks marked `knet unformatted` show what the formatter does. */
function formattedPage(page: string): string {
  return page.replaceAll(
    /^(```knet(?! unformatted)[^\n]*\n)([\s\S]*?)^```/gm,
    (_, head: string, program: string) => `${head}${formattedProgram(program)}\`\`\``,
  );
}
