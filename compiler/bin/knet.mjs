#!/usr/bin/env node
// The command is a bundle; in a checkout it is built by `npm start`, `npm test` or `pnpm build`.
// This file stays readable for every Node with modules: it is what tells an old one apart.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundle = new URL("../dist/knet.mjs", import.meta.url);
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `error[KN9007]: this is Node ${process.versions.node}, and knet needs Node 22.12 or later\n  = help: in a checkout \`npx knet\` and \`node_modules/.bin/knet\` run the Node that \`npm start\` brings\n`,
  );
  process.exitCode = 2;
} else if (existsSync(fileURLToPath(bundle))) {
  await import(bundle.href);
} else {
  process.stderr.write("error: knet is not built yet\n  = help: run `npm start` at the root of the checkout\n");
  process.exitCode = 2;
}
