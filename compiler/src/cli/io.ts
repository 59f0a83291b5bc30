/** What the command line needs of the process; tests give their own. */

export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** All of standard input as bytes. */
  readStdin(): Promise<Uint8Array>;
}

export interface OutputStream {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** One list, printed by `knet --help` and held by a test. */
export const exitCodes = [
  [0, "fine"],
  [1, "errors in the input (warnings too with --deny-warnings)"],
  [2, "wrong usage, or an input that can't be read or an output that can't be written"],
  [3, "`fmt --check` found unformatted files"],
  [4, "an assertion fails (witness printed)"],
  [5, "`diff` or `drift` found a difference, or `--locked` would change the lock"],
  [6, "nothing fails but something is undecided"],
  [70, "internal error"],
  [130, "interrupted"],
] as const;

export type ExitCode = (typeof exitCodes)[number][0];
