// The main job on examples/journey: check, compile, verify, trace. Ends with the first failing step's code.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const program = "examples/journey/journey.knet";
const steps = [
  ["check", program],
  ["compile", program, "-o", "out/journey"],
  ["verify", program],
  ["trace", program, "namespace001/pod-0", "myapp", "--port", "80", "--backend", "namespace001/pod-3"],
];

for (const args of steps) {
  process.stdout.write(`\n$ npx knet ${args.join(" ")}\n`);
  const { status, error } = spawnSync(process.execPath, ["compiler/bin/knet.mjs", ...args], { cwd: root, stdio: "inherit" });
  if (error !== undefined || status !== 0) {
    process.stderr.write(`\nknet ${args[0]} ended with ${status ?? error?.message}\n`);
    process.exit(status ?? 70);
  }
}
