/** From text to checked program. */
import type { SyntaxTree } from "../ast/nodes.ts";
import { bind, blocksOf, nameOf } from "../binder/binder.ts";
import type { Symbols } from "../binder/binder.ts";
import { checkAsserts } from "../checker/assert.ts";
import { checkCluster } from "../checker/cluster.ts";
import type { ClusterFacts } from "../checker/cluster.ts";
import { checkClusterPolicies } from "../checker/cluster-policy.ts";
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
import { settle } from "../expand/blame.ts";
import type { ComputedText } from "../expand/computed.ts";
import { expandProgram } from "../expand/expand.ts";
import type { ParameterArguments, ProgramHost } from "../expand/types.ts";
import { lint } from "../lint/lint.ts";
import { suppress, suppressionsIn } from "../lint/suppression.ts";
import type { Suppression } from "../lint/suppression.ts";
import { touches, wordsIn } from "../parser/damage.ts";
import type { ParseResult } from "../parser/parse.ts";
import { positionAt, sourceFile } from "../text/source.ts";
import type { SourceFile } from "../text/source.ts";
import type { CheckedProgram, NamespaceDeclaration } from "./checked.ts";
import { loadProgram } from "./load.ts";
import { oneOfEachMistake, withoutConsequences } from "./one-mistake.ts";

export interface CheckResult {
  /** Null exactly when a diagnostic is an error. */
  readonly program: CheckedProgram | null;
  /** In the order of their places. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of the entry file. */
  readonly tree: SyntaxTree;
  /** Every file of the program by its path, the entry file first. */
  readonly files: ReadonlyMap<string, ParseResult>;
  readonly symbols: Symbols;
  /** Comments that silence warnings, of all files; the compiler's own findings ask them too. */
  readonly suppressions: readonly Suppression[];
  /** What {@link settle} wants of findings that come later. */
  readonly computed: ComputedText;
}

export interface CheckOptions {
  /** Reads imported files; without it an import is an error. */
  readonly host?: ProgramHost;
  /** Values of the entry file's parameters. */
  readonly parameters?: ParameterArguments;
  /** The files of an earlier check: what has the same text is not parsed again. */
  readonly known?: ReadonlyMap<string, ParseResult>;
}

/**
 * Parses, expands and checks a program. Never throws on any text.
 * @param file the entry file's path as the host names it; it comes back in every span
 */
export function checkProgram(file: string, text: string, options: CheckOptions = {}): CheckResult {
  const loaded = loadProgram(file, text, options.host ?? null, options.known);
  const { files } = loaded;
  const expanded = expandProgram(loaded, options.parameters ?? new Map<string, never>());
  const ctx = new CheckContext(expanded, bind(expanded.root));
  const damage = new Map([...files].filter(([, parsed]) => parsed.damaged).map(([path, parsed]) => [path, damageOf(parsed)]));
  for (const { parsed } of damage.values()) ctx.doubt(wordsIn(parsed.tree, parsed.doubt));
  const whole = checkTree(ctx);
  ctx.reportCollected();
  const found = settle([...expanded.diagnostics, ...ctx.diagnostics.filter((d) => isBelieved(d, ctx))], expanded.computed);
  const kept = damage.size === 0 ? found : found.filter((d) => isTrusted(d, damage) || isElsewhere(d, damage));
  const syntax = [...files.values()].flatMap(({ tree, diagnostics }) =>
    diagnostics.length < 2 ? diagnostics : oneOfEachMistake(sourceFile(tree.path, tree.text), diagnostics),
  );
  const checked = [...syntax, ...loaded.diagnostics, ...withoutConsequences(kept)].sort(compareDiagnostics);
  const program = hasErrors(checked) ? null : whole;
  const linted = program === null ? checked : settle(lint(program, checked, expanded.textOf), expanded.computed);
  const suppressions = [...files.values()].flatMap((parsed) => suppressionsIn(parsed.tree));
  const diagnostics = suppress(linted, suppressions);
  const tree = files.get(file)?.tree;
  if (tree === undefined) throw new Error(`${file} is not among the files of the program`);
  return { program, diagnostics, tree, files, symbols: ctx.symbols, suppressions, computed: expanded.computed };
}

/** A file that does not read as knet, with the lines its syntax errors stand on. */
interface Damage {
  readonly parsed: ParseResult;
  readonly source: SourceFile;
  readonly lines: ReadonlySet<number>;
}

function damageOf(parsed: ParseResult): Damage {
  const source = sourceFile(parsed.tree.path, parsed.tree.text);
  return { parsed, source, lines: new Set(parsed.diagnostics.map((diagnostic) => positionAt(source, diagnostic.span.start).line)) };
}

/** Findings that may only be there because declarations are missing are not believed when some are. */
function isBelieved(diagnostic: Diagnostic, ctx: CheckContext): boolean {
  if (ctx.program.incomplete && (diagnostic.name === "unknown-name" || aboutTheWhole.has(diagnostic.name))) return false;
  // A selector may match nothing only because the pod or namespace that is missing elsewhere is missing.
  return diagnostic.name !== "selects-nothing" || !(ctx.hasUnknown("pod or workload") || ctx.hasUnknown("namespace"));
}

/** A finding that its own text proves, on lines without syntax errors. */
function isTrusted(diagnostic: Diagnostic, damage: ReadonlyMap<string, Damage>): boolean {
  if (diagnostic.name !== "not-supported" && !languageCatalogue.isLocal(diagnostic.code)) return false;
  const file = damage.get(diagnostic.span.file);
  if (file === undefined) return true;
  const last = positionAt(file.source, diagnostic.span.end).line;
  for (let line = positionAt(file.source, diagnostic.span.start).line; line <= last; line++) if (file.lines.has(line)) return false;
  return true;
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
function isElsewhere(diagnostic: Diagnostic, damage: ReadonlyMap<string, Damage>): boolean {
  if (aboutTheWhole.has(diagnostic.name)) return false;
  return [diagnostic, ...diagnostic.related].every(({ span }) => {
    const doubt = damage.get(span.file)?.parsed.doubt ?? [];
    return !doubt.some((stretch) => touches(span, stretch));
  });
}

function checkTree(ctx: CheckContext): CheckedProgram | null {
  const { root } = ctx;
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
  const clusterPolicies = checkClusterPolicies(ctx, facts.index);
  const assertions = checkAsserts(ctx, facts, networks);
  if (cluster.declaration === null) return null;
  return {
    entry: ctx.program.path,
    cluster: cluster.declaration,
    networks: networks.declarations,
    nodes,
    firewalls,
    clusterPolicies,
    namespaces,
    assertions,
  };
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
