/** Payloads and sets as text, for reading in specifications and for the kernel. */
import type { IpSet } from "../../../dataplane/ipset/types.ts";
import type { IptablesFile, IptablesTable, TableName } from "../../../dataplane/netfilter/types.ts";

/** For `iptables-restore --noflush`. */
export function restoreText(file: IptablesFile): string {
  return file.tables
    .flatMap((table) => [
      `*${table.name}`,
      ...table.chains.map(({ name, policy }) => `:${name} ${policy} [0:0]`),
      ...table.rules.map(({ operation, chain, text }) => (operation === "insert" ? `-I ${chain} 1 ${text}` : `-A ${chain} ${text}`)),
      "COMMIT",
      "",
    ])
    .join("\n");
}

/** For `ipset restore`. */
export function setText(sets: readonly IpSet[]): string {
  return sets
    .flatMap(({ name, type, family, maxElements, members }) => [
      `create ${name} ${type} family ${family === 4 ? "inet" : "inet6"} maxelem ${maxElements}`,
      ...members.map(({ text }) => `add ${name} ${text}`),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

export function tableOf(file: IptablesFile | undefined, name: TableName): IptablesTable {
  const table = file?.tables.find((candidate) => candidate.name === name);
  if (table === undefined) throw new TypeError(`no table ${name}`);
  return table;
}

/** Lines of one chain the way references write them: `id  "comment" rule`. */
export function chainText(table: IptablesTable, chain: string): readonly string[] {
  return table.rules.filter((rule) => rule.chain === chain).map((rule) => shortRule(rule.text));
}

export function shortRule(text: string): string {
  return text.replaceAll(/-m comment --comment "cali:([^"]*)"/g, "$1").replaceAll(/-m comment --comment ("[^"]*")/g, "$1");
}
