// Writes everything in the repository that is generated; a test fails when one of them is stale.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "./generated.ts";
import { carriedOutPages, carryOut } from "./pages.ts";

const root = new URL("../", import.meta.url);

/** @param {string} path @param {string} text */
async function write(path, text) {
  await writeFile(fileURLToPath(new URL(path, root)), text);
  process.stdout.write(`wrote ${path}\n`);
}

for (const { path, text } of await generatedFiles()) await write(path, text);
for (const path of carriedOutPages()) await write(path, (await carryOut(await readFile(fileURLToPath(new URL(path, root)), "utf8"))).text);
