/** What can go wrong with a laboratory. */

/**
 * `unsupported`: this machine lacks something; `plan`: the fabric cannot be wired; `load`: a tool refused a file;
 * `probe`: a probe cannot be made; `failed`: the laboratory answered with an error; `timeout`: it did not answer; `closed`: it is gone.
 */
export type LabErrorKind = "unsupported" | "plan" | "load" | "probe" | "failed" | "timeout" | "closed";

/** One thing that did not load. */
export interface LoadProblem {
  /** Host id, or null when it is not about one host. */
  readonly host: string | null;
  /** Name of the file, as in the artifact tree. */
  readonly file: string | null;
  /** 1-based; null when the tool named none. */
  readonly line: number | null;
  /** The line itself. */
  readonly text: string | null;
  /** What the tool said. */
  readonly message: string;
}

export class LabError extends Error {
  override readonly name = "LabError";
  readonly kind: LabErrorKind;
  /** Of kind `load`: every problem, by host. */
  readonly problems: readonly LoadProblem[];

  constructor(kind: LabErrorKind, message: string, problems: readonly LoadProblem[] = []) {
    super(message);
    this.kind = kind;
    this.problems = problems;
  }
}

/** `node/node-a kube-proxy.iptables:7: -A … : what the tool said`. */
export function formatProblem(problem: LoadProblem): string {
  const file = problem.file === null ? "" : `${problem.file}${problem.line === null ? "" : `:${problem.line}`}`;
  const place = [problem.host, file].filter((word) => word !== null && word !== "").join(" ");
  return [place, problem.text, problem.message].filter((word) => word !== null && word !== "").join(": ");
}
