/** What lowering can still refuse after a program passed the checker: ranges that are full. */
import type { Span } from "@knet/language";

export interface LoweringProblem {
  readonly kind: "range-full" | "address-taken" | "no-node";
  /** One sentence without a full stop. */
  readonly message: string;
  /** The declaration whose address or place is missing. */
  readonly span: Span;
  /** The range, pool or list that is too small, when it stands in the source. */
  readonly related: { readonly span: Span; readonly label: string } | null;
}
