/** What one expansion keeps: its findings, what it has made so far, and which stretches of text stand for computed values. */
import type { NodeBase } from "../ast/nodes.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Expansion, Span } from "../text/span.ts";
import { ComputedText } from "./computed.ts";
import { expansionLimit, listItemLimit, workLimit } from "./types.ts";

/** Ends the expansion: the program has grown too large, which has been reported. */
export class ExpansionStop extends Error {
  constructor() {
    super("the program is too large");
  }
}

/** Deeper nesting of definitions in definitions is refused before the machine's stack ends. */
export const deepest = 400;

export class Session {
  readonly diagnostics: Diagnostic[] = [];
  readonly textOf: (path: string) => string;
  readonly computed = new ComputedText();
  /** Declarations may be missing because what would have made them could not be expanded. */
  incomplete = false;
  /** Parameters as they are written: the name, and where the whole ends. */
  readonly parameters: { readonly name: Span; readonly end: number }[] = [];
  copies = 0;
  #items = 0;
  #work = 0;
  #depth = 0;

  constructor(textOf: (path: string) => string) {
    this.textOf = textOf;
  }

  readonly report = (...args: Parameters<typeof languageCatalogue.create>): void => {
    const diagnostic = languageCatalogue.create(...args);
    // A value that cannot be computed depends on whatever it is computed from.
    this.computed.add(diagnostic.span.file, diagnostic.span.start, diagnostic.span.end);
    this.diagnostics.push(diagnostic);
  };

  warn(...args: Parameters<typeof languageCatalogue.create>): void {
    this.diagnostics.push(languageCatalogue.create(...args));
  }

  markComputed(node: NodeBase): void {
    this.computed.add(node.source.path, node.start, node.end);
  }

  /** What was found. Of a parameter with a wrong type or default it is not said that it is unused as well. */
  findings(): readonly Diagnostic[] {
    const wrong = this.parameters.filter(({ name, end }) =>
      this.diagnostics.some(
        ({ severity, span }) => severity === "error" && span.file === name.file && span.start >= name.end && span.end <= end,
      ),
    );
    if (wrong.length === 0) return this.diagnostics;
    return this.diagnostics.filter(
      (diagnostic) =>
        diagnostic.name !== "unused-name" ||
        !wrong.some(
          ({ name }) => name.file === diagnostic.span.file && name.start === diagnostic.span.start && name.end === diagnostic.span.end,
        ),
    );
  }

  /** Counts nodes that were made. @throws ExpansionStop */
  copied(many: number, expansion: Expansion | null, at: Span | null = null): void {
    this.copies += many;
    if (this.copies > expansionLimit) this.#stop(expansion, at, expansionLimit, "nodes");
  }

  /** Counts turns of loops and items of lists before they are made. @throws ExpansionStop */
  made(many: number, at: Span): void {
    this.#items += many;
    if (this.#items > listItemLimit) this.#stop(at.expansion ?? null, at, listItemLimit, "items in lists and turns of loops");
  }

  /** Counts what functions look at. @throws ExpansionStop */
  worked(many: number, at: Span): void {
    this.#work += many;
    if (this.#work > workLimit) this.#stop(at.expansion ?? null, at, workLimit, "steps of computing");
  }

  /** Runs what may be nested in itself; null when it is nested too deep. */
  nested<T>(run: () => T): T | null {
    if (this.#depth >= deepest) return null;
    this.#depth++;
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }

  /** The outermost loop or use is what the user can make smaller. */
  #stop(expansion: Expansion | null, at: Span | null, limit: number, unit: string): never {
    let outermost = expansion;
    for (let next = expansion; next !== null; next = next.parent) if (next.kind !== "import") outermost = next;
    const cause = outermost !== null && outermost.kind !== "import" ? outermost : null;
    const what = cause === null ? "this" : cause.kind === "loop" ? "this loop" : `\`${cause.what}\``;
    this.incomplete = true;
    const span = cause?.span ?? at;
    if (span !== null) this.report("expansion-too-large", { what, limit, unit }, { span });
    throw new ExpansionStop();
  }
}
