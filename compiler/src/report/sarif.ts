/** The parts of SARIF 2.1.0 that every reporter shares. */
import type { Span } from "@knet/language";
import type { ArtifactLocation, Location, Log, PhysicalLocation, Region, ReportingDescriptor, Result } from "sarif";
import { rangeOfSpan } from "./diagnostics.ts";
import type { Sources } from "./diagnostics.ts";

export interface SarifOptions {
  /** Of knet itself. */
  readonly toolVersion: string;
}

/** The log of one run, as text that ends in a line break. */
export function sarifLog(rules: readonly ReportingDescriptor[], results: readonly Result[], { toolVersion }: SarifOptions): string {
  const log: Log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "knet", semanticVersion: toolVersion, rules: [...rules] } },
        columnKind: "utf16CodeUnits",
        results: [...results],
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

export function sarifLocation(span: Span, sources: Sources, message: string | null = null): Location {
  const physicalLocation: PhysicalLocation = { artifactLocation: sarifArtifact(span.file), region: sarifRegion(span, sources) };
  return { physicalLocation, ...(message === null ? {} : { message: { text: message } }) };
}

/** Ends behind the last character, as SARIF counts. */
export function sarifRegion(span: Span, sources: Sources): Region {
  const { start, end } = rangeOfSpan(span, sources);
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}

/** A relative path stays relative to the root of the checkout; an absolute one becomes a `file:` URI. */
export function sarifArtifact(path: string): ArtifactLocation {
  const uri = path
    .split("/")
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join("/");
  if (path.startsWith("/")) return { uri: `file://${uri}` };
  const drive = /^([A-Za-z]):\//u.exec(path);
  if (drive !== null) return { uri: `file:///${drive[1] ?? ""}:${uri.slice(uri.indexOf("/"))}` };
  return { uri, uriBaseId: "%SRCROOT%" };
}
