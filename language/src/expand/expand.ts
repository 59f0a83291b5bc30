/** A program of several files, with its loops, templates and parameters, to one tree of plain declarations. */
import type { FileNode, ImportNode, MemberNode, ParamNode } from "../ast/nodes.ts";
import type { Expansion } from "../text/span.ts";
import { ComputedText } from "./computed.ts";
import { evaluate, lazyValue, placeOf } from "./evaluate.ts";
import { mapEntries } from "./maps.ts";
import type { KeyedEntry } from "./maps.ts";
import { declareConstants, eachMember } from "./members.ts";
import { declareParameters } from "./parameters.ts";
import type { Given } from "./parameters.ts";
import { isPlainTree } from "./plain-tree.ts";
import { reportCycles, reportUnusedTemplates, resolveModule } from "./resolve.ts";
import { rewriteMember } from "./rewrite-members.ts";
import { Scope } from "./scope.ts";
import type { Env, Module, Template } from "./scope.ts";
import { ExpansionStop, Session } from "./session.ts";
import type { ExpandedProgram, LoadedProgram, ParameterArguments } from "./types.ts";
import { sameValue, shortly } from "./value.ts";

/** An import with what it leads to. */
interface Link {
  readonly importer: Module;
  readonly node: ImportNode;
  readonly target: Module;
}

/**
 * Replaces everything that has to be computed by what it comes to. Never throws: what cannot be computed is reported, and left out or put in
 * as a malformed value. A program of one file that has nothing to expand comes back as it is.
 */
export function expandProgram(loaded: LoadedProgram, parameters: ParameterArguments): ExpandedProgram {
  const textOf = (path: string): string => loaded.files.get(path)?.tree.text ?? "";
  const entry = loaded.files.get(loaded.entry);
  if (entry === undefined) throw new Error(`${loaded.entry} is not among the files of the program`);
  const { root } = entry.tree;
  if (loaded.files.size === 1 && parameters.size === 0 && isPlainTree(root)) {
    return { path: loaded.entry, root, textOf, diagnostics: [], copies: 0, computed: new ComputedText(), incomplete: false };
  }
  const session = new Session(textOf);
  session.incomplete = loaded.diagnostics.length > 0;
  const members = new Program(session, loaded, parameters).members();
  const { copies, computed, incomplete } = session;
  return { path: loaded.entry, root: { ...root, members }, textOf, diagnostics: session.findings(), copies, computed, incomplete };
}

function only<K extends MemberNode["kind"]>(root: FileNode, kind: K): readonly Extract<MemberNode, { readonly kind: K }>[] {
  return root.members.filter((member): member is Extract<MemberNode, { readonly kind: K }> => member.kind === kind);
}

class Program {
  readonly #session: Session;
  readonly #parameters: ParameterArguments;
  readonly #entry: string;
  /** Files that could not be read as a whole. */
  readonly #broken: ReadonlySet<string>;
  /** In the order in which imports are met. */
  readonly #modules = new Map<string, Module>();
  /** In the order in which they are met. */
  readonly #links: Link[] = [];
  /** By path of the file they lead to, in the same order. */
  readonly #linksTo = new Map<string, Link[]>();

  constructor(session: Session, loaded: LoadedProgram, parameters: ParameterArguments) {
    this.#session = session;
    this.#parameters = parameters;
    this.#entry = loaded.entry;
    this.#broken = new Set([...loaded.files].flatMap(([path, { damaged }]) => (damaged ? [path] : [])));
    this.#enter(loaded, loaded.entry, null);
  }

  /** The module of a file, after those of the files that it imports. Imports are linked in the order in which they are met. */
  #enter(loaded: LoadedProgram, path: string, first: { readonly importer: Module; readonly node: ImportNode } | null): Module | null {
    const known = this.#modules.get(path);
    const tree = loaded.files.get(path)?.tree;
    if (known !== undefined || tree === undefined) return known ?? null;
    const importer = this.#module(path, tree.root, first);
    this.#modules.set(path, importer);
    for (const node of only(tree.root, "import")) {
      const to = loaded.imports.get(path)?.get(node.start);
      const target = to === undefined ? null : this.#enter(loaded, to, { importer, node });
      if (target === null) continue;
      const link: Link = { importer, node, target };
      this.#links.push(link);
      const others = this.#linksTo.get(target.path);
      if (others === undefined) this.#linksTo.set(target.path, [link]);
      else others.push(link);
    }
    return importer;
  }

  /** @param first the import that gives it its arguments */
  #module(path: string, root: FileNode, first: { readonly importer: Module; readonly node: ImportNode } | null): Module {
    let source = root.source;
    // A file that is given arguments says what it says because of them.
    if (first !== null && first.node.arguments !== null) {
      const { importer, node } = first;
      const what = `import "${node.path?.text ?? ""}"`;
      const expansion: Expansion = { kind: "import", what, span: placeOf(importer.env, node), parent: importer.env.source.expansion };
      source = { path, expansion };
    }
    const scope = new Scope(new Scope(null));
    const templates = new Map<string, Template>();
    const partial = { path, root, scope, templates, importedTemplates: new Map<string, Template>() };
    const env: { module: Module | null } & Omit<Env, "module"> = { module: null, scope, source, copying: false, inside: [] };
    const module: Module = { ...partial, env: env as Env };
    env.module = module;
    for (const template of only(root, "template")) {
      const name = template.name?.value ?? "";
      if (name !== "" && !templates.has(name)) templates.set(name, { node: template, module });
    }
    return module;
  }

  members(): readonly MemberNode[] {
    const out: MemberNode[] = [];
    try {
      const compute = this.#declare();
      this.#resolve();
      for (const run of compute) run();
      for (const module of this.#inOrder()) {
        const sound = eachMember(this.#session, module.env, module.root.members, (member, env) => {
          const next = rewriteMember(this.#session, env, member, "value");
          if (next === null) this.#session.incomplete = true;
          else out.push(next);
        });
        if (!sound) this.#session.incomplete = true;
      }
    } catch (error) {
      if (!(error instanceof ExpansionStop)) throw error;
      // Of a part nothing can be said.
      this.#session.incomplete = true;
      return [];
    }
    return out;
  }

  /** Fills the scopes. Gives what computes constants and parameters, so that every mistake in them is told. */
  #declare(): readonly (() => void)[] {
    const constants = [...this.#modules.values()].map((module) => declareConstants(this.#session, module.env, only(module.root, "const")));
    for (const link of this.#links) this.#link(link);
    const parameters = [...this.#modules.values()].map((module) => this.#parametersOf(module));
    return [...parameters, ...constants];
  }

  #link({ importer, node, target }: Link): void {
    const { alias } = node;
    if (alias !== null) {
      if (alias.value !== "" && !importer.scope.names.has(alias.value))
        importer.scope.names.set(alias.value, { kind: "module", module: target });
      return;
    }
    const imported = importer.scope.parent;
    const ambiguous = (what: string, name: string): void => {
      const help = 'give one of the imports a name: `import "…" as NAME`';
      this.#session.report("ambiguous-import", { what, name }, { span: placeOf(importer.env, node), help });
    };
    for (const [name, binding] of target.scope.names) {
      if (binding.kind !== "lazy" || binding.what !== "constant" || imported === null) continue;
      const known = imported.names.get(name);
      if (known !== undefined && known !== binding) ambiguous("constant", name);
      else imported.names.set(name, binding);
    }
    for (const [name, template] of target.templates) {
      const known = importer.importedTemplates.get(name);
      if (known !== undefined && known !== template) ambiguous("template", name);
      else importer.importedTemplates.set(name, template);
    }
  }

  #parametersOf(module: Module): () => void {
    const nodes = only(module.root, "param");
    const [first, ...others] = this.#linksTo.get(module.path) ?? [];
    if (first === undefined) {
      const given = new Map(
        [...this.#parameters].map(([name, argument]): readonly [string, Given] => [name, { kind: "outside", argument }]),
      );
      return declareParameters(this.#session, module.env, nodes, given, { what: "this program", span: null });
    }
    const receiver = { what: "this import", span: placeOf(first.importer.env, first.node) };
    const given = this.#argumentsOf(first);
    // Arguments that cannot be read have been told; without them nothing is missing.
    const compute = declareParameters(this.#session, module.env, given === null ? [] : nodes, given ?? new Map<string, never>(), receiver);
    if (given === null) {
      this.#session.incomplete = true;
      for (const { name } of nodes) if (name !== null) module.scope.names.set(name.value, { kind: "value", value: null });
    }
    return () => {
      compute();
      for (const other of others) this.#compare(module, nodes, first, other);
    };
  }

  #argumentsOf({ importer, node }: Link): ReadonlyMap<string, Given> | null {
    if (node.arguments === null) return new Map<string, never>();
    const entries = mapEntries(this.#session, importer.env, node.arguments);
    if (entries === null) return null;
    return new Map([...entries].map(([name, entry]): readonly [string, Given] => [name, this.#given(entry)]));
  }

  #given(entry: KeyedEntry): Given {
    const span = entry.value === null ? entry.span : placeOf(entry.env, entry.value);
    return { kind: "lazy", compute: () => evaluate(this.#session, entry.env, entry.value), span, name: entry.span };
  }

  /** A file has one set of parameters, whoever imports it. */
  #compare(module: Module, nodes: readonly ParamNode[], first: Link, other: Link): void {
    const given = this.#argumentsOf(other);
    if (given === null) return;
    const scope = new Scope(module.scope.parent);
    const env: Env = { ...module.env, scope };
    for (const [name, binding] of module.scope.names)
      if (binding.kind !== "lazy" || binding.what === "constant") scope.names.set(name, binding);
    const receiver = { what: "this import", span: placeOf(other.importer.env, other.node) };
    declareParameters(this.#session, env, nodes, given, receiver)();
    for (const node of nodes) {
      const name = node.name?.value ?? "";
      const [one, two] = [module.scope.names.get(name), scope.names.get(name)].map((binding) =>
        binding?.kind === "lazy" ? lazyValue(this.#session, binding, receiver.span) : null,
      );
      if (one === null || one === undefined || two === null || two === undefined || sameValue(one, two)) continue;
      this.#session.report(
        "conflicting-arguments",
        { path: module.path, name, one: shortly(one), other: shortly(two) },
        {
          span: receiver.span,
          related: [{ span: placeOf(first.importer.env, first.node), text: "the first import" }],
          help: "a file is in the program once: make it a template, or give equal arguments",
        },
      );
      return;
    }
  }

  #resolve(): void {
    const used = new Set<Template>();
    const declaring = this.#declaring();
    const targets = new Map(this.#links.map(({ node, target }) => [node, target]));
    for (const module of this.#modules.values()) {
      const found = resolveModule(this.#session, module, {
        imported: module.path !== this.#entry,
        importOf: (node) => targets.get(node) ?? null,
        declares: (target) => declaring.has(target),
      });
      for (const template of found) used.add(template);
    }
    const entry = this.#modules.get(this.#entry);
    if (entry !== undefined) reportUnusedTemplates(this.#session, entry, used);
    reportCycles(this.#session, [...this.#modules.values()]);
  }

  /** Files that declare something themselves or by their imports. */
  #declaring(): ReadonlySet<Module> {
    const silent: ReadonlySet<MemberNode["kind"]> = new Set<MemberNode["kind"]>(["const", "param", "template", "import"]);
    const out = new Set<Module>();
    const targets = this.#targets();
    for (const module of this.#inOrder()) {
      const linked = targets.get(module) ?? [];
      const own = module.root.members.some((member) => !silent.has(member.kind));
      // What cannot be read may declare something.
      const unread = only(module.root, "import").length > linked.length;
      if (own || unread || this.#broken.has(module.path) || linked.some((target) => out.has(target))) out.add(module);
    }
    return out;
  }

  /** What each file imports. */
  #targets(): ReadonlyMap<Module, readonly Module[]> {
    const out = new Map<Module, Module[]>();
    for (const { importer, target } of this.#links) {
      const known = out.get(importer);
      if (known === undefined) out.set(importer, [target]);
      else known.push(target);
    }
    return out;
  }

  /** Imported files before those that import them. */
  #inOrder(): readonly Module[] {
    const out = new Set<Module>();
    const seen = new Set<Module>();
    const byImporter = this.#targets();
    const enter = (module: Module): void => {
      if (seen.has(module)) return;
      seen.add(module);
      for (const target of byImporter.get(module) ?? []) enter(target);
      out.add(module);
    };
    const entry = this.#modules.get(this.#entry);
    if (entry !== undefined) enter(entry);
    return [...out];
  }
}
