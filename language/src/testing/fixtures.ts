/** Fixtures of the language's tests: programs with markers, and random texts. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { childrenOf } from "../ast/visit.ts";
import type { AstNode, SyntaxTree } from "../ast/nodes.ts";
import { checkProgram } from "../program/check.ts";
import { positionAt, sourceFile } from "../text/source.ts";
import { tokenize } from "../lexer/lexer.ts";

export const journey = readFileSync(new URL("../../../examples/journey/journey.knet", import.meta.url), "utf8");

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
  const out = new Map<string, number>();
  const walk = (node: AstNode): void => {
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
      return `${node.keyword.value} ${node.name?.kind === "scalar" ? node.name.text : ""}`;
    case "attribute":
      return `attribute ${node.name.value}`;
    case "port-statement":
    case "applies":
    case "selects":
    case "isolates":
    case "allow":
    case "forward":
    case "spread":
    case "reach":
    case "failure":
      return node.kind;
    default:
      return null;
  }
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
]);

/** Words and signs of the language in any order. */
export const tokenSoup: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom(...vocabulary), fc.constantFrom(" ", "\n", "", "\t", "\r\n")), { maxLength: 120 })
  .map((parts) => parts.map(([word, gap]) => word + gap).join(""));

/** The journey example with a few pieces cut out, doubled or replaced. */
export const mutatedJourney: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      at: fc.nat(journey.length - 1),
      length: fc.nat(40),
      put: fc.oneof(fc.constant(""), fc.constantFrom(...vocabulary), fc.string({ maxLength: 8, unit: "binary" })),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((edits) => edits.reduce((text, edit) => text.slice(0, edit.at) + edit.put + text.slice(edit.at + edit.length), journey));

export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 300, unit: "binary" }),
  fc.string({ maxLength: 300, unit: "grapheme" }),
  tokenSoup,
  mutatedJourney,
);
