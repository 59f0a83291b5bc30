/** Completion for fish. */
import type { CompletionArgument, CompletionOption, CompletionTable, CompletionValue } from "./table.ts";

export function fishScript({ options, commands }: CompletionTable): string {
  const lines = [
    "# Completion of knet for fish: knet completion fish > ~/.config/fish/completions/knet.fish",
    "",
    "complete -c knet -f",
    ...options.map((option) => optionLine("__fish_use_subcommand", option)),
    ...commands.map(({ name, description }) => `complete -c knet -n __fish_use_subcommand -a ${quoted(name)} -d ${quoted(description)}`),
    ...commands.flatMap((command) => {
      const seen = `__fish_seen_subcommand_from ${command.name}`;
      return ["", ...command.options.map((option) => optionLine(seen, option)), ...command.arguments.flatMap((argument) => argumentLine(seen, argument))];
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function optionLine(condition: string, { short, long, description, value }: CompletionOption): string {
  const names = [...(short === null ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`].join(" ");
  return `complete -c knet -n ${quoted(condition)} ${names}${value === null ? "" : ` ${valueFlags(value)}`} -d ${quoted(description)}`;
}

function argumentLine(condition: string, { value }: CompletionArgument): readonly string[] {
  return value.kind === "anything" ? [] : [`complete -c knet -n ${quoted(condition)} ${value.kind === "files" ? "-k " : ""}-a ${wordsOf(value)}`];
}

/** `-x`: a value must follow, and files are none of it unless they are asked for. */
function valueFlags(value: CompletionValue): string {
  if (value.kind === "anything") return "-x";
  return value.kind === "files" && value.extension === null ? "-r -F" : `-x -a ${wordsOf(value)}`;
}

function wordsOf(value: CompletionValue): string {
  switch (value.kind) {
    case "words":
      return quoted(value.words.join(" "));
    case "files":
      return quoted(value.extension === null ? "(__fish_complete_path)" : `(__fish_complete_suffix .${value.extension})`);
    case "folders":
      return quoted("(__fish_complete_directories)");
    case "anything":
      return quoted("");
  }
}

/** In single quotes fish reads \\ and ' only. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
