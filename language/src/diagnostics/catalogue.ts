/** Catalogues of diagnostics: every code with its name, severity and a message whose holes are typed. */
import type { Diagnostic, Place, Severity } from "./diagnostic.ts";

export interface CatalogueEntry<P> {
  readonly code: `KN${number}`;
  readonly severity: Severity;
  /**
   * Whether the finding depends on nothing but the text it points at. In a file with syntax errors only such findings are kept:
   * the others may merely be what the syntax error made of the rest.
   */
  readonly local?: boolean;
  readonly message: (params: P) => string;
}

type Entries = Readonly<Record<string, CatalogueEntry<never>>>;
type ParamsOf<E> = E extends { readonly message: (params: infer P) => string } ? P : never;

export interface Catalogue<E extends Entries> {
  readonly entries: E;
  /** Codes in ascending order. */
  readonly codes: readonly string[];
  /** Makes one diagnostic; a missing or wrong parameter does not compile. */
  create<N extends keyof E & string>(name: N, params: ParamsOf<E[N]>, place: Place): Diagnostic;
  isLocal(code: string): boolean;
}

/**
 * Makes a catalogue of entries keyed by their kebab-case names. The language and the compiler each have one.
 * @throws Error when two entries share a code
 */
export function defineCatalogue<const E extends Entries>(entries: E): Catalogue<E> {
  const local = new Map<string, boolean>();
  for (const [name, entry] of Object.entries(entries)) {
    if (local.has(entry.code)) throw new Error(`${entry.code} (${name}) is already taken`);
    local.set(entry.code, entry.local === true);
  }
  return {
    entries,
    codes: [...local.keys()].sort(),
    create(name, params, place) {
      const entry = entries[name];
      if (entry === undefined) throw new Error(`no diagnostic is called ${name}`);
      return {
        code: entry.code,
        name,
        severity: entry.severity,
        message: entry.message(params as never),
        span: place.span,
        label: place.label ?? null,
        related: place.related ?? [],
        notes: place.notes ?? [],
        help: place.help ?? null,
        fixes: place.fixes ?? [],
      };
    },
    isLocal: (code) => local.get(code) === true,
  };
}
