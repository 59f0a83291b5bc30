import { describe, expect, it } from "vitest";
import { disagreeing, failing, holding, verdicts } from "./views.testing.ts";
import { escapeMarkdown, verifyMarkdown } from "./verify-markdown.ts";

describe("verifyMarkdown", () => {
  it("should have a table of verdicts and a block for the witness", () => {
    const text = verifyMarkdown(verdicts);
    expect(text).toContain(`**1 holds, 1 fails, 1 not refuted, 1 unknown of 4 assertions**

| Verdict | Assertion | How |
| --- | --- | --- |
| ✅ holds | one lost node does not lose the service | enumerated, 2 flows |
| ❌ fails | the client, and only the client, reaches myapp | enumerated, 18 flows |
| ❔ not refuted | any two lost pods | sampled, 200 runs, seed 42 |
| ❔ unknown | the batch name resolves | enumerated: an upstream name server decides corp.example |

### the client, and only the client, reaches myapp

namespace001/pod-2 does not reach namespace001/pod-3: node-b drops the request.

because policy namespace001/only-the-client isolates ingress of pod namespace001/pod-3 and no rule admits 10.10.1.2 on 8080/tcp

- \`namespace001/pod-2 → namespace001/pod-3  8080/tcp\`
- \`decided by nodes/node-b/felix.iptables:94  -A cali-tw-cali3d2c1b0a9f8 -m comment --comment "Drop if no policies passed packet" -j DROP\`
- \`the line to change: journey.knet:54  policy namespace001/only-the-client\`

<details><summary>Trace</summary>

\`\`\`text
namespace001/pod-2 → namespace001/pod-3  8080/tcp
`);
    expect(text.endsWith("allows it.\n```\n\n</details>\n")).toBe(true);
  });

  it("should fence a trace that holds a fence of its own", () => {
    const story = failing.witness?.story ?? null;
    const witness = failing.witness === null || story === null ? null : { ...failing.witness, story: { ...story, to: "```" } };
    expect(verifyMarkdown({ ...verdicts, assertions: [{ ...failing, witness }] })).toContain(
      "\n````text\nnamespace001/pod-2 → ```  8080/tcp\n",
    );
  });

  it("should keep a title inside its cell", () => {
    const text = verifyMarkdown({ ...verdicts, assertions: [{ ...holding, title: "a | b\n<b>c</b> [d](e) @team" }] });
    expect(text).toContain("| ✅ holds | a \\| b &lt;b&gt;c&lt;/b&gt; \\[d\\](e) @\u2060team | enumerated, 2 flows |\n");
  });

  it("should report disagreements", () => {
    expect(verifyMarkdown(disagreeing)).toContain(
      "### Internal disagreement\n\nThe generated rules do not do what the specifications say: a defect of knet. Please report it.\n\ninternal disagreement on ",
    );
  });
});

describe("escapeMarkdown", () => {
  it("should escape what would start a list or a heading, and leave hyphens in words", () => {
    expect(["- a-b", "1. a", "# a", "v1.2", "*a* _b_ `c`"].map(escapeMarkdown)).toEqual([
      "\\- a-b",
      "1\\. a",
      "\\# a",
      "v1.2",
      "\\*a\\* \\_b\\_ \\`c\\`",
    ]);
  });
});
