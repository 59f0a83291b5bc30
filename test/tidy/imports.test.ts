/** Who may import whom. A new edge is a decision: ARCHITECTURE.md says why it is there. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sourcesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !path.includes("node_modules/") && !path.includes("/dist/"));
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const statement = /^(?:import|export)\s+(type\s+)?[^;]*?\bfrom\s+"([^"]+)"/gms;
  const bare = /^import\s+"([^"]+)"/gm;
  const dynamic = /\bimport\("([^"]+)"\)/g;
  return [
    ...[...text.matchAll(statement)].map((match) => ({ file, target: match[2] ?? "", typeOnly: match[1] !== undefined })),
    ...[...text.matchAll(bare), ...text.matchAll(dynamic)].map((match) => ({ file, target: match[1] ?? "", typeOnly: false })),
  ];
}

/** Test support may look anywhere in its package. */
function isTestCode(file: string): boolean {
  return file.endsWith(".test.ts") || file.includes("/testing/") || file.endsWith("/testing.ts");
}

/** For each room of the compiler: the rooms it may import. Types and code alike unless marked `types:`. */
const compilerRooms: Readonly<Record<string, readonly string[]>> = {
  model: [],
  dataplane: [],
  diagnostics: [],
  fabric: ["dataplane"],
  allocate: ["model"],
  "control-plane": ["model"],
  // The judge of intent sees the model and the specifications, and nothing that decides rules.
  intent: ["model"],
  components: ["model", "control-plane", "dataplane", "fabric"],
  // What the system's own objects are is a fact of the component that they belong to.
  lower: ["model", "allocate", "components/coredns/facts.ts"],
  simulate: ["dataplane", "fabric"],
  // Assertions name things of the model; the judges it calls see the fabric only.
  verify: ["types:model", "fabric", "simulate"],
  reach: ["model", "fabric", "simulate", "verify"],
  artifacts: ["dataplane", "fabric", "types:components"],
  lab: ["dataplane", "fabric", "artifacts", "types:simulate"],
  compilation: ["model", "allocate", "components", "diagnostics", "fabric", "intent", "lower", "types:verify"],
  files: ["artifacts/system-errors.ts"],
  report: ["artifacts", "dataplane", "fabric", "reach", "simulate", "verify"],
  cli: ["allocate", "artifacts", "compilation", "components", "diagnostics", "fabric", "files", "model", "reach", "report", "simulate", "verify", "lab"],
};

const languageRooms: Readonly<Record<string, readonly string[]>> = {
  values: [],
  text: [],
  diagnostics: ["text"],
  lexer: ["text", "diagnostics", "values"],
  ast: ["text", "lexer"],
  // Words that are not in the schema are reported beside it: what is near is a question to its rows.
  schema: ["text", "values", "ast", "diagnostics"],
  parser: ["text", "values", "diagnostics", "lexer", "ast", "schema"],
  formatter: ["text", "diagnostics", "lexer", "ast", "schema", "parser"],
  expand: ["text", "values", "diagnostics", "lexer", "ast", "parser"],
  binder: ["text", "values", "diagnostics", "lexer", "ast", "schema"],
  checker: ["text", "values", "diagnostics", "lexer", "ast", "schema", "binder", "types:expand", "expand/written-text.ts", "types:program"],
  // Findings about programs that are sound: which pods a selector matches is the checker's knowledge.
  lint: ["text", "values", "diagnostics", "types:lexer", "binder/binder.ts", "checker/selectors.ts", "types:checker", "types:program"],
  program: ["text", "values", "diagnostics", "lexer", "ast", "schema", "parser", "expand", "binder", "checker", "lint"],
};

function roomOf(pkg: string, path: string): string {
  return path.slice(`${pkg}/src/`.length).split("/")[0] ?? "";
}

function forbiddenEdges(pkg: string, rooms: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const found = new Set<string>();
  for (const file of sourcesBelow(`${pkg}/src`)) {
    const room = roomOf(pkg, file);
    if (isTestCode(file) || !file.slice(`${pkg}/src/`.length).includes("/")) continue;
    const allowed = rooms[room];
    if (allowed === undefined) {
      found.add(`${file}: room ${room} is not in the table`);
      continue;
    }
    for (const { target, typeOnly } of importsOf(file)) {
      if (!target.startsWith(".")) continue;
      const path = relative(root, resolve(root, dirname(file), target)).replaceAll("\\", "/");
      const other = roomOf(pkg, path);
      if (other === room) continue;
      const inner = path.slice(`${pkg}/src/`.length);
      const fits = allowed.some((edge) => (edge.startsWith("types:") ? typeOnly && edge === `types:${other}` : edge === other || edge === inner));
      if (!fits) found.add(`${file} → ${inner}`);
    }
  }
  return [...found].toSorted();
}

/** Files that may touch the machine: file system, processes, network. */
const machineModules = /^node:(?:fs|child_process|net|dgram|os|process|worker_threads|http|https)(?:\/|$)/;
const mayTouchTheMachine = /^compiler\/src\/(?:cli|files|lab)\/|^compiler\/src\/artifacts\/(?:write|write-aside|write-protocol|write-thread|make-folders)\.ts$/;

describe("imports", () => {
  it("should stay within the rooms of the compiler", () => {
    expect(forbiddenEdges("compiler", compilerRooms)).toEqual([]);
  });

  it("should stay within the rooms of the language", () => {
    expect(forbiddenEdges("language", languageRooms)).toEqual([]);
  });

  it("should go from package to package by declared exports only, and only downwards", () => {
    const order = ["language", "compiler", "lsp", "vscode-extension"];
    const wrong: string[] = [];
    for (const [rank, pkg] of order.entries()) {
      const files = sourcesBelow(pkg);
      for (const entry of files.flatMap(importsOf)) {
        if (entry.target.startsWith("..")) {
          const path = relative(root, resolve(root, dirname(entry.file), entry.target));
          if (!path.startsWith(`${pkg}/`)) wrong.push(`${entry.file} → ${entry.target}`);
        }
        const named = /^@knet\/([a-z-]+)(\/.*)?$/.exec(entry.target);
        if (named === null) continue;
        const other = order.indexOf(named[1] ?? "");
        if (other < 0 || other >= rank) wrong.push(`${entry.file} → ${entry.target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("should keep the file system, processes and sockets in the rooms that are made for them", () => {
    const wrong = ["language", "compiler"]
      .flatMap((pkg) => sourcesBelow(`${pkg}/src`))
      .filter((file) => !isTestCode(file) && !mayTouchTheMachine.test(file))
      .flatMap(importsOf)
      .filter(({ target }) => machineModules.test(target))
      .map(({ file, target }) => `${file} → ${target}`);
    expect(wrong).toEqual([]);
  });

  it("should let nobody import the command line", () => {
    const wrong = sourcesBelow("compiler/src")
      .filter((file) => !file.startsWith("compiler/src/cli/"))
      .flatMap(importsOf)
      .filter(({ target }) => target.includes("/cli/"))
      .map(({ file, target }) => `${file} → ${target}`);
    expect(wrong).toEqual([]);
  });
});
