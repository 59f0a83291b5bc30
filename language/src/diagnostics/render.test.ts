import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import { sourceFile } from "../text/source.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { languageCatalogue } from "./language.ts";
import { plainStyle, renderDiagnostic, renderDiagnostics } from "./render.ts";

const network = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
  }
}

network dc {
  subnet blue { cidr = 192.168.1.0/24 }
}
`;

function frames(text: string): string {
  const source = sourceFile("shop.knet", text);
  return renderDiagnostics(checkProgram("shop.knet", text).diagnostics, () => source);
}

describe("renderDiagnostic", () => {
  it("shows the line, the place, what to do and the repair", () => {
    expect(frames(`${network}node node-a in bleu\n`)).toBe(`error[KN2001]: there is no subnet called \`bleu\`
  --> shop.knet:11:16
   |
11 | node node-a in bleu
   |                ^^^^
   |
   = help: did you mean \`blue\`?
   = try: write \`blue\`
`);
  });

  it("shows the other place of a conflict, wherever it stands", () => {
    expect(frames(`${network}node node-a in blue { address = 192.168.1.10 }\n\n\n\nnode node-b in blue { address = 192.168.1.10 }\n`))
      .toBe(`error[KN4007]: \`192.168.1.10\` belongs to node \`node-a\` and to node \`node-b\`
  --> shop.knet:15:33
   |
11 | node node-a in blue { address = 192.168.1.10 }
   |                                 ------------ node \`node-a\` has it
...
15 | node node-b in blue { address = 192.168.1.10 }
   |                                 ^^^^^^^^^^^^
`);
  });

  it("draws two places of one line under it, from left to right", () => {
    expect(frames(`${network}node node-a in blue { labels = { app = "x", app = "y" } }\n`)).toBe(`error[KN2012]: \`app\` is given twice
  --> shop.knet:11:45
   |
11 | node node-a in blue { labels = { app = "x", app = "y" } }
   |                                  --- first here
   |                                             ^^^
`);
  });

  it("keeps the caret in its column behind tabs, and shows control characters as such", () => {
    const source = sourceFile("t.knet", "\t\tpod\u0007 web");
    const diagnostic = languageCatalogue.create(
      "unknown-keyword",
      { name: "web" },
      { span: { file: "t.knet", start: 7, end: 10 }, label: "here" },
    );
    expect(renderDiagnostic(diagnostic, () => source)).toBe(
      "error[KN2004]: `web` is not a kind of declaration\n --> t.knet:1:8\n  |\n1 | \t\tpod\uFFFD web\n  | \t\t     ^^^ here\n",
    );
  });

  it("marks the first line of a place that runs over several", () => {
    const source = sourceFile("t.knet", "namespace a {\n}\n");
    const diagnostic = languageCatalogue.create("asserts-nothing", {}, { span: { file: "t.knet", start: 0, end: 15 } });
    expect(renderDiagnostic(diagnostic, () => source)).toBe(
      "warning[KN8003]: this assertion states nothing\n --> t.knet:1:1\n  |\n1 | namespace a {\n  | ^^^^^^^^^^^^^\n",
    );
  });

  it("shows places of other files under their own names", () => {
    const sources = new Map(
      [sourceFile("a.knet", "node x in blue"), sourceFile("b.knet", "node x in green")].map((source) => [source.path, source]),
    );
    const diagnostic: Diagnostic = languageCatalogue.create(
      "duplicate-name",
      { what: "node", name: "x" },
      {
        span: { file: "b.knet", start: 5, end: 6 },
        related: [{ span: { file: "a.knet", start: 5, end: 6 }, text: "first here" }],
        notes: ["names are global"],
      },
    );
    expect(renderDiagnostic(diagnostic, (path) => sources.get(path) ?? null)).toBe(`error[KN2002]: node \`x\` is declared twice
 --> b.knet:1:6
  |
1 | node x in green
  |      ^
 --> a.knet:1:6
  |
1 | node x in blue
  |      - first here
  |
  = note: names are global
`);
  });

  it("names the place alone when the source is not at hand", () => {
    const diagnostic = languageCatalogue.create("no-cluster", {}, { span: { file: "gone.knet", start: 0, end: 0 } });
    expect(renderDiagnostic(diagnostic, () => null)).toBe("error[KN4001]: the program declares no cluster\n --> gone.knet\n");
  });

  it("says `fix` of a repair that is applied without asking and `try` of one that is not", () => {
    expect(frames(`${network}node node-a in blue {\n  address: 192.168.1.9\n}\n`)).toContain("   = fix: write `=`\n");
    expect(frames(`${network}node node-a in blue {\n  adress = 192.168.1.9\n}\n`)).toContain("   = try: write `address`\n");
  });

  describe("on a line of more than 160 characters", () => {
    const at = (start: number, end: number): { file: string; start: number; end: number } => ({ file: "t.knet", start, end });
    const drawn = (text: string, diagnostic: Partial<Diagnostic>): string[] =>
      renderDiagnostic({ ...languageCatalogue.create("no-cluster", {}, { span: at(0, 1) }), ...diagnostic }, () =>
        sourceFile("t.knet", text),
      )
        .split("\n")
        .slice(3, -1);

    it("scrolls to a place behind column 160", () => {
      expect(drawn(`${"a".repeat(200)}pod${"b".repeat(200)}`, { span: at(200, 203), label: "here" })).toEqual([
        // 160 columns: 79 before the three of the place, 78 behind it.
        `1 | … ${"a".repeat(79)}pod${"b".repeat(78)} …`,
        `  |   ${" ".repeat(79)}^^^ here`,
      ]);
    });

    it("cuts only the left where the place is near the end, and only the right where it is near the start", () => {
      expect(drawn(`${"a".repeat(164)}pod`, { span: at(164, 167) })).toEqual([
        `1 | … ${"a".repeat(157)}pod`,
        `  |   ${" ".repeat(157)}^^^`,
      ]);
      expect(drawn(`pod${"a".repeat(164)}`, { span: at(0, 3) })).toEqual([`1 | pod${"a".repeat(157)} …`, "  | ^^^"]);
    });

    it("shows all places of the line when they fit", () => {
      const text = `${"a".repeat(150)}one${"b".repeat(97)}two${"c".repeat(100)}`;
      // From column 150 to 253: 103 wide, so the window begins at (150 + 253 - 160) / 2 = 121.
      expect(drawn(text, { span: at(250, 253), related: [{ span: at(150, 153), text: "first here" }] })).toEqual([
        `1 | … ${text.slice(121, 281)} …`,
        `  |   ${" ".repeat(29)}--- first here`,
        `  |   ${" ".repeat(129)}^^^`,
      ]);
    });

    it("shows the primary place when not all fit, and marks the side on which the others are", () => {
      const text = `one${"a".repeat(297)}two${"b".repeat(297)}six`;
      // 40 columns stand before the primary place: the window is 260 to 420.
      expect(
        drawn(text, {
          span: at(300, 303),
          related: [
            { span: at(0, 3), text: "left" },
            { span: at(600, 603), text: "right" },
          ],
        }),
      ).toEqual([`1 | … ${text.slice(260, 420)} …`, "  | - left", `  |   ${" ".repeat(40)}^^^`, `  |   ${" ".repeat(161)}- right`]);
    });

    it("never cuts a character of two units in half", () => {
      const text = `${"\u{1F600}".repeat(100)}pod${"\u{1F600}".repeat(100)}`;
      for (let start = 150; start < 200; start++) expect(drawn(text, { span: at(start, 203) })[0]).not.toMatch(/\p{Surrogate}/u);
    });
  });

  it("hands each part to the style", () => {
    const source = sourceFile("t.knet", "pod");
    const diagnostic = languageCatalogue.create(
      "unknown-keyword",
      { name: "pod" },
      { span: { file: "t.knet", start: 0, end: 3 }, label: "this" },
    );
    const out = renderDiagnostic(diagnostic, () => source, {
      ...plainStyle,
      severity: (text) => `<${text}>`,
      primary: (text) => `(${text})`,
    });
    expect(out).toContain("<error[KN2004]>: `pod` is not");
    expect(out).toContain("  | (^^^ this)\n");
  });
});
