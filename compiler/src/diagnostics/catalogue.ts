/** The compiler's own codes: KN5xxx allocation, KN6xxx artifacts, KN7xxx verification, KN9xxx files and command line. */
import { defineCatalogue } from "@knet/language";

const error = "error" as const;

export const compilerCatalogue = defineCatalogue({
  "range-full": { code: "KN5001", severity: error, message: (p: { message: string }) => p.message },
});

/** Errors that stand at no place in a program: what the message says, and the code that `knet explain` knows. */
export const commandErrors = {
  "lock-unreadable": "KN5010",
  "lock-would-change": "KN5011",
  "judges-disagree": "KN7001",
  "input-unreadable": "KN9001",
  "output-unwritable": "KN9002",
  "unknown-endpoint": "KN9003",
  usage: "KN9004",
  "unknown-code": "KN9005",
  "folder-not-empty": "KN9006",
} as const;

export type CommandErrorName = keyof typeof commandErrors;
