/** Every generated file of the repository with the text that it must have. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "../compiler/src/cli/main.ts";
import { grammarText } from "../vscode-extension/src/grammar.ts";
import { functionsPage } from "./functions.ts";
import { referencePages } from "./reference.ts";

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL("../", import.meta.url));
const program = "examples/journey/journey.knet";
const request = ["trace", program, "namespace001/pod-0", "myapp", "--port", "80", "--backend", "namespace001/pod-3"];

/** What a command prints on a pipe; it must end with the given code. */
async function output(args: readonly string[], exit = 0): Promise<string> {
  let stdout = "";
  let stderr = "";
  const ended = await run(
    {
      cwd: root,
      env: {},
      stdout: { isTTY: false, columns: 120, write: (text) => (stdout += text) },
      stderr: { isTTY: false, columns: 120, write: (text) => (stderr += text) },
      readStdin: () => Promise.resolve(new Uint8Array()),
    },
    args,
  );
  if (ended !== exit) throw new Error(`knet ${args.join(" ")} ended with ${ended}: ${stderr}`);
  return stdout.endsWith("\n") ? stdout : `${stdout}\n`;
}

/** Replaces what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` by a code block. */
function fill(text: string, name: string, content: string): string {
  const begin = `<!-- begin ${name} -->`;
  const end = `<!-- end ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no place for ${name}`);
  return `${text.slice(0, from + begin.length)}\n\`\`\`\n${content.trimEnd()}\n\`\`\`\n${text.slice(to)}`;
}

export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  const trace = await output(request);
  const verify = await output(["verify", program]);
  const check = await output(["check", program]);
  const help = await output(["--help"]);
  const compiled = await output(["compile", program, "-o", "out/journey", "--dry-run", "--node", "node-a"]);
  const listed = compiled
    .split("\n")
    .filter((line) => line.startsWith("nodes/node-a/") && !line.includes("/pods/"))
    .map((line) => line.replace(/ \(.*\)$/, ""))
    .join("\n");
  let readme = readFileSync(`${root}README.md`, "utf8");
  readme = fill(readme, "trace", trace);
  readme = fill(readme, "verify", verify);
  readme = fill(readme, "files", listed);
  readme = fill(readme, "help", help);
  return [
    { path: "README.md", text: readme },
    { path: "docs/journey.svg", text: await output([...request, "--format", "svg"]) },
    { path: "examples/journey/expected/check.txt", text: check },
    { path: "examples/journey/expected/verify.txt", text: verify },
    { path: "examples/journey/expected/trace.txt", text: trace },
    { path: "vscode-extension/syntaxes/knet.tmLanguage.json", text: grammarText() },
    ...referencePages(),
    { path: "docs/reference/functions.md", text: functionsPage() },
  ];
}
