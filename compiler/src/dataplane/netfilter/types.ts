/**
 * iptables of one Linux host: the files that its software feeds to `iptables-restore --noflush`, and the
 * ruleset that the kernel holds once they are loaded.
 */
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";

export type TableName = "raw" | "mangle" | "nat" | "filter";

// What is written ---------------------------------------------------------------------------------

/** One payload of one owner. Files are loaded in the order of the dataplane's list. */
export interface IptablesFile {
  /** `kube-proxy`, `felix`, `node-firewall`, …: the printed file is `<owner>.iptables` or `.ip6tables`. */
  readonly owner: string;
  readonly family: 4 | 6;
  /** In payload order. */
  readonly tables: readonly IptablesTable[];
}

export interface IptablesTable {
  readonly name: TableName;
  /** `:NAME - [0:0]` lines in order: creates the chain, or flushes it when it is there. */
  readonly chains: readonly ChainLine[];
  readonly rules: readonly RuleLine[];
}

export interface ChainLine {
  readonly name: string;
  /** `-` for a user chain; a policy for a built-in one. */
  readonly policy: "-" | "ACCEPT" | "DROP";
  readonly origin: Origin;
}

/** One line of a payload's rule section, spelled as its owner spells it. */
export interface RuleLine {
  /** `append` is `-A`, `insert` is `-I CHAIN 1`, `delete-chain` is `-X`. */
  readonly operation: "append" | "insert" | "delete-chain";
  readonly chain: string;
  /** Everything behind `-A CHAIN `: `-m comment --comment "…" -j ACCEPT`. Empty for `-X`. */
  readonly text: string;
  readonly origin: Origin;
}

// What the kernel then holds ----------------------------------------------------------------------

/** Built by loading the files in order; also what a parsed `iptables-save` gives. */
export interface Ruleset {
  readonly family: 4 | 6;
  readonly tables: ReadonlyMap<TableName, ReadonlyMap<string, Chain>>;
}

export interface Chain {
  readonly name: string;
  /** Null for a user chain. */
  readonly policy: "ACCEPT" | "DROP" | null;
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** In the order in which the kernel tests them. */
  readonly matches: readonly Match[];
  /** Null: counts and goes on. */
  readonly target: Target | null;
  /** The line it came from; null when parsed from a dump. */
  readonly line: RuleLine | null;
}

export type Match =
  | { readonly kind: "protocol"; /** IANA number. */ readonly protocol: number; readonly negated: boolean }
  | { readonly kind: "source" | "destination"; readonly cidr: Cidr; readonly negated: boolean }
  /** A trailing `+` is a wildcard. */
  | { readonly kind: "in-interface" | "out-interface"; readonly name: string; readonly negated: boolean }
  | { readonly kind: "comment"; readonly text: string }
  /** `-m tcp|udp|sctp --sport/--dport`. Inclusive. */
  | {
      readonly kind: "port";
      readonly side: "source" | "destination";
      readonly first: number;
      readonly last: number;
      readonly negated: boolean;
    }
  | {
      readonly kind: "multiport";
      readonly side: "source" | "destination" | "either";
      readonly ports: readonly { readonly first: number; readonly last: number }[];
      readonly negated: boolean;
    }
  | { readonly kind: "mark"; readonly value: number; readonly mask: number; readonly negated: boolean }
  | { readonly kind: "conntrack"; readonly states: readonly ConntrackState[]; readonly negated: boolean }
  | {
      readonly kind: "addrtype";
      readonly side: "source" | "destination";
      readonly type: "LOCAL" | "UNICAST" | "BROADCAST" | "MULTICAST" | "BLACKHOLE" | "UNREACHABLE";
      readonly negated: boolean;
      readonly limit: "in" | "out" | null;
    }
  | { readonly kind: "set"; readonly set: string; readonly sides: readonly ("src" | "dst")[]; readonly negated: boolean }
  /** `-m statistic --mode random`: probability in 1/2^31, as the kernel keeps it. */
  | { readonly kind: "statistic"; readonly threshold: number; readonly negated: boolean }
  | {
      readonly kind: "recent";
      readonly name: string;
      readonly action: "set" | "rcheck" | "update" | "remove";
      readonly seconds: number | null;
      readonly reap: boolean;
      readonly negated: boolean;
    }
  | { readonly kind: "icmp"; readonly family: 4 | 6; readonly type: number; readonly code: number | null; readonly negated: boolean }
  | {
      readonly kind: "rpfilter";
      readonly loose: boolean;
      readonly validMark: boolean;
      readonly acceptLocal: boolean;
      readonly invert: boolean;
    }
  | { readonly kind: "tcp-flags"; readonly mask: readonly string[]; readonly set: readonly string[]; readonly negated: boolean };

export type ConntrackState = "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED" | "SNAT" | "DNAT";

export type Target =
  | { readonly kind: "accept" | "drop" | "return" | "notrack" }
  | { readonly kind: "jump" | "goto"; readonly chain: string }
  /** The ICMP type by its iptables name: `icmp-port-unreachable`, `icmp6-port-unreachable`, `tcp-reset`, … */
  | { readonly kind: "reject"; readonly with: string }
  /** `mark = (mark & ~mask) ^ value`. */
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  | { readonly kind: "dnat"; readonly to: Ip; readonly port: number | null }
  | { readonly kind: "snat"; readonly to: Ip; readonly ports: { readonly first: number; readonly last: number } | null }
  | { readonly kind: "masquerade"; readonly randomFully: boolean; readonly ports: { readonly first: number; readonly last: number } | null }
  | { readonly kind: "log"; readonly prefix: string; readonly level: number };
