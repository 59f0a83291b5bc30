// Bundles the Prettier plugin: one file that a project without TypeScript can load.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @param {string} outfile */
export async function buildPrettierPlugin(outfile) {
  await build({
    entryPoints: [fileURLToPath(new URL("../language/src/formatter/plugin.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    // The project's own Prettier prints; the bundle only makes documents for it.
    external: ["prettier", "prettier/*"],
    legalComments: "linked",
    logLevel: "warning",
  });
}
