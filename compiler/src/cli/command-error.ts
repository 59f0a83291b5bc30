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
