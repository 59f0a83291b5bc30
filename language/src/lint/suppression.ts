/**
 * Comments that silence a warning: `// knet-ignore KN8020, KN8023 reason` at the end of its line or on the line above, and
 * `// knet-ignore-file KN8020 reason` above everything else in its file. Errors cannot be silenced.
 */
import { compareDiagnostics, hasErrors } from "../diagnostics/diagnostic.ts";
import type { Diagnostic, Fix, Severity } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { join } from "../diagnostics/suggest.ts";
import type { Token, Trivia } from "../lexer/token.ts";
import { positionAt, sourceFile } from "../text/source.ts";
import type { SourceFile } from "../text/source.ts";
import type { Span } from "../text/span.ts";

interface Word {
  readonly text: string;
  readonly span: Span;
}

/** One comment. */
export interface Suppression {
  readonly source: SourceFile;
  readonly scope: "line" | "file";
  /** Of the whole comment. */
  readonly span: Span;
  readonly codes: readonly Word[];
  readonly reason: string;
  /** The line that is meant, counted from 0; null: none, as below the last member of a file. */
  readonly line: number | null;
  /** Whether `scope` is right where the comment stands: that of a file stands above everything else. */
  readonly placed: boolean;
}

/** The tokens and trivia of a file, as every syntax tree has them. */
export interface Lexed {
  readonly path: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly trivia: readonly Trivia[];
}

const form = /^\/\/[ \t]*knet-ignore(-file)?(?![\w-])[ \t]*/;
const wordForm = /^[A-Za-z][\w-]*/;
const codeForm = /^KN\d{4}$/;

export function suppressionsIn({ path, text, tokens, trivia }: Lexed): readonly Suppression[] {
  const comments = trivia.filter((piece) => piece.kind === "comment" && form.test(piece.text));
  if (comments.length === 0) return [];
  const source = sourceFile(path, text);
  const first = tokens[0]?.start ?? text.length;
  return comments.map((comment) => {
    const [head = "", file] = form.exec(comment.text) ?? [];
    const span: Span = { file: path, start: comment.start, end: comment.start + comment.text.trimEnd().length };
    const { codes, reason } = codesOf(span, comment.text.trimEnd(), head.length);
    const scope = file === undefined ? "line" : "file";
    return { source, scope, span, codes, reason, line: scope === "file" ? null : lineMeant(source, comment.start, tokens), placed: scope === "line" || comment.start < first };
  });
}

function codesOf(span: Span, text: string, from: number): { readonly codes: readonly Word[]; readonly reason: string } {
  const codes: Word[] = [];
  let at = from;
  for (;;) {
    const word = wordForm.exec(text.slice(at))?.[0];
    if (word === undefined) break;
    codes.push({ text: word, span: { file: span.file, start: span.start + at, end: span.start + at + word.length } });
    at += word.length;
    const comma = /^[ \t]*,[ \t]*/.exec(text.slice(at))?.[0];
    if (comma === undefined) break;
    at += comma.length;
  }
  return { codes, reason: text.slice(at).trim() };
}

/** The comment's own line when a token stands on it; otherwise the next line with one, over further comments but no blank line. */
function lineMeant(source: SourceFile, start: number, tokens: readonly Token[]): number | null {
  const { line } = positionAt(source, start);
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  const before = tokens[low - 1];
  if (before !== undefined && positionAt(source, before.end - 1).line === line) return line;
  const next = tokens[low];
  if (next === undefined || /\n[ \t\r]*\n/.test(source.text.slice(start, next.start))) return null;
  return positionAt(source, next.start).line;
}

/** A catalogue's part of the codes. Findings of others pass, and comments about others are left to them. */
export interface SuppressionScope {
  /** Whether a code, known or not, is one of the catalogue's. */
  readonly owns: (code: string) => boolean;
  /** Null: there is no such code. */
  readonly severityOf: (code: string) => Severity | null;
}

/** Everything but KN5xxx, KN6xxx, KN7xxx and KN9xxx, which are the compiler's, is judged here. */
export const languageScope: SuppressionScope = {
  owns: (code) => !/^KN[5679]\d{3}$/.test(code),
  severityOf: (code) => Object.values(languageCatalogue.entries).find((entry) => entry.code === code)?.severity ?? null,
};

/**
 * The findings that no comment silences, with warnings about comments that silence nothing. As long as there are errors, nobody knows what
 * else would be found, so only comments that never can be right are told.
 */
export function suppress(diagnostics: readonly Diagnostic[], suppressions: readonly Suppression[], scope: SuppressionScope = languageScope): readonly Diagnostic[] {
  if (suppressions.length === 0) return diagnostics;
  const used = new Set<string>();
  const kept = diagnostics.filter((diagnostic) => {
    if (diagnostic.severity === "error") return true;
    const silencing = suppressions.filter((suppression) => silences(suppression, diagnostic));
    for (const suppression of silencing) used.add(`${suppression.span.file}\n${suppression.span.start}\n${diagnostic.code}`);
    return silencing.length === 0;
  });
  const isUsed = ({ span }: Suppression, { text }: Word): boolean => used.has(`${span.file}\n${span.start}\n${text}`);
  const broken = hasErrors(diagnostics);
  const own: Diagnostic[] = [];
  for (const suppression of suppressions) {
    own.push(...faultsOf(suppression, scope));
    if (broken || !suppression.placed) continue;
    const unused = suppression.codes.filter((code) => scope.owns(code.text) && faultOf(code.text, scope) === null && !isUsed(suppression, code));
    if (unused.length === 0) continue;
    const where = suppression.scope === "file" ? "in this file" : suppression.line === null ? "here: no member stands on the next line" : "on this line";
    own.push(
      languageCatalogue.create(
        "unused-suppression",
        { codes: join(unused.map((code) => code.text), "and"), several: unused.length > 1, where: where.replace("on this line", isTrailing(suppression) ? "on this line" : "on the line below") },
        { span: unused.length === 1 && unused[0] !== undefined ? unused[0].span : suppression.span, fixes: [without(suppression, unused)] },
      ),
    );
  }
  return own.length === 0 ? kept : [...kept, ...own].sort(compareDiagnostics);
}

function silences(suppression: Suppression, { code, span }: Diagnostic): boolean {
  if (suppression.span.file !== span.file || !suppression.placed || !suppression.codes.some((word) => word.text === code)) return false;
  return faultlessToSilence(code) && (suppression.scope === "file" || positionAt(suppression.source, span.start).line === suppression.line);
}

/** Comments that do nothing are said to be so whatever they say. */
function faultlessToSilence(code: string): boolean {
  return !/^KN809\d$/.test(code);
}

/** What is wrong with a code in a comment, or null. */
function faultOf(code: string, scope: SuppressionScope): string | null {
  if (!codeForm.test(code)) return codeForm.test(code.toUpperCase()) ? `\`${code}\` is no code: codes are in capitals` : `\`${code}\` is no code: \`knet-ignore\` names codes such as KN8001, and a reason behind them`;
  const severity = scope.severityOf(code);
  if (severity === null) return `there is no code ${code}`;
  if (severity === "error") return `${code} is an error, and errors cannot be ignored`;
  return faultlessToSilence(code) ? null : `${code} is about comments like this one and cannot be ignored`;
}

function faultsOf(suppression: Suppression, scope: SuppressionScope): readonly Diagnostic[] {
  const { codes, span } = suppression;
  const report = (reason: string, at: Span, fix: Fix): Diagnostic => languageCatalogue.create("unknown-suppression", { reason }, { span: at, fixes: [fix] });
  // One of the scopes speaks of what belongs to no code.
  const general = scope.owns("");
  if (codes.length === 0) return general ? [report("`knet-ignore` names no code: write `// knet-ignore KN8001` and a reason", span, without(suppression, []))] : [];
  if (!suppression.placed) return general ? [report("`knet-ignore-file` stands above everything else in a file", span, without(suppression, codes))] : [];
  return codes.flatMap((code) => {
    const fault = scope.owns(code.text) ? faultOf(code.text, scope) : null;
    return fault === null ? [] : [report(fault, code.span, without(suppression, [code]))];
  });
}

function isTrailing({ source, span }: Suppression): boolean {
  const start = source.lineStarts[positionAt(source, span.start).line] ?? 0;
  return source.text.slice(start, span.start).trim() !== "";
}

/** Takes codes out of a comment, and the comment with the last of them: with its line when nothing else stands on it. */
function without(suppression: Suppression, codes: readonly Word[]): Fix {
  const { span, source, scope, reason } = suppression;
  const left = suppression.codes.filter((code) => !codes.includes(code));
  if (left.length > 0) {
    const text = `// knet-ignore${scope === "file" ? "-file" : ""} ${left.map((code) => code.text).join(", ")}${reason === "" ? "" : ` ${reason}`}`;
    return { title: `take ${join(codes.map((code) => code.text), "and")} out of the comment`, edits: [{ span, text }], safe: true };
  }
  const { line } = positionAt(source, span.start);
  const start = source.lineStarts[line] ?? 0;
  const before = source.text.slice(start, span.start);
  const edit = isTrailing(suppression)
    ? { span: { file: span.file, start: start + before.trimEnd().length, end: span.end }, text: "" }
    : { span: { file: span.file, start, end: source.lineStarts[line + 1] ?? source.text.length }, text: "" };
  return { title: "remove the comment", edits: [edit], safe: true };
}
