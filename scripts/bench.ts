// `pnpm bench [--sizes 50,500,5000] [--quick]`: measures, and writes test/bench/results.md and results.json. `--quick` prints one run
// of the smallest size and writes nothing.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bench } from "../test/bench/bench.ts";
import { reportText } from "../test/bench/report.ts";

const root = new URL("../", import.meta.url);
const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "50,500,2500,5000" },
    runs: { type: "string", default: "3" },
    quick: { type: "boolean", default: false },
  },
});

function wholeNumbers(option: string, text: string): readonly number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers;
  process.stderr.write(`error: --${option} wants whole numbers from 1, not ${JSON.stringify(text)}\n`);
  process.exit(2);
}

const sizes = wholeNumbers("sizes", values.sizes);
const [runs = 3] = wholeNumbers("runs", values.runs);
const examples = ["journey", "shop"].map((name) => fileURLToPath(new URL(`examples/${name}/${name}.knet`, root)));
const started = performance.now();
const log = (line: string): void => void process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
const results = values.quick
  ? bench({ sizes: [Math.min(...sizes)], examples: [], runs: 1, warmups: 0, log })
  : bench({ sizes, examples, runs, warmups: 1, log });
const text = reportText(results);
process.stdout.write(text);
if (!values.quick) {
  writeFileSync(new URL("test/bench/results.md", root), text);
  writeFileSync(new URL("test/bench/results.json", root), `${JSON.stringify(results, null, 2)}\n`);
}
