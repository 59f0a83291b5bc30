/** `knet compile`: every artifact, or those of some nodes. */
import { resolve } from "node:path";
import { nearest, positionAt } from "@knet/language";
import type { SourceFile } from "@knet/language";
import { artifactFiles } from "../../artifacts/artifacts.ts";
import type { ArtifactFile } from "../../artifacts/artifacts.ts";
import type { PositionOf } from "../../artifacts/source-map.ts";
import { treeWriter } from "../../artifacts/write-aside.ts";
import { WriteError } from "../../artifacts/write.ts";
import type { WriteReport } from "../../artifacts/write.ts";
import type { Compilation } from "../../compilation/compilation.ts";
import { assembleFabric, manifestsOf } from "../../components/assemble.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadClusters, sourcesIn } from "../load.ts";
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
  // A script whose variable is empty does not mean the folder it stands in.
  if (options.output === "") throw new CommandError("usage", "-o names no folder", "name the folder to write: `-o out`");
  const loaded = await loadClusters(io, file, options, "dataplane");
  if (loaded === null) return 1;
  const names = loaded.compilations.flatMap(({ model, folder }) => model.nodes.map((node) => `${folder}${node.name}`));
  for (const wanted of options.node) {
    if (names.includes(wanted)) continue;
    const near = nearest(wanted, names);
    throw new CommandError("unknown-endpoint", `no node is called ${wanted}`, near === null ? `the nodes are ${names.join(", ")}` : `did you mean ${near}?`);
  }
  const nodes = options.node.length === 0 ? null : new Set(options.node);
  const line = progressLine(io.stderr, "compiling");
  const files = treeFiles(loaded.compilations, nodes, (folder, done, total) => line.update(`${folder}${done}/${total} nodes`));
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

/** One cluster behind the other. Paths in a cluster's source map begin in its folder. */
function* treeFiles(
  compilations: readonly Compilation[],
  nodes: ReadonlySet<string> | null,
  progress: (folder: string, done: number, total: number) => void,
): Generator<ArtifactFile> {
  for (const { model, sources, folder } of compilations) {
    const own = nodes === null ? null : new Set([...nodes].filter((name) => name.startsWith(folder)).map((name) => name.slice(folder.length)));
    // Every host is asked for once: nothing of it needs to stay.
    const fabric = assembleFabric(model, { forgetsDataplanes: true });
    const files = artifactFiles(fabric, manifestsOf(model), placesIn(sources), { nodes: own, progress: (done, total) => progress(folder, done, total) });
    for (const { path, text, sameAs } of files) yield { path: `${folder}${path}`, text, ...(sameAs === undefined ? {} : { sameAs: `${folder}${sameAs}` }) };
  }
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
