/** `knet check --format sarif`: SARIF 2.1.0 for code scanning. */
import type { Fix as SarifFix, ReportingDescriptor, Result } from "sarif";
import type { CheckView } from "./check-view.ts";
import { inOrder } from "./diagnostics.ts";
import type { Diagnostic, Sources } from "./diagnostics.ts";
import { sarifArtifact, sarifLocation, sarifLog, sarifRegion } from "./sarif.ts";
import type { SarifOptions } from "./sarif.ts";

export function checkSarif({ diagnostics, sources }: CheckView, options: SarifOptions): string {
  const ordered = inOrder(diagnostics);
  const codes = [...new Set(ordered.map((diagnostic) => diagnostic.code))].sort();
  const rules = codes.map((code): ReportingDescriptor => {
    const first = ordered.find((diagnostic) => diagnostic.code === code);
    return {
      id: code,
      name: pascalCase(first?.name ?? code),
      shortDescription: { text: (first?.name ?? code).replaceAll("-", " ") },
      defaultConfiguration: { level: first?.severity ?? "error" },
    };
  });
  return sarifLog(
    rules,
    ordered.map((diagnostic) => resultOf(diagnostic, codes.indexOf(diagnostic.code), sources)),
    options,
  );
}

function resultOf(diagnostic: Diagnostic, ruleIndex: number, sources: Sources): Result {
  const { code, severity, message, span, help, notes, related, fixes } = diagnostic;
  const text = [message, ...notes, ...(help === null ? [] : [help])].join("\n");
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text },
    locations: [sarifLocation(span, sources)],
    ...(related.length === 0 ? {} : { relatedLocations: related.map((place) => sarifLocation(place.span, sources, place.text)) }),
    ...(fixes.length === 0 ? {} : { fixes: fixes.map((fix) => fixOf(fix, sources)) }),
  };
}

function fixOf(fix: Diagnostic["fixes"][number], sources: Sources): SarifFix {
  const files = [...new Set(fix.edits.map((edit) => edit.span.file))];
  return {
    description: { text: fix.title },
    artifactChanges: files.map((file) => ({
      artifactLocation: sarifArtifact(file),
      replacements: fix.edits
        .filter((edit) => edit.span.file === file)
        .map((edit) => ({ deletedRegion: sarifRegion(edit.span, sources), insertedContent: { text: edit.text } })),
    })),
  };
}

/** SARIF wants a rule's name as an identifier: `host-bits-set` is `HostBitsSet`. */
function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase());
}
