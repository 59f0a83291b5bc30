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
const deepest = 400;

export class Session {
  readonly diagnostics: Diagnostic[] = [];
  readonly textOf: (path: string) => string;
  readonly computed = new ComputedText();
  /** Declarations may be missing because what would have made them could not be expanded. */
  incomplete = false;
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

  /** Counts nodes that were made. @throws ExpansionStop */
  copied(many: number, expansion: Expansion | null): void {
    this.copies += many;
    if (this.copies > expansionLimit) this.#stop(expansion, null, expansionLimit, "nodes");
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
