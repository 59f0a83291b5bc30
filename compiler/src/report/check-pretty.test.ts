import { describe, expect, it } from "vitest";
import { checkPretty, checkSummary } from "./check-pretty.ts";
import { clean, findings } from "./views.testing.ts";

describe("checkPretty", () => {
  it("should show code frames in the order of the file, then count", () => {
    expect(checkPretty(findings)).toBe(`error[KN3003]: \`172.16.0.1/16\` has bits set behind its prefix length
 --> journey.knet:6:18
  |
6 |   service-cidr = 172.16.0.1/16
  |                  ^^^^^^^^^^^^^
  |
  = fix: write \`172.16.0.0/16\`

warning[KN8001]: this selects no pods
  --> journey.knet:49:13
   |
48 |   service myapp {
   |   ------------- the service that would have no endpoints
49 |     selects app == "my-app"
   |             ^^^^^^^^^^^^^^^ no pod has this label
   |
   = help: did you mean \`app == "myapp"\`?

1 problem can be repaired with --fix
1 error, 1 warning in 1 file
`);
  });

  it("should say so when there is nothing to say", () => {
    expect(checkPretty(clean)).toBe("no problems in 1 file\n");
    expect(checkPretty({ ...clean, files: ["a.knet", "b.knet"] })).toBe("no problems in 2 files\n");
  });
});

describe("checkSummary", () => {
  it("should count only what there is, and files with findings", () => {
    const [first] = findings.diagnostics;
    if (first === undefined) throw new Error("a finding is missing");
    const elsewhere = { ...first, span: { ...first.span, file: "other.knet" } };
    expect(checkSummary({ ...findings, diagnostics: [first, elsewhere] })).toBe("2 warnings in 2 files");
    expect(checkSummary({ ...findings, diagnostics: [{ ...first, severity: "error" }] })).toBe("1 error in 1 file");
  });
});
