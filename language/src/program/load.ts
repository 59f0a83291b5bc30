/** The files of a program: each is read and parsed once, however often it is imported. */
import type { ImportNode } from "../ast/nodes.ts";
import { spanOf } from "../ast/place.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import type { LoadedProgram, ProgramHost } from "../expand/types.ts";
import { quote } from "../lexer/lexer.ts";
import { parse } from "../parser/parse.ts";
import type { ParseResult } from "../parser/parse.ts";

/** Files that import files that import files …; more than anybody writes. */
const deepest = 200;

/**
 * Reads what the entry file imports, and what that imports. Never throws: what cannot be read is reported at its import, and left out.
 * @param host null: nothing can be imported
 * @param known files that were parsed before, by their paths; those whose text is the same are not parsed again
 */
export function loadProgram(
  path: string,
  text: string,
  host: ProgramHost | null,
  known: ReadonlyMap<string, ParseResult> = new Map<string, never>(),
): LoadedProgram {
  const loader = new Loader(path, host, known);
  loader.read(path, text);
  return { entry: path, files: loader.files, imports: loader.imports, diagnostics: loader.diagnostics };
}

class Loader {
  readonly files = new Map<string, ParseResult>();
  readonly imports = new Map<string, Map<number, string>>();
  readonly diagnostics: Diagnostic[] = [];
  readonly #host: ProgramHost | null;
  readonly #known: ReadonlyMap<string, ParseResult>;
  /** The files that are being read, each imported by the one before it. */
  readonly #open: string[] = [];

  constructor(entry: string, host: ProgramHost | null, known: ReadonlyMap<string, ParseResult>) {
    this.#host = host;
    this.#known = known;
    this.imports.set(entry, new Map());
  }

  read(path: string, text: string): void {
    const known = this.#known.get(path);
    const parsed = known?.tree.text === text ? known : parse(path, text);
    this.files.set(path, parsed);
    const imports = new Map<number, string>();
    this.imports.set(path, imports);
    this.#open.push(path);
    for (const member of parsed.tree.root.members) {
      if (member.kind !== "import") continue;
      const target = this.#import(member, path);
      if (target !== null) imports.set(member.start, target);
    }
    this.#open.pop();
  }

  /** The path of the file; null after a message, or when the import itself cannot be read. */
  #import(node: ImportNode, importer: string): string | null {
    const specifier = node.path;
    if (specifier === null || specifier.form === "malformed") return null;
    const span = spanOf(specifier, specifier.start, specifier.end);
    const report = (...args: Parameters<typeof languageCatalogue.create>): null => {
      this.diagnostics.push(languageCatalogue.create(...args));
      return null;
    };
    const { text } = specifier;
    if (text === "") return report("import-outside", { specifier: '""', reason: "it names no file" }, { span });
    const fault = specifierFault(text);
    if (fault !== null) {
      const repaired = text.replaceAll("\\", "/").replace(/^(?:file:)?(?:[A-Za-z]:)?\/+/, "");
      const fixes =
        text.includes("\\") && specifierFault(repaired) === null ? [replace(span, quote(repaired), `write ${quote(repaired)}`)] : [];
      return report("import-outside", { specifier: text, reason: fault }, { span, fixes });
    }
    if (this.#host === null)
      return report("unreadable-import", { path: text, reason: "there is nothing here to read files with" }, { span });
    const found = this.#host.load(text, importer);
    switch (found.kind) {
      case "missing":
        return report(
          "missing-import",
          { path: text },
          {
            span,
            ...(found.nearest === undefined
              ? { help: `it would be \`${found.path}\`` }
              : {
                  help: `did you mean ${quote(found.nearest)}?`,
                  fixes: [replace(span, quote(found.nearest), `write ${quote(found.nearest)}`, false)],
                }),
          },
        );
      case "outside":
        return report("import-outside", { specifier: text, reason: `it leads out of the project's folder \`${found.root}\`` }, { span });
      case "unreadable":
        return report("unreadable-import", { path: found.path, reason: found.reason }, { span });
      case "file":
        break;
    }
    const { path } = found;
    const at = this.#open.indexOf(path);
    if (at >= 0)
      return report(
        "import-cycle",
        { files: [...this.#open.slice(at), path] },
        { span, help: "move what both need into a file of its own" },
      );
    if (this.files.has(path)) return path;
    if (this.#open.length >= deepest) {
      return report("unreadable-import", { path, reason: `${deepest} files already import each other, one the next` }, { span });
    }
    this.read(path, found.text);
    return path;
  }
}

/** Why a text is no import, whatever files there are; null when it may be one. */
function specifierFault(text: string): string | null {
  if (text.includes("\0")) return "it holds a NUL character";
  if (/^[A-Za-z][A-Za-z0-9+.-]+:/.test(text)) return "a file of the project is imported by its relative path";
  if (/^[/\\]|^[A-Za-z]:/.test(text)) return "the path must be relative";
  if (text.includes("\\")) return "folders are separated by `/`";
  return /(?:^|\/)\.{0,2}$/.test(text) ? "it names a folder" : null;
}
