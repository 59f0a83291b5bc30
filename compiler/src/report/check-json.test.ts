import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { checkJson } from "./check-json.ts";
import type { CheckJson } from "./check-json.ts";
import { checkSchema } from "./schemas.ts";
import { clean, findings } from "./views.testing.ts";

const validate = new Ajv({ allErrors: true }).compile<CheckJson>(checkSchema);

function read(text: string): CheckJson {
  const document: unknown = JSON.parse(text);
  if (!validate(document)) throw new Error(JSON.stringify(validate.errors));
  return document;
}

describe("checkJson", () => {
  it("should give places 1-based, with offsets, the end behind the last character", () => {
    const [first] = read(checkJson(findings)).diagnostics;
    expect(first).toMatchObject({
      code: "KN3003",
      severity: "error",
      file: "journey.knet",
      range: { start: { line: 6, column: 18, offset: 22 }, end: { line: 6, column: 31, offset: 35 } },
      related: [],
      fixes: [{ title: "write `172.16.0.0/16`", safe: true, edits: [{ file: "journey.knet", newText: "172.16.0.0/16" }] }],
    });
  });

  it("should say what related places have to do with it", () => {
    const second = read(checkJson(findings)).diagnostics[1];
    expect(second?.related[0]).toMatchObject({
      message: "the service that would have no endpoints",
      range: { start: { line: 48, column: 3 }, end: { line: 48, column: 16 } },
    });
    expect(second?.help).toBe('did you mean `app == "myapp"`?');
  });

  it("should be an empty list without findings", () => {
    expect(read(checkJson(clean))).toEqual({ version: 1, diagnostics: [] });
  });

  it("should still give offsets for a file that is not at hand", () => {
    const [first] = read(checkJson({ ...findings, sources: () => null })).diagnostics;
    expect(first?.range.start).toEqual({ line: 1, column: 23, offset: 22 });
  });
});
