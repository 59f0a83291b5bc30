/** An error of the command itself, not of a program: one message, a code, a repair, an exit code. */
import { commandErrors } from "../diagnostics/catalogue.ts";
import type { CommandErrorName } from "../diagnostics/catalogue.ts";
import type { ExitCode } from "./io.ts";

export class CommandError extends Error {
  readonly code: string;
  readonly help: string | null;
  readonly exit: ExitCode;

  constructor(name: CommandErrorName, message: string, help: string | null = null, exit: ExitCode = 2) {
    super(message);
    this.code = commandErrors[name];
    this.help = help;
    this.exit = exit;
  }
}

/** What a failed system call means, in words. */
export function systemErrorWords(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words: Readonly<Record<string, string>> = {
    ENOENT: "no such file or folder",
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of the path is not a folder",
    EROFS: "the file system is read-only",
    ENOSPC: "no space left on the device",
    ELOOP: "too many symbolic links",
    ENAMETOOLONG: "the name is too long",
    EMFILE: "too many open files",
  };
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}
