/**
 * Findings of an expanded program as its author is told them: at a line that can be changed, once for all turns of a loop, with what the
 * names stood for.
 */
import type { Diagnostic, Fix, Label } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { count } from "../diagnostics/suggest.ts";
import type { Expansion, Span } from "../text/span.ts";
import type { ComputedText } from "./computed.ts";

/** Findings that a text proves by itself, though more than it must be known where it stands. */
const aboutText: ReadonlySet<string> = new Set([
  "unknown-attribute",
  "unknown-keyword",
  "misplaced-declaration",
  "misplaced-clause",
  "not-supported",
  "unused-name",
]);

/** More labels than these only repeat each other. */
const mostLabels = 8;

/** Innermost first. */
function chainOf(span: Span): readonly Expansion[] {
  const out: Expansion[] = [];
  for (let at = span.expansion ?? null; at !== null; at = at.parent) out.push(at);
  return out;
}

function bare({ file, start, end }: Span): Span {
  return { file, start, end };
}

function placeKey({ file, start, end }: Span): string {
  return `${start} ${end} ${file}`;
}

/** `zone = east, i = 3`: what the loops made of their variables, the outermost first. */
function turnOf(chain: readonly Expansion[]): string {
  return chain
    .filter((expansion) => expansion.kind === "loop")
    .map((expansion) => expansion.what)
    .reverse()
    .join(", ");
}

/** Findings with the places that can be changed, one for all copies of a text. */
export function settle(diagnostics: readonly Diagnostic[], computed: ComputedText): readonly Diagnostic[] {
  const out: Diagnostic[] = [];
  const copies = new Map<string, { readonly at: number; more: number }>();
  for (const diagnostic of diagnostics) {
    const cleaned = withoutStaleFixes(diagnostic, computed);
    const chain = chainOf(diagnostic.span);
    if (chain.length === 0) {
      out.push({ ...cleaned, span: bare(cleaned.span), related: labelsOf(cleaned.related, chain) });
      continue;
    }
    const blamed = blame(cleaned, chain, computed);
    const key = `${diagnostic.code} ${placeKey(blamed.span)} ${placeKey(diagnostic.span)}`;
    const known = copies.get(key);
    if (known !== undefined) {
      const first = out[known.at];
      const others = first === undefined ? [] : usesNotIn(first.related, blamed.related);
      if (first === undefined || others.length === 0 || first.related.length + others.length > mostLabels) known.more++;
      else out[known.at] = { ...first, related: [...first.related, ...others] };
    } else {
      copies.set(key, { at: out.length, more: 0 });
      out.push(blamed);
    }
  }
  for (const { at, more } of copies.values()) {
    const first = out[at];
    if (more > 0 && first !== undefined) out[at] = { ...first, notes: [...first.notes, `and in ${count(more, "more turn")}`] };
  }
  return out;
}

/** Where else a template is used that is wrong by itself. */
function usesNotIn(known: readonly Label[], labels: readonly Label[]): readonly Label[] {
  const told = new Set(known.map(({ span }) => placeKey(span)));
  return labels.filter(({ span, text }) => text.startsWith(expandedFrom) && !told.has(placeKey(span)));
}

const expandedFrom = "expanded from ";

function expandedHere(use: Expansion): Label {
  return { span: bare(use.span), text: `${expandedFrom}\`${use.what}\` here` };
}

function blame(diagnostic: Diagnostic, chain: readonly Expansion[], computed: ComputedText): Diagnostic {
  const { span } = diagnostic;
  const uses = chain.filter((expansion) => expansion.kind === "template");
  const outermost = uses.at(-1);
  const imports = chain
    .filter((expansion) => expansion.kind === "import")
    .map((expansion): Label => ({ span: bare(expansion.span), text: "imported here" }));
  const own =
    aboutText.has(diagnostic.name) ||
    // A name that no argument is part of is unknown whatever the arguments are.
    ((diagnostic.name === "unknown-name" || languageCatalogue.isLocal(diagnostic.code)) &&
      !computed.overlaps(span.file, span.start, span.end));
  if (outermost === undefined || own) {
    const turn = turnOf(chain);
    const expanded = uses.map(expandedHere);
    return {
      ...diagnostic,
      span: bare(span),
      related: [...labelsOf(diagnostic.related, chain), ...expanded, ...(own ? [] : imports)],
      notes: [...(turn === "" ? [] : [`with ${turn}`]), ...diagnostic.notes],
    };
  }
  // The arguments decide: whoever gave them is told first.
  const index = chain.indexOf(outermost);
  const [inner, outer] = [turnOf(chain.slice(0, index)), turnOf(chain.slice(index + 1))];
  const between = uses.slice(0, -1).map(expandedHere);
  return {
    ...diagnostic,
    span: bare(outermost.span),
    label: null,
    related: [
      { span: bare(span), text: diagnostic.label ?? "in the template" },
      ...labelsOf(diagnostic.related, chain),
      ...between,
      ...imports,
    ],
    notes: [...(outer === "" ? [] : [`with ${outer}`]), ...(inner === "" ? [] : [`in the template with ${inner}`]), ...diagnostic.notes],
  };
}

/** Labels of other copies say which, and none says twice what another has said. */
function labelsOf(labels: readonly Label[], chain: readonly Expansion[]): readonly Label[] {
  if (labels.every((label) => label.span.expansion === undefined)) return labels;
  const out = new Map<string, Label>();
  const here = turnOf(chain);
  for (const { span, text } of labels) {
    const turn = turnOf(chainOf(span));
    const said = turn === "" || turn === here ? text : `${text} (with ${turn})`;
    const key = `${placeKey(span)} ${text}`;
    if (!out.has(key)) out.set(key, { span: bare(span), text: said });
  }
  return [...out.values()].slice(0, mostLabels);
}

/** Without repairs of text that stands for a computed value, and with each edit once. */
function withoutStaleFixes(diagnostic: Diagnostic, computed: ComputedText): Diagnostic {
  if (diagnostic.fixes.length === 0) return diagnostic;
  const fixes = diagnostic.fixes.flatMap((fix): readonly Fix[] => {
    if (fix.edits.some(({ span }) => computed.overlaps(span.file, span.start, span.end))) return [];
    const edits = new Map(fix.edits.map((edit) => [`${placeKey(edit.span)} ${edit.text}`, { ...edit, span: bare(edit.span) }]));
    return [{ ...fix, edits: [...edits.values()] }];
  });
  return { ...diagnostic, fixes };
}
