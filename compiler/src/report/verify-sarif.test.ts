import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import type { Log } from "sarif";
import { sarifSchema } from "./sarif.testing.ts";
import { disagreeing, verdicts } from "./views.testing.ts";
import { verifySarif } from "./verify-sarif.ts";

const validate = new Ajv({ allErrors: true }).compile<Log>(sarifSchema);

function read(text: string): Log {
  const document: unknown = JSON.parse(text);
  if (!validate(document)) throw new Error(JSON.stringify(validate.errors));
  return document;
}

describe("verifySarif", () => {
  it("should have a kind for each verdict, and a level only for what fails", () => {
    const results = read(verifySarif(verdicts, { toolVersion: "0.1.0" })).runs[0]?.results ?? [];
    expect(results.map((result) => `${result.kind ?? ""} ${result.level ?? ""}`)).toEqual([
      "pass none",
      "fail error",
      "open none",
      "open none",
    ]);
  });

  it("should point at the statement, and at the line to change", () => {
    const failed = read(verifySarif(verdicts, { toolVersion: "0.1.0" })).runs[0]?.results?.[1];
    expect(failed?.locations?.[0]?.physicalLocation?.region?.startLine).toBe(61);
    expect(failed?.relatedLocations?.[0]).toMatchObject({
      physicalLocation: { region: { startLine: 54, startColumn: 3, endLine: 54, endColumn: 25 } },
      message: { text: "the line to change: policy namespace001/only-the-client" },
    });
  });

  it("should report a disagreement as an error without a place", () => {
    const result = read(verifySarif(disagreeing, { toolVersion: "0.1.0" })).runs[0]?.results?.[1];
    expect(result?.ruleId).toBe("internal-disagreement");
    expect(result?.locations).toBeUndefined();
  });
});
