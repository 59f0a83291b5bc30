/** What every check works with: the file, the declared names and the list of findings. */
import type { AstNode, BlockNode, FileNode, NodeBase } from "../ast/nodes.ts";
import { spanOf } from "../ast/place.ts";
import type { ClusterScope, DeclaredSymbol, Symbols } from "../binder/binder.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import type { ExpandedProgram } from "../expand/types.ts";
import { writtenText } from "../expand/written-text.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { Diagnostic, Label, Place } from "../diagnostics/diagnostic.ts";
import { nearest } from "../diagnostics/suggest.ts";
import type { TextEdit } from "../text/edit.ts";
import type { Span } from "../text/span.ts";

type Create = typeof languageCatalogue.create;

interface Unresolved {
  readonly what: string;
  readonly name: string;
  readonly scope: string | null;
  readonly candidates: Iterable<string>;
  readonly spans: Span[];
}

export class CheckContext {
  readonly program: ExpandedProgram;
  /** The cluster whose part of the program is checked; null: there is none, or it is what several clusters share. */
  readonly cluster: DeclaredSymbol | null;
  /** What belongs to that cluster. */
  readonly members: readonly BlockNode[];
  readonly symbols: Symbols;
  readonly diagnostics: Diagnostic[];
  /** Labels, ports or names of some pod could not be read: what selectors match is then not judged. */
  podsInDoubt: boolean;
  /** Service addresses outside the service ranges: one message, because one wrong range is behind them. */
  readonly outsideServiceRanges: { readonly address: string; readonly span: Span; readonly help: string }[] = [];
  /** Names in blocks of an unknown or misplaced kind. They are declared in a way, so nobody who uses them is told otherwise. */
  readonly lostNames: Set<string>;
  /** Kinds of which some block has no name; who uses an unknown name of the kind may mean that one. */
  readonly namelessKinds: Set<string>;
  private readonly renamed: Map<string, { readonly repaired: string; readonly edits: TextEdit[] }>;
  private readonly unresolved: Map<string, Unresolved>;

  /** @param outer what is known of the whole program, when only a part of it is checked */
  constructor(program: ExpandedProgram, { cluster, members, symbols }: ClusterScope, outer: CheckContext | null = null) {
    this.program = program;
    this.cluster = cluster;
    this.members = members;
    this.symbols = symbols;
    this.diagnostics = outer?.diagnostics ?? [];
    this.lostNames = outer?.lostNames ?? new Set();
    this.namelessKinds = outer?.namelessKinds ?? new Set();
    this.renamed = outer?.renamed ?? new Map<string, { readonly repaired: string; readonly edits: TextEdit[] }>();
    this.unresolved = outer?.unresolved ?? new Map<string, Unresolved>();
    this.podsInDoubt = outer?.podsInDoubt ?? false;
  }

  /** All declarations of the program. */
  get root(): FileNode {
    return this.program.root;
  }

  /**
   * The edits that write a name anew where it is declared. Every use of the old spelling joins them when it is met, and is no unknown name.
   */
  rename(kind: string, written: string, repaired: string, span: Span): readonly TextEdit[] {
    const key = `${kind}\n${written}`;
    const known = this.renamed.get(key) ?? { repaired, edits: [] };
    this.renamed.set(key, known);
    known.edits.push(this.written(span, repaired));
    return known.edits;
  }

  private written(span: Span, name: string): TextEdit {
    return { span, text: this.program.textOf(span.file)[span.start] === '"' ? `"${name}"` : name };
  }

  /** Text that cannot be read may declare any of these names, and pods. */
  doubt(words: Iterable<string>): void {
    for (const word of words) this.lostNames.add(word);
    this.podsInDoubt = true;
  }

  /** The beginning of the entry file, for what stands nowhere. */
  get atStart(): Span {
    return { file: this.program.path, start: 0, end: 0 };
  }

  readonly report: (...args: Parameters<Create>) => void = (...args) => {
    this.diagnostics.push(languageCatalogue.create(...args));
  };

  span(node: NodeBase): Span {
    return spanOf(node, node.start, node.end);
  }

  /** What a node says, with values in the places of expressions. */
  text(node: AstNode): string {
    return writtenText(node, this.program.textOf(node.source.path), this.program.computed);
  }

  /** Keyword and name of a block. */
  header(block: BlockNode): Span {
    return spanOf(block, block.start, block.name?.end ?? block.keyword.end);
  }

  /**
   * The symbol a name stands for. An unknown name is reported once, with every place that uses it, however many there are.
   * @param what for the message: `subnet`, `pod or workload`
   */
  resolve(
    what: string,
    table: ReadonlyMap<string, DeclaredSymbol>,
    name: string,
    span: Span,
    scope: string | null = null,
  ): DeclaredSymbol | null {
    const symbol = table.get(name);
    if (symbol !== undefined) {
      this.symbols.references.push({ symbol, span });
      return symbol;
    }
    this.unknown(what, name, span, table.keys(), scope);
    return null;
  }

  unknown(what: string, name: string, span: Span, candidates: Iterable<string>, scope: string | null = null): void {
    const kinds = what.split(" or ");
    for (const kind of kinds) {
      const renamed = this.renamed.get(`${kind}\n${name}`);
      if (renamed === undefined) continue;
      renamed.edits.push(this.written(span, renamed.repaired));
      return;
    }
    if (name === "" || this.lostNames.has(name) || kinds.some((kind) => this.namelessKinds.has(kind))) return;
    // Networks are shared: a subnet that is missing is missing to all clusters.
    const cluster = what === "subnet" || what === "router" ? "" : (this.cluster?.name ?? "");
    const key = `${what}\n${scope ?? ""}\n${name}\n${cluster}`;
    const known = this.unresolved.get(key);
    if (known === undefined) this.unresolved.set(key, { what, name, scope, candidates, spans: [span] });
    else known.spans.push(span);
  }

  /** Whether some name of the kind is unknown, so that counts of that kind cannot be trusted. */
  hasUnknown(what: string): boolean {
    for (const entry of this.unresolved.values()) if (entry.what === what) return true;
    return false;
  }

  /** Turns what was collected of this part of the program into diagnostics. Once, at the end. */
  reportOutside(): void {
    const [outside, ...more] = this.outsideServiceRanges;
    if (outside !== undefined) {
      const related = more.slice(0, 8).map(({ address, span }): Label => ({ span, text: `nor is \`${address}\`` }));
      this.report("outside-service-range", { address: outside.address }, { span: outside.span, related, help: outside.help });
    }
  }

  /** Turns the unknown names of the whole program into diagnostics. Once, at the end. */
  reportUnknown(): void {
    for (const { what, name, scope, candidates, spans } of this.unresolved.values()) {
      const known = [...candidates].sort();
      const meant = nearest(name, known);
      const places = oneOfEachPlace(spans);
      const [first, ...others] = places;
      if (first === undefined) continue;
      const edits = places.map((span) => ({ span, text: meant ?? name }));
      const place: Place = {
        span: first,
        related: others.slice(0, 8).map((span): Label => ({ span, text: "and here" })),
        ...(meant === null
          ? known.length === 0
            ? { help: `no ${what} is declared` }
            : { help: `there ${known.length === 1 ? "is" : "are"} ${listed(known)}` }
          : {
              help: `did you mean \`${meant}\`?`,
              fixes:
                edits.length === 1
                  ? [replace(first, meant, `write \`${meant}\``, false)]
                  : [{ title: `write \`${meant}\` in all ${edits.length} places`, edits, safe: false }],
            }),
      };
      const params = scope === null ? { what, name } : { what, name, scope: `namespace \`${scope}\`` };
      const found = languageCatalogue.create("unknown-name", params, place);
      // Once for every copy of the place: they are counted where copies become one.
      for (const span of spans) if (isSamePlace(span, first)) this.diagnostics.push({ ...found, span });
    }
  }
}

function isSamePlace(x: Span, y: Span): boolean {
  return x.start === y.start && x.end === y.end && x.file === y.file;
}

/** The first copy of each place. */
function oneOfEachPlace(spans: readonly Span[]): readonly Span[] {
  const out = new Map<string, Span>();
  for (const span of spans) {
    const key = `${span.start} ${span.end} ${span.file}`;
    if (!out.has(key)) out.set(key, span);
  }
  return [...out.values()];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 6).map((name) => `\`${name}\``);
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} more` : shown.join(", ");
}
