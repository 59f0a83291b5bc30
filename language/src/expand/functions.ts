/** THE table of functions: pure, each with its parameters, its result and an example. The reference page and completion read it. */
import { addressFunctions } from "./functions/addresses.ts";
import { listFunctions } from "./functions/lists.ts";
import { textFunctions } from "./functions/texts.ts";
import type { FunctionRow } from "./functions/types.ts";

export { signatureOf } from "./functions/types.ts";
export type { FunctionParameter, FunctionRow, ParameterType } from "./functions/types.ts";

/** By subject, as the reference page has them. */
export const functionGroups: readonly { readonly title: string; readonly rows: readonly FunctionRow[] }[] = [
  { title: "Addresses and ports", rows: addressFunctions },
  { title: "Strings", rows: textFunctions },
  { title: "Lists, maps and numbers", rows: listFunctions },
];

const byName = new Map(functionGroups.flatMap(({ rows }) => rows.map((row) => [row.name, row] as const)));

export const functionNames: readonly string[] = [...byName.keys()];

export function functionRow(name: string): FunctionRow | null {
  return byName.get(name) ?? null;
}
