/** What lowering can still refuse after a program passed the checker: a range that is full, or pools that give a node nothing. */
import type { Span } from "@knet/language";

export interface LoweringProblem {
  readonly name: "range-full" | "no-pool";
  /** One sentence without a full stop. */
  readonly message: string;
  /** The declaration whose address or port is missing. */
  readonly span: Span;
  /** The range that is too small, when it stands in the source. */
  readonly related: { readonly span: Span; readonly label: string } | null;
}
