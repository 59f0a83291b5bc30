import { describe, expect, it } from "vitest";
import type * as ast from "../ast/nodes.ts";
import { visit } from "../ast/visit.ts";
import { printProgram } from "../testing/print.ts";
import { parse } from "./parse.ts";

describe("a value", () => {
  it.each([
    ["a or b and c", "(a or (b and c))"],
    ["not a and b", "((not a) and b)"],
    ["not a == b", "(not (a == b))"],
    ["not not a", "(not (not a))"],
    ["a == not b or c", "((a == (not b)) or c)"],
    ["a + b * c - d", "((a + (b * c)) - d)"],
    ["1..n + 1", "(1..(n + 1))"],
    ["i in 1..3", "(i in (1..3))"],
    ["a not in b and c", "((a not in b) and c)"],
    ["a - -1", "(a - (-1))"],
    ["-a * b", "((-a) * b)"],
    ["- - a", "(-(-a))"],
    ["xs[0].name.first", "xs[0].name.first"],
    ["-f(x)[1]", "(-f(x)[1])"],
    ["(a + b)[0]", "((a + b))[0]"],
    ["if a or b then c + 1 else if d then e else f", "(if (a or b) then (c + 1) else (if d then e else f))"],
    ["[if a then b else c for x in xs if x != a]", "[(if a then b else c) for x in xs if (x != a)]"],
    ["[x for k, v in m, i in v]", "[x for k, v in m, i in v]"],
    ['"a-${i + 1}-${j}" + "b"', '("a-${(i + 1)}-${j}" + "b")'],
    ["1h30m + 500ms", "(1h30m + 500ms)"],
    ["10.0.0.1..10.0.0.9", "(10.0.0.1..10.0.0.9)"],
    ["fd00::1..fd00::9", "(fd00::1..fd00::9)"],
    ["8000..8090/tcp", "(8000..8090/tcp)"],
    ["a..b == c", "((a..b) == c)"],
    ["{ a = 1 } + { for k in ks { b = k } }", "({ a = 1 } + { for k in ks { b = k } })"],
    ["racks.cidr", "racks.cidr"],
    ["f(a, [b], { c = d }, )", "f(a, [b], { c = d })"],
  ])("%s is read as %s", (text, shape) => {
    const { tree, diagnostics } = parse("t.knet", `x = ${text}`);
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    expect(bracketed(only(tree.root).value)).toBe(shape);
  });

  it.each(["for", "if", "in", "not", "and", "or", "then", "else", "use", "const", "import", "param", "template", "where", "with", "as"])(
    "%s may be a name, an attribute, a word and an item",
    (word) => {
      const text = `${word} = ${word}\nx = [${word}, a]\nm = { ${word} = 1 }\nnode ${word} in ${word}\n`;
      const { tree, diagnostics } = parse("t.knet", text);
      expect(diagnostics.map(({ message }) => message)).toEqual([]);
      expect(printProgram(tree.root.members).replaceAll(/\s+/g, " ")).toBe(text.replaceAll(/\s+/g, " "));
    },
  );

  it("goes on in the next line behind an operator in front, in brackets, and with `then`, `else`, `for` and `if`", () => {
    const text = `x = a
  + b
  * c
y = if a
  then b
  else c
z = [
  f(
    a,
    b
    + c
  )
  for a in (b +
    c)
  if a
    and b
]
const last = 1`;
    const { tree, diagnostics } = parse("t.knet", text);
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    expect(tree.root.members.map((member) => (member.kind === "attribute" ? bracketed(member.value) : member.kind))).toEqual([
      "(a + (b * c))",
      "(if a then b else c)",
      "[f(a, (b + c)) for a in ((b + c)) if (a and b)]",
      "const",
    ]);
  });

  it("stands in its own place, also in a string", () => {
    const text = 'node "w-${zone}-${ i + 1 }" in zone { address = host(base, i)[0].a.b }';
    const { tree } = parse("t.knet", text);
    const seen: string[] = [];
    visit(tree.root, (node) => {
      if (node.kind === "scalar" || node.kind === "binary" || node.kind === "field" || node.kind === "text")
        seen.push(text.slice(node.start, node.end));
    });
    expect(seen).toEqual([
      '"w-${zone}-${ i + 1 }"',
      "zone",
      "i + 1",
      "i",
      "1",
      "zone",
      "host(base, i)[0].a.b",
      "host(base, i)[0].a",
      "base",
      "i",
      "0",
    ]);
  });

  it("is an operand in a sentence: words that go on with it are not operators", () => {
    const { tree, diagnostics } = parse(
      "t.knet",
      `policy p {
  applies to app == f(x) and tier in (tiers)
  allow ingress from pods app == x in namespace a, subnet b on (8000 + i), first..last
  allow egress to 10.0.0.0/8 except nets[0] on tcp
}
assert "x" { after any (n - 1) nodes fail { "a/\${b}" reaches addresses[1] on ports[2] } }`,
    );
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    expect(printProgram(tree.root.members)).toContain("on (8000 + i), first..last");
  });

  it("loses nothing that was read in front of a mistake", () => {
    const { tree } = parse("t.knet", "x = { a = 1, b = 2 } + \ny = f({ c = 3 }, )\nz = (a + ) * 2\n");
    expect(tree.root.members.map((member) => (member.kind === "attribute" ? bracketed(member.value) : null))).toEqual([
      "({ a = 1, b = 2 } + ?)",
      "f({ c = 3 })",
      "(((a + ?)) * 2)",
    ]);
  });
});

function only(root: ast.FileNode): ast.AttributeNode {
  const [member] = root.members;
  if (member?.kind !== "attribute") throw new Error("no attribute");
  return member;
}

/** The value with parentheses around everything that has operators. */
function bracketed(value: ast.ValueNode | null): string {
  if (value === null) return "?";
  const bindings = (all: readonly ast.BindingNode[]): string =>
    all.map(({ names, values }) => `${names.map((name) => name.value).join(", ")} in ${bracketed(values)}`).join(", ");
  switch (value.kind) {
    case "binary":
      return `(${bracketed(value.left)} ${value.operator} ${bracketed(value.right)})`;
    case "range":
      return `(${bracketed(value.first)}..${bracketed(value.last)})`;
    case "unary":
      return `(${value.operator}${value.operator === "not" ? " " : ""}${bracketed(value.operand)})`;
    case "conditional":
      return `(if ${bracketed(value.condition)} then ${bracketed(value.then)} else ${bracketed(value.otherwise)})`;
    case "group":
      return `(${bracketed(value.value)})`;
    case "index":
      return `${bracketed(value.of)}[${bracketed(value.index)}]`;
    case "field":
      return `${bracketed(value.of)}.${value.name?.value ?? "?"}`;
    case "call":
      return `${value.function.value}(${value.arguments.map(bracketed).join(", ")})`;
    case "list":
      return `[${value.items.map(bracketed).join(", ")}]`;
    case "comprehension":
      return `[${bracketed(value.value)} for ${bindings(value.bindings)}${value.condition === null ? "" : ` if ${bracketed(value.condition)}`}]`;
    case "text":
      return `"${value.parts.map((part) => (typeof part === "string" ? part : `\${${bracketed(part)}}`)).join("")}"`;
    case "scalar":
      return value.form === "string" ? `"${value.text}"` : value.text;
    case "map":
      return `{ ${printProgram(value.body.members).trim().replaceAll("\n", ", ").replaceAll("{,", "{").replaceAll(", }", " }").replaceAll(/ +/g, " ")} }`;
  }
}
