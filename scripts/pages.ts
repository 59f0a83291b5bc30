/**
 * Pages that are carried out: what a reader would do, done in an empty folder. A block with a file name (```` ```knet cluster.knet ````,
 * ```` ```yaml dev.yaml ````) is written, a ```` ```diff cluster.knet ```` is applied, and each line `$ command` of a `console` block is
 * run; what it prints takes the place of what stands below it.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../compiler/src/cli/main.ts";

export interface CarriedOut {
  /** The page with what the commands print. */
  readonly text: string;
  readonly commands: readonly PageCommand[];
}

export interface PageCommand {
  readonly line: string;
  readonly exit: number;
  readonly output: string;
}

/** Paths of the pages below docs that are carried out, relative to the repository. Sorted. */
export function carriedOutPages(): readonly string[] {
  const recipes = readdirSync(fileURLToPath(new URL("../docs/cookbook/", import.meta.url))).filter((name) => name.endsWith(".md") && name !== "README.md");
  return [...recipes.map((name) => `docs/cookbook/${name}`), "docs/tutorial.md"].toSorted();
}

const block = /^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm;

/** @throws Error when a change does not fit its file, or a command is none that pages may use */
export async function carryOut(page: string): Promise<CarriedOut> {
  const folder = mkdtempSync(join(tmpdir(), "knet-page-"));
  try {
    const reader = new Reader(folder);
    const commands: PageCommand[] = [];
    let text = "";
    let end = 0;
    for (const match of page.matchAll(block)) {
      const [whole, kind = "", file, body = ""] = match;
      text += page.slice(end, match.index);
      end = match.index + whole.length;
      if (kind === "console") {
        const done = await carriedOutBlock(reader, body);
        commands.push(...done);
        text += `\`\`\`console\n${done.map(({ line, output }) => `$ ${line}\n${output}`).join("")}\`\`\``;
        continue;
      }
      if (file !== undefined && kind === "diff") reader.change(file, body);
      else if (file !== undefined && file !== "unformatted") reader.write(file, body);
      text += whole;
    }
    return { text: text + page.slice(end), commands };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function carriedOutBlock(reader: Reader, body: string): Promise<readonly PageCommand[]> {
  const out: PageCommand[] = [];
  for (const text of body.split("\n")) {
    if (!text.startsWith("$ ")) continue;
    const line = text.slice(2);
    out.push({ line, ...(await reader.run(line)) });
  }
  return out;
}

/** Somebody who does what the page says, with a shell that knows six commands. */
class Reader {
  readonly #folder: string;
  #cwd: string;
  #last = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#cwd = folder;
  }

  write(file: string, text: string): void {
    const path = join(this.#cwd, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  change(file: string, diff: string): void {
    const path = join(this.#cwd, file);
    const hunks = diff.split(/^@@.*\n/m).filter((hunk) => hunk !== "");
    const text = hunks.reduce((before, hunk) => {
      const side = (sign: string): string =>
        hunk
          .split("\n")
          .slice(0, -1)
          .flatMap((line) => (line.startsWith(sign) || line.startsWith(" ") || line === "" ? [`${line.slice(1)}\n`] : []))
          .join("");
      const parts = before.split(side("-"));
      if (parts.length !== 2) throw new Error(`${file}: these lines stand in it ${parts.length - 1} times:\n${side("-")}`);
      return parts.join(side("+"));
    }, readFileSync(path, "utf8"));
    writeFileSync(path, text);
  }

  async run(line: string): Promise<{ readonly exit: number; readonly output: string }> {
    const done = await this.#program(line);
    this.#last = done.exit;
    return { exit: done.exit, output: done.output === "" || done.output.endsWith("\n") ? done.output : `${done.output}\n` };
  }

  async #program(line: string): Promise<{ readonly exit: number; readonly output: string }> {
    const [name = "", ...args] = wordsOf(line);
    const file = (path: string | undefined): string => join(this.#cwd, path ?? ".");
    switch (name) {
      case "knet":
        return await this.#knet(args);
      case "cd":
        this.#cwd = file(args[0]);
        return { exit: 0, output: "" };
      case "cat":
        return { exit: 0, output: args.map((path) => readFileSync(file(path), "utf8")).join("") };
      case "ls":
        return { exit: 0, output: readdirSync(file(args[0])).toSorted().map((entry) => `${entry}\n`).join("") };
      case "grep": {
        const [pattern = "", path] = args;
        const found = readFileSync(file(path), "utf8").split("\n").filter((text) => text.includes(pattern));
        return { exit: found.length > 0 ? 0 : 1, output: found.map((text) => `${text}\n`).join("") };
      }
      case "echo":
        if (args.join(" ") === "$?") return { exit: 0, output: `${this.#last}\n` };
    }
    throw new Error(`a page may not run ${line}`);
  }

  async #knet(args: readonly string[]): Promise<{ readonly exit: number; readonly output: string }> {
    let output = "";
    const stream = { isTTY: false, columns: 120, write: (text: string) => void (output += text) };
    const exit = await run({ cwd: this.#cwd, env: {}, stdout: stream, stderr: stream, readStdin: () => Promise.resolve(new Uint8Array()) }, args);
    if (output.includes(this.#folder)) throw new Error(`knet ${args.join(" ")} prints the folder ${relative("/", this.#folder)} of this run`);
    return { exit, output };
  }
}

/** Words with blanks between them, as in a shell: what stands in quotes is one word. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}
