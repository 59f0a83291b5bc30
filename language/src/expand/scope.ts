/** What words stand for where an expression is computed. */
import type { FileNode, NodeSource, ScalarNode, TemplateNode, ValueNode } from "../ast/nodes.ts";
import type { Value } from "./value.ts";

/** What a name in a scope stands for. */
export type Binding =
  /** Null: what it stands for could not be computed, and that has been said. */
  { readonly kind: "value"; readonly value: Value | null } | LazyBinding | { readonly kind: "module"; readonly module: Module };

/** A constant or a parameter: computed when it is first asked for. */
export interface LazyBinding {
  readonly kind: "lazy";
  readonly what: "constant" | "parameter";
  readonly name: string;
  state: "waiting" | "running" | "done";
  value: Value | null;
  readonly compute: () => Value | null;
}

export class Scope {
  readonly parent: Scope | null;
  readonly names = new Map<string, Binding>();

  constructor(parent: Scope | null) {
    this.parent = parent;
  }

  lookUp(name: string): Binding | undefined {
    let found = this.names.get(name);
    for (let scope = this.parent; found === undefined && scope !== null; scope = scope.parent) found = scope.names.get(name);
    return found;
  }
}

/** A file of the program with its names. */
export interface Module {
  readonly path: string;
  readonly root: FileNode;
  /** Of what the file declares itself; its parent holds what imports without a name bring. */
  readonly scope: Scope;
  readonly templates: Map<string, Template>;
  /** From imports without a name. */
  readonly importedTemplates: Map<string, Template>;
  readonly env: Env;
}

export interface Template {
  readonly node: TemplateNode;
  readonly module: Module;
}

/** Where something is expanded. */
export interface Env {
  readonly module: Module;
  readonly scope: Scope;
  /** Of the nodes that are made there. */
  readonly source: NodeSource;
  /** Every node is made anew, not only those that change: it is one copy of several. */
  readonly copying: boolean;
  /** Templates around it, the outermost first. */
  readonly inside: readonly Template[];
}

/** A value of an attribute, as it stands in a map or among arguments, with where it is computed. */
export interface Entry {
  readonly value: ValueNode | null;
  readonly env: Env;
}

/** What a `use` names; or what of its name is unknown, among which names. */
export type FoundTemplate =
  | { readonly kind: "found"; readonly template: Template }
  | {
      readonly kind: "unknown";
      readonly what: "template" | "import";
      readonly name: string;
      readonly in: Module;
      readonly known: readonly string[];
    };

export function findTemplate(module: Module, { form, text }: ScalarNode): FoundTemplate {
  const dot = form === "dotted" ? text.indexOf(".") : -1;
  const alias = dot < 0 ? null : text.slice(0, dot);
  const name = text.slice(dot + 1);
  let home = module;
  if (alias !== null) {
    const binding = module.scope.names.get(alias);
    if (binding?.kind !== "module") {
      const known = [...module.scope.names].flatMap(([key, other]) => (other.kind === "module" ? [key] : []));
      return { kind: "unknown", what: "import", name: alias, in: module, known };
    }
    home = binding.module;
  }
  const template = home.templates.get(name) ?? (alias === null ? home.importedTemplates.get(name) : undefined);
  if (template !== undefined) return { kind: "found", template };
  const known = [...home.templates.keys(), ...(alias === null ? home.importedTemplates.keys() : [])];
  return { kind: "unknown", what: "template", name, in: home, known };
}
