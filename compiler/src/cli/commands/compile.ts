/** `knet compile`: every artifact, or those of some nodes. */
import { resolve } from "node:path";
import { nearest, positionAt } from "@knet/language";
import type { SourceFile } from "@knet/language";
import { artifactFiles } from "../../artifacts/artifacts.ts";
import type { PositionOf } from "../../artifacts/source-map.ts";
import { treeWriter } from "../../artifacts/write-aside.ts";
import { WriteError } from "../../artifacts/write.ts";
import type { WriteReport } from "../../artifacts/write.ts";
import { assembleFabric, manifestsOf } from "../../components/assemble.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadProgram, sourcesIn } from "../load.ts";
import type { ParameterOptions } from "../parameters.ts";
import { progressLine } from "../progress.ts";
import type { ColorWhen } from "../style.ts";

export interface CompileOptions extends ParameterOptions {
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
  const loaded = await loadProgram(io, file, options, "dataplane");
  if (loaded === null) return 1;
  const { compilation } = loaded;
  const names = compilation.model.nodes.map((node) => node.name);
  for (const wanted of options.node) {
    if (names.includes(wanted)) continue;
    const near = nearest(wanted, names);
    throw new CommandError("unknown-endpoint", `no node is called ${wanted}`, near === null ? `the nodes are ${names.join(", ")}` : `did you mean ${near}?`);
  }
  const nodes = options.node.length === 0 ? null : new Set(options.node);
  // Every host is asked for once: nothing of it needs to stay.
  const fabric = assembleFabric(compilation.model, { forgetsDataplanes: true });
  const line = progressLine(io.stderr, "compiling");
  const progress = (done: number, total: number): void => line.update(`${done}/${total} nodes`);
  const files = artifactFiles(fabric, manifestsOf(compilation.model), placesIn(compilation.sources), { nodes, progress });
  try {
    const write = treeWriter(nodes?.size ?? names.length);
    const written = await write(resolve(io.cwd, options.output), files, { dryRun: options.dryRun });
    line.end();
    report(io, options, written);
  } catch (error) {
    line.end();
    if (error instanceof WriteError) throw new CommandError("output-unwritable", error.message, "name a folder that can be written with -o");
    throw error;
  }
  return 0;
}

/** As the source map wants them: lines and columns from 0. */
function placesIn(sources: readonly SourceFile[]): PositionOf {
  const sourceOf = sourcesIn(sources);
  return (span) => {
    const source = sourceOf(span.file);
    return source === null ? null : { start: positionAt(source, span.start), end: positionAt(source, span.end) };
  };
}

function report(io: Io, options: CompileOptions, { files, removed, bytes }: WriteReport): void {
  if (options.format === "json") {
    const sizes = { bytes: bytes.read, bytesWritten: bytes.written };
    io.stdout.write(`${JSON.stringify({ version: 1, output: options.output, dryRun: options.dryRun, files, removed, ...sizes }, null, 2)}\n`);
    return;
  }
  if (options.listFiles || options.dryRun) {
    for (const { path, change } of files) io.stdout.write(`${path}${change === "unchanged" ? "" : ` (${change})`}\n`);
    for (const path of removed) io.stdout.write(`${path} (removed)\n`);
  }
  const changed = files.filter(({ change }) => change !== "unchanged").length;
  const did = options.dryRun ? "would write" : "wrote";
  const gone = removed.length === 0 ? "" : `, ${options.dryRun ? "would remove" : "removed"} ${removed.length}`;
  const onDisk = bytes.written > bytes.read / 2 ? "" : `, ${formatBytes(bytes.written)} on disk as equal files are linked`;
  io.stdout.write(`${did} ${files.length} files (${formatBytes(bytes.read)}${onDisk}) to ${options.output}: ${changed} new or changed${gone}\n`);
}

function formatBytes(bytes: number): string {
  return bytes < 10_000 ? `${bytes} bytes` : bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}
