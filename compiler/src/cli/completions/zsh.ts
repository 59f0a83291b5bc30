/** Completion for zsh, by its own `_arguments`. */
import { singleQuoted } from "./table.ts";
import type { CompletionCommand, CompletionOption, CompletionTable, CompletionValue } from "./table.ts";

export function zshScript({ options, commands }: CompletionTable): string {
  return `#compdef knet
# Completion of knet for zsh. In ~/.zshrc, behind compinit: source <(knet completion zsh)

_knet() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \\
${options.map((option) => `    ${specOf(option)} \\`).join("\n")}
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, description }) => `        ${singleQuoted(`${name}:${description.replaceAll(":", String.raw`\:`)}`)}`).join("\n")}
      )
      _describe -t commands command commands
      ;;
    argument)
      case $line[1] in
${commands.map(branchOf).join("\n")}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _knet ]]; then
  _knet "$@"
else
  compdef _knet knet
fi
`;
}

function branchOf(command: CompletionCommand): string {
  const specs = [
    ...command.options.map(specOf),
    ...command.arguments.map(({ name, value, variadic }, place) => singleQuoted(`${variadic ? "*" : String(place + 1)}:${name}:${actionOf(value)}`)),
  ];
  return `        ${command.name})\n          _arguments -s -S ${specs.map((spec) => `\\\n            ${spec}`).join(" ")}\n          ;;`;
}

/** `'*--name=[what it does]:value:action'`, with braces around the names where there are two. */
function specOf({ short, long, description, value, repeatable }: CompletionOption): string {
  const names = [...(short === null ? [] : [short]), long];
  const shown = `[${description.replaceAll(/[\\[\]:]/g, String.raw`\$&`)}]${value === null ? "" : `:${long.slice(2)}:${actionOf(value)}`}`;
  // A long option takes its value behind a blank or an =, a short one as the next word or at once.
  const written = names.map((name) => (value === null ? name : name.startsWith("--") ? `${name}=` : `${name}+`));
  const before = repeatable ? "*" : names.length > 1 ? `(${names.join(" ")})` : "";
  const [only = ""] = written;
  return names.length === 1 ? singleQuoted(`${before}${only}${shown}`) : `${singleQuoted(before)}{${written.join(",")}}${singleQuoted(shown)}`;
}

function actionOf(value: CompletionValue): string {
  switch (value.kind) {
    case "words":
      return `(${value.words.join(" ")})`;
    case "files":
      return value.extension === null ? "_files" : `_files -g "*.${value.extension}(-.)"`;
    case "folders":
      return "_files -/";
    case "anything":
      return " ";
  }
}
