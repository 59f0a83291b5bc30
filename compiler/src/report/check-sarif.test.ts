import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import type { Log } from "sarif";
import { checkSarif } from "./check-sarif.ts";
import { sarifArtifact } from "./sarif.ts";
import { sarifSchema } from "./sarif.testing.ts";
import { clean, findings } from "./views.testing.ts";

const validate = new Ajv({ allErrors: true }).compile<Log>(sarifSchema);

function read(text: string): Log {
  const document: unknown = JSON.parse(text);
  if (!validate(document)) throw new Error(JSON.stringify(validate.errors));
  return document;
}

describe("checkSarif", () => {
  const [run] = read(checkSarif(findings, { toolVersion: "0.1.0" })).runs;

  it("should describe each rule once and point results at it", () => {
    expect(run?.tool.driver.rules?.map((rule) => `${rule.id} ${rule.name ?? ""}`)).toEqual(["KN3003 HostBitsSet", "KN8001 SelectsNothing"]);
    expect(run?.results?.map((result) => `${result.ruleId ?? ""} ${result.ruleIndex ?? -1} ${result.level ?? ""}`)).toEqual([
      "KN3003 0 error",
      "KN8001 1 warning",
    ]);
  });

  it("should carry places and fixes", () => {
    const [first] = run?.results ?? [];
    expect(first?.locations?.[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: "journey.knet", uriBaseId: "%SRCROOT%" },
      region: { startLine: 6, startColumn: 18, endLine: 6, endColumn: 31 },
    });
    expect(first?.fixes?.[0]?.artifactChanges[0]?.replacements).toEqual([
      { deletedRegion: { startLine: 6, startColumn: 18, endLine: 6, endColumn: 31 }, insertedContent: { text: "172.16.0.0/16" } },
    ]);
  });

  it("should be a run without results when there are no findings", () => {
    expect(read(checkSarif(clean, { toolVersion: "0.1.0" })).runs[0]?.results).toEqual([]);
  });
});

describe("sarifArtifact", () => {
  it("should keep a relative path relative and escape it", () => {
    expect(sarifArtifact("my nets/a#b.knet")).toEqual({ uri: "my%20nets/a%23b.knet", uriBaseId: "%SRCROOT%" });
  });

  it("should make a URI of an absolute path", () => {
    expect(sarifArtifact("/srv/a.knet")).toEqual({ uri: "file:///srv/a.knet" });
    expect(sarifArtifact("C:/nets/a b.knet")).toEqual({ uri: "file:///C:/nets/a%20b.knet" });
  });
});
