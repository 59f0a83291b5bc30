/** Places in source text. */

/** Half-open range of UTF-16 offsets in a file. `file` is the path as the host gave it, with `/` separators. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** What a generated part goes back to: the declaration's name as a reader would say it, and where it stands. */
export interface Origin {
  /** For example `service namespace001/myapp` or `cluster demo · proxy iptables`. */
  readonly name: string;
  readonly span: Span | null;
  /** Of declarations that say who may pass; the others build what every packet passes, and have none. */
  readonly kind?: "policy" | "firewall";
}
