/** An error of the command itself, not of a program: one message, a code, a repair, an exit code. */
import { commandErrors } from "../diagnostics/catalogue.ts";
import type { CommandErrorName } from "../diagnostics/catalogue.ts";
import type { ReportStyle } from "../report/style.ts";
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

/** What is printed of it on stderr. */
export function commandErrorText(error: CommandError, style: ReportStyle): string {
  const help = error.help === null ? "" : `  = ${style.frame.help("help:")} ${error.help}\n`;
  return `${style.bad(`error[${error.code}]`)}: ${error.message}\n${help}`;
}
