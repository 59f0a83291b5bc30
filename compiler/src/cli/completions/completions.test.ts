import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Shell } from "../testing.ts";

/** Why the shell's tests are skipped, or null. */
function missing(shell: string): string | null {
  return spawnSync(shell, ["--version"]).status === 0 ? null : `${shell} is not installed`;
}

const bash = missing("bash");
const zsh = missing("zsh");
const fish = missing("fish");
const named = (name: string, why: string | null): string => (why === null ? name : `${name} (skipped: ${why})`);

const files = { "cluster.knet": "", "notes.md": "", "values.yaml": "", "lib/racks.knet": "", "docs/a b.knet": "" };

async function folder(shell: "bash" | "zsh" | "fish"): Promise<Shell> {
  const sh = new Shell(files);
  const { exit, stdout, stderr } = await sh.knet(["completion", shell]);
  expect([exit, stderr]).toEqual([0, ""]);
  sh.write(`.completion.${shell}`, stdout);
  return sh;
}

function inShell(sh: Shell, program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: sh.folder, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: sh.folder, TERM: "dumb" } });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

/** What bash offers behind these words, the last of which is being written. */
function inBash(sh: Shell, words: readonly string[]): readonly string[] {
  const script = 'source ./.completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _knet; printf "%s\\n" "${COMPREPLY[@]}"';
  return inShell(sh, "bash", ["--norc", "--noprofile", "-c", script, "bash", ...words])
    .split("\n")
    .filter((line) => line !== "")
    .toSorted();
}

describe("completion in bash", () => {
  const cases: readonly (readonly [what: string, words: readonly string[], offered: readonly string[]])[] = [
    ["commands by their beginnings", ["knet", "co"], ["compile", "completion"]],
    ["commands to ask help for", ["knet", "help", "ver"], ["verify"]],
    ["options of the command", ["knet", "check", "--de"], ["--deny-warnings"]],
    ["options behind other words", ["knet", "trace", "a.knet", "shop/a", "--b"], ["--backend"]],
    ["options in front of a command", ["knet", "--v"], ["--version"]],
    ["values of --format, those of the command", ["knet", "reach", "a.knet", "--format", ""], ["csv", "dot", "html", "json", "md", "table", "txt"]],
    ["values behind =, which bash makes a word of", ["knet", "check", "--format", "=", "s"], ["sarif"]],
    ["all values behind =", ["knet", "compile", "--format", "="], ["json", "pretty"]],
    ["when to colour", ["knet", "fmt", "--color", "a"], ["always", "auto"]],
    ["programs and the folders on the way to them", ["knet", "check", ""], ["cluster.knet", "docs", "lib"]],
    ["the second program too", ["knet", "check", "cluster.knet", "lib/"], ["lib/racks.knet"]],
    ["programs with blanks in their names", ["knet", "fmt", "docs/"], ["docs/a b.knet"]],
    ["the program behind options with values", ["knet", "verify", "--runs", "100", "--format", "=", "json", "cl"], ["cluster.knet"]],
    ["any file where parameters are read", ["knet", "check", "--params", "v"], ["values.yaml"]],
    ["folders to write to", ["knet", "compile", "cluster.knet", "-o", ""], ["docs", "lib"]],
    ["codes of diagnostics", ["knet", "explain", "KN200"], ["KN2001", "KN2002", "KN2003", "KN2004", "KN2005", "KN2006"]],
    ["shells", ["knet", "completion", ""], ["bash", "fish", "zsh"]],
    ["nothing where only the user knows", ["knet", "trace", "cluster.knet", ""], []],
    ["nothing behind an option with a value of one's own", ["knet", "verify", "--runs", ""], []],
    ["nothing of an unknown command", ["knet", "nonsense", ""], []],
  ];

  it.skipIf(bash !== null).each(cases)(`%s${bash === null ? "" : ` (skipped: ${bash})`}`, async (_what, words, offered) => {
    using sh = await folder("bash");
    const found = inBash(sh, words);
    if (words[1] === "explain") expect(found.slice(0, offered.length)).toEqual(offered);
    else expect(found).toEqual(offered);
  });

  it.skipIf(bash !== null)(named("should belong to knet", bash), async () => {
    using sh = await folder("bash");
    expect(inShell(sh, "bash", ["--norc", "--noprofile", "-c", "source ./.completion.bash; complete -p knet"])).toBe("complete -F _knet knet\n");
  });
});

describe("completion in zsh", () => {
  it.skipIf(zsh !== null)(named("should belong to knet", zsh), async () => {
    using sh = await folder("zsh");
    const script = 'autoload -U compinit; compinit -D -u; source ./.completion.zsh; print -r -- "$_comps[knet]"';
    expect(inShell(sh, "zsh", ["-f", "-c", script])).toBe("_knet\n");
  });

  it("should say what each option does, with what would end its description escaped", async () => {
    using sh = await folder("zsh");
    const script = sh.read(".completion.zsh");
    expect(script).toContain("'fmt:format programs\\: the one style'");
    expect(script).toContain("'(-o --output)'{-o+,--output=}'[the folder to write; what knet wrote there before and no longer writes is removed]:output:_files -/'");
    expect(script).toContain("'*--param=[a value for a parameter of the program; may be repeated]:param: '");
    expect(script).toContain(`'*:file:_files -g "*.knet(-.)"'`);
    expect(script).toContain("'--format=[what to print]:format:(table txt json csv md dot html)'");
  });
});

describe("completion in fish", () => {
  const offered = (sh: Shell, line: string): readonly string[] =>
    inShell(sh, "fish", ["--no-config", "-c", `source ./.completion.fish; complete -C '${line}'`])
      .split("\n")
      .flatMap((text) => (text === "" ? [] : [text.split("\t")[0] ?? ""]))
      .toSorted();

  it.skipIf(fish !== null)(named("should offer commands, options, values and programs", fish), async () => {
    using sh = await folder("fish");
    expect(offered(sh, "knet co")).toEqual(["compile", "completion"]);
    expect(offered(sh, "knet check --de")).toEqual(["--deny-warnings"]);
    expect(offered(sh, "knet compile --format ")).toEqual(["json", "pretty"]);
    expect(offered(sh, "knet verify clu")).toEqual(["cluster.knet"]);
  });

  it("should offer what belongs to a command behind that command only", async () => {
    using sh = await folder("fish");
    const lines = sh.read(".completion.fish").split("\n");
    const formats = lines.filter((line) => line.includes("-l format"));
    expect(formats).toContain("complete -c knet -n '__fish_seen_subcommand_from reach' -l format -x -a 'table txt json csv md dot html' -d 'what to print'");
    expect(formats.every((line) => line.startsWith("complete -c knet -n '__fish_seen_subcommand_from "))).toBe(true);
  });
});

describe("knet completion", () => {
  it("should refuse a shell that it does not know", async () => {
    using sh = new Shell();
    const { exit, stdout, stderr } = await sh.knet(["completion", "tcsh"]);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish.");
  });

  it.each(["bash", "zsh", "fish"])("should know every command and option of the help: %s", async (shell) => {
    using sh = new Shell();
    const script = (await sh.knet(["completion", shell])).stdout;
    const names = [...(await sh.knet(["--help"])).stdout.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) {
      expect(script).toContain(name);
      const options = [...(await sh.knet([name, "--help"])).stdout.matchAll(/--([a-z-]+)/g)].map((match) => match[1] ?? "");
      for (const option of options) expect(script).toMatch(new RegExp(`(?:--|-l )${option}\\b`));
    }
  });
});
