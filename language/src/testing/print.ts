/** A syntax tree as text that reads back as the same tree. Knows nothing of precedence: what needs parentheses has them in the tree. */
import type * as ast from "../ast/nodes.ts";
import { quote } from "../lexer/lexer.ts";

/** One member to a line. */
export function printProgram(members: readonly ast.MemberNode[]): string {
  return members.map((member) => `${printMember(member, "")}\n`).join("");
}

function printBody(body: ast.BodyNode | null, indent: string): string {
  if (body === null) return "";
  if (body.members.length === 0) return " {}";
  return ` {\n${body.members.map((member) => `${indent}  ${printMember(member, `${indent}  `)}\n`).join("")}${indent}}`;
}

function printMember(member: ast.MemberNode, indent: string): string {
  switch (member.kind) {
    case "block": {
      const name = member.name === null ? "" : ` ${print(member.name)}`;
      const clauses = member.clauses.map((clause) => ` ${clause.keyword.value} ${print(clause.value)}`).join("");
      return `${member.keyword.value}${name}${clauses}${printBody(member.body, indent)}`;
    }
    case "attribute":
      return `${nameText(member.name)} = ${print(member.value)}`;
    case "port-statement": {
      const name = member.name === null ? "" : ` ${nameText(member.name)} =`;
      const target = member.target === null ? "" : ` -> ${print(member.target)}`;
      return `port${name} ${print(member.port)}${target}${member.nodePort === null ? "" : ` node-port ${print(member.nodePort)}`}`;
    }
    case "applies":
      return `applies to ${appliesText(member)}`;
    case "selects":
      return `selects ${selectorText(member.selector)}`;
    case "isolates":
      return `isolates ${member.directions.map(nameText).join(", ")}`;
    case "allow":
    case "deny":
    case "pass": {
      const name = member.name === null ? "" : ` ${nameText(member.name)}`;
      const peers = member.preposition === null ? "" : ` ${member.preposition.value} ${member.peers.map(peerText).join(", ")}`;
      return `${member.kind}${name} ${member.direction?.value ?? ""}${peers}${portsText(member.ports)}`;
    }
    case "forward":
      return `forward ${member.zone === null ? "" : nameText(member.zone)} to ${print(member.servers)}`;
    case "spread":
      return `spread over ${print(member.nodes)}`;
    case "reach": {
      const except = exceptText(member.except);
      const reaches = `${member.never ? " never" : ""} reaches${member.someBackend ? " some backend of" : ""}`;
      return `${member.sources.map(peerText).join(", ")}${except}${reaches} ${member.targets.map(peerText).join(", ")}${portsText(member.ports ?? [])}${member.path.map((clause) => ` ${pathText(clause)}`).join("")}`;
    }
    case "resolve":
      return `${member.sources.map(peerText).join(", ")}${exceptText(member.except)} resolves ${member.name === null ? "" : nameText(member.name)} to ${member.targets.map(peerText).join(", ")}`;
    case "connectivity":
      return `connectivity of namespace ${member.namespace === null ? "" : nameText(member.namespace)} is exactly${printBody(member.body, indent)}`;
    case "failure":
      return `${member.when} any ${print(member.count)} ${member.what ?? ""} fails${printBody(member.body, indent)}`;
    default:
      return printDirective(member, indent);
  }
}

function printDirective(member: ast.DirectiveNode, indent: string): string {
  switch (member.kind) {
    case "for":
      return `for ${bindingsText(member.bindings)}${member.condition === null ? "" : ` if ${print(member.condition)}`}${printBody(member.body, indent)}`;
    case "if": {
      const head = `if ${print(member.condition)}${printBody(member.body, indent)}`;
      if (member.otherwise === null) return head;
      return `${head} else${member.otherwise.kind === "if" ? ` ${printMember(member.otherwise, indent)}` : printBody(member.otherwise, indent)}`;
    }
    case "const":
      return `const ${member.name?.value ?? ""} = ${print(member.value)}`;
    case "param": {
      const fallback = member.fallback === null ? "" : ` = ${print(member.fallback)}`;
      const type = member.type === null ? "" : ` ${typeText(member.type)}`;
      return `param ${member.name?.value ?? ""}${type}${fallback}${member.condition === null ? "" : ` where ${print(member.condition)}`}`;
    }
    case "template":
      return `template ${member.name?.value ?? ""}${printBody(member.body, indent)}`;
    case "use":
      return `use ${member.template?.text ?? ""}${printBody(member.arguments, indent)}`;
    case "import": {
      const alias = member.alias === null ? "" : ` as ${member.alias.value}`;
      const values = member.arguments === null ? "" : ` with${printBody(member.arguments, indent)}`;
      return `import ${quote(member.path?.text ?? "")}${alias}${values}`;
    }
  }
}

function typeText(type: ast.TypeNode): string {
  if (type.of !== null) return `${type.name.value} of ${typeText(type.of)}`;
  return type.values === null ? type.name.value : `${type.name.value} of ${print(type.values)}`;
}

function bindingsText(bindings: readonly ast.BindingNode[]): string {
  return bindings.map(({ names, values }) => `${names.map(nameText).join(", ")} in ${print(values)}`).join(", ");
}

function exceptText(except: readonly ast.PeerNode[]): string {
  return except.length === 0 ? "" : ` except ${except.map(peerText).join(", ")}`;
}

function pathText(clause: ast.PathClauseNode): string {
  const holder = clause.name === null ? print(clause.value) : `${clause.holder ?? ""} ${nameText(clause.name)}`;
  switch (clause.form) {
    case "encapsulated":
    case "unencapsulated":
      return clause.form;
    case "via":
      return `via ${holder}`;
    case "seen-as":
      return `seen as ${holder}`;
    case "mtu":
      return `with mtu ${holder}`;
    case "balanced":
      return `balanced within ${holder} percent`;
  }
}

function appliesText(member: ast.AppliesNode): string {
  switch (member.to) {
    case "nodes":
      return "nodes";
    case "node":
      return `node ${member.nodes.map(nameText).join(", ")}`;
    case "all-pods":
      return "all pods";
    case "subject":
      return member.subject === null ? "" : peerText(member.subject);
    default:
      return selectorText(member.selector);
  }
}

function portsText(ports: readonly ast.ValueNode[]): string {
  return ports.length === 0 ? "" : ` on ${ports.map(print).join(", ")}`;
}

function peerText(peer: ast.PeerNode): string {
  const scope = scopeText(peer);
  switch (peer.form) {
    case "all-pods":
      return `all pods${scope}`;
    case "pods":
      return `pods ${selectorText(peer.selector)}${scope}`;
    case "all-namespaces":
      return "all namespaces";
    case "namespaces":
      return `namespaces ${selectorText(peer.namespaces)}`;
    case "namespace":
    case "node":
    case "subnet":
      return `${peer.form} ${peer.name === null ? "" : nameText(peer.name)}`;
    case "service":
      return `service ${print(peer.value)}`;
    case "value":
      return `${print(peer.value)}${peer.except === null ? "" : ` except ${print(peer.except)}`}`;
    default:
      return peer.form;
  }
}

function scopeText(peer: ast.PeerNode): string {
  if (peer.form !== "pods" && peer.form !== "all-pods") return "";
  if (peer.everywhere) return " in all namespaces";
  if (peer.namespaces !== null) return ` in namespaces ${selectorText(peer.namespaces)}`;
  return peer.name === null ? "" : ` in ${nameText(peer.name)}`;
}

function selectorText(selector: ast.SelectorNode | null): string {
  return (selector?.requirements ?? [])
    .map(({ key, operator, value }) => {
      if (operator === "has" || operator === "not has") return `${operator} ${nameText(key)}`;
      return `${nameText(key)} ${operator} ${print(value)}`;
    })
    .join(" and ");
}

function nameText(name: ast.NameNode): string {
  if (name.parts !== null) return partsText(name.parts);
  return name.quoted ? quote(name.value) : name.value;
}

function partsText(parts: readonly ast.TextPart[]): string {
  return `"${parts.map((part) => (typeof part === "string" ? quote(part).slice(1, -1) : `\${${print(part)}}`)).join("")}"`;
}

/** The text of a value; of one that is missing, nothing. */
export function print(value: ast.ValueNode | null): string {
  if (value === null) return "";
  switch (value.kind) {
    case "scalar":
      return value.form === "string" ? quote(value.text) : value.text;
    case "range":
      return `${print(value.first)}..${print(value.last)}`;
    case "list":
      return `[${value.items.map(print).join(", ")}]`;
    case "map":
      return `{ ${value.body.members.map((member) => printMember(member, "")).join(", ")} }`;
    case "text":
      return partsText(value.parts);
    case "call":
      return `${value.function.value}(${value.arguments.map(print).join(", ")})`;
    case "binary":
      return `${print(value.left)} ${value.operator} ${print(value.right)}`;
    case "unary":
      return value.operator === "not" ? `not ${print(value.operand)}` : `-${print(value.operand)}`;
    case "index":
      return `${print(value.of)}[${print(value.index)}]`;
    case "field":
      return `${print(value.of)}.${value.name?.value ?? ""}`;
    case "conditional":
      return `if ${print(value.condition)} then ${print(value.then)} else ${print(value.otherwise)}`;
    case "comprehension":
      return `[${print(value.value)} for ${bindingsText(value.bindings)}${value.condition === null ? "" : ` if ${print(value.condition)}`}]`;
    case "group":
      return `(${print(value.value)})`;
  }
}

/** A tree without the places in the text: what two trees of the same meaning have in common. */
export function shapeOf(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(shapeOf);
  if (node === null || typeof node !== "object") return node;
  const placeFields = new Set(["start", "end", "source"]);
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => !placeFields.has(key))
      .map(([key, value]) => [key, shapeOf(value)]),
  );
}
