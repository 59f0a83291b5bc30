/** Calico selector expressions as a tree. AND and OR keep the grouping of the source: the canonical text shows it. */
export type Selector =
  | { readonly kind: "all" }
  | { readonly kind: "global" }
  | { readonly kind: "has"; readonly key: string }
  | { readonly kind: "compare"; readonly operator: Comparison; readonly key: string; readonly value: string }
  /** `values` sorted bytewise and without duplicates. */
  | { readonly kind: "in" | "not-in"; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: "not"; readonly operand: Selector }
  /** Two operands or more. */
  | { readonly kind: "and" | "or"; readonly operands: readonly Selector[] };

export type Comparison = "==" | "!=" | "contains" | "starts with" | "ends with";

/** What is wrong with a selector's text, and at which UTF-16 offset. */
export class SelectorError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = "SelectorError";
    this.offset = offset;
  }
}

/** Order of the UTF-8 bytes, which for characters beyond the BMP is not that of UTF-16. */
export function byBytes(x: string, y: string): number {
  return Buffer.compare(Buffer.from(x, "utf8"), Buffer.from(y, "utf8"));
}
