// `pnpm bench:language [--runs 15] [--quick]`: measures reading, checking and formatting, and writes test/bench/language.md and
// language.json. `--quick` prints one run of short texts and writes nothing.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { languageReport } from "../test/bench/language-report.ts";
import { languageBench, measureTask, peersFolder, taskNames } from "../test/bench/language.ts";
import type { LanguageMeasure, TaskName } from "../test/bench/language.ts";

const root = new URL("../", import.meta.url);
const { values } = parseArgs({
  options: { runs: { type: "string", default: "15" }, quick: { type: "boolean", default: false }, task: { type: "string" } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`error: --runs wants a whole number from 1, not ${JSON.stringify(values.runs)}\n`);
  process.exit(2);
}
const size = values.quick ? { lines: 1000, nodes: 500, runs: 1, warmups: 1 } : { lines: 10_000, nodes: 5000, runs, warmups: 15 };

// Each task has a process of its own, so that none finds the machine's code made for another.
const wanted = taskNames.find((name) => name === values.task);
if (wanted === undefined) await measureAll();
else process.stdout.write(JSON.stringify(await measureTask(wanted, size)));

function inProcess(name: TaskName): LanguageMeasure | string {
  const again = [...process.argv.slice(2), "--task", name];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", fileURLToPath(import.meta.url), ...again], { encoding: "utf8" });
  return status === 0 ? (JSON.parse(stdout) as LanguageMeasure | string) : (stderr.split("\n").find((line) => /^\w*Error:/.test(line)) ?? `it ended with ${status}`);
}

async function measureAll(): Promise<void> {
  if (!existsSync(join(peersFolder, "node_modules"))) {
    // Without a registry the peer is skipped, and the page says so.
    spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: peersFolder, stdio: ["ignore", "ignore", "inherit"] });
  }
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const results = await languageBench({ ...size, log }, (name) => Promise.resolve(inProcess(name)));
  const text = languageReport(results);
  process.stdout.write(text);
  if (values.quick) return;
  writeFileSync(new URL("test/bench/language.md", root), text);
  writeFileSync(new URL("test/bench/language.json", root), `${JSON.stringify(results, null, 2)}\n`);
}
