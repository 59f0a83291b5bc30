// Everything that `npm test` runs, in the order in which a mistake is cheapest to find. Names what is skipped and why.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** @type {[name: string, args: string[]][]} */
const steps = [
  ["types", ["node_modules/typescript/bin/tsc", "-p", "."]],
  ["lint", ["node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"]],
  ["build", ["scripts/build.mjs"]],
  ["tests", ["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)]],
];

for (const [name, args] of steps) {
  const started = performance.now();
  process.stdout.write(`\n── ${name}\n`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  process.stdout.write(`── ${name}: ${status === 0 ? "passed" : "failed"} in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  if (status !== 0) process.exit(status ?? 1);
}
