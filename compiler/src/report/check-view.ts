/** What the `check` reporters print. */
import type { Diagnostic, Sources } from "./diagnostics.ts";

export interface CheckView {
  /** Every file that was checked, as the user named it, also those without findings. */
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}
