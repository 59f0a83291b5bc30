/** The tables of the kernel, their built-in chains and what may stand in them. */
import type { Match, TableName, Target } from "./types.ts";

/** In the order of `iptables-save`. */
export const tableNames: readonly TableName[] = ["raw", "mangle", "nat", "filter"];

export type Hook = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";

const hooksOfTable: Readonly<Record<TableName, readonly Hook[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** Built-in chains in the order of `iptables-save`. */
export function builtInChains(table: TableName): readonly string[] {
  return hooksOfTable[table];
}

export function hooksOf(table: TableName): readonly Hook[] {
  return hooksOfTable[table];
}

export function isTableName(word: string): word is TableName {
  return tableNames.some((name) => name === word);
}

/** Where a match or a target may stand. */
export interface Place {
  /** Null: any table. */
  readonly tables: readonly TableName[] | null;
  /** Null: any hook. */
  readonly hooks: readonly Hook[] | null;
}

const anywhere: Place = { tables: null, hooks: null };

/** Where the kernel lets a target stand. A chain that no hook reaches is not checked for hooks. */
export function placeOfTarget(target: Target): Place {
  switch (target.kind) {
    case "dnat":
      return { tables: ["nat"], hooks: ["PREROUTING", "OUTPUT"] };
    case "snat":
      return { tables: ["nat"], hooks: ["INPUT", "POSTROUTING"] };
    case "masquerade":
      return { tables: ["nat"], hooks: ["POSTROUTING"] };
    case "reject":
      return { tables: ["filter"], hooks: ["INPUT", "FORWARD", "OUTPUT"] };
    case "notrack":
      return { tables: ["raw"], hooks: null };
    default:
      return anywhere;
  }
}

/** Where the kernel lets a match stand. */
export function placeOfMatch(match: Match): Place {
  if (match.kind === "rpfilter") return { tables: ["raw", "mangle"], hooks: ["PREROUTING"] };
  if (match.kind === "addrtype" && match.limit === "in") return { tables: null, hooks: ["PREROUTING", "INPUT", "FORWARD"] };
  if (match.kind === "addrtype" && match.limit === "out") return { tables: null, hooks: ["FORWARD", "OUTPUT", "POSTROUTING"] };
  return anywhere;
}
