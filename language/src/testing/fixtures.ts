/** Fixtures of the language's tests: programs with markers, and random texts. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { childrenOf } from "../ast/visit.ts";
import type { AstNode, SyntaxTree, ValueNode } from "../ast/nodes.ts";
import { checkProgram } from "../program/check.ts";
import { positionAt, sourceFile } from "../text/source.ts";
import { tokenize } from "../lexer/lexer.ts";
import { anyProgram } from "./programs.ts";

export const journey = readFileSync(new URL("../../../examples/journey/journey.knet", import.meta.url), "utf8");

/** A program with every form of the language; it refers to files and names that do not exist. */
export const everyForm = readFileSync(new URL("./every-form.knet", import.meta.url), "utf8");

const clusterText = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
  }
}
`;
const networkText = `network dc {
  subnet blue { cidr = 192.168.1.0/24 }
  subnet green { cidr = 192.168.2.0/24 }
  router core { joins = [blue, green], nat = internet }
}
`;
const nodesText = `node node-a in blue
node node-b in green
`;

/** The snippet in the smallest cluster that can hold it; what it declares itself is left out of the rest. */
export function inCluster(snippet: string): string {
  const rest = [
    /^cluster /m.test(snippet) ? "" : clusterText,
    /^network /m.test(snippet) ? "" : networkText,
    /^node /m.test(snippet) || /^network /m.test(snippet) ? "" : nodesText,
  ];
  return `${snippet}\n${rest.join("")}`;
}

/**
 * The source with a marker line under each line that has findings: `^^^ KN3001: message`. The markers a fixture holds are taken out
 * before it is checked, so a fixture that states exactly what is found comes back unchanged.
 */
export function annotated(marked: string): string {
  const text = marked
    .split("\n")
    .filter((line) => !/^\s*\^+ KN\d{4}: /.test(line))
    .join("\n");
  const program = inCluster(text);
  const source = sourceFile("fixture.knet", program);
  const found = new Map<number, string[]>();
  for (const diagnostic of checkProgram("fixture.knet", program).diagnostics) {
    const from = positionAt(source, diagnostic.span.start);
    const to = positionAt(source, diagnostic.span.end);
    const width = Math.max(1, to.line > from.line ? 1 : to.column - from.column);
    const marker = `${" ".repeat(from.column)}${"^".repeat(width)} ${diagnostic.code}: ${diagnostic.message}`;
    found.set(from.line, [...(found.get(from.line) ?? []), marker]);
  }
  return text
    .split("\n")
    .flatMap((line, i) => [line, ...(found.get(i) ?? [])])
    .join("\n");
}

/** Messages of a whole program, as `KNnnnn message`. */
export function messages(text: string): readonly string[] {
  return checkProgram("test.knet", text).diagnostics.map((diagnostic) => `${diagnostic.code} ${diagnostic.message}`);
}

/** Messages of a snippet inside the smallest cluster. */
export function messagesOf(snippet: string): readonly string[] {
  return messages(inCluster(snippet));
}

/** What a reader would call the declarations, attributes and statements of a tree, each as often as it occurs. */
export function declarationsOf(tree: SyntaxTree): ReadonlyMap<string, number> {
  return labelled(tree, () => true);
}

/** The same without what stands in the maps of values. */
export function membersOf(tree: SyntaxTree): ReadonlyMap<string, number> {
  return labelled(tree, (node) => node.kind === "file" || node.kind === "body" || labelOf(node) !== null);
}

function labelled(tree: SyntaxTree, enters: (node: AstNode) => boolean): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  const walk = (node: AstNode): void => {
    if (!enters(node)) return;
    const name = labelOf(node);
    if (name !== null) out.set(name, (out.get(name) ?? 0) + 1);
    for (const child of childrenOf(node)) walk(child);
  };
  walk(tree.root);
  return out;
}

function labelOf(node: AstNode): string | null {
  switch (node.kind) {
    case "block":
      return `${node.keyword.value} ${node.name === null ? "" : spelt(node.name)}`;
    case "attribute":
      return `attribute ${node.name.value}`;
    case "port-statement":
    case "applies":
    case "selects":
    case "isolates":
    case "allow":
    case "deny":
    case "pass":
    case "forward":
    case "spread":
    case "reach":
    case "resolve":
    case "connectivity":
    case "failure":
    case "for":
    case "if":
      return node.kind;
    case "const":
    case "param":
    case "template":
      return `${node.kind} ${node.name?.value ?? ""}`;
    case "use":
      return `use ${node.template?.text ?? ""}`;
    case "import":
      return `import ${node.path?.text ?? ""}`;
    default:
      return null;
  }
}

/** A name as it is written, less what stands in `${…}`. */
function spelt(name: ValueNode): string {
  if (name.kind === "scalar") return name.text;
  return name.kind === "text" ? name.parts.map((part) => (typeof part === "string" ? part : "${}")).join("") : name.kind;
}

/** How many of the declarations of `before` are not in `after`. */
export function lost(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let missing = 0;
  for (const [name, times] of before) missing += Math.max(0, times - (after.get(name) ?? 0));
  return missing;
}

const vocabulary = [...new Set(tokenize("journey.knet", journey).tokens.map((token) => token.text))].concat([
  "-",
  "..",
  "!=",
  "/",
  "é",
  "'",
  '"',
  "#",
  "/*",
  "//",
  "30000..32767/tcp",
  "10.0.0.256",
  "1.2.3",
  "10.0.0.0/33",
  "fd00::1",
  "fd00::/64",
  ":",
  "*",
  "80",
  "for x in",
  "if",
  "else",
  "then",
  "const a =",
  "param p integer",
  "template t",
  "use t",
  'import "a.knet"',
  "where",
  "(",
  ")",
  "+",
  "<",
  ">=",
  "or",
  "f(",
  ".a",
  "?",
  "!",
  "&&",
  "30s",
  "64KiB",
  '"a${',
  '"a${b}"',
  "${",
  "$a",
]);

/** Words and signs of the language in any order. */
export const tokenSoup: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom(...vocabulary), fc.constantFrom(" ", "\n", "", "\t", "\r\n")), { maxLength: 120 })
  .map((parts) => parts.map(([word, gap]) => word + gap).join(""));

/** A text with a few pieces cut out, doubled or replaced. */
export function edited(text: string): fc.Arbitrary<string> {
  return fc
    .array(
      fc.record({
        at: fc.nat(Math.max(0, text.length - 1)),
        length: fc.nat(40),
        put: fc.oneof(fc.constant(""), fc.constantFrom(...vocabulary), fc.string({ maxLength: 8, unit: "binary" })),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((edits) => edits.reduce((now, edit) => now.slice(0, edit.at) + edit.put + now.slice(edit.at + edit.length), text));
}

const textSoup = fc.oneof(fc.string({ maxLength: 300, unit: "binary" }), fc.string({ maxLength: 300, unit: "grapheme" }));

export const anyText: fc.Arbitrary<string> = fc.oneof(textSoup, { weight: 2, arbitrary: tokenSoup }, edited(journey), edited(everyForm), {
  weight: 2,
  arbitrary: anyProgram.chain(edited),
});
