// `pnpm fuzz [--runs 100000] [--seed N]`: reads and checks random and damaged programs, and prints what crashes, hangs or loses text.
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { anyText } from "../language/src/testing/fixtures.ts";
import { faultOf } from "../language/src/testing/fuzz.ts";

/** So many inputs share a seed; a failure ends its round, and the next one goes on. */
const round = 1000;

const { values } = parseArgs({ options: { runs: { type: "string", default: "100000" }, seed: { type: "string" } } });
const runs = Number(values.runs);
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  process.stderr.write("error: --runs wants a whole number from 1, --seed a whole number\n");
  process.exit(2);
}

let tried = 0;
let failures = 0;
const started = performance.now();
for (let at = seed; tried < runs; at++) {
  const numRuns = Math.min(round, runs - tried);
  const result = fc.check(
    // Twice: a busy machine is no fault.
    fc.property(anyText, (text) => faultOf(text) === null || faultOf(text) === null),
    { seed: at, numRuns },
  );
  tried += numRuns;
  if (!result.failed) continue;
  failures++;
  const [text] = result.counterexample ?? [""];
  process.stdout.write(`--seed ${at} --runs ${result.numRuns}\n${JSON.stringify(text)}\n${faultOf(text) ?? "not seen again"}\n\n`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
process.stdout.write(`${tried} inputs from seed ${seed} in ${seconds} s: ${failures === 0 ? "no failure" : `${failures} rounds failed`}\n`);
process.exitCode = failures === 0 ? 0 : 1;
