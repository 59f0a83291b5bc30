#!/usr/bin/env node
// The command is a bundle; in a checkout it is built by `npm start`, `npm test` or `pnpm build`.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundle = new URL("../dist/knet.mjs", import.meta.url);
if (existsSync(fileURLToPath(bundle))) {
  await import(bundle.href);
} else {
  process.stderr.write("error: knet is not built yet\n  = help: run `npm start` at the root of the checkout\n");
  process.exitCode = 2;
}
