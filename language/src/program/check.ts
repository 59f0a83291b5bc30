/** From text to checked program. */
import type { SyntaxTree } from "../ast/nodes.ts";
import { bind, blocksOf, nameOf } from "../binder/binder.ts";
import type { Symbols } from "../binder/binder.ts";
import { checkAsserts } from "../checker/assert.ts";
import { checkCluster } from "../checker/cluster.ts";
import type { ClusterFacts } from "../checker/cluster.ts";
import { CheckContext } from "../checker/context.ts";
import { checkFirewalls } from "../checker/firewall.ts";
import { checkNamespaces } from "../checker/namespace.ts";
import { checkNetworks } from "../checker/network.ts";
import type { NetworkFacts } from "../checker/network.ts";
import { checkNodes } from "../checker/node.ts";
import { checkPolicy } from "../checker/policy.ts";
import { checkOverlaps, rangeAt } from "../checker/ranges.ts";
import type { NamedRange } from "../checker/ranges.ts";
import { checkService, serviceOwners } from "../checker/service.ts";
import { checkStructure } from "../checker/structure.ts";
import { compareDiagnostics, hasErrors } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { touches, wordsIn } from "../parser/damage.ts";
import type { Stretch } from "../parser/damage.ts";
import { parse } from "../parser/parse.ts";
import { positionAt, sourceFile } from "../text/source.ts";
import type { SourceFile } from "../text/source.ts";
import type { CheckedProgram, NamespaceDeclaration } from "./checked.ts";

export interface CheckResult {
  /** Null exactly when a diagnostic is an error. */
  readonly program: CheckedProgram | null;
  /** In the order of their places. */
  readonly diagnostics: readonly Diagnostic[];
  readonly tree: SyntaxTree;
  readonly symbols: Symbols;
}

/**
 * Parses and checks one file. Never throws on any text.
 * @param file the path as the host names it; it comes back in every span
 */
export function checkProgram(file: string, text: string): CheckResult {
  const parsed = parse(file, text);
  const { tree } = parsed;
  const ctx = new CheckContext(tree, bind(file, tree.root));
  if (parsed.damaged) ctx.doubt(wordsIn(tree, parsed.doubt));
  const program = checkTree(ctx);
  ctx.reportCollected();
  // Where the text is damaged, only what a place says by itself is believed; elsewhere, what does not depend on all of the text.
  const source = sourceFile(file, text);
  const damagedLines = new Set(parsed.diagnostics.map((diagnostic) => positionAt(source, diagnostic.span.start).line));
  // A selector may match nothing only because the pod or namespace that is missing elsewhere is missing.
  const believed =
    ctx.hasUnknown("pod or workload") || ctx.hasUnknown("namespace")
      ? ctx.diagnostics.filter((d) => d.name !== "selects-nothing")
      : ctx.diagnostics;
  const found = parsed.damaged ? believed.filter((d) => isTrusted(d, source, damagedLines) || isElsewhere(d, parsed.doubt)) : believed;
  const diagnostics = [...parsed.diagnostics, ...found].sort(compareDiagnostics);
  return { program: hasErrors(diagnostics) ? null : program, diagnostics, tree, symbols: ctx.symbols };
}

/** A finding that its own text proves, on a line without syntax errors. */
function isTrusted(diagnostic: Diagnostic, lines: SourceFile, damaged: ReadonlySet<number>): boolean {
  if (diagnostic.name !== "not-supported" && !languageCatalogue.isLocal(diagnostic.code)) return false;
  return !damaged.has(positionAt(lines, diagnostic.span.start).line);
}

/**
 * Findings that something is missing, too small or without effect in the whole program: what cannot be read may be what they miss. That a
 * name is unknown is not among them, because the names in damaged text are known not to be.
 */
const aboutTheWhole: ReadonlySet<string> = new Set([
  "no-cluster",
  "no-nodes",
  "outside-subnet",
  "outside-pools",
  "outside-service-range",
  "outside-node-ports",
  "port-not-offered",
  "headless-conflict",
  "too-many-failures",
  "family-without-pool",
  "family-without-services",
  "unnamed-port",
  "service-family",
  "selects-nothing",
  "policy-port-unoffered",
  "asserts-nothing",
  "no-effect",
]);

/** A finding all of whose places are readable, and which what cannot be read elsewhere would not take back. */
function isElsewhere(diagnostic: Diagnostic, doubt: readonly Stretch[]): boolean {
  if (aboutTheWhole.has(diagnostic.name)) return false;
  return [diagnostic, ...diagnostic.related].every(({ span }) => !doubt.some((stretch) => touches(span, stretch)));
}

function checkTree(ctx: CheckContext): CheckedProgram | null {
  const { root } = ctx.tree;
  for (const { first, second } of ctx.symbols.duplicates) {
    ctx.report(
      "duplicate-name",
      { what: second.kind, name: second.name },
      { span: second.span, related: [{ span: first.span, text: "first here" }] },
    );
  }
  checkStructure(ctx, root);
  const cluster = checkCluster(ctx);
  const networks = checkNetworks(ctx);
  const doubtful = overlaps(ctx, cluster, networks);
  const nodes = checkNodes(ctx, networks, doubtful);
  const firewalls = checkFirewalls(ctx);
  const facts = checkNamespaces(ctx, cluster);
  const owners = serviceOwners(ctx, cluster);
  const namespaces = facts.namespaces.map((namespace): NamespaceDeclaration => {
    const inner = namespace.blocks.flatMap((block) => blocksOf(block.body?.members, "namespace")).filter((block) => nameOf(block) !== "");
    const [first] = namespace.blocks;
    const at = first === undefined ? ctx.span(root) : ctx.span(first);
    return {
      name: namespace.name,
      header: first === undefined ? at : ctx.header(first),
      span: at,
      labels: namespace.labels,
      pods: namespace.pods,
      workloads: namespace.workloads,
      services: inner
        .filter((block) => block.keyword.value === "service")
        .map((block) => checkService(ctx, block, namespace.name, cluster, facts.index, owners))
        .filter((service) => service !== null),
      policies: inner
        .filter((block) => block.keyword.value === "policy")
        .map((block) => checkPolicy(ctx, block, namespace.name, facts.index))
        .filter((policy) => policy !== null),
    };
  });
  const assertions = checkAsserts(ctx, facts);
  if (cluster.declaration === null) return null;
  return { entry: ctx.tree.path, cluster: cluster.declaration, networks: networks.declarations, nodes, firewalls, namespaces, assertions };
}

/** Names of the subnets whose ranges overlap something: what lies in them is not judged. */
function overlaps(ctx: CheckContext, cluster: ClusterFacts, networks: NetworkFacts): ReadonlySet<string> {
  const ranges: NamedRange[] = [];
  const [symbol] = ctx.symbols.clusters;
  const subnetOf = new Map<NamedRange, string>();
  if (symbol !== undefined) {
    for (const cidr of cluster.serviceCidrs ?? []) ranges.push(rangeAt(ctx, symbol.block, "service-cidr", cidr, "the service range"));
    for (const cni of blocksOf(symbol.block.body?.members, "cluster")) {
      for (const pool of blocksOf(cni.body?.members, "cni")) {
        const cidr = cluster.poolRanges.get(pool);
        if (cidr !== undefined)
          ranges.push(rangeAt(ctx, pool, "cidr", cidr, `pool \`${pool.name?.kind === "scalar" ? pool.name.text : ""}\``));
      }
    }
  }
  for (const subnet of networks.subnets.values()) {
    for (const cidr of subnet.cidrs ?? []) {
      const range = rangeAt(ctx, subnet.block, "cidr", cidr, `subnet \`${subnet.name}\``);
      subnetOf.set(range, subnet.name);
      ranges.push(range);
    }
  }
  const out = new Set<string>();
  for (const range of checkOverlaps(ctx, ranges)) {
    const name = subnetOf.get(range);
    if (name !== undefined) out.add(name);
  }
  return out;
}
