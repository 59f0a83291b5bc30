import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AstNode } from "../ast/nodes.ts";
import { childrenOf, docComment, pathAt, tokenRange } from "../ast/visit.ts";
import { tokenize } from "../lexer/lexer.ts";
import { hasErrors } from "../diagnostics/diagnostic.ts";
import { anyText, declarationsOf, journey, lost } from "../testing/fixtures.ts";
import { parse, syntaxErrorLimit } from "./parse.ts";

const said = (text: string): string[] => parse("t.knet", text).diagnostics.map((diagnostic) => `${diagnostic.code} ${diagnostic.message}`);
const tokens = tokenize("journey.knet", journey).tokens;
const before = declarationsOf(parse("journey.knet", journey).tree);
const total = [...before.values()].reduce((sum, times) => sum + times, 0);
const seed = 20261122;

describe("parse", () => {
  it("reads the journey example without a word", () => {
    expect(said(journey)).toEqual([]);
  });

  it("ends on any text, never throws, and says something about what is not knet", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { diagnostics, damaged } = parse("t.knet", text);
        expect(diagnostics.length).toBeLessThanOrEqual(syntaxErrorLimit + 1);
        if (damaged) expect(hasErrors(diagnostics)).toBe(true);
        for (const { span } of diagnostics) {
          expect(span.start).toBeLessThanOrEqual(span.end);
          expect(span.end).toBeLessThanOrEqual(text.length);
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  it("nests: children lie inside their parents, in order, and do not overlap", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        checkNesting(parse("t.knet", text).tree.root);
      }),
      { seed, numRuns: 500 },
    );
  });

  it("keeps the other declarations when one token is deleted", () => {
    let kept = 0;
    for (const token of tokens) {
      const damaged = journey.slice(0, token.start) + journey.slice(token.end);
      const missing = lost(before, declarationsOf(parse("t.knet", damaged).tree));
      expect(missing).toBeLessThanOrEqual(4);
      kept += total - missing;
    }
    expect(kept / (tokens.length * total)).toBeGreaterThan(0.98);
  });

  it("keeps at least 95 % of the declarations when a stray token is inserted", () => {
    const strays = ["}", "{", "[", "]", ",", "=", "foo", "->", "80/tcp", "10.0.0.0/8", '"x"', "on", "reaches", "@", "=="];
    let kept = 0;
    for (const token of tokens) {
      for (const stray of strays) {
        const damaged = `${journey.slice(0, token.start)}${stray} ${journey.slice(token.start)}`;
        kept += total - lost(before, declarationsOf(parse("t.knet", damaged).tree));
      }
    }
    expect(kept / (tokens.length * strays.length * total)).toBeGreaterThan(0.98);
  });

  it("keeps every earlier declaration while somebody types at the end of the file", () => {
    const half = [
      "pod",
      "pod web",
      "pod web {",
      "pod web { labels",
      "pod web { labels =",
      "pod web { labels = {",
      'pod web { labels = { app = "',
      "pod web { port http = 80",
    ];
    for (const tail of half) {
      const after = declarationsOf(parse("t.knet", `${journey}\nnamespace more {\n  ${tail}`).tree);
      expect(lost(before, after)).toBe(0);
      expect(after.get("namespace more")).toBe(1);
    }
    for (let end = 0; end <= journey.length; end++) {
      const whole = journey.lastIndexOf("\n}\n", end - 3);
      if (whole < 0) continue;
      const earlier = declarationsOf(parse("t.knet", journey.slice(0, whole + 3)).tree);
      expect(lost(earlier, declarationsOf(parse("t.knet", journey.slice(0, end)).tree))).toBe(0);
    }
  });

  it("survives ten thousand nested brackets of any kind", () => {
    for (const [open, close] of [
      ["{", ""],
      ["[", ""],
      ["a {", "}"],
      ["[", "]"],
      ["x = { a = ", "}"],
    ] as const) {
      const { diagnostics } = parse("t.knet", open.repeat(10_000) + close.repeat(10_000));
      expect(diagnostics.length).toBeLessThanOrEqual(syntaxErrorLimit + 1);
      expect(diagnostics.some((diagnostic) => diagnostic.name === "nesting-too-deep")).toBe(true);
    }
  });

  it("says once that ten thousand braces behind a header are too deep", () => {
    expect(said(`cluster a ${"{".repeat(10_000)}`)).toEqual(["KN1010 blocks and lists may be nested 128 deep, not deeper"]);
    expect(said(`x = ${"[".repeat(10_000)}`)).toEqual(["KN1010 blocks and lists may be nested 128 deep, not deeper"]);
  });

  it("counts what it does not show", () => {
    const { diagnostics } = parse("t.knet", "}\n".repeat(250));
    expect(diagnostics).toHaveLength(101);
    expect(diagnostics.at(-1)?.message).toBe("100 syntax errors are shown, 150 more are not");
  });

  it("takes every keyword for a name where a name stands", () => {
    expect(
      said(`namespace in {
  labels = { from = "a", to = "b", on = "c", and = "d", port = "e", all = "f" }
  pod client { port = 1, port port = 80/tcp, labels = { app = "x" } }
  pod pods on node { ready = true }
  service dns { selects in == "x" and not in ["y"] and has has and not has not, port tcp = 53/tcp }
  policy all {
    applies to nodes == "x"
    allow ingress from pods pods == "x" in namespaces in == "y" on 80/tcp
  }
}`).filter((message) => !message.includes("not in")),
    ).toEqual([]);
  });

  it("reads statements over several lines where the next line goes on with them", () => {
    const { tree, diagnostics } = parse(
      "t.knet",
      'namespace a {\n  policy p {\n    applies to app == "x"\n    allow ingress\n      from pods app == "y",\n        all pods\n      on 80/tcp,\n        443/tcp\n  }\n}',
    );
    expect(diagnostics).toEqual([]);
    const policy = pathAt(tree.root, tree.text.indexOf("443")).find((node) => node.kind === "allow");
    expect(policy?.kind === "allow" ? [policy.peers.length, policy.ports.length] : null).toEqual([2, 2]);
  });

  it("ends a list of parties or ports where the next member begins", () => {
    const { tree, diagnostics } = parse(
      "t.knet",
      "firewall f { applies to node a, b, allow ingress from nodes on 80/tcp, tcp, allow ingress from internet }",
    );
    expect(diagnostics).toEqual([]);
    expect(childrenOf(tree.root)[0]?.kind === "block" ? declarationsOf(tree).get("allow") : 0).toBe(2);
  });

  it("reads what is asked of the way, over several lines and in front of the next statement", () => {
    const { tree, diagnostics } = parse(
      "t.knet",
      'assert "x" {\n  a/b reaches c/d on 80/tcp\n    encapsulated\n    via router core\n    seen as 10.0.0.1\n  a/b reaches c/d with mtu 1400, a/b resolves "c" to service a/c, connectivity of namespace a is exactly { a/b reaches c/d balanced within 10 percent }\n}',
    );
    expect(diagnostics).toEqual([]);
    const [first, second] = [tree.text.indexOf("core"), tree.text.indexOf("1400")].map((at) => pathAt(tree.root, at).find((node) => node.kind === "reach"));
    const forms = [first, second].map((node) => (node?.kind === "reach" ? node.path.map(({ form }) => form) : []));
    expect(forms).toEqual([["encapsulated", "via", "seen-as"], ["mtu"]]);
    const declared = declarationsOf(tree);
    expect([declared.get("reach"), declared.get("resolve"), declared.get("connectivity")]).toEqual([3, 1, 1]);
  });

  it("reads rules with names, and the words of rules as names of anything else", () => {
    const text = 'admin-policy p { priority = 1, applies to pods has app in all namespaces, deny "x ${i}" ingress from namespaces a == "b", pass egress to internet }';
    const { tree, diagnostics } = parse("t.knet", `${text}\nnamespace deny { pod pass { labels = { via = "x", seen = "y", deny = "z" } } }`);
    expect(diagnostics).toEqual([]);
    const declared = declarationsOf(tree);
    expect([declared.get("deny"), declared.get("pass"), declared.get("block"), declared.get("attribute via")]).toEqual([1, 1, undefined, 1]);
  });

  it("ends targets where the next statement of an assertion begins", () => {
    const { tree, diagnostics } = parse("t.knet", 'assert "x" { a/b reaches c/d, e/f, g/h reaches i/j on 80/tcp, k/l never reaches m/n }');
    expect(diagnostics).toEqual([]);
    expect(declarationsOf(tree).get("reach")).toBe(3);
  });

  it("gives documentation to what it stands above", () => {
    const { tree } = parse("t.knet", "/// The shop.\n/// All of it.\nnamespace shop {}\n\n/// lost\n\nnamespace other {}");
    const [shop, other] = tree.root.members;
    expect(shop === undefined ? null : docComment(tree, shop)).toBe("The shop.\nAll of it.");
    expect(other === undefined ? "" : docComment(tree, other)).toBeNull();
  });

  it("finds the tokens of a node", () => {
    const { tree } = parse("t.knet", "namespace shop { pod web }");
    const [shop] = tree.root.members;
    const pod = pathAt(tree.root, tree.text.indexOf("web")).findLast((node) => node.kind === "block");
    expect(shop === undefined ? null : tokenRange(tree, shop)).toEqual({ first: 0, end: 6 });
    expect(pod === undefined ? null : tokenRange(tree, pod)).toEqual({ first: 3, end: 5 });
  });
});

function checkNesting(node: AstNode): void {
  let edge = node.start;
  for (const child of childrenOf(node)) {
    expect(child.start).toBeGreaterThanOrEqual(edge);
    expect(child.end).toBeGreaterThanOrEqual(child.start);
    expect(child.end).toBeLessThanOrEqual(node.end);
    edge = child.end;
    checkNesting(child);
  }
}
