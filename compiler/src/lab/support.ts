/** Whether this machine can run a laboratory: found out by trying, never by reading versions or configuration. */
import { spawnSync } from "node:child_process";
import type { SpawnSyncOptionsWithStringEncoding, SpawnSyncReturns } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isSupportReport } from "./answers.ts";

export type LabSupport =
  | {
      readonly available: true;
      /** Tracing, and the `nft` variant of the rules that it needs. */
      readonly tracing: { readonly available: true } | { readonly available: false; readonly reason: string };
    }
  | { readonly available: false; readonly reason: string };

/** The program inside the namespaces: a folder that python3 runs as a whole; it stands beside this file. */
const program = fileURLToPath(new URL("./boot", import.meta.url));

/** The interpreter of the distribution before any wrapper that PATH may hold. */
function interpreter(): string {
  return existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
}

/** What is run: one private namespace around everything, and the booting program as its first process. */
export function labCommand(words: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
  return {
    command: "unshare",
    args: [
      ..."--user --map-root-user --net --mount --pid --fork --kill-child --mount-proc --propagation private".split(" "),
      interpreter(),
      "-I",
      "-S",
      // No compiled files in the folder of the source.
      "-B",
      program,
      ...words,
    ],
  };
}

/** Messages in English, and the folders where administrators' tools live, which PATH of a plain user may lack. */
export function labEnvironment(): NodeJS.ProcessEnv {
  return { PATH: `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8" };
}

const checkTimeout = 20_000;
let known: LabSupport | null = null;

/** Takes a second on first use; the answer is kept. */
export function labSupport(): LabSupport {
  known ??= tryEverything();
  return known;
}

function tryEverything(): LabSupport {
  if (process.platform !== "linux") return missing(`network namespaces need Linux, this is ${process.platform}`);
  const options: SpawnSyncOptionsWithStringEncoding = {
    env: labEnvironment(),
    encoding: "utf8",
    timeout: checkTimeout,
    killSignal: "SIGKILL",
    stdio: ["ignore", "pipe", "pipe"],
  };
  const plain = labCommand([]);
  const entering = spawnSync(plain.command, [...plain.args.slice(0, plain.args.indexOf(interpreter())), "true"], options);
  if (entering.error !== undefined || entering.status !== 0) {
    return missing(`an own network namespace cannot be made: ${reasonOf(entering)}`);
  }
  const { command, args } = labCommand(["--check"]);
  const checked = spawnSync(command, [...args], options);
  if (checked.error !== undefined || checked.status !== 0) return missing(`python3 does not run in a namespace: ${reasonOf(checked)}`);
  const report: unknown = JSON.parse(checked.stdout);
  if (!isSupportReport(report)) return missing(`the check said ${checked.stdout}`);
  if (report.missing.length > 0) return missing(report.missing.join("; "));
  return {
    available: true,
    tracing: report.tracing.length === 0 ? { available: true } : { available: false, reason: report.tracing.join("; ") },
  };
}

function missing(reason: string): LabSupport {
  return { available: false, reason };
}

function reasonOf(done: SpawnSyncReturns<string>): string {
  if (done.error !== undefined) return done.error.message;
  const lines = done.stderr.trim().split("\n");
  return lines.at(-1) || `exit status ${done.status ?? done.signal ?? "unknown"}`;
}
