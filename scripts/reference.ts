/** Reference pages: one per kind of block, and the tables behind them as JSON. */
import { blockExamples, blocks, describeType } from "../language/src/index.ts";
import type { AttributeRow, BlockRow, StatementKind } from "../language/src/index.ts";
import { modelSchema } from "../compiler/src/cli/model-schema.ts";

interface Page {
  readonly path: string;
  readonly text: string;
}

const folder = "docs/reference";

const statements: Readonly<Record<StatementKind, string>> = {
  "port-statement": "`port [NAME =] NUMBER/PROTOCOL`: a port. Of a service also `-> TARGET`, a number or a port name of its pods, and `node-port NUMBER`.",
  applies:
    "`applies to …`: what it is about, nodes for a firewall, pods for a policy, and `all namespaces`, `namespaces SELECTOR`, `namespace NAME` or `pods SELECTOR in …` for a policy of the cluster.",
  selects: '`selects KEY == "VALUE" and …`: the pods behind it.',
  isolates: "`isolates ingress, egress`: the directions in which nothing passes that no rule allows.",
  allow: "`allow ingress from … on …`, `allow egress to … on …`: a rule.",
  deny: '`deny ingress from … on …`: what it matches is dropped. A rule may have a name: `deny "NAME" ingress …`.',
  pass: "`pass ingress from … on …`: what it matches is left to the next tier.",
  forward: '`forward "ZONE" to [ADDRESS, …]`: a zone that other servers answer.',
  spread: "`spread over [NODE, …]`: the nodes its pods may run on; all without it.",
  reach:
    "`… reaches … on …`: who reaches whom, on which ports; behind it what the way has to be: `encapsulated`, `unencapsulated`, `via router NAME`, `seen as node NAME`, `seen as router NAME`, `seen as ADDRESS`, `with mtu BYTES`, `balanced within N percent`.",
  resolve: '`… resolves "NAME" to service NAMESPACE/NAME`, `to ADDRESS, …`, `to nothing`: what a name is for whom.',
  connectivity: "`connectivity of namespace NAME is exactly { … }`: who talks to its pods and whom they talk to, and nobody else.",
  failure: "`after any N node fails { … }`, `while any N pod fails { … }`: statements that hold in spite of failures, of nodes, pods or links.",
};

const names = {
  label: "letters, digits and hyphens, 63 at most",
  "service-label": "letters, digits and hyphens, 63 at most, with a letter in front",
  subdomain: "letters, digits, hyphens and dots, 253 at most",
  title: "any text in quotes",
  none: "none",
} as const;

function header(row: BlockRow): string {
  const name =
    row.name.kinds === null ? (row.name.rule === "none" ? "" : row.name.rule === "title" ? ' "TITLE"' : " NAME") : ` ${row.name.kinds.join(" | ")}`;
  const clauses = row.clauses.map((clause) => {
    const text = `${clause.keyword} ${clause.to.toUpperCase()}`;
    return clause.required ? ` ${text}` : ` [${text}]`;
  });
  const hasBody = row.attributes.length + row.statements.length > 0 || blocks.some((child) => child.parents.includes(row.keyword));
  return `\`${row.keyword}${name}${clauses.join("")}${hasBody ? " { … }" : ""}\``;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** A table that is aligned as Prettier aligns it. */
function table(columns: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [columns, ...rows];
  const widths = columns.map((_, i) => Math.max(3, ...all.map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]): string => `| ${widths.map((width, i) => (row[i] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(columns), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)];
}

function defaultOf(row: AttributeRow): string {
  if (row.required) return "required";
  if (row.default === null) return "–";
  return /, or |^all |^allocated/.test(row.default) ? row.default : `\`${row.default}\``;
}

/** Bounds are part of what a type is, and no part of what a message says of it. */
function typeText({ type }: AttributeRow): string {
  if (type.kind === "integer") return `${describeType(type)} from ${type.first} to ${type.last}`;
  return type.kind === "duration" ? `a duration from ${type.first} s to ${type.last} s` : describeType(type);
}

function attributeTables(rows: readonly AttributeRow[]): readonly string[] {
  const usable = rows.filter((row) => !row.future);
  if (usable.length === 0) return [];
  const types = usable.map((row) => [`\`${row.name}\``, cell(typeText(row)), cell(defaultOf(row)), row.field === null ? "" : `\`${cell(row.field)}\``]);
  return ["## Attributes", "", ...table(["Attribute", "Value", "Default", "Field"], types), "", ...usable.map((row) => `- \`${row.name}\`: ${row.doc}`), ""];
}

function page(row: BlockRow): Page {
  const children = blocks.filter((child) => child.parents.includes(row.keyword));
  const parents = row.parents.map((parent) => (parent === "file" ? "at the top of a file" : `in [${parent}](${parent}.md)`));
  const example = blockExamples.get(row.keyword) ?? "";
  const future = row.attributes.filter((attribute) => attribute.future).map((attribute) => `\`${attribute.name}\``);
  const lines = [
    `# ${row.keyword}`,
    "",
    row.doc,
    "",
    `${header(row)} stands ${parents.join(" or ")}.${row.name.kinds === null && row.name.rule !== "none" ? ` Its name: ${names[row.name.rule]}.` : ""}`,
    ...(row.field === null ? [] : ["", `It is what Kubernetes and Calico call \`${row.field}\`.`]),
    "",
    "```knet",
    example.trimEnd(),
    "```",
    "",
    ...attributeTables(row.attributes),
    ...(row.statements.length === 0 ? [] : ["## Statements", "", ...row.statements.map((kind) => `- ${statements[kind]}`), ""]),
    ...(children.length === 0 ? [] : ["## Blocks", "", ...children.map((child) => `- [${child.keyword}](${child.keyword}.md): ${child.doc}`), ""]),
    ...(future.length === 0 ? [] : [`Reserved and not supported yet: ${future.join(", ")}.`, ""]),
  ];
  return { path: `${folder}/${row.keyword}.md`, text: `${lines.join("\n").trimEnd()}\n` };
}

function index(): Page {
  const tree = (parent: string, depth: number): readonly string[] =>
    blocks.flatMap((row) =>
      row.parents[0] === parent ? [`${"  ".repeat(depth)}- [${row.keyword}](${row.keyword}.md): ${row.doc}`, ...tree(row.keyword, depth + 1)] : [],
    );
  const text = [
    "# Reference",
    "",
    "Every kind of block with its attributes, types and defaults. [The language](../language.md) explains how they go together.",
    "",
    ...tree("file", 0),
    "",
    "The same as data: [schema.json](schema.json) holds the table of blocks, [model.schema.json](model.schema.json) is the JSON Schema of",
    "[the model](../model-json.md).",
    "",
  ];
  return { path: `${folder}/README.md`, text: text.join("\n") };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export function referencePages(): readonly Page[] {
  return [
    index(),
    ...blocks.map(page),
    { path: `${folder}/schema.json`, text: json({ version: 1, blocks }) },
    { path: `${folder}/model.schema.json`, text: json(modelSchema) },
  ];
}
