/** From the files of a program to one tree without loops, templates, parameters and computed values. */
import type { FileNode } from "../ast/nodes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { ParseResult } from "../parser/parse.ts";
import type { ComputedText } from "./computed.ts";

/** What an import comes to. Paths have `/` separators and are as the host wants to see them in spans. */
export type LoadedFile =
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  /** `nearest`: how it would be written if a file with a name like it was meant. */
  | { readonly kind: "missing"; readonly path: string; readonly nearest?: string }
  /** It lies outside of the project's folder `root`, or leads out of it by a symbolic link. */
  | { readonly kind: "outside"; readonly root: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly reason: string };

/** What the language asks of its surroundings. It has no file system of its own. */
export interface ProgramHost {
  /**
   * The file that an import names.
   * @param specifier as written, never absolute
   * @param importer path of the file it is written in
   */
  load(specifier: string, importer: string): LoadedFile;
}

/** A parameter's value from outside of the program. */
export type ParameterArgument =
  /** `--param name=text`: read by the parameter's type. */
  | { readonly kind: "text"; readonly text: string; readonly from: string }
  /** From a file of parameters: what JSON and YAML have. */
  | { readonly kind: "data"; readonly data: unknown; readonly from: string };

export type ParameterArguments = ReadonlyMap<string, ParameterArgument>;

/** The files of a program, read and parsed, each once. */
export interface LoadedProgram {
  readonly entry: string;
  /** By path; the entry file first, then in the order in which imports are met. */
  readonly files: ReadonlyMap<string, ParseResult>;
  /** By path of a file and start offset of the import in it: the file it leads to. */
  readonly imports: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** About imports; syntax errors stand in `files`. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface ExpandedProgram {
  /** Path of the entry file. */
  readonly path: string;
  /** All declarations of all files, in the order of imports and then of the text; no directives and no computed values. */
  readonly root: FileNode;
  /** The text of a file of the program. */
  readonly textOf: (path: string) => string;
  readonly diagnostics: readonly Diagnostic[];
  /** How many nodes were copied: what the limit counts. */
  readonly copies: number;
  /** The stretches of text that stand for computed values. */
  readonly computed: ComputedText;
  /** Something could not be expanded, so declarations may be missing. */
  readonly incomplete: boolean;
}

/** No program may grow beyond this many copied nodes. */
export const expansionLimit = 4_000_000;

/** Nor may its lists and loops have more items and turns than this, all together. */
export const listItemLimit = 1_000_000;

/** What functions may look at, in items and characters, all calls together. */
export const workLimit = 100_000_000;

/** Longer strings are not made. */
export const stringLimit = 1_000_000;
