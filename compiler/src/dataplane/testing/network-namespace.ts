/** For tests: runs a shell script in a network namespace of a rootless sandbox, so that a real kernel can judge. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The legacy tools find /run/xtables.lock only in a /run of their own. The outermost network namespace belongs to nobody who may
 * list tables, so the script runs in one made inside.
 */
const enter = [
  "--user",
  "--map-root-user",
  "--net",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "--propagation",
  "private",
];
const prologue = "set -e\nmount -t tmpfs tmpfs /run\nmkdir -p /run/netns /run/lock\nip netns add lab\n";

let reason: string | null | undefined;

/** Why no script can run here: the first tool or permission that is missing. Null when it can. */
export function missingForNamespace(): string | null {
  reason ??= probe();
  return reason === "" ? null : reason;
}

function probe(): string {
  if (process.platform !== "linux") return "the kernel is not Linux";
  for (const tool of ["unshare", "ip", "iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"]) {
    if (spawnSync("sh", ["-c", `PATH="$PATH:/usr/sbin:/sbin" command -v ${tool}`]).status !== 0) return `${tool} is not installed`;
  }
  const tried = runScript("iptables-legacy-save -t filter", {});
  return tried.status === 0 ? "" : `no rootless network namespace: ${tried.stderr.trim()}`;
}

export interface ScriptResult {
  readonly status: number | null;
  readonly stderr: string;
  /** What the script wrote to `$DIR/NAME`, for every NAME asked for. */
  read(name: string): string;
}

/** Runs the script by `sh -e` with the files in `$DIR`, waits for its end and hands the results to `use`. */
export function inNamespace<T>(script: string, files: Readonly<Record<string, string>>, use: (result: ScriptResult) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "knet-kernel-"));
  try {
    return use(runScript(script, files, directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function runScript(script: string, files: Readonly<Record<string, string>>, directory = ""): ScriptResult {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const inner = `${prologue}exec ip netns exec lab sh -ec '${script.replaceAll("'", `'\\''`)}'`;
  const run = spawnSync("unshare", [...enter, "sh", "-c", inner], {
    encoding: "utf8",
    env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, DIR: directory },
    timeout: 60_000,
    maxBuffer: 1 << 28,
  });
  return { status: run.status, stderr: run.stderr, read: (name) => readFileSync(join(directory, name), "utf8") };
}
