/** What goes to and comes from the thread that writes. */
import type { MessagePort } from "node:worker_threads";
import type { WriteProblem, WriteReport } from "./write.ts";

export interface ThreadTask {
  readonly dir: string;
  readonly dryRun: boolean;
  readonly port: MessagePort;
  /** Shared: how many {@link ThreadMessage}s were sent, and how many were taken. */
  readonly counts: Int32Array<SharedArrayBuffer>;
}

/** Places in `counts`. */
export const sent = 0;
export const taken = 1;

/**
 * `text` is left out when an earlier file that names the same `sameAs` had it.
 * `end`: these were all files. `stop`: no more can be made, and nothing is to be written.
 */
export type ThreadMessage = { readonly files: readonly ThreadFile[] } | "end" | "stop";

export interface ThreadFile {
  readonly path: string;
  readonly text?: string;
  readonly sameAs?: string;
}

export type ThreadResult =
  | { readonly kind: "written"; readonly report: WriteReport }
  | { readonly kind: "refused"; readonly problem: WriteProblem; readonly path: string; readonly message: string }
  | { readonly kind: "stopped" };
