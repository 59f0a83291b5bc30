/** Writes a tree in a thread of its own, while the files that come next are made. */
import { MessageChannel, Worker } from "node:worker_threads";
import { sent, taken } from "./write-protocol.ts";
import type { ThreadFile, ThreadMessage, ThreadResult, ThreadTask } from "./write-protocol.ts";
import { WriteError, writeTree } from "./write.ts";
import type { TreeFile, WriteOptions, WriteReport } from "./write.ts";

/** UTF-16 units of text, and files, that are sent at once. */
const batchText = 1 << 19;
const batchFiles = 256;
/** Messages that may wait to be taken: with more of them, a slow disk would fill the memory. */
const waiting = 32;

/** From so many nodes on it takes less time to write in a thread of its own than to start one. */
const manyNodes = 20;

/** What writes the tree of so many nodes fastest. */
export function treeWriter(nodes: number): typeof writeTreeAside | typeof writeTree {
  return nodes < manyNodes ? writeTree : writeTreeAside;
}

/** As `writeTree`, and with the same errors; the files are asked for in this thread, one after another. */
export async function writeTreeAside(dir: string, files: Iterable<TreeFile>, { dryRun = false }: Pick<WriteOptions, "dryRun"> = {}): Promise<WriteReport> {
  const { port1: port, port2 } = new MessageChannel();
  const counts = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const task: ThreadTask = { dir, dryRun, port: port2, counts };
  const worker = new Worker(threadFile(), { workerData: task, transferList: [port2] });
  let isDone = false;
  const done = new Promise<ThreadResult>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the writing thread ended with ${code}`)));
  }).finally(() => {
    isDone = true;
    port.close();
  });
  // Looked at below, when all files have been made.
  done.catch(() => undefined);
  const send = async (message: ThreadMessage): Promise<void> => {
    if (isDone) return;
    port.postMessage(message);
    const count = Atomics.add(counts, sent, 1) + 1;
    Atomics.notify(counts, sent);
    for (;;) {
      const before = Atomics.load(counts, taken);
      if (isDone || count - before <= waiting) return;
      await Promise.race([Atomics.waitAsync(counts, taken, before).value, done.catch(() => undefined)]);
    }
  };
  try {
    for (const batch of batchesOf(files)) {
      await send({ files: batch });
      if (isDone) break;
    }
    await send("end");
  } catch (error) {
    await send("stop");
    await done.catch(() => undefined);
    throw error;
  }
  const result = await done;
  if (result.kind === "written") return result.report;
  if (result.kind === "refused") throw new WriteError(result.problem, result.path, result.message);
  throw new Error("the writing thread stopped");
}

/** Beside this file: as source, or in the bundle. */
function threadFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./write-thread.ts" : "./write-thread.mjs", import.meta.url);
}

/** A text that many files have goes over once more with the first that repeats it, and then no more. */
function* batchesOf(files: Iterable<TreeFile>): Generator<readonly ThreadFile[]> {
  const repeated = new Set<string>();
  let batch: ThreadFile[] = [];
  let size = 0;
  for (const { path, text, sameAs } of files) {
    if (sameAs === undefined) batch.push({ path, text });
    else if (repeated.has(sameAs)) batch.push({ path, sameAs });
    else {
      repeated.add(sameAs);
      batch.push({ path, text, sameAs });
    }
    if (sameAs === undefined) size += text.length;
    if (size < batchText && batch.length < batchFiles) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}
