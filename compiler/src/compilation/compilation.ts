/** One program on its way through the compiler: parsed, checked, lowered, assembled; each stage on demand and once. */
import { checkProgram, hasErrors, settle, sourceFile } from "@knet/language";
import type { CheckedProgram, CheckOptions, ClusterProgram, ComputedText, Diagnostic, SourceFile } from "@knet/language";
import type { Ip } from "@knet/language/values";
import type { Allocation } from "../allocate/index.ts";
import { assembleFabric } from "../components/assemble.ts";
import { compilerCatalogue } from "../diagnostics/catalogue.ts";
import type { Fabric } from "../fabric/types.ts";
import { createIntent } from "../intent/intent.ts";
import { findingsOf, withSuppressions } from "./findings.ts";
import { lower } from "../lower/lower.ts";
import type { Lowered, LoweringOptions } from "../lower/lower.ts";
import { severalClusters, unsupported } from "../lower/unsupported.ts";
import type { Purpose, Unsupported } from "../lower/unsupported.ts";
import type { NetworkModel } from "../model/types.ts";
import type { Intent } from "../intent/intent.ts";
import type { Failures, Scenario } from "../verify/types.ts";

export type { Purpose } from "../lower/unsupported.ts";

/** A scenario whose judge also explains itself. */
export interface CompiledScenario extends Scenario {
  readonly intent: Intent;
}

export interface Checked {
  /** The entry file. */
  readonly source: SourceFile;
  /** Every file of the program, the entry file first. */
  readonly sources: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** Null when the checker found errors. */
  readonly program: CheckedProgram | null;
  /** Of each cluster, in the order of the program; empty when there are errors. */
  readonly compilations: readonly Compilation[];
  /** That of the only cluster; null when there are errors, or several clusters. */
  readonly compilation: Compilation | null;
}

/** Checks a program and allocates; `held` is what the lock keeps, of a program with one cluster. */
export function checkSource(file: string, text: string, held: Allocation | null, options: CheckOptions = {}): Checked {
  const checked = checkProgram(file, text, options);
  const source = sourceFile(file, text);
  const sources = [source, ...[...checked.files.values()].filter(({ tree }) => tree.path !== file).map(({ tree }) => sourceFile(tree.path, tree.text))];
  const { program } = checked;
  if (program === null || hasErrors(checked.diagnostics)) return { source, sources, diagnostics: checked.diagnostics, program: null, compilations: [], compilation: null };
  const texts: ProgramTexts = { source, sources, computed: checked.computed };
  const clusters = lowerClusters(program, held);
  const problems = clusters.flatMap(({ lowered }) => lowered.problems).map((problem) =>
    compilerCatalogue.create(problem.name, { message: problem.message }, { span: problem.span, related: problem.related === null ? [] : [{ span: problem.related.span, text: problem.related.label }] }),
  );
  const findings = problems.length > 0 ? [] : clusters.flatMap(({ cluster, lowered }) => findingsOf(cluster, lowered.model));
  const all = [...checked.diagnostics, ...settle([...problems, ...findings], checked.computed)];
  const diagnostics = withSuppressions(all, checked.suppressions);
  const compilations = problems.length > 0 ? [] : clusters.map(({ cluster, lowered, options }) => new Compilation(texts, cluster, lowered, { options, folder: clusters.length === 1 ? "" : `${cluster.cluster.name}/` }));
  const [only, second] = compilations;
  return { source, sources, diagnostics, program, compilations, compilation: second === undefined ? (only ?? null) : null };
}

interface LoweredCluster {
  readonly cluster: ClusterProgram;
  readonly options: LoweringOptions;
  readonly lowered: Lowered;
}

/** One after the other: nodes get no address that a node of another cluster has, pinned or given out before. */
function lowerClusters({ clusters }: CheckedProgram, held: Allocation | null): readonly LoweredCluster[] {
  const out: LoweredCluster[] = [];
  for (const cluster of clusters) {
    const pinned = clusters.filter((other) => other !== cluster).flatMap(({ nodes }) => nodes.flatMap((node) => node.addresses.value));
    const given = out.flatMap(({ lowered }) => lowered.model.nodes.flatMap((node) => node.addresses));
    const taken: readonly Ip[] = [...pinned, ...given];
    const options: LoweringOptions = { taken, ...(held === null || clusters.length > 1 ? {} : { held }) };
    out.push({ cluster, options, lowered: lower(cluster, options) });
  }
  return out;
}

/** What a program was written as. */
export interface ProgramTexts {
  readonly source: SourceFile;
  readonly sources: readonly SourceFile[];
  readonly computed: ComputedText;
}

/** What a cluster is given in a program. */
export interface ClusterPlace {
  readonly folder: string;
  readonly options: LoweringOptions;
}

export class Compilation {
  /** The entry file. */
  readonly source: SourceFile;
  /** Every file of the program, the entry file first. */
  readonly sources: readonly SourceFile[];
  /** One cluster of the program. */
  readonly program: ClusterProgram;
  /** Where its files are below the output folder: empty for the only cluster of a program, `west/` beside others. */
  readonly folder: string;
  readonly model: NetworkModel;
  readonly #computed: ComputedText;
  readonly #lowered: Lowered;
  readonly #options: LoweringOptions;
  #scenario: CompiledScenario | null = null;

  constructor({ source, sources, computed }: ProgramTexts, program: ClusterProgram, lowered: Lowered, { folder, options }: ClusterPlace) {
    this.source = source;
    this.sources = sources;
    this.#computed = computed;
    this.program = program;
    this.model = lowered.model;
    this.#lowered = lowered;
    this.#options = options;
    this.folder = folder;
  }

  /** What a lock would hold. */
  get allocation(): Allocation {
    return this.#lowered.allocation;
  }

  /** Errors about what the program says and a purpose cannot be served with. */
  unsupported(purpose: Purpose): readonly Diagnostic[] {
    return this.#refusals(unsupported(this.program, purpose));
  }

  /** The error of a command that answers for one cluster and was given this one beside another. */
  besideOthers(): readonly Diagnostic[] {
    return this.#refusals([severalClusters(this.program)]);
  }

  #refusals(refused: readonly Unsupported[]): readonly Diagnostic[] {
    const found = refused.map(({ attribute, owner, reason, span }) =>
      compilerCatalogue.create("not-generated", { attribute, owner, reason }, { span, help: "`knet check` accepts it, and `--format model-json` shows it" }),
    );
    return settle(found, this.#computed);
  }

  get fabric(): Fabric {
    return this.scenario.fabric;
  }

  /** The cluster as declared. */
  get scenario(): CompiledScenario {
    this.#scenario ??= scenarioOf(this.model);
    return this.#scenario;
  }

  /** The cluster after the failures, converged: what is left keeps its addresses. */
  after(failures: Failures): CompiledScenario {
    return scenarioOf(lower(this.program, { ...this.#options, held: this.allocation, failed: failures }).model);
  }
}

function scenarioOf(model: NetworkModel): CompiledScenario {
  return { model, fabric: assembleFabric(model), intent: createIntent(model) };
}
