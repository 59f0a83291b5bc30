/** Code frames: diagnostics as text, with the source they speak of. */
import { lineText, positionAt } from "../text/source.ts";
import type { SourceFile } from "../text/source.ts";
import type { Span } from "../text/span.ts";
import type { Diagnostic, Severity } from "./diagnostic.ts";

/** How parts are coloured. Each function gets plain text and gives it back dressed; the default dresses nothing. */
export interface FrameStyle {
  readonly severity: (text: string, severity: Severity) => string;
  readonly message: (text: string) => string;
  /** Line numbers, rules and arrows. */
  readonly gutter: (text: string) => string;
  /** Carets and the label of the primary place. */
  readonly primary: (text: string, severity: Severity) => string;
  /** Dashes and labels of related places. */
  readonly secondary: (text: string) => string;
  readonly help: (text: string) => string;
}

export const plainStyle: FrameStyle = {
  severity: (text) => text,
  message: (text) => text,
  gutter: (text) => text,
  primary: (text) => text,
  secondary: (text) => text,
  help: (text) => text,
};

interface Mark {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string | null;
  readonly primary: boolean;
}

/** Longer lines are shown in part: the stretch around their marks. */
const widestLine = 160;

/** The part of a line that is shown, in columns; `lead` stands in front of it where the line is cut. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly lead: string;
}

/**
 * One diagnostic as a code frame, ending in a line break. `fix:` is a repair that may be applied without asking, `try:` one that somebody
 * has to agree to. A long line is shown around its marks, with `…` where it is cut.
 * @param sourceOf the source of a path, or null when it is not at hand (the frame then names the place only)
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  sourceOf: (path: string) => SourceFile | null,
  style: FrameStyle = plainStyle,
): string {
  const out = [
    `${style.severity(`${diagnostic.severity}[${diagnostic.code}]`, diagnostic.severity)}${style.message(`: ${diagnostic.message}`)}`,
  ];
  const places = [
    { span: diagnostic.span, text: diagnostic.label, primary: true },
    ...diagnostic.related.map((label) => ({ span: label.span, text: label.text, primary: false })),
  ];
  const files = [...new Set(places.map((place) => place.span.file))];
  const marks = new Map(
    files.map((file) => {
      const source = sourceOf(file);
      return [
        file,
        source === null ? [] : places.filter((p) => p.span.file === file).map((p) => markOf(source, p.span, p.text, p.primary)),
      ];
    }),
  );
  const last = Math.max(0, ...[...marks.values()].flat().map((mark) => mark.line));
  const width = String(last + 1).length;
  const rule = (text: string): string => `${" ".repeat(width)} ${style.gutter(text)}`;

  for (const file of files) {
    const source = sourceOf(file);
    const anchor = places.find((place) => place.span.file === file);
    const at = source === null || anchor === undefined ? null : positionAt(source, anchor.span.start);
    const where = at === null ? file : `${file}:${at.line + 1}:${at.column + 1}`;
    out.push(`${" ".repeat(width)}${style.gutter("-->")} ${where}`);
    if (source === null) continue;
    out.push(rule("|"));
    const fileMarks = marks.get(file) ?? [];
    const lines = [...new Set(fileMarks.map((mark) => mark.line))].sort((x, y) => x - y);
    let previous = -1;
    for (const line of lines) {
      if (previous >= 0 && line > previous + 2) out.push(style.gutter("..."));
      else if (previous >= 0 && line === previous + 2)
        out.push(sourceLine(source, previous + 1, width, style, windowOf(lineText(source, previous + 1), [])));
      previous = line;
      const onLine = fileMarks.filter((mark) => mark.line === line).sort((x, y) => x.start - y.start);
      const text = lineText(source, line);
      const window = windowOf(text, onLine);
      out.push(sourceLine(source, line, width, style, window));
      for (const mark of onLine) {
        const { indent, length } = underline(text, mark, window);
        const sign = (mark.primary ? "^" : "-").repeat(length);
        const drawn = mark.text === null ? sign : `${sign} ${mark.text}`;
        const dressed = mark.primary ? style.primary(drawn, diagnostic.severity) : style.secondary(drawn);
        out.push(`${rule("|")} ${indent}${dressed}`);
      }
    }
  }
  if (diagnostic.notes.length > 0 || diagnostic.help !== null || diagnostic.fixes.length > 0) out.push(rule("|"));
  for (const note of diagnostic.notes) out.push(`${rule("=")} note: ${note}`);
  if (diagnostic.help !== null) out.push(`${rule("=")} ${style.help("help:")} ${diagnostic.help}`);
  for (const fix of diagnostic.fixes) out.push(`${rule("=")} ${style.help(fix.safe ? "fix:" : "try:")} ${fix.title}`);
  return `${out.join("\n")}\n`;
}

/** All diagnostics as code frames with an empty line between them. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sourceOf: (path: string) => SourceFile | null,
  style: FrameStyle = plainStyle,
): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, sourceOf, style)).join("\n");
}

/** The first line of a span stands for all of it. */
function markOf(source: SourceFile, span: Span, text: string | null, primary: boolean): Mark {
  const from = positionAt(source, span.start);
  const to = positionAt(source, span.end);
  const end = to.line > from.line ? lineText(source, from.line).length : to.column;
  return { line: from.line, start: from.column, end: Math.max(end, from.column + 1), text, primary };
}

/** All of a line, or the stretch that shows its marks: all of them when they fit, the primary one in any case. */
function windowOf(text: string, marks: readonly Mark[]): Window {
  if (text.length <= widestLine) return { from: 0, to: text.length, lead: "" };
  const first = Math.min(text.length, ...marks.map((mark) => mark.start));
  const last = Math.max(0, ...marks.map((mark) => mark.end));
  if (last <= widestLine) return { from: 0, to: whole(text, widestLine), lead: "" };
  const anchor = (marks.find((mark) => mark.primary) ?? marks[0])?.start ?? 0;
  const wanted = last - first <= widestLine ? Math.floor((first + last - widestLine) / 2) : anchor - Math.floor(widestLine / 4);
  const from = whole(text, Math.max(0, Math.min(wanted, text.length - widestLine)));
  return { from, to: whole(text, Math.min(text.length, from + widestLine)), lead: from > 0 ? "… " : "" };
}

/** The column, or the one before it where a character of two units would be cut in half. */
function whole(text: string, column: number): number {
  const code = text.charCodeAt(column);
  return code >= 0xdc00 && code <= 0xdfff ? column - 1 : column;
}

function sourceLine(source: SourceFile, line: number, width: number, style: FrameStyle, window: Window): string {
  const text = lineText(source, line);
  const tail = window.to < text.length ? " …" : "";
  const shown = `${window.lead}${printable(text.slice(window.from, window.to))}${tail}`;
  const number = style.gutter(`${String(line + 1).padStart(width)} |`);
  return shown === "" ? number : `${number} ${shown}`;
}

/** Where a mark is drawn under its line, and how long. What lies outside the window is marked under the `…` of its side. */
function underline(text: string, mark: Mark, window: Window): { readonly indent: string; readonly length: number } {
  if (mark.end <= window.from && window.from > 0) return { indent: "", length: 1 };
  const lead = " ".repeat(window.lead.length);
  if (mark.start >= window.to && window.to < text.length) return { indent: `${lead}${blanks(text, window.from, window.to)} `, length: 1 };
  const start = Math.max(mark.start, window.from);
  const end = window.to < text.length ? Math.min(mark.end, window.to) : mark.end;
  return { indent: `${lead}${blanks(text, window.from, start)}`, length: Math.max(1, end - start) };
}

/** Blanks under a stretch of a line; tabs stay tabs so that the carets keep their column. */
function blanks(text: string, from: number, to: number): string {
  return text
    .slice(from, to)
    .replace(/[^\t]/g, " ")
    .padEnd(to - from, " ");
}

/** Control characters would move the terminal's cursor: they are shown as a replacement character. */
function printable(text: string): string {
  let out = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    out += (code < 32 && code !== 9) || (code >= 127 && code < 160) ? "\uFFFD" : character;
  }
  return out;
}
