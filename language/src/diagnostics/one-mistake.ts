/** Of the syntax errors that one mistake makes, the one that names it. */
import type { Diagnostic } from "./diagnostic.ts";
import { lineText, positionAt } from "../text/source.ts";
import type { SourceFile } from "../text/source.ts";

const brackets: ReadonlySet<string> = new Set(["unclosed-bracket", "stray-bracket"]);
/** About the whole text rather than about a place in it. */
const whole: ReadonlySet<string> = new Set(["too-many-syntax-errors", "not-text", "nesting-too-deep"]);

/** What may be left over of a line when something in front of it was not understood. */
const isLeftover = ({ name }: Diagnostic): boolean => !brackets.has(name) && !whole.has(name);

/**
 * Leaves out a syntax error behind another one on its line, a bracket without its partner in a declaration with another syntax error, and
 * every such bracket but the first: the error that stays has to be repaired anyhow, and if the other was a mistake of its own, it is told
 * then.
 * @param errors syntax errors of one file, in order of their places
 */
export function oneOfEachMistake(source: SourceFile, errors: readonly Diagnostic[]): readonly Diagnostic[] {
  if (errors.length < 2) return errors;
  const declarations = declarationStarts(source);
  const placed = errors.map((error) => {
    const { line } = positionAt(source, error.span.start);
    return { error, line, declaration: declarations[line] ?? 0 };
  });
  const broken = new Set(placed.filter(({ error }) => isLeftover(error)).map(({ declaration }) => declaration));
  const lines = new Set<number>();
  let unbalanced = false;
  return placed
    .filter(({ error, line, declaration }) => {
      if (brackets.has(error.name)) {
        if (unbalanced || broken.has(declaration)) return false;
        unbalanced = true;
      }
      if (lines.has(line) && isLeftover(error)) return false;
      lines.add(line);
      return true;
    })
    .map(({ error }) => error);
}

/** For each line, the line that its declaration begins on: one with a word in its first column. */
function declarationStarts(source: SourceFile): readonly number[] {
  let start = 0;
  return source.lineStarts.map((_, line) => {
    if (/^\w/.test(lineText(source, line))) start = line;
    return start;
  });
}

/** Findings that another one explains: by its name, those that follow from it. */
const consequences: Readonly<Record<string, readonly string[]>> = {
  "port-not-offered": ["policy-port-unoffered"],
  "unknown-keyword": ["family-without-pool", "family-without-services"],
};

/** Leaves out the findings about a program that follow from others. */
export function withoutConsequences(findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const explained = new Set(findings.flatMap(({ name }) => (Object.hasOwn(consequences, name) ? (consequences[name] ?? []) : [])));
  return explained.size === 0 ? findings : findings.filter(({ name }) => !explained.has(name));
}
