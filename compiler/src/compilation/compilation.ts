/** One program on its way through the compiler: parsed, checked, lowered, assembled; each stage on demand and once. */
import { checkProgram, hasErrors, sourceFile } from "@knet/language";
import type { CheckedProgram, Diagnostic, SourceFile } from "@knet/language";
import type { Allocation } from "../allocate/index.ts";
import { assembleFabric } from "../components/assemble.ts";
import { compilerCatalogue } from "../diagnostics/catalogue.ts";
import type { Fabric } from "../fabric/types.ts";
import { createIntent } from "../intent/intent.ts";
import { lower } from "../lower/lower.ts";
import type { Lowered } from "../lower/lower.ts";
import type { NetworkModel } from "../model/types.ts";
import type { Intent } from "../intent/intent.ts";
import type { Failures, Scenario } from "../verify/types.ts";

/** A scenario whose judge also explains itself. */
export interface CompiledScenario extends Scenario {
  readonly intent: Intent;
}

export interface Checked {
  readonly source: SourceFile;
  readonly diagnostics: readonly Diagnostic[];
  /** Null when there are errors. */
  readonly compilation: Compilation | null;
}

/** Checks a program and allocates; `held` is what the lock keeps. */
export function checkSource(file: string, text: string, held: Allocation | null): Checked {
  const checked = checkProgram(file, text);
  const source = sourceFile(file, text);
  if (checked.program === null || hasErrors(checked.diagnostics)) return { source, diagnostics: checked.diagnostics, compilation: null };
  const lowered = lower(checked.program, held === null ? {} : { held });
  const problems = lowered.problems.map((problem) =>
    compilerCatalogue.create("range-full", { message: problem.message }, { span: problem.span, related: problem.related === null ? [] : [{ span: problem.related.span, text: problem.related.label }] }),
  );
  const diagnostics = [...checked.diagnostics, ...problems];
  return { source, diagnostics, compilation: problems.length > 0 ? null : new Compilation(source, checked.program, lowered) };
}

export class Compilation {
  readonly source: SourceFile;
  readonly program: CheckedProgram;
  readonly model: NetworkModel;
  readonly #lowered: Lowered;
  #scenario: CompiledScenario | null = null;

  constructor(source: SourceFile, program: CheckedProgram, lowered: Lowered) {
    this.source = source;
    this.program = program;
    this.model = lowered.model;
    this.#lowered = lowered;
  }

  /** What a lock would hold. */
  get allocation(): Allocation {
    return this.#lowered.allocation;
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
