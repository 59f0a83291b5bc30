/** Reads what `iptables-save` prints, with or without counters. */
import type { Family } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { parseRule } from "./parse-rule.ts";
import { addRule, declareChain } from "./ruleset.ts";
import { emptyTable } from "./table-in-progress.ts";
import type { TableInProgress } from "./table-in-progress.ts";
import { isTableName, tableNames } from "./tables.ts";
import type { Ruleset, TableName } from "./types.ts";

/** A dump that is not what `iptables-save` prints, or holds what knet does not model. */
export class SaveSyntaxError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, reason: string, options?: ErrorOptions) {
    super(`line ${line}: ${reason}`, options);
    this.name = "SaveSyntaxError";
    this.line = line;
  }
}

const dumped: Origin = { name: "iptables-save", span: null };

/**
 * The ruleset of a dump. Tables that the dump lacks are those of a fresh kernel.
 *
 * @throws {SaveSyntaxError} with the number of the line that cannot be read.
 */
export function parseIptablesSave(text: string, family: Family): Ruleset {
  const tables = new Map<TableName, TableInProgress>(tableNames.map((name) => [name, emptyTable(name)]));
  let current: { readonly name: TableName; readonly table: TableInProgress } | null = null;
  let number = 0;
  for (const raw of text.split("\n")) {
    number++;
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    try {
      if (line.startsWith("*")) {
        const name = line.slice(1);
        if (!isTableName(name)) throw new Error(`knet does not model the table ${name}`);
        if (current !== null) throw new Error(`the table ${current.name} is not committed`);
        current = { name, table: tables.get(name) ?? emptyTable(name) };
      } else if (current === null) {
        throw new Error("the line stands outside a table");
      } else if (line === "COMMIT") {
        current = null;
      } else if (line.startsWith(":")) {
        const [chain = "", policy = ""] = line.slice(1).split(" ");
        if (policy !== "-" && policy !== "ACCEPT" && policy !== "DROP") throw new Error(`unknown policy ${policy}`);
        declareChain(current.name, current.table, { name: chain, policy, origin: dumped });
      } else {
        readRule(line, family, current.name, current.table);
      }
    } catch (error) {
      throw new SaveSyntaxError(number, error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
  if (current !== null) throw new SaveSyntaxError(number, `the table ${current.name} is not committed`);
  return { family, tables: new Map([...tables].map(([name, table]) => [name, table.finish()])) };
}

function readRule(line: string, family: Family, name: TableName, table: TableInProgress): void {
  const start = line.startsWith("[") ? line.indexOf("] ") + 2 : 0;
  if (!line.startsWith("-A ", start)) throw new Error("neither a chain nor a rule");
  const blank = line.indexOf(" ", start + 3);
  const chainName = line.slice(start + 3, blank < 0 ? undefined : blank);
  if (table.get(chainName) === undefined) throw new Error(`there is no chain ${chainName}`);
  addRule(name, table, chainName, { ...parseRule(blank < 0 ? "" : line.slice(blank + 1), family), line: null }, false);
}
