// Bundles the `knet` command into compiler/dist and puts beside it what it reads at run time.
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildPrettierPlugin } from "./prettier-plugin.mjs";

const root = new URL("../", import.meta.url);
const path = (relative) => fileURLToPath(new URL(relative, root));
const dist = path("compiler/dist");

await rm(dist, { recursive: true, force: true });
await mkdir(`${dist}/explain`, { recursive: true });
const shared = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  sourcemap: "linked",
  legalComments: "linked",
  logLevel: "warning",
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: { js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);' },
};
await build({ ...shared, entryPoints: [path("compiler/src/cli/process.ts")], outfile: `${dist}/knet.mjs` });
await build({ ...shared, entryPoints: [path("compiler/src/artifacts/write-thread.ts")], outfile: `${dist}/write-thread.mjs` });
await build({ ...shared, entryPoints: [path("lsp/src/protocol/process.ts")], outfile: path("lsp/dist/server.mjs") });
await buildPrettierPlugin(path("language/dist/prettier.mjs"));
for (const folder of ["language/src/diagnostics/explain", "compiler/src/diagnostics/explain"]) {
  for (const name of await readdir(path(folder))) if (name.endsWith(".md")) await cp(`${path(folder)}/${name}`, `${dist}/explain/${name}`);
}
