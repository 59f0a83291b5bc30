/** The `knet` command: one table of commands, one place where errors become messages and exit codes. */
import { Argument, Command, CommanderError, Option } from "commander";
import { CommandError, commandErrorText } from "./command-error.ts";
import { check, checkFormats } from "./commands/check.ts";
import { compile } from "./commands/compile.ts";
import { completion, completionShells } from "./commands/completion.ts";
import type { CompletionShell } from "./commands/completion.ts";
import { explain } from "./commands/explain.ts";
import { fmt } from "./commands/fmt.ts";
import { init } from "./commands/init.ts";
import { lock } from "./commands/lock.ts";
import { reach, reachFormats } from "./commands/reach.ts";
import { trace, traceFormats } from "./commands/trace.ts";
import { verify, verifyFormats } from "./commands/verify.ts";
import { exitCodes } from "./io.ts";
import type { ExitCode, Io } from "./io.ts";
import { styleFor } from "./style.ts";
import type { ColorWhen } from "./style.ts";
import { version } from "./version.ts";

/** Runs one command line (without `node` and the script) and gives its exit code. Never throws. */
export async function run(io: Io, args: readonly string[]): Promise<ExitCode> {
  let result: ExitCode = 0;
  const program = build(io, (code) => {
    result = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return result;
  } catch (error) {
    return report(io, args, error);
  }
}

function report(io: Io, args: readonly string[], error: unknown): ExitCode {
  const style = styleFor(io.stderr, io.env, colorOf(args));
  if (error instanceof CommanderError) {
    // Help and version were asked for; everything else was already printed as wrong usage.
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof CommandError) {
    io.stderr.write(commandErrorText(error, style));
    return error.exit;
  }
  const what = error instanceof Error ? error.message : String(error);
  io.stderr.write(`internal error: ${what}\n  = help: this is a defect of knet ${version}; please report it with the program that shows it\n`);
  if (io.env["KNET_DEBUG"] !== undefined && error instanceof Error) io.stderr.write(`${error.stack ?? ""}\n`);
  return 70;
}

/** The wish on the command line, also when the rest of it cannot be read. */
function colorOf(args: readonly string[]): ColorWhen {
  const at = args.findIndex((arg) => arg === "--color" || arg.startsWith("--color="));
  const value = at < 0 ? undefined : args[at]?.includes("=") === true ? args[at]?.slice("--color=".length) : args[at + 1];
  return value === "always" || value === "never" ? value : "auto";
}

function build(io: Io, done: (code: ExitCode) => void): Command {
  const program = new Command("knet")
    .description("Cluster networks as code: check, compile, verify and trace .knet programs.")
    .version(version, "-V, --version")
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(`${text.replace(/^error: /, "error[KN9004]: ").trimEnd()}\n  = help: \`knet --help\` lists the commands, \`knet COMMAND --help\` their options\n`),
    })
    .addHelpText("after", `\nExit codes:\n${exitCodes.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join("\n")}\n\nEvery FILE may be - for standard input. \`knet COMMAND --help\` shows an example of each.`);

  const command = (name: string, description: string, example: string): Command =>
    program
      .command(name)
      .description(description)
      .exitOverride()
      .showSuggestionAfterError(true)
      .addOption(new Option("--color <when>", "colour the output").choices(["auto", "always", "never"]).default("auto"))
      .addHelpText("after", `\nExample:\n  ${example}`);
  const format = (...choices: readonly [string, ...string[]]): Option => new Option("--format <format>", "what to print").choices(choices).default(choices[0]);
  const locked = (): Option => new Option("--locked", "fail when knet.lock would change").default(false);
  const param = (): Option =>
    new Option("--param <name=value>", "a value for a parameter of the program; may be repeated")
      .argParser((text: string, before: readonly string[]) => [...before, text])
      .default([], "none");
  const params = (): Option => new Option("--params <file>", "values for parameters of the program, in JSON or YAML");

  command("init", "write a small working cluster, a CI workflow and editor settings", "knet init my-cluster")
    .argument("[dir]", "the folder to write into", ".")
    .action(async (dir: string) => done(await init(io, dir)));

  command("check", "parse and check programs", "knet check --deny-warnings examples/journey/journey.knet")
    .argument("<file...>", "programs")
    .addOption(format(...checkFormats))
    .option("--deny-warnings", "warnings fail too", false)
    .option("--fix", "apply the repairs that keep the meaning, and write the files", false)
    .addOption(locked())
    .addOption(param())
    .addOption(params())
    .action(async (files: string[], options: Parameters<typeof check>[2]) => done(await check(io, files, options)));

  command("fmt", "format programs: the one style", "knet fmt --check examples")
    .argument("<file...>", "programs, or folders with all .knet files below them")
    .option("--check", "write nothing; list the files that are not formatted and end with 3 when there are any", false)
    .option("--diff", "write nothing; print what would change", false)
    .action(async (files: string[], options: Parameters<typeof fmt>[2]) => done(await fmt(io, files, options)));

  command("lock", "write the allocated addresses to knet.lock beside the program", "knet lock examples/journey/journey.knet")
    .argument("<file>", "the program")
    .addOption(locked())
    .addOption(param())
    .addOption(params())
    .action(async (file: string, options: Parameters<typeof lock>[2]) => done(await lock(io, file, options)));

  command("compile", "write every artifact: node dataplanes, manifests, the source map", "knet compile examples/journey/journey.knet -o out --node node-a")
    .argument("<file>", "the program")
    .requiredOption("-o, --output <dir>", "the folder to write; what knet wrote there before and no longer writes is removed")
    .option("--node <node...>", "only these nodes", [])
    .option("--list-files", "print the paths", false)
    .option("--dry-run", "write nothing, print what would be", false)
    .addOption(format("pretty", "json"))
    .addOption(locked())
    .addOption(param())
    .addOption(params())
    .action(async (file: string, options: Parameters<typeof compile>[2]) => done(await compile(io, file, options)));

  command("verify", "try every assertion on the generated dataplanes", "knet verify examples/journey/journey.knet")
    .argument("<file>", "the program")
    .option("--runs <n>", "samples of a statement that is too large to enumerate", "1000")
    .option("--seed <n>", "seed of the samples")
    .addOption(format(...verifyFormats))
    .addOption(locked())
    .addOption(param())
    .addOption(params())
    .action(async (file: string, options: Parameters<typeof verify>[2]) => done(await verify(io, file, options)));

  command("trace", "the journey of a request and of its reply, step by step", "knet trace examples/journey/journey.knet namespace001/pod-0 myapp --port 80 --backend namespace001/pod-3")
    .argument("<file>", "the program")
    .argument("<from>", "namespace/pod, node:name, internet or an address")
    .argument("<to>", "namespace/pod, svc:namespace/service, node:name, internet, an address, a DNS name or a URL")
    .option("--proto <protocol>", "tcp, udp or sctp", "tcp")
    .option("--port <port>", "destination port; may be left out when the target has one")
    .option("--backend <pod>", "the backend that the service chooses")
    .option("--size <bytes>", "size of the request's IP packet")
    .option("--dns", "show the journey of the name lookup too", false)
    .option("--all", "show every rule that matched", false)
    .addOption(format(...traceFormats))
    .addOption(locked())
    .addOption(param())
    .addOption(params())
    .action(async (file: string, from: string, to: string, options: Parameters<typeof trace>[4]) => done(await trace(io, file, from, to, options)));

  command("reach", "who reaches whom on what", "knet reach examples/shop/shop.knet --from shop/* --to data/* --explain")
    .argument("<file>", "the program")
    .option("--from <endpoints>", "only from these: namespace/name, namespace/*, nodes, node:name, internet, an address or a CIDR; several with commas")
    .option("--to <endpoints>", "only to these")
    .option("--explain", "say why, with the policies and where they stand", false)
    .addOption(format(...reachFormats))
    .addOption(locked())
    .addOption(param())
    .addOption(params())
    .action(async (file: string, options: Parameters<typeof reach>[2]) => done(await reach(io, file, options)));

  command("explain", "a diagnostic at length, with an example and its repair; without a code, the list of all", "knet explain KN3003")
    .argument("[code]", "KNnnnn or its name")
    .addOption(format("pretty", "json"))
    .action(async (code: string | undefined, options: Parameters<typeof explain>[2]) => done(await explain(io, code ?? null, options)));

  command("completion", "a script that lets the shell complete knet's commands, options and files", "source <(knet completion bash)")
    .addArgument(new Argument("<shell>", "the shell").choices(completionShells))
    .action((shell: CompletionShell) => done(completion(io, program, shell)));

  return program;
}
