/** What a run of the bench gives: `results.json`. */

/** Milliseconds, bytes, or how many in a second. */
export type Unit = "ms" | "bytes" | "per-second";

export type MeasureName =
  | "parse"
  | "parse and check"
  | "lower"
  | "assemble and compile one node"
  | "compile one more node"
  | "new process: model and one node"
  | "processor time: model and one node"
  | "peak memory: model and one node"
  | "compile all nodes"
  | "write all nodes"
  | "bytes written"
  | "peak memory: all nodes"
  | "simulate flows"
  | "verify flows"
  | "reach"
  | "peer: one node's bytes to one file"
  | "peer: all nodes' bytes to one file"
  | "peer: iptables-restore loads one node's kube-proxy";

export type Measure =
  | { readonly name: MeasureName; readonly unit: Unit; readonly median: number; readonly runs: readonly number[] }
  /** Not measured, and why. */
  | { readonly name: MeasureName; readonly skipped: string };

export interface ProgramResult {
  readonly name: string;
  readonly nodes: number;
  readonly pods: number;
  readonly services: number;
  readonly policies: number;
  /** Of the program's text. */
  readonly bytes: number;
  readonly measures: readonly Measure[];
}

/** How a measure grows when the number of nodes doubles, from the medians of two sizes. */
export interface Growth {
  readonly name: MeasureName;
  readonly from: number;
  readonly to: number;
  readonly perDoubling: number;
}

export interface BenchResults {
  readonly version: 1;
  readonly machine: {
    readonly cpus: number;
    readonly cpu: string;
    readonly memory: number;
    readonly node: string;
    readonly kernel: string;
    /** Processes that wanted a processor in the minute before and in the last minute of the run; the bench itself is one. */
    readonly load: { readonly before: number; readonly after: number };
  };
  /** Measured runs of each stage, and unmeasured ones before them. */
  readonly runs: number;
  readonly warmups: number;
  /** Milliseconds that Node takes to start and do nothing. */
  readonly nodeStart: { readonly median: number; readonly runs: readonly number[] };
  readonly programs: readonly ProgramResult[];
  readonly growth: readonly Growth[];
}
