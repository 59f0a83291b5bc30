/** knet as a Prettier plugin: `.knet` files, and code blocks marked `knet` in Markdown. */
import type { Options, Parser, Plugin, Printer, SupportLanguage } from "prettier";
import type { SyntaxTree } from "../ast/nodes.ts";
import { parse } from "../parser/parse.ts";
import { positionAt, sourceFile } from "../text/source.ts";
import { documentOf } from "./document.ts";
import { defaultFormat } from "./options.ts";
import { unprintable } from "./printable.ts";
import { meaningOf } from "./same.ts";

export const languages: SupportLanguage[] = [
  { name: "knet", parsers: ["knet"], extensions: [".knet"], aliases: ["knet"], vscodeLanguageIds: ["knet"] },
];

/** What Prettier shows a code frame for. */
class SyntaxError extends Error {
  readonly loc: { readonly start: Place; readonly end: Place };

  constructor(message: string, start: Place, end: Place) {
    super(message);
    this.name = "SyntaxError";
    this.loc = { start, end };
  }
}

/** Both counted from one. */
interface Place {
  readonly line: number;
  readonly column: number;
}

const parser: Parser<SyntaxTree> = {
  astFormat: "knet",
  /** @throws SyntaxError with `loc` when the text cannot be formatted */
  parse(text, options) {
    const path = options.filepath ?? "<text>";
    const parsed = parse(path, text);
    const [wrong] = unprintable(parsed);
    if (wrong === undefined) return parsed.tree;
    const source = sourceFile(path, text);
    const place = (offset: number): Place => {
      const { line, column } = positionAt(source, offset);
      return { line: line + 1, column: column + 1 };
    };
    throw new SyntaxError(`${wrong.code} ${wrong.message}`, place(wrong.span.start), place(wrong.span.end));
  },
  locStart: () => 0,
  locEnd: (tree) => tree.text.length,
};

const printer: Printer<SyntaxTree> = {
  print: (path, { printWidth, tabWidth, useTabs }) => documentOf(path.node, { printWidth, tabWidth, useTabs: useTabs === true }),
  // All of a tree is printed at once: comments belong to the gaps between tokens, and Prettier need not look for their nodes.
  getVisitorKeys: () => [],
  massageAstNode: Object.assign((tree: SyntaxTree): unknown => meaningOf(tree), { ignoredProperties: new Set<string>() }),
};

export const parsers: Record<string, Parser<SyntaxTree>> = { knet: parser };
export const printers: Record<string, Printer<SyntaxTree>> = { knet: printer };
export const defaultOptions: Partial<Options> = { ...defaultFormat };

const plugin: Plugin<SyntaxTree> = { languages, parsers, printers, defaultOptions };
export default plugin;
