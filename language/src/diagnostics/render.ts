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

const widestLine = 160;

/**
 * One diagnostic as a code frame, ending in a line break.
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
      else if (previous >= 0 && line === previous + 2) out.push(sourceLine(source, previous + 1, width, style));
      previous = line;
      out.push(sourceLine(source, line, width, style));
      const onLine = fileMarks.filter((mark) => mark.line === line).sort((x, y) => x.start - y.start);
      for (const mark of onLine) {
        const text = lineText(source, line);
        const indent = pad(text, mark.start);
        const sign = (mark.primary ? "^" : "-").repeat(Math.max(1, Math.min(mark.end, widestLine) - mark.start));
        const drawn = mark.text === null ? sign : `${sign} ${mark.text}`;
        const dressed = mark.primary ? style.primary(drawn, diagnostic.severity) : style.secondary(drawn);
        out.push(`${rule("|")} ${indent}${dressed}`);
      }
    }
  }
  if (diagnostic.notes.length > 0 || diagnostic.help !== null || diagnostic.fixes.length > 0) out.push(rule("|"));
  for (const note of diagnostic.notes) out.push(`${rule("=")} note: ${note}`);
  if (diagnostic.help !== null) out.push(`${rule("=")} ${style.help("help:")} ${diagnostic.help}`);
  for (const fix of diagnostic.fixes) out.push(`${rule("=")} ${style.help("fix:")} ${fix.title}`);
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

function sourceLine(source: SourceFile, line: number, width: number, style: FrameStyle): string {
  const text = printable(lineText(source, line));
  const shown = text.length > widestLine ? `${text.slice(0, widestLine)} …` : text;
  const number = style.gutter(`${String(line + 1).padStart(width)} |`);
  return shown === "" ? number : `${number} ${shown}`;
}

/** Blanks under the line's start; tabs stay tabs so that the carets keep their column. */
function pad(text: string, column: number): string {
  return text.slice(0, Math.min(column, widestLine)).replace(/[^\t]/g, " ").padEnd(Math.min(column, widestLine), " ");
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
