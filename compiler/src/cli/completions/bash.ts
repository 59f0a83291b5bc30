/** Completion for bash, from 3.2 on, without the package bash-completion. */
import { singleQuoted } from "./table.ts";
import type { CompletionArgument, CompletionCommand, CompletionOption, CompletionTable, CompletionValue } from "./table.ts";

export function bashScript({ options, commands }: CompletionTable): string {
  const valued = [...valuedOptions("", options), ...commands.flatMap((command) => valuedOptions(command.name, command.options))];
  return `# Completion of knet for bash. In ~/.bashrc: source <(knet completion bash)

# bash makes a word of the = in --option=value.
_knet() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= place=0 i word
  COMPREPLY=()
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if _knet_takes_value "$command $word"; then
      if [[ \${COMP_WORDS[i + 1]} == = ]]; then ((i += 2)); else ((i += 1)); fi
    elif [[ $word == -?* ]]; then :
    elif [[ -z $command ]]; then command=$word
    else ((place += 1)); fi
  done
  case "$command $prev" in
${valued.map(({ patterns, value }) => `    ${patterns}) ${replyTo(value)}; return ;;`).join("\n")}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${[{ name: "", options }, ...commands].map((command) => `      ${singleQuoted(command.name)}) _knet_words ${singleQuoted(flagsOf(command.options).join(" "))} ;;`).join("\n")}
    esac
    return
  fi
  case "$command $place" in
    ' '*) _knet_words ${singleQuoted(commands.map(({ name }) => name).join(" "))} ;;
${commands.flatMap(placesOf).map((line) => `    ${line}`).join("\n")}
  esac
}

_knet_takes_value() {
  case $1 in
    ${valued.map(({ patterns }) => patterns).join(" | ")}) return 0 ;;
  esac
  return 1
}

_knet_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

_knet_folders() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -d -- "$cur"))
  compopt -o filenames 2>/dev/null
}

# With a pattern: the files of that name, and all folders.
_knet_files() {
  local IFS=$'\\n'
  if [[ -n $1 ]]; then
    COMPREPLY=($(compgen -f -X "!$1" -- "$cur") $(compgen -d -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
  compopt -o filenames 2>/dev/null
}

complete -F _knet knet
`;
}

interface Valued {
  /** As a `case` reads them: a command and an option. */
  readonly patterns: string;
  readonly value: CompletionValue;
}

function valuedOptions(command: string, options: readonly CompletionOption[]): readonly Valued[] {
  return options.flatMap(({ short, long, value }) =>
    value === null ? [] : [{ patterns: [long, ...(short === null ? [] : [short])].map((name) => singleQuoted(`${command} ${name}`)).join(" | "), value }],
  );
}

function flagsOf(options: readonly CompletionOption[]): readonly string[] {
  return options.flatMap(({ short, long }) => [long, ...(short === null ? [] : [short])]);
}

function placesOf(command: CompletionCommand): readonly string[] {
  return command.arguments.flatMap((argument: CompletionArgument, place) =>
    argument.value.kind === "anything"
      ? []
      : [`${singleQuoted(`${command.name} `)}${argument.variadic ? "*" : String(place)}) ${replyTo(argument.value)} ;;`],
  );
}

function replyTo(value: CompletionValue): string {
  switch (value.kind) {
    case "words":
      return `_knet_words ${singleQuoted(value.words.join(" "))}`;
    case "files":
      return value.extension === null ? "_knet_files ''" : `_knet_files ${singleQuoted(`*.${value.extension}`)}`;
    case "folders":
      return "_knet_folders";
    case "anything":
      return ":";
  }
}
