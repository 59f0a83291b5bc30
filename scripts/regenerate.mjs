// Writes everything in the repository that is generated; a test fails when one of them is stale.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "./generated.ts";

const root = new URL("../", import.meta.url);
for (const { path, text } of await generatedFiles()) {
  await writeFile(fileURLToPath(new URL(path, root)), text);
  process.stdout.write(`wrote ${path}\n`);
}
