/** Places in source text. */

/** Half-open range of UTF-16 offsets in a file. `file` is the path as the host gave it, with `/` separators. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Which copy of the text is meant, when a loop, a template or an import made several. */
  readonly expansion?: Expansion;
}

/** Why text stands in the program a second time; the innermost reason first. */
export interface Expansion {
  readonly kind: "loop" | "template" | "import";
  /** As a reader would say it: `i = 3`, `use rack`, `import "racks.knet"`. */
  readonly what: string;
  /** Of the loop's header, the use or the import: where the user can change it. */
  readonly span: Span;
  readonly parent: Expansion | null;
}

/** What a generated part goes back to: the declaration's name as a reader would say it, and where it stands. */
export interface Origin {
  /** For example `service namespace001/myapp` or `cluster demo · proxy iptables`. */
  readonly name: string;
  readonly span: Span | null;
  /** Of declarations that say who may pass; the others build what every packet passes, and have none. */
  readonly kind?: "policy" | "firewall";
}
