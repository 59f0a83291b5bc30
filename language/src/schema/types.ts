/** The shape of the schema: what a row of the table of blocks and attributes says. */

export type ValueType =
  | { readonly kind: "string" }
  | { readonly kind: "dns-name" }
  | { readonly kind: "boolean" }
  | { readonly kind: "integer"; readonly first: number; readonly last: number; readonly unit?: string }
  | { readonly kind: "cidr" }
  /** One, or a list of one per family. */
  | { readonly kind: "cidrs" }
  | { readonly kind: "addresses" }
  /** `ipv4`, `ipv6`, or a list of both. */
  | { readonly kind: "families" }
  | { readonly kind: "port-range" }
  | { readonly kind: "labels" }
  | { readonly kind: "enum"; readonly values: readonly string[]; readonly future: readonly string[] }
  | { readonly kind: "version"; readonly software: string; readonly described: readonly string[] }
  | { readonly kind: "references"; readonly to: "subnet" | "node" }
  | { readonly kind: "reference"; readonly to: "node" }
  /** Any number of addresses, or of ranges, of both families; one alone needs no brackets. */
  | { readonly kind: "address-list" }
  | { readonly kind: "cidr-list" }
  /** Words of a closed set, each once. */
  | { readonly kind: "enum-list"; readonly values: readonly string[]; readonly future: readonly string[] }
  /** Whole seconds between the bounds: `90s`, `3h`, or a number of seconds. */
  | { readonly kind: "duration"; readonly first: number; readonly last: number }
  | { readonly kind: "dns-names" }
  /** A DNS label in quotes. */
  | { readonly kind: "dns-label" }
  /** A name as label keys are: `example.com/controller`. */
  | { readonly kind: "qualified-name" }
  | { readonly kind: "label-value" }
  /** A selector in Calico's syntax, in quotes. */
  | { readonly kind: "calico-selector" };

export interface AttributeRow {
  readonly name: string;
  readonly type: ValueType;
  readonly required: boolean;
  /** The default as it would be written; null: required, or what `doc` says. */
  readonly default: string | null;
  readonly doc: string;
  /** The Kubernetes, Calico or CoreDNS field it stands for; null when it is knet's own. */
  readonly field: string | null;
  /** Reserved: using it is reported as not supported. */
  readonly future: boolean;
}

/** Sentences a block may hold. */
export type StatementKind =
  | "port-statement"
  | "applies"
  | "selects"
  | "isolates"
  | "allow"
  | "deny"
  | "pass"
  | "forward"
  | "spread"
  | "reach"
  | "resolve"
  | "connectivity"
  | "failure";

/** How names of a kind are spelt; blocks of the rule `none` have no name. */
export type NameRule = "label" | "service-label" | "subdomain" | "title" | "none";

export interface ClauseRow {
  readonly keyword: "in" | "on";
  readonly to: "subnet" | "node";
  readonly required: boolean;
  readonly doc: string;
}

export interface BlockRow {
  readonly keyword: string;
  /** `file`, or keywords of the blocks it may stand in. */
  readonly parents: readonly string[];
  /** With `kinds`, the name picks one of a closed set (`proxy iptables`). */
  readonly name:
    | { readonly rule: NameRule; readonly kinds: null }
    | { readonly rule: null; readonly kinds: readonly string[]; readonly future: readonly string[] };
  readonly body: "required" | "optional";
  readonly clauses: readonly ClauseRow[];
  readonly attributes: readonly AttributeRow[];
  readonly statements: readonly StatementKind[];
  readonly doc: string;
  readonly field: string | null;
}
