/** The thread of {@link writeTreeAside}: takes files as they come, and writes them. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { sent, taken } from "./write-protocol.ts";
import type { ThreadMessage, ThreadResult, ThreadTask } from "./write-protocol.ts";
import { WriteError, writeTree } from "./write.ts";
import type { TreeFile } from "./write.ts";

class Stopped extends Error {}

function* filesOf({ port, counts }: ThreadTask): Generator<TreeFile> {
  const repeated = new Map<string, string>();
  for (let count = 0; ; count++) {
    Atomics.wait(counts, sent, count);
    const message = receiveMessageOnPort(port)?.message as ThreadMessage | undefined;
    Atomics.store(counts, taken, count + 1);
    Atomics.notify(counts, taken);
    if (message === "end") return;
    if (message === undefined || message === "stop") throw new Stopped();
    for (const { path, text, sameAs } of message.files) {
      if (sameAs === undefined) yield { path, text: text ?? "" };
      else {
        if (text !== undefined) repeated.set(sameAs, text);
        yield { path, text: text ?? repeated.get(sameAs) ?? "", sameAs };
      }
    }
  }
}

function resultOf(task: ThreadTask): ThreadResult {
  try {
    return { kind: "written", report: writeTree(task.dir, filesOf(task), { dryRun: task.dryRun }) };
  } catch (error) {
    if (error instanceof Stopped) return { kind: "stopped" };
    if (error instanceof WriteError) return { kind: "refused", problem: error.problem, path: error.path, message: error.message };
    throw error;
  }
}

const result: ThreadResult = resultOf(workerData as ThreadTask);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- the port of a thread, not a window
parentPort?.postMessage(result);
