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
  /** The namespace, network or cluster it stands in; null at the top of a file. */
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

/** Names as one cluster sees them: its own nodes and namespaces, and what all clusters share. */
export interface Symbols extends SharedSymbols {
  readonly nodes: ReadonlyMap<string, DeclaredSymbol>;
  readonly namespaces: ReadonlyMap<string, NamespaceSymbols>;
}

export interface SharedSymbols {
  readonly clusters: readonly DeclaredSymbol[];
  readonly networks: ReadonlyMap<string, DeclaredSymbol>;
  readonly subnets: ReadonlyMap<string, DeclaredSymbol>;
  /** Of all networks; of two with one name the first. */
  readonly routers: ReadonlyMap<string, DeclaredSymbol>;
  /** Of all clusters. */
  readonly all: readonly DeclaredSymbol[];
  /** Filled while names are resolved. */
  readonly references: SymbolReference[];
  /** Second declarations of a name, with the first. */
  readonly duplicates: readonly { readonly first: DeclaredSymbol; readonly second: DeclaredSymbol }[];
}

/** What one cluster is made of. */
export interface ClusterScope {
  /** Null: the program declares none, or several and this is none of them. */
  readonly cluster: DeclaredSymbol | null;
  /** What stands in its block and, where it is the only one, at the top of files: in the order of the program. */
  readonly members: readonly BlockNode[];
  readonly symbols: Symbols;
}

export interface ProgramSymbols extends SharedSymbols {
  /** One for each cluster; one without a cluster where the program declares none. */
  readonly scopes: readonly ClusterScope[];
  /** Of several clusters: what stands at the top of files. Assertions may; all else belongs to none of the clusters. */
  readonly top: ClusterScope;
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

export function bind(root: FileNode): ProgramSymbols {
  const blocks = blocksOf(root.members, "file");
  const several = blocks.filter(({ keyword }) => keyword.value === "cluster").length > 1;
  const binder = new Binder();
  const top = new ScopeBinder(binder, null);
  const scopes: ScopeBinder[] = [];
  for (const block of blocks) {
    if (block.keyword.value === "network") binder.network(block);
    else if (block.keyword.value !== "cluster") top.member(block, null);
    else {
      const symbol = binder.cluster(block);
      const scope = several ? new ScopeBinder(binder, symbol) : top;
      if (several) scopes.push(scope);
      else scope.cluster = symbol;
      for (const inner of blocksOf(block.body?.members, "cluster")) scope.member(inner, symbol.name);
    }
  }
  const shared = binder.shared();
  return { ...shared, scopes: (several ? scopes : [top]).map((scope) => scope.scope(shared)), top: top.scope(shared) };
}

/** A name that was declared before in its table. */
interface Duplicate {
  readonly first: DeclaredSymbol;
  readonly second: DeclaredSymbol;
}

/** What all clusters share. */
class Binder {
  private readonly clusters: DeclaredSymbol[] = [];
  private readonly all: DeclaredSymbol[] = [];
  private readonly duplicates: Duplicate[] = [];
  private readonly tables = new Map<string, Map<string, DeclaredSymbol>>();
  private readonly routers = new Map<string, DeclaredSymbol>();

  shared(): SharedSymbols {
    return {
      clusters: this.clusters,
      networks: this.table("network"),
      subnets: this.table("subnet"),
      routers: this.routers,
      all: this.all,
      references: [],
      duplicates: this.duplicates,
    };
  }

  cluster(block: BlockNode): DeclaredSymbol {
    const symbol = this.enter(this.table("cluster"), "cluster", block, null);
    this.clusters.push(symbol);
    for (const cni of blocksOf(block.body?.members, "cluster")) {
      if (cni.keyword.value !== "cni") continue;
      for (const pool of blocksOf(cni.body?.members, "cni")) this.enter(this.table(`pool ${this.clusters.length}`), "pool", pool, symbol.name);
    }
    return symbol;
  }

  network(block: BlockNode): void {
    const name = nameOf(block);
    this.enter(this.table("network"), "network", block, null);
    for (const inner of blocksOf(block.body?.members, "network")) {
      if (inner.keyword.value === "subnet") this.enter(this.table("subnet"), "subnet", inner, name);
      else this.router(inner, name);
    }
  }

  private router(block: BlockNode, network: string): void {
    const table = this.table(`router ${network}`);
    this.enter(table, "router", block, network);
    const symbol = table.get(nameOf(block));
    if (symbol !== undefined && !this.routers.has(symbol.name)) this.routers.set(symbol.name, symbol);
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

  declare(kind: SymbolKind, block: BlockNode, scope: string | null): DeclaredSymbol {
    const symbol = this.symbol(kind, block, scope);
    this.all.push(symbol);
    return symbol;
  }

  enter(table: Map<string, DeclaredSymbol>, kind: SymbolKind, block: BlockNode, scope: string | null): DeclaredSymbol {
    const symbol = this.declare(kind, block, scope);
    if (symbol.name === "") return symbol;
    const first = table.get(symbol.name);
    if (first === undefined) table.set(symbol.name, symbol);
    // Two spellings of one name are told apart by the finding about the misspelt one.
    else if (writtenName(first.block) === writtenName(block)) this.duplicates.push({ first, second: symbol });
    return symbol;
  }
}

/** What belongs to one cluster. */
class ScopeBinder {
  cluster: DeclaredSymbol | null;
  readonly members: BlockNode[] = [];
  private readonly binder: Binder;
  private readonly nodes = new Map<string, DeclaredSymbol>();
  private readonly firewalls = new Map<string, DeclaredSymbol>();
  /** Of both kinds: they are ClusterNetworkPolicies and share their names. */
  private readonly clusterPolicies = new Map<string, DeclaredSymbol>();
  private readonly namespaces = new Map<string, NamespaceSymbols>();

  constructor(binder: Binder, cluster: DeclaredSymbol | null) {
    this.binder = binder;
    this.cluster = cluster;
    for (const name of builtInNamespaces) this.namespaceOf(name);
  }

  scope(shared: SharedSymbols): ClusterScope {
    return { cluster: this.cluster, members: this.members, symbols: { ...shared, nodes: this.nodes, namespaces: this.namespaces } };
  }

  /** @param cluster name of the cluster in whose block the member stands, or null at the top of a file */
  member(block: BlockNode, cluster: string | null): void {
    this.members.push(block);
    switch (block.keyword.value) {
      case "node":
        this.binder.enter(this.nodes, "node", block, cluster);
        break;
      case "firewall":
        this.binder.enter(this.firewalls, "firewall", block, cluster);
        break;
      case "admin-policy":
      case "baseline-policy":
        this.binder.enter(this.clusterPolicies, block.keyword.value, block, cluster);
        break;
      case "namespace":
        this.namespace(block, cluster);
        break;
      default:
        break;
    }
  }

  private namespace(block: BlockNode, cluster: string | null): void {
    const symbol = this.binder.declare("namespace", block, cluster);
    const { name } = symbol;
    if (name === "") return;
    const namespace = this.namespaceOf(name);
    namespace.declarations.push(symbol);
    for (const inner of blocksOf(block.body?.members, "namespace")) {
      switch (inner.keyword.value) {
        case "pod":
        case "workload":
          this.binder.enter(namespace.pods, inner.keyword.value, inner, name);
          break;
        case "service":
          this.binder.enter(namespace.services, "service", inner, name);
          break;
        default:
          this.binder.enter(namespace.policies, "policy", inner, name);
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
}
