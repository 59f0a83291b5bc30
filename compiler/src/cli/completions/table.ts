/** What may stand where on the command line, read from commander's own commands: the one source of every shell's script. */
import type { Argument, Command, Option } from "commander";

export interface CompletionTable {
  /** Options in front of a command. */
  readonly options: readonly CompletionOption[];
  readonly commands: readonly CompletionCommand[];
}

export interface CompletionCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletionOption[];
  readonly arguments: readonly CompletionArgument[];
}

export interface CompletionOption {
  /** `-o`, or null. */
  readonly short: string | null;
  /** `--output`. */
  readonly long: string;
  readonly description: string;
  /** Null: the option takes no value. */
  readonly value: CompletionValue | null;
  readonly repeatable: boolean;
}

export interface CompletionArgument {
  readonly name: string;
  readonly value: CompletionValue;
  readonly variadic: boolean;
}

export type CompletionValue =
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Files that end with the extension, and folders on the way to them; null: any file. */
  | { readonly kind: "files"; readonly extension: string | null }
  | { readonly kind: "folders" }
  /** Nobody but the user knows. */
  | { readonly kind: "anything" };

/**
 * Options and arguments are read by the names of their values: `<dir>` is a folder, `<file>` of an option a file and of a command a
 * program, `[code]` one of the codes.
 */
export function completionTable(program: Command, codes: readonly string[]): CompletionTable {
  const help = program.createHelp();
  const all = help.visibleCommands(program);
  const names = all.map((command) => command.name());
  return {
    options: help.visibleOptions(program).map(optionOf),
    commands: all.map((command) => ({
      name: command.name(),
      description: command.description(),
      options: command.name() === "help" ? [] : help.visibleOptions(command).map(optionOf),
      arguments: command.registeredArguments.map((argument) => argumentOf(argument, { code: codes, command: names })),
    })),
  };
}

function optionOf(option: Option): CompletionOption {
  const takes = option.required || option.optional;
  const placeholder = /[<[](\w+)/.exec(option.flags)?.[1] ?? "";
  return {
    short: option.short ?? null,
    long: option.long ?? "",
    description: option.description,
    value: takes ? valueOf(option.argChoices ?? null, placeholder, null) : null,
    repeatable: option.variadic || Array.isArray(option.defaultValue),
  };
}

function argumentOf(argument: Argument, known: Readonly<Record<string, readonly string[]>>): CompletionArgument {
  const name = argument.name();
  return { name, value: valueOf(argument.argChoices ?? known[name] ?? null, name, "knet"), variadic: argument.variadic };
}

function valueOf(words: readonly string[] | null, name: string, extension: string | null): CompletionValue {
  if (words !== null) return { kind: "words", words };
  if (name === "dir") return { kind: "folders" };
  return name === "file" ? { kind: "files", extension } : { kind: "anything" };
}

/** As a word of a shell that reads nothing in it. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
