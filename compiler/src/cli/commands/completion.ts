/** `knet completion`: the script that lets a shell complete `knet` command lines. */
import type { Command } from "commander";
import { bashScript } from "../completions/bash.ts";
import { fishScript } from "../completions/fish.ts";
import { completionTable } from "../completions/table.ts";
import type { CompletionTable } from "../completions/table.ts";
import { zshScript } from "../completions/zsh.ts";
import type { ExitCode, Io } from "../io.ts";
import { everyCode } from "./explain.ts";

export const completionShells = ["bash", "zsh", "fish"] as const;
export type CompletionShell = (typeof completionShells)[number];

const scripts: Readonly<Record<CompletionShell, (table: CompletionTable) => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function completion(io: Io, program: Command, shell: CompletionShell): ExitCode {
  io.stdout.write(scripts[shell](completionTable(program, everyCode().map(({ code }) => code))));
  return 0;
}
