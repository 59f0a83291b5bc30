/** Workflow commands of GitHub Actions: lines of the log that become annotations of a pull request. */
import type { Span } from "@knet/language";
import { rangeOfSpan } from "./diagnostics.ts";
import type { Sources } from "./diagnostics.ts";

export type AnnotationLevel = "error" | "warning" | "notice";

/** `::error file=…,line=…,endLine=…,title=…::message`, one line without its line break. */
export function annotation(level: AnnotationLevel, span: Span, title: string, message: string, sources: Sources): string {
  const { start, end } = rangeOfSpan(span, sources);
  // GitHub refuses columns that are not on one line.
  const columns = start.line === end.line ? [`col=${start.column}`, `endColumn=${end.column}`] : [];
  const properties = [
    `file=${escapeProperty(span.file)}`,
    `line=${start.line}`,
    `endLine=${end.line}`,
    ...columns,
    `title=${escapeProperty(title)}`,
  ];
  return `::${level} ${properties.join(",")}::${escapeData(message)}`;
}

/** As the runner's own toolkit escapes the text behind the command. */
export function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
