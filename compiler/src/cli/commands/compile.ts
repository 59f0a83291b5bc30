/** `knet compile`: every artifact, or those of some nodes. */
import { resolve } from "node:path";
import { nearest } from "@knet/language";
import { artifactFiles } from "../../artifacts/artifacts.ts";
import type { ArtifactFile } from "../../artifacts/artifacts.ts";
import { WriteError, writeTree } from "../../artifacts/write.ts";
import type { WriteReport } from "../../artifacts/write.ts";
import { manifestsOf } from "../../components/assemble.ts";
import { positionsIn } from "../../report/positions.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadProgram } from "../load.ts";
import type { ColorWhen } from "../style.ts";

export interface CompileOptions {
  readonly output: string;
  /** Empty: all. */
  readonly node: readonly string[];
  readonly listFiles: boolean;
  readonly dryRun: boolean;
  readonly format: "pretty" | "json";
  readonly locked: boolean;
  readonly color: ColorWhen;
}

export async function compile(io: Io, file: string, options: CompileOptions): Promise<ExitCode> {
  const loaded = await loadProgram(io, file, options);
  if (loaded === null) return 1;
  const { compilation } = loaded;
  const names = compilation.model.nodes.map((node) => node.name);
  for (const wanted of options.node) {
    if (names.includes(wanted)) continue;
    const near = nearest(wanted, names);
    throw new CommandError("unknown-endpoint", `no node is called ${wanted}`, near === null ? `the nodes are ${names.join(", ")}` : `did you mean ${near}?`);
  }
  const nodes = options.node.length === 0 ? null : new Set(options.node);
  const files = artifactFiles(compilation.fabric, manifestsOf(compilation.model), positionsIn(compilation.source), { nodes });
  let bytes = 0;
  const counted = function* (): Generator<ArtifactFile> {
    for (const artifact of files) {
      bytes += Buffer.byteLength(artifact.text);
      yield artifact;
    }
  };
  try {
    const written = writeTree(resolve(io.cwd, options.output), counted(), { dryRun: options.dryRun });
    report(io, options, written, bytes);
  } catch (error) {
    if (error instanceof WriteError) throw new CommandError("output-unwritable", error.message);
    throw error;
  }
  return 0;
}

function report(io: Io, options: CompileOptions, { files, removed }: WriteReport, bytes: number): void {
  if (options.format === "json") {
    io.stdout.write(`${JSON.stringify({ version: 1, output: options.output, dryRun: options.dryRun, files, removed, bytes }, null, 2)}\n`);
    return;
  }
  if (options.listFiles || options.dryRun) {
    for (const { path, change } of files) io.stdout.write(`${path}${change === "unchanged" ? "" : ` (${change})`}\n`);
    for (const path of removed) io.stdout.write(`${path} (removed)\n`);
  }
  const changed = files.filter(({ change }) => change !== "unchanged").length;
  const did = options.dryRun ? "would write" : "wrote";
  const gone = removed.length === 0 ? "" : `, ${options.dryRun ? "would remove" : "removed"} ${removed.length}`;
  io.stdout.write(`${did} ${files.length} files (${formatBytes(bytes)}) to ${options.output}: ${changed} new or changed${gone}\n`);
}

function formatBytes(bytes: number): string {
  return bytes < 10_000 ? `${bytes} bytes` : bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}
