/** Which names a program declares, read off its tree before anything is checked. */
import type { BlockNode, FileNode, MemberNode } from "../ast/nodes.ts";
import { spanOf } from "../ast/place.ts";
import { nameFault, repairedName } from "./names.ts";
import { blockRow } from "../schema/blocks.ts";
import type { Span } from "../text/span.ts";

export type SymbolKind =
  | "cluster"
  | "pool"
  | "network"
  | "subnet"
  | "router"
  | "node"
  | "firewall"
  | "admin-policy"
  | "baseline-policy"
  | "namespace"
  | "pod"
  | "workload"
  | "service"
  | "policy";

/** A declared name. */
export interface DeclaredSymbol {
  readonly kind: SymbolKind;
  /** As it is known: a misspelt name by its repaired spelling (see {@link nameOf}). */
  readonly name: string;
  /** The namespace, network or cluster it stands in; null at the top. */
  readonly scope: string | null;
  /** Of the name itself. */
  readonly span: Span;
  readonly block: BlockNode;
}

/** A place that names a symbol. */
export interface SymbolReference {
  readonly symbol: DeclaredSymbol;
  readonly span: Span;
}

/** What one namespace holds; pods and workloads share their names. */
export interface NamespaceSymbols {
  readonly name: string;
  /** Every block that declares it; empty for `default` and `kube-system` when the program leaves them to Kubernetes. */
  readonly declarations: DeclaredSymbol[];
  readonly pods: Map<string, DeclaredSymbol>;
  readonly services: Map<string, DeclaredSymbol>;
  readonly policies: Map<string, DeclaredSymbol>;
}

export interface Symbols {
  readonly clusters: readonly DeclaredSymbol[];
  readonly networks: ReadonlyMap<string, DeclaredSymbol>;
  readonly subnets: ReadonlyMap<string, DeclaredSymbol>;
  /** Of all networks; of two with one name the first. */
  readonly routers: ReadonlyMap<string, DeclaredSymbol>;
  readonly nodes: ReadonlyMap<string, DeclaredSymbol>;
  readonly namespaces: ReadonlyMap<string, NamespaceSymbols>;
  readonly all: readonly DeclaredSymbol[];
  /** Filled while names are resolved. */
  readonly references: SymbolReference[];
  /** Second declarations of a name, with the first. */
  readonly duplicates: readonly { readonly first: DeclaredSymbol; readonly second: DeclaredSymbol }[];
}

/** Namespaces that every cluster has. */
export const builtInNamespaces: readonly string[] = ["default", "kube-system"];
/** Services that every cluster has. */
export const builtInServices: readonly { readonly namespace: string; readonly name: string; readonly owner: string }[] = [
  { namespace: "default", name: "kubernetes", owner: "every cluster has it, in front of the API server" },
  { namespace: "kube-system", name: "kube-dns", owner: "every cluster has it, in front of CoreDNS" },
];

/** Workloads that every cluster has: selectors may name them, the program need not declare them. */
export const builtInWorkloads: readonly {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: "tcp" | "udp" }[];
}[] = [
  {
    namespace: "kube-system",
    name: "coredns",
    labels: { "k8s-app": "kube-dns" },
    replicas: 2,
    ports: [
      { name: "dns", port: 53, protocol: "udp" },
      { name: "dns-tcp", port: 53, protocol: "tcp" },
      { name: "metrics", port: 9153, protocol: "tcp" },
    ],
  },
];

/** A block's name as it is written; empty when it is missing. */
export function writtenName(block: BlockNode): string {
  return block.name === null || block.name.kind !== "scalar" ? "" : block.name.text;
}

/**
 * The name a block is known by; empty when it is missing. A name that Kubernetes does not allow is reported where it stands and known by
 * its repaired spelling, so that those who use that spelling find it.
 */
export function nameOf(block: BlockNode): string {
  const written = writtenName(block);
  const rule = blockRow(block.keyword.value)?.name.rule ?? null;
  if (rule === null || block.name?.kind !== "scalar" || (block.name.form !== "word" && block.name.form !== "string")) return written;
  return nameFault(written, rule) === null ? written : (repairedName(written, rule) ?? written);
}

/** Blocks among the members that may stand under `parent`. */
export function blocksOf(members: readonly MemberNode[] | undefined, parent: string): BlockNode[] {
  return (members ?? []).filter(
    (member): member is BlockNode => member.kind === "block" && blockRow(member.keyword.value)?.parents.includes(parent) === true,
  );
}

export function bind(root: FileNode): Symbols {
  const binder = new Binder();
  for (const block of blocksOf(root.members, "file")) binder.topLevel(block);
  return binder.symbols();
}

class Binder {
  private readonly clusters: DeclaredSymbol[] = [];
  private readonly all: DeclaredSymbol[] = [];
  private readonly duplicates: { first: DeclaredSymbol; second: DeclaredSymbol }[] = [];
  private readonly tables = new Map<string, Map<string, DeclaredSymbol>>();
  private readonly routers = new Map<string, DeclaredSymbol>();
  private readonly namespaces = new Map<string, NamespaceSymbols>();

  constructor() {
    for (const name of builtInNamespaces) this.namespaceOf(name);
  }

  symbols(): Symbols {
    return {
      clusters: this.clusters,
      networks: this.table("network"),
      subnets: this.table("subnet"),
      routers: this.routers,
      nodes: this.table("node"),
      namespaces: this.namespaces,
      all: this.all,
      references: [],
      duplicates: this.duplicates,
    };
  }

  topLevel(block: BlockNode): void {
    const name = nameOf(block);
    switch (block.keyword.value) {
      case "cluster": {
        const symbol = this.symbol("cluster", block, null);
        this.clusters.push(symbol);
        this.all.push(symbol);
        for (const cni of blocksOf(block.body?.members, "cluster"))
          for (const pool of blocksOf(cni.body?.members, cni.keyword.value))
            this.enter(this.table(`pool ${this.clusters.length}`), "pool", pool, name);
        break;
      }
      case "network":
        this.enter(this.table("network"), "network", block, null);
        for (const inner of blocksOf(block.body?.members, "network")) {
          if (inner.keyword.value === "subnet") this.enter(this.table("subnet"), "subnet", inner, name);
          else this.router(inner, name);
        }
        break;
      case "node":
      case "firewall":
        this.enter(this.table(block.keyword.value), block.keyword.value, block, null);
        break;
      case "admin-policy":
      case "baseline-policy":
        // Both are ClusterNetworkPolicies and share their names.
        this.enter(this.table("cluster policy"), block.keyword.value, block, null);
        break;
      case "namespace":
        this.namespace(block, name);
        break;
      default:
        break;
    }
  }

  private router(block: BlockNode, network: string): void {
    const table = this.table(`router ${network}`);
    this.enter(table, "router", block, network);
    const symbol = table.get(nameOf(block));
    if (symbol !== undefined && !this.routers.has(symbol.name)) this.routers.set(symbol.name, symbol);
  }

  private namespace(block: BlockNode, name: string): void {
    const symbol = this.symbol("namespace", block, null);
    this.all.push(symbol);
    if (name === "") return;
    const namespace = this.namespaceOf(name);
    namespace.declarations.push(symbol);
    for (const inner of blocksOf(block.body?.members, "namespace")) {
      switch (inner.keyword.value) {
        case "pod":
        case "workload":
          this.enter(namespace.pods, inner.keyword.value, inner, name);
          break;
        case "service":
          this.enter(namespace.services, "service", inner, name);
          break;
        default:
          this.enter(namespace.policies, "policy", inner, name);
      }
    }
  }

  private namespaceOf(name: string): NamespaceSymbols {
    const known = this.namespaces.get(name);
    if (known !== undefined) return known;
    const made: NamespaceSymbols = { name, declarations: [], pods: new Map(), services: new Map(), policies: new Map() };
    this.namespaces.set(name, made);
    return made;
  }

  private table(key: string): Map<string, DeclaredSymbol> {
    const known = this.tables.get(key);
    if (known !== undefined) return known;
    const made = new Map<string, DeclaredSymbol>();
    this.tables.set(key, made);
    return made;
  }

  private symbol(kind: SymbolKind, block: BlockNode, scope: string | null): DeclaredSymbol {
    const at = block.name ?? block.keyword;
    return { kind, name: nameOf(block), scope, span: spanOf(at, at.start, at.end), block };
  }

  private enter(table: Map<string, DeclaredSymbol>, kind: SymbolKind, block: BlockNode, scope: string | null): void {
    const symbol = this.symbol(kind, block, scope);
    this.all.push(symbol);
    if (symbol.name === "") return;
    const first = table.get(symbol.name);
    if (first === undefined) table.set(symbol.name, symbol);
    // Two spellings of one name are told apart by the finding about the misspelt one.
    else if (writtenName(first.block) === writtenName(block)) this.duplicates.push({ first, second: symbol });
  }
}
