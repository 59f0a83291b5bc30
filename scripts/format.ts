/** Formats every program of the repository and the examples in its pages. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formattedFiles, root } from "./formatted.ts";

for (const { path, text, formatted } of formattedFiles()) {
  if (text === formatted) continue;
  writeFileSync(join(root, path), formatted);
  process.stdout.write(`formatted ${path}\n`);
}
