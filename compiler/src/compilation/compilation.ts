/** One program on its way through the compiler: parsed, checked, lowered, assembled; each stage on demand and once. */
import { checkProgram, hasErrors, settle, sourceFile } from "@knet/language";
import type { CheckedProgram, CheckOptions, ComputedText, Diagnostic, SourceFile } from "@knet/language";
import type { Allocation } from "../allocate/index.ts";
import { assembleFabric } from "../components/assemble.ts";
import { compilerCatalogue } from "../diagnostics/catalogue.ts";
import type { Fabric } from "../fabric/types.ts";
import { createIntent } from "../intent/intent.ts";
import { findingsOf, withSuppressions } from "./findings.ts";
import { lower } from "../lower/lower.ts";
import type { Lowered } from "../lower/lower.ts";
import { unsupported } from "../lower/unsupported.ts";
import type { Purpose } from "../lower/unsupported.ts";
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
  /** Null when there are errors. */
  readonly compilation: Compilation | null;
}

/** Checks a program and allocates; `held` is what the lock keeps. */
export function checkSource(file: string, text: string, held: Allocation | null, options: CheckOptions = {}): Checked {
  const checked = checkProgram(file, text, options);
  const source = sourceFile(file, text);
  const sources = [source, ...[...checked.files.values()].filter(({ tree }) => tree.path !== file).map(({ tree }) => sourceFile(tree.path, tree.text))];
  if (checked.program === null || hasErrors(checked.diagnostics)) return { source, sources, diagnostics: checked.diagnostics, compilation: null };
  const lowered = lower(checked.program, held === null ? {} : { held });
  const problems = lowered.problems.map((problem) =>
    compilerCatalogue.create(problem.name, { message: problem.message }, { span: problem.span, related: problem.related === null ? [] : [{ span: problem.related.span, text: problem.related.label }] }),
  );
  const findings = problems.length > 0 ? [] : findingsOf(checked.program, lowered.model);
  const all = [...checked.diagnostics, ...settle([...problems, ...findings], checked.computed)];
  const diagnostics = withSuppressions(all, checked.suppressions);
  const texts: ProgramTexts = { source, sources, computed: checked.computed };
  return { source, sources, diagnostics, compilation: problems.length > 0 ? null : new Compilation(texts, checked.program, lowered) };
}

/** What a program was written as. */
export interface ProgramTexts {
  readonly source: SourceFile;
  readonly sources: readonly SourceFile[];
  readonly computed: ComputedText;
}

export class Compilation {
  /** The entry file. */
  readonly source: SourceFile;
  /** Every file of the program, the entry file first. */
  readonly sources: readonly SourceFile[];
  readonly program: CheckedProgram;
  readonly model: NetworkModel;
  readonly #computed: ComputedText;
  readonly #lowered: Lowered;
  #scenario: CompiledScenario | null = null;

  constructor({ source, sources, computed }: ProgramTexts, program: CheckedProgram, lowered: Lowered) {
    this.source = source;
    this.sources = sources;
    this.#computed = computed;
    this.program = program;
    this.model = lowered.model;
    this.#lowered = lowered;
  }

  /** What a lock would hold. */
  get allocation(): Allocation {
    return this.#lowered.allocation;
  }

  /** Errors about what the program says and a purpose cannot be served with. */
  unsupported(purpose: Purpose): readonly Diagnostic[] {
    const found = unsupported(this.program, purpose).map(({ attribute, owner, reason, span }) =>
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
    return scenarioOf(lower(this.program, { held: this.allocation, failed: failures }).model);
  }
}

function scenarioOf(model: NetworkModel): CompiledScenario {
  return { model, fabric: assembleFabric(model), intent: createIntent(model) };
}
