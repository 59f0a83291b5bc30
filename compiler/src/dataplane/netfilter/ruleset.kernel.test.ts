import { describe, expect, it } from "vitest";
import type { Origin } from "@knet/language";
import { inNamespace, missingForNamespace } from "../testing/network-namespace.ts";
import { printedText } from "../printed.ts";
import { differencesOf } from "./compare.ts";
import { parseRule } from "./parse-rule.ts";
import { parseIptablesSave } from "./parse-save.ts";
import { printIptablesFile, printSave } from "./print.ts";
import { loadRuleset } from "./ruleset.ts";
import { saved4, saved6 } from "./spellings.testing.ts";
import { tableNames } from "./tables.ts";
import type { ChainLine, IptablesFile, TableName } from "./types.ts";

const origin: Origin = { name: "test", span: null };
const missing = missingForNamespace();

/** The first table in which the kernel takes the rule. */
function tableFor(text: string, family: 4 | 6): TableName {
  const { matches, target } = parseRule(text, family);
  if (target?.kind === "notrack") return "raw";
  if (target?.kind === "dnat" || target?.kind === "snat" || target?.kind === "masquerade") return "nat";
  return matches.some((match) => match.kind === "rpfilter") || target?.kind === "mark" ? "mangle" : "filter";
}

/** All spellings in one file, each in a user chain `RULES` that no hook reaches, with the chains they lead to. */
function fileOf(texts: readonly string[], family: 4 | 6): IptablesFile {
  const chain = (name: string): ChainLine => ({ name, policy: "-", origin });
  return {
    owner: "test",
    family,
    tables: tableNames.map((name) => {
      const own = texts.filter((text) => tableFor(text, family) === name);
      const callees = own.flatMap((text) => {
        const target = parseRule(text, family).target;
        return target?.kind === "jump" || target?.kind === "goto" ? [target.chain] : [];
      });
      return {
        name,
        chains: ["RULES", ...new Set(callees)].map(chain),
        rules: own.map((text) => ({ operation: "append", chain: "RULES", text, origin })),
      };
    }),
  };
}

/** knet's one spelling for what the kernel keeps in two. */
function oneSpelling(text: string): string {
  return text.replaceAll("-j NOTRACK", "-j CT --notrack").replaceAll("-m state --state", "-m conntrack --ctstate");
}

/** The blocks of a dump by name: the kernel lists tables in the order in which they were first used. */
function tablesOf(text: string): readonly string[] {
  return text.split(/^(?=\*)/m).sort();
}

const sets = ["cali40masq-ipam-pools hash:net", "cali40all-ipam-pools hash:net", "cali40n:abc hash:ip,port"]
  .map((set) => `create ${set}\n`)
  .join("");

describe.skipIf(missing !== null)(`in the kernel${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it.each([
    [4, saved4, "iptables-legacy"],
    [6, saved6, "ip6tables-legacy"],
  ] as const)("every spelling of IPv%d loads and is shown as knet prints it", (family, spellings, tool) => {
    const file = fileOf(
      spellings.map(([text]) => text),
      family,
    );
    inNamespace(
      `ipset restore <$DIR/sets; ${tool}-restore --noflush <$DIR/in; ${tool}-save >$DIR/out`,
      { sets, in: printedText(printIptablesFile(file)) },
      (result) => {
        expect(result.stderr).toBe("");
        expect(result.status).toBe(0);
        const shown = result.read("out");
        const ruleset = loadRuleset(family, [file]);
        expect(differencesOf(ruleset, parseIptablesSave(shown, family))).toEqual([]);
        const printed = printedText(printSave(ruleset));
        expect(tablesOf(oneSpelling(shown.replace(/^#.*\n/gm, "")))).toEqual(tablesOf(printed));
      },
    );
  });

  it("counters of iptables-save -c change nothing", () => {
    inNamespace(
      "iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; iptables-legacy-save -c >$DIR/with; iptables-legacy-save >$DIR/without",
      {},
      (result) => {
        expect(result.read("with")).toContain("[0:0] -A INPUT");
        expect(parseIptablesSave(result.read("with"), 4)).toEqual(parseIptablesSave(result.read("without"), 4));
      },
    );
  });

  const line = (chain: string, text: string) => ({ operation: "append", chain, text, origin }) as const;
  const chains = (...names: readonly string[]): readonly ChainLine[] => names.map((name) => ({ name, policy: "-", origin }));

  it.each<[string, TableName, IptablesFile["tables"][number]["rules"]]>([
    ["a loop behind a hook", "filter", [line("INPUT", "-j A"), line("A", "-j B"), line("B", "-j A")]],
    ["a chain that is not there", "filter", [line("INPUT", "-j NOWHERE")]],
    ["a jump to a built-in chain", "filter", [line("A", "-j OUTPUT")]],
    ["MASQUERADE behind PREROUTING", "nat", [line("PREROUTING", "-j A"), line("A", "-j MASQUERADE")]],
    ["DNAT in filter", "filter", [line("INPUT", "-j DNAT --to-destination 10.0.0.1")]],
    ["REJECT in mangle", "mangle", [line("INPUT", "-j REJECT")]],
    ["rpfilter in filter", "filter", [line("INPUT", "-m rpfilter")]],
    ["rpfilter behind OUTPUT", "mangle", [line("OUTPUT", "-j A"), line("A", "-m rpfilter")]],
    ["an interface limit of the wrong direction", "filter", [line("INPUT", "-m addrtype --src-type LOCAL --limit-iface-out")]],
    [
      "the deletion of a chain with references",
      "filter",
      [line("INPUT", "-j A"), { operation: "delete-chain", chain: "A", text: "", origin }],
    ],
    ["an input interface in OUTPUT", "filter", [line("OUTPUT", "-i eth0")]],
    ["a port without its protocol", "filter", [line("INPUT", "-m tcp --dport 80")]],
    ["tcp-reset without -p tcp", "filter", [line("INPUT", "-j REJECT --reject-with tcp-reset")]],
  ])("refuses, as knet does, %s", (_, name, rules) => {
    const file: IptablesFile = { owner: "test", family: 4, tables: [{ name, chains: chains("A", "B"), rules }] };
    expect(() => loadRuleset(4, [file])).toThrow();
    inNamespace("iptables-legacy-restore --noflush <$DIR/in", { in: printedText(printIptablesFile(file)) }, (result) => {
      expect(result.status).not.toBe(0);
    });
  });

  it("takes, as knet does, a loop and a misplaced target that no hook reaches", () => {
    const file: IptablesFile = {
      owner: "test",
      family: 4,
      tables: [{ name: "nat", chains: chains("A", "B"), rules: [line("A", "-j B"), line("B", "-j A"), line("A", "-j MASQUERADE")] }],
    };
    inNamespace(
      "iptables-legacy-restore --noflush <$DIR/in; iptables-legacy-save >$DIR/out",
      { in: printedText(printIptablesFile(file)) },
      (result) => {
        expect(result.status).toBe(0);
        expect(differencesOf(loadRuleset(4, [file]), parseIptablesSave(result.read("out"), 4))).toEqual([]);
      },
    );
  });
});
