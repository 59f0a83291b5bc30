/** From text to checked program. */
import type { SyntaxTree } from "../ast/nodes.ts";
import { bind, blocksOf, nameOf } from "../binder/binder.ts";
import type { ProgramSymbols } from "../binder/binder.ts";
import { checkTopAsserts } from "../checker/assert-clusters.ts";
import type { ClusterHome } from "../checker/assert-clusters.ts";
import { assertFacts, checkAsserts } from "../checker/assert.ts";
import type { AssertFacts } from "../checker/assert.ts";
import { checkCluster } from "../checker/cluster.ts";
import type { ClusterFacts } from "../checker/cluster.ts";
import { checkClusterPolicies } from "../checker/cluster-policy.ts";
import { CheckContext } from "../checker/context.ts";
import { checkFirewalls } from "../checker/firewall.ts";
import { checkNamespaces } from "../checker/namespace.ts";
import { checkNetworks } from "../checker/network.ts";
import type { NetworkFacts } from "../checker/network.ts";
import { checkNodes } from "../checker/node.ts";
import type { AddressOwners } from "../checker/node.ts";
import { checkPolicy } from "../checker/policy.ts";
import { checkOverlaps, checkPair, rangeAt } from "../checker/ranges.ts";
import type { NamedRange } from "../checker/ranges.ts";
import { checkService, serviceOwners } from "../checker/service.ts";
import { checkStructure, describe, lose } from "../checker/structure.ts";
import { compareDiagnostics, hasErrors } from "../diagnostics/diagnostic.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import { join } from "../diagnostics/suggest.ts";
import { settle } from "../expand/blame.ts";
import type { ComputedText } from "../expand/computed.ts";
import { expandProgram } from "../expand/expand.ts";
import type { ParameterArguments, ProgramHost } from "../expand/types.ts";
import { lint, mergeSelectors } from "../lint/lint.ts";
import { suppress, suppressionsIn } from "../lint/suppression.ts";
import type { Suppression } from "../lint/suppression.ts";
import { touches, wordsIn } from "../parser/damage.ts";
import type { ParseResult } from "../parser/parse.ts";
import { positionAt, sourceFile } from "../text/source.ts";
import type { SourceFile } from "../text/source.ts";
import type { CheckedProgram, ClusterProgram, NamespaceDeclaration, NodeDeclaration } from "./checked.ts";
import { loadProgram } from "./load.ts";
import { oneOfEachMistake, withoutConsequences } from "../diagnostics/one-mistake.ts";

export interface CheckResult {
  /** Null exactly when a diagnostic is an error. */
  readonly program: CheckedProgram | null;
  /** In the order of their places. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of the entry file. */
  readonly tree: SyntaxTree;
  /** Every file of the program by its path, the entry file first. */
  readonly files: ReadonlyMap<string, ParseResult>;
  readonly symbols: ProgramSymbols;
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
  const bound = bind(expanded.root);
  const ctx = new CheckContext(expanded, bound.top);
  const damage = new Map([...files].filter(([, parsed]) => parsed.damaged).map(([path, parsed]) => [path, damageOf(parsed)]));
  const doubted = new Set([...damage.values()].flatMap(({ parsed }) => [...wordsIn(parsed.tree, parsed.doubt)]));
  if (damage.size > 0) ctx.doubt(doubted);
  const whole = checkTree(ctx, bound);
  ctx.reportOutside();
  ctx.reportUnknown();
  const found = settle([...expanded.diagnostics, ...ctx.diagnostics.filter((d) => isBelieved(d, ctx))], expanded.computed);
  const kept = damage.size === 0 ? found : found.filter((d) => (isTrusted(d, damage) || isElsewhere(d, damage)) && !mayBeUsed(d, doubted, expanded.textOf));
  const syntax = [...files.values()].flatMap(({ tree, diagnostics }) =>
    diagnostics.length < 2 ? diagnostics : oneOfEachMistake(sourceFile(tree.path, tree.text), diagnostics),
  );
  const checked = [...syntax, ...loaded.diagnostics, ...withoutConsequences(kept)].sort(compareDiagnostics);
  const program = hasErrors(checked) ? null : whole;
  const linted = program === null ? checked : settle(lint(program, checked, expanded.textOf), expanded.computed);
  const suppressions = [...files.values()].flatMap((parsed) => suppressionsIn(parsed.tree));
  const heard = suppress(linted, suppressions);
  const diagnostics = program === null ? heard : mergeSelectors(heard, expanded.textOf);
  const tree = files.get(file)?.tree;
  if (tree === undefined) throw new Error(`${file} is not among the files of the program`);
  return { program, diagnostics, tree, files, symbols: bound, suppressions, computed: expanded.computed };
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

/** What is called unused may be used in text that does not read. */
function mayBeUsed({ name, span }: Diagnostic, doubted: ReadonlySet<string>, textOf: (path: string) => string): boolean {
  return name === "unused-name" && doubted.has(textOf(span.file).slice(span.start, span.end));
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

function checkTree(top: CheckContext, bound: ProgramSymbols): CheckedProgram | null {
  for (const { first, second } of bound.duplicates) {
    top.report(
      "duplicate-name",
      { what: second.kind, name: second.name },
      { span: second.span, related: [{ span: first.span, text: "first here" }] },
    );
  }
  checkStructure(top, top.root);
  const several = bound.clusters.length > 1;
  if (several) checkStrays(top);
  const networks = checkNetworks(top);
  const told = new Set<string>();
  const nodeAddresses: AddressOwners = new Map();
  const scopes = several ? bound.scopes.map((scope) => new CheckContext(top.program, scope, top)) : [top];
  const parts = scopes.map((ctx) => checkPart(ctx, networks, told, nodeAddresses));
  checkRoutedPools(top, parts, networks, told);
  const homes = parts.flatMap(({ ctx, assertFacts: facts }): readonly ClusterHome[] => (ctx.cluster === null ? [] : [{ cluster: ctx.cluster, ctx, facts }]));
  const asserted = several ? checkTopAsserts(top, homes) : null;
  if (several) for (const ctx of scopes) ctx.reportOutside();
  const clusters = parts.flatMap(({ ctx, program }): readonly ClusterProgram[] => {
    const home = homes.find((candidate) => candidate.ctx === ctx);
    const more = home === undefined ? undefined : asserted?.within.get(home);
    return program === null ? [] : [more === undefined ? program : { ...program, assertions: [...program.assertions, ...more] }];
  });
  if (clusters.length === 0 || clusters.length < parts.length) return null;
  return { entry: top.program.path, networks: networks.declarations, clusters, between: asserted?.between ?? [] };
}

/** Beside several clusters, what is not an assertion stands in the block of its cluster. One message for all that does not. */
function checkStrays(top: CheckContext): void {
  const [first, ...others] = top.members.filter((block) => block.keyword.value !== "assert");
  if (first === undefined) return;
  const names = top.symbols.clusters.map(({ name }) => `\`cluster ${name} { … }\``);
  const shown = names.length > 6 ? [...names.slice(0, 6), `${names.length - 6} more`] : names;
  top.report(
    "several-clusters",
    { what: describe(first) },
    {
      span: top.header(first),
      related: others.slice(0, 8).map((block) => ({ span: top.header(block), text: "nor does this" })),
      help: `beside several clusters it stands in the block of its own: ${join(shown, "or")}`,
    },
  );
  for (const block of [first, ...others]) lose(top, block);
}

/** What was found of one cluster. */
interface ClusterPart {
  readonly ctx: CheckContext;
  readonly facts: ClusterFacts;
  readonly nodes: readonly NodeDeclaration[];
  readonly assertFacts: AssertFacts;
  readonly program: ClusterProgram | null;
}

function checkPart(ctx: CheckContext, networks: NetworkFacts, told: Set<string>, nodeAddresses: AddressOwners): ClusterPart {
  const cluster = checkCluster(ctx);
  const doubtful = overlaps(ctx, cluster, networks, told);
  const nodes = checkNodes(ctx, networks, doubtful, nodeAddresses);
  const firewalls = checkFirewalls(ctx);
  const facts = checkNamespaces(ctx, cluster);
  const owners = serviceOwners(ctx, cluster);
  const namespaces = facts.namespaces.map((namespace): NamespaceDeclaration => {
    const inner = namespace.blocks.flatMap((block) => blocksOf(block.body?.members, "namespace")).filter((block) => nameOf(block) !== "");
    const [first] = namespace.blocks;
    const at = first === undefined ? ctx.span(ctx.root) : ctx.span(first);
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
  const forAsserts = assertFacts(ctx, facts, networks);
  const assertions = checkAsserts(ctx, forAsserts);
  const program: ClusterProgram | null =
    cluster.declaration === null
      ? null
      : {
          entry: ctx.program.path,
          cluster: cluster.declaration,
          networks: networks.declarations,
          nodes,
          firewalls,
          clusterPolicies,
          namespaces,
          assertions,
        };
  return { ctx, facts: cluster, nodes, assertFacts: forAsserts, program };
}

/** Names of the subnets whose ranges overlap something of the cluster: what lies in them is not judged. */
function overlaps(ctx: CheckContext, cluster: ClusterFacts, networks: NetworkFacts, told: Set<string>): ReadonlySet<string> {
  const ranges: NamedRange[] = [];
  const subnetOf = new Map<NamedRange, string>();
  if (ctx.cluster !== null) {
    const { block } = ctx.cluster;
    for (const cidr of cluster.serviceCidrs ?? []) ranges.push(rangeAt(ctx, block, "service-cidr", cidr, "the service range"));
    ranges.push(...poolRanges(ctx, cluster, null));
  }
  for (const subnet of networks.subnets.values()) {
    for (const cidr of subnet.cidrs ?? []) {
      const range = rangeAt(ctx, subnet.block, "cidr", cidr, `subnet \`${subnet.name}\``);
      subnetOf.set(range, subnet.name);
      ranges.push(range);
    }
  }
  const out = new Set<string>();
  for (const range of checkOverlaps(ctx, ranges, told)) {
    const name = subnetOf.get(range);
    if (name !== undefined) out.add(name);
  }
  return out;
}

/** @param of the cluster, where a message has to tell it from others */
function poolRanges(ctx: CheckContext, { poolRanges: ranges }: ClusterFacts, of: string | null): readonly NamedRange[] {
  return [...ranges].map(([pool, cidr]) => {
    const label = `pool \`${pool.name?.kind === "scalar" ? pool.name.text : ""}\``;
    return rangeAt(ctx, pool, "cidr", cidr, of === null ? label : `${label} of cluster \`${of}\``);
  });
}

/**
 * Pods of two clusters must not have the same addresses where routers lead from the nodes of one to those of the other. Service addresses
 * never leave a node, so the service ranges of clusters may be equal.
 */
function checkRoutedPools(top: CheckContext, parts: readonly ClusterPart[], networks: NetworkFacts, told: Set<string>): void {
  const areaOf = areas(networks);
  const reached = parts.map(({ nodes }) => new Set(nodes.map((node) => areaOf(node.subnet.value))));
  for (const [i, one] of parts.entries()) {
    for (const [j, other] of parts.entries()) {
      if (i >= j || ![...(reached[i] ?? [])].some((area) => reached[j]?.has(area) === true)) continue;
      const [ours, theirs] = [one, other].map(({ ctx, facts }) => poolRanges(ctx, facts, ctx.cluster?.name ?? ""));
      // Pools of one cluster have been compared with each other.
      for (const mine of ours ?? []) for (const range of theirs ?? []) checkPair(top, mine, range, told);
    }
  }
}

/** The subnets that routers join, directly or by way of others, by the name of one of them. */
function areas(networks: NetworkFacts): (subnet: string) => string {
  const parents = new Map<string, string>();
  const rootOf = (subnet: string): string => {
    let at = subnet;
    for (let up = parents.get(at); up !== undefined; up = parents.get(at)) at = up;
    return at;
  };
  for (const { joins } of networks.declarations.flatMap((network) => network.routers)) {
    const [first, ...others] = joins.value;
    for (const subnet of others) {
      const [one, other] = [rootOf(first ?? subnet), rootOf(subnet)];
      if (one !== other) parents.set(other, one);
    }
  }
  return rootOf;
}
