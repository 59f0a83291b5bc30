import type { ChainLine, RuleLine, TableName } from "./types.ts";

/** A payload that the kernel would refuse. */
export class RulesetError extends Error {
  readonly table: TableName;
  readonly chain: string;
  /** The line at fault; null for a fault of the whole, such as a loop. */
  readonly line: RuleLine | ChainLine | null;

  constructor(table: TableName, chain: string, line: RuleLine | ChainLine | null, reason: string, options?: ErrorOptions) {
    super(`table ${table}, chain ${chain}: ${reason}`, options);
    this.name = "RulesetError";
    this.table = table;
    this.chain = chain;
    this.line = line;
  }
}
