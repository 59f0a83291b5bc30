/** What lowering can still refuse after a program passed the checker: a range that is full. */
import type { Span } from "@knet/language";

export interface LoweringProblem {
  /** One sentence without a full stop. */
  readonly message: string;
  /** The declaration whose address or port is missing. */
  readonly span: Span;
  /** The range that is too small, when it stands in the source. */
  readonly related: { readonly span: Span; readonly label: string } | null;
}
