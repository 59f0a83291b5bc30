/**
 * What can be said of directives and expressions without computing them, once for each place however often it is expanded: names declared
 * twice or never used, unknown templates, functions and types, directives out of place, templates that use themselves.
 */
import type {
  AstNode,
  BindingNode,
  BodyNode,
  CallNode,
  ImportNode,
  MemberNode,
  NameNode,
  NodeBase,
  ParamNode,
  ScalarNode,
  TemplateNode,
  TypeNode,
  UseNode,
  ValueNode,
} from "../ast/nodes.ts";
import { spanOf } from "../ast/place.ts";
import { childFields, childrenOf } from "../ast/visit.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import { nearest } from "../diagnostics/suggest.ts";
import type { Span } from "../text/span.ts";
import { argumentFault } from "./calls.ts";
import { functionNames, functionRow, signatureOf } from "./functions.ts";
import { typeNames } from "./parameter-types.ts";
import { isValue, refers } from "./rewrite-members.ts";
import { findTemplate } from "./scope.ts";
import type { Module, Template } from "./scope.ts";
import type { Session } from "./session.ts";

type What = "constant" | "parameter" | "variable" | "import" | "template";

interface Declared {
  readonly what: What;
  readonly name: string;
  readonly span: Span;
  used: boolean;
  /** Whether it may be used from elsewhere, so that nothing is said when it is not used here. */
  readonly exported: boolean;
}

class Names {
  readonly parent: Names | null;
  readonly declared = new Map<string, Declared>();

  constructor(parent: Names | null) {
    this.parent = parent;
  }
}

/** What an import brings and whether anything of it is used. */
interface ImportUse {
  readonly node: ImportNode;
  readonly target: Module | null;
  used: boolean;
}

const spanOfNode = (node: NodeBase): Span => spanOf(node, node.start, node.end);

export interface ResolveOptions {
  /** Whether other files may use what this one declares. */
  readonly imported: boolean;
  readonly importOf: (node: ImportNode) => Module | null;
  /** Whether a file declares anything itself or by its imports. */
  readonly declares: (module: Module) => boolean;
}

/** Reports on one file. Gives the templates that it uses. */
export function resolveModule(session: Session, module: Module, options: ResolveOptions): ReadonlySet<Template> {
  const walker = new Walker(session, module, options);
  walker.file();
  return walker.usedTemplates;
}

class Walker {
  readonly usedTemplates = new Set<Template>();
  readonly #session: Session;
  readonly #module: Module;
  readonly #options: ResolveOptions;
  readonly #imports: ImportUse[] = [];

  constructor(session: Session, module: Module, options: ResolveOptions) {
    this.#session = session;
    this.#module = module;
    this.#options = options;
  }

  file(): void {
    const { root } = this.#module;
    const names = new Names(null);
    const templates = new Names(null);
    for (const member of root.members) {
      if (member.kind === "template" && member.name !== null) this.#declare(templates, "template", member.name, true);
      else if (member.kind === "import") {
        const use: ImportUse = { node: member, target: this.#options.importOf(member), used: false };
        this.#imports.push(use);
        if (member.alias !== null) this.#declare(names, "import", member.alias, true);
      }
    }
    this.#body(root.members, names, "file");
    for (const use of this.#imports) {
      const { node, target } = use;
      const alias = node.alias === null ? undefined : names.declared.get(node.alias.value);
      if (
        use.used ||
        alias?.used === true ||
        target === null ||
        node.path === null ||
        alias?.name.startsWith("_") === true ||
        this.#options.declares(target)
      )
        continue;
      this.#session.warn("unused-name", { what: "import", name: node.path.text }, { span: spanOfNode(node.path) });
    }
  }

  #declare(names: Names, what: What, node: NameNode, exported: boolean): void {
    if (node.value === "") return;
    const span = spanOfNode(node);
    const first = names.declared.get(node.value);
    if (first === undefined) names.declared.set(node.value, { what, name: node.value, span, used: false, exported });
    else this.#session.report("duplicate-name", { what, name: node.value }, { span, related: [{ span: first.span, text: "first here" }] });
  }

  #leave(names: Names): void {
    for (const { what, name, span, used, exported } of names.declared.values()) {
      if (!used && !exported && !name.startsWith("_")) this.#session.warn("unused-name", { what, name }, { span });
    }
  }

  #look(name: string, from: Names): void {
    for (let names: Names | null = from; names !== null; names = names.parent) {
      const found = names.declared.get(name);
      if (found === undefined) continue;
      found.used = true;
      return;
    }
    for (const use of this.#imports) if (use.node.alias === null && use.target?.scope.names.has(name) === true) use.used = true;
  }

  /** Members with a scope of their own. */
  #body(members: readonly MemberNode[], names: Names, place: "file" | "template" | "inner"): void {
    for (const member of members) {
      if (member.kind === "const" && member.name !== null) {
        this.#declare(names, "constant", member.name, place === "file" && this.#options.imported);
      } else if (member.kind === "param" && member.name !== null && place !== "inner")
        this.#declare(names, "parameter", member.name, false);
    }
    for (const member of members) this.#member(member, names, place);
    this.#leave(names);
  }

  #misplaced(what: string, node: NodeBase, place: "template" | "inner", homes: string): void {
    const where = place === "template" ? "in a template" : "in a block or a loop";
    this.#session.report("misplaced-declaration", { what: `\`${what}\``, where }, { span: spanOfNode(node), help: `it stands ${homes}` });
  }

  #member(member: MemberNode, names: Names, place: "file" | "template" | "inner"): void {
    switch (member.kind) {
      case "for":
        this.#loop(member.bindings, member.condition, names, (inner) => this.#inner(member.body, inner));
        break;
      case "if":
        this.#branches(member, names);
        break;
      case "const":
        this.#value(member.value, names);
        break;
      case "param":
        if (place === "inner") this.#misplaced("param", member, place, "at the top of a file or of a template");
        this.#parameter(member, names);
        break;
      case "template":
        if (place !== "file") this.#misplaced("template", member, place, "at the top of a file");
        this.#body(member.body?.members ?? [], new Names(names), "template");
        break;
      case "import":
        if (place !== "file") this.#misplaced("import", member, place, "at the top of a file");
        this.#inner(member.arguments, names);
        break;
      case "use":
        this.#use(member, names);
        break;
      default:
        this.#children(member, names);
    }
  }

  #inner(body: BodyNode | null, names: Names): void {
    if (body !== null) this.#body(body.members, new Names(names), "inner");
  }

  #branches(member: Extract<MemberNode, { readonly kind: "if" }>, names: Names): void {
    let at: typeof member | BodyNode | null = member;
    while (at?.kind === "if") {
      this.#value(at.condition, names);
      this.#inner(at.body, names);
      at = at.otherwise;
    }
    this.#inner(at, names);
  }

  #loop(bindings: readonly BindingNode[], condition: ValueNode | null, outer: Names, run: (inner: Names) => void): void {
    // Later bindings see earlier ones, so each looks from a scope that holds only those; one scope tells the names of all apart.
    const names = new Names(outer);
    for (const binding of bindings) {
      this.#value(binding.values, names);
      for (const name of binding.names) this.#declare(names, "variable", name, false);
    }
    this.#value(condition, names);
    run(names);
    this.#leave(names);
  }

  #parameter(node: ParamNode, names: Names): void {
    if (node.type !== null) this.#type(node.type);
    if (node.name !== null) this.#session.parameters.push({ name: spanOfNode(node.name), end: node.end });
    this.#value(node.fallback, names);
    if (node.condition === null) return;
    // That it meets its own condition is no use of it.
    const own = new Names(names);
    if (node.name !== null)
      own.declared.set(node.name.value, {
        what: "parameter",
        name: node.name.value,
        span: spanOfNode(node.name),
        used: false,
        exported: true,
      });
    this.#value(node.condition, own);
  }

  #type(node: TypeNode): void {
    const { value: name } = node.name;
    if (node.of !== null) this.#type(node.of);
    if (name === "" || typeNames.includes(name)) return;
    const meant = nearest(name, typeNames);
    const span = spanOfNode(node.name);
    this.#session.report(
      "unknown-name",
      { what: "type", name },
      {
        span,
        ...(meant === null ? {} : { help: `did you mean \`${meant}\`?`, fixes: [replace(span, meant, `write \`${meant}\``, false)] }),
      },
    );
  }

  #use(node: UseNode, names: Names): void {
    this.#inner(node.arguments, names);
    if (node.template === null || node.template.text === "") return;
    if (node.template.form === "dotted") this.#look(node.template.text.slice(0, node.template.text.indexOf(".")), names);
    const found = findTemplate(this.#module, node.template);
    if (found.kind === "found") {
      this.usedTemplates.add(found.template);
      const { name } = found.template.node;
      for (const use of this.#imports)
        if (use.node.alias === null && name !== null && use.target?.templates.has(name.value) === true) use.used = true;
      return;
    }
    // What a file that cannot be read would have declared is not told to be missing.
    if (this.#imports.some((use) => use.target === null)) return;
    const meant = nearest(found.name, found.known);
    const prefix =
      found.what === "template" && node.template.form === "dotted" ? node.template.text.slice(0, node.template.text.indexOf(".") + 1) : "";
    const help = meant !== null ? `did you mean \`${prefix}${meant}\`?` : found.known.length === 0 ? `no ${found.what} is declared` : null;
    const scope = prefix === "" ? {} : { scope: `\`${found.in.path}\`` };
    this.#session.report(
      "unknown-name",
      { what: found.what, name: found.name, ...scope },
      { span: spanOfNode(node.template), ...(help === null ? {} : { help }) },
    );
  }

  #children(node: AstNode, names: Names): void {
    // A word that declares is a name whatever it stands for elsewhere.
    const declares = node.kind === "block" && node.name?.kind === "scalar" ? node.name : null;
    const fields = node as unknown as Readonly<Record<string, AstNode | readonly (AstNode | string)[] | null>>;
    for (const field of childFields[node.kind]) {
      const child = fields[field];
      for (const one of Array.isArray(child) ? (child as readonly (AstNode | string)[]) : [child as AstNode | null]) {
        if (one === null || one === declares || typeof one === "string") continue;
        if (one.kind === "name") this.#name(one, refers(node.kind, field), names);
        else if (one.kind === "body") this.#inner(one, names);
        else if (isValue(one)) this.#value(one, names);
        else this.#children(one, names);
      }
    }
  }

  #name(node: NameNode, refers: boolean, names: Names): void {
    for (const part of node.parts ?? []) if (typeof part !== "string") this.#value(part, names);
    if (refers && !node.quoted) this.#look(node.value, names);
  }

  #value(node: ValueNode | null, names: Names): void {
    let at = node;
    // Long chains lean to one side: they are walked, not nested.
    while (at !== null) {
      switch (at.kind) {
        case "scalar":
          this.#scalar(at, names);
          return;
        case "binary":
          this.#value(at.right, names);
          at = at.left;
          break;
        case "conditional":
          this.#value(at.condition, names);
          this.#value(at.then, names);
          at = at.otherwise;
          break;
        case "comprehension": {
          const { value, bindings, condition } = at;
          this.#loop(bindings, condition, names, (inner) => this.#value(value, inner));
          return;
        }
        case "call":
          this.#call(at);
          for (const argument of at.arguments) this.#value(argument, names);
          return;
        case "map":
          this.#inner(at.body, names);
          return;
        case "field":
          at = at.of;
          break;
        default:
          this.#children(at, names);
          return;
      }
    }
  }

  #scalar(node: ScalarNode, names: Names): void {
    if (node.form === "word") this.#look(node.text, names);
    else if (node.form === "dotted") this.#look(node.text.slice(0, node.text.indexOf(".")), names);
  }

  #call(node: CallNode): void {
    const { value: name } = node.function;
    const span = spanOfNode(node.function);
    const row = functionRow(name);
    if (row === null) {
      const meant = nearest(name, functionNames);
      this.#session.report(
        "unknown-name",
        { what: "function", name },
        {
          span,
          ...(meant === null ? {} : { help: `did you mean \`${meant}\`?`, fixes: [replace(span, meant, `write \`${meant}\``, false)] }),
        },
      );
      return;
    }
    const takes = argumentFault(row, node.arguments.length);
    if (takes === null) return;
    this.#session.report(
      "wrong-argument-count",
      { name, takes, given: node.arguments.length },
      { span: spanOfNode(node), help: `it is \`${signatureOf(row)}\`` },
    );
  }
}

/** Templates that nobody uses. */
export function reportUnusedTemplates(session: Session, module: Module, used: ReadonlySet<Template>): void {
  for (const template of module.templates.values()) {
    const { name } = template.node;
    if (name === null || used.has(template) || name.value.startsWith("_")) continue;
    session.warn("unused-name", { what: "template", name: name.value }, { span: spanOfNode(name) });
  }
}

/** Templates that use themselves, each circle once, where it closes. */
export function reportCycles(session: Session, modules: readonly Module[]): void {
  const done = new Set<Template>();
  const path: (readonly [template: Template, uses: Iterator<UseNode>])[] = [];
  const onPath = new Set<Template>();
  const enter = (template: Template): void => {
    path.push([template, usesIn(template.node)[Symbol.iterator]()]);
    onPath.add(template);
  };
  for (const start of modules.flatMap((module) => [...module.templates.values()])) {
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const [template, uses] = top;
      const next = uses.next();
      if (next.done === true) {
        path.pop();
        onPath.delete(template);
        done.add(template);
        continue;
      }
      const found = next.value.template === null ? null : findTemplate(template.module, next.value.template);
      if (found?.kind !== "found" || done.has(found.template)) continue;
      if (onPath.has(found.template)) {
        const open = path.map(([at]) => at);
        const names = [...open.slice(open.indexOf(found.template)), found.template].map(({ node }) => node.name?.value ?? "");
        session.report("circular-definition", { what: "this template", names }, { span: spanOfNode(next.value) });
      } else enter(found.template);
    }
  }
}

function usesIn(node: TemplateNode): readonly UseNode[] {
  const out: UseNode[] = [];
  const open: AstNode[] = node.body === null ? [] : [node.body];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.kind === "use") out.push(at);
    else open.push(...childrenOf(at).reverse());
  }
  return out;
}
