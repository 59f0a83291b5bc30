import { describe, expect, it } from "vitest";
import type { Origin } from "@knet/language";
import { differencesOf, normaliseRuleset, sameRuleset } from "./compare.ts";
import { parseIptablesSave, SaveSyntaxError } from "./parse-save.ts";
import { printIptablesFile, printSave } from "./print.ts";
import { loadRuleset, RulesetError } from "./ruleset.ts";
import type { ChainLine, IptablesFile, RuleLine, TableName } from "./types.ts";
import { printedText } from "../printed.ts";

const origin: Origin = { name: "test", span: null };

/** A file of one table from its lines: `:CHAIN`, `-A …`, `-I CHAIN …`, `-X CHAIN`. */
function file(table: TableName, ...lines: readonly string[]): IptablesFile {
  const chains = lines
    .filter((line) => line.startsWith(":"))
    .map((line): ChainLine => {
      const [name = "", policy = "-"] = line.slice(1).split(" ");
      return { name, policy: policy === "ACCEPT" || policy === "DROP" ? policy : "-", origin };
    });
  const rules = lines
    .filter((line) => line.startsWith("-"))
    .map((line): RuleLine => {
      const [, letter = "A", chain = "", text = ""] = /^-([AIX]) (\S+) ?(.*)$/.exec(line) ?? [];
      return { operation: letter === "A" ? "append" : letter === "I" ? "insert" : "delete-chain", chain, text, origin };
    });
  return { owner: "test", family: 4, tables: [{ name: table, chains, rules }] };
}

/** The filter table's rules of a chain, as `iptables-save` spells them. */
function saved(files: readonly IptablesFile[], table: TableName = "filter"): readonly string[] {
  const text = printedText(printSave(loadRuleset(4, files)));
  const block = text.split(`*${table}\n`)[1]?.split("COMMIT")[0] ?? "";
  return block.split("\n").filter((line) => line !== "");
}

describe("loading payloads into an empty kernel", () => {
  it("starts from the built-in chains of all four tables, accepting", () => {
    expect(printedText(printSave(loadRuleset(4, [])))).toBe(
      [
        "*raw",
        ":PREROUTING ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        "COMMIT",
        "*mangle",
        ":PREROUTING ACCEPT [0:0]",
        ":INPUT ACCEPT [0:0]",
        ":FORWARD ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        ":POSTROUTING ACCEPT [0:0]",
        "COMMIT",
        "*nat",
        ":PREROUTING ACCEPT [0:0]",
        ":INPUT ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        ":POSTROUTING ACCEPT [0:0]",
        "COMMIT",
        "*filter",
        ":INPUT ACCEPT [0:0]",
        ":FORWARD ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        "COMMIT",
        "",
      ].join("\n"),
    );
  });

  it("a chain line empties a user chain that is there, and only sets the policy of a built-in one", () => {
    const first = file("filter", ":MINE", ":INPUT DROP", "-A MINE -j ACCEPT", "-A INPUT -j MINE");
    const second = file("filter", ":MINE", ":INPUT -", ":FORWARD DROP", "-A MINE -j DROP");
    expect(saved([first, second])).toEqual([
      ":INPUT DROP [0:0]",
      ":FORWARD DROP [0:0]",
      ":OUTPUT ACCEPT [0:0]",
      ":MINE - [0:0]",
      "-A INPUT -j MINE",
      "-A MINE -j DROP",
    ]);
  });

  it("an insertion goes to the top, so the last one stands first", () => {
    expect(saved([file("filter", "-A INPUT -j DROP", "-I INPUT -i lo -j ACCEPT", "-I INPUT -i eth0 -j RETURN")]).slice(3)).toEqual([
      "-A INPUT -i eth0 -j RETURN",
      "-A INPUT -i lo -j ACCEPT",
      "-A INPUT -j DROP",
    ]);
  });

  it("user chains are listed by name", () => {
    expect(saved([file("filter", ":b", ":a", ":B")]).slice(3)).toEqual([":B - [0:0]", ":a - [0:0]", ":b - [0:0]"]);
  });

  it("every rule keeps the line it came from", () => {
    const given = file("filter", ":MINE", "-A MINE -j ACCEPT");
    const rule = loadRuleset(4, [given]).tables.get("filter")?.get("MINE")?.rules[0];
    expect(rule?.line).toBe(given.tables[0]?.rules[0]);
  });

  it("files of the other family are passed over", () => {
    expect(sameRuleset(loadRuleset(4, [{ ...file("filter", ":MINE"), family: 6 }]), loadRuleset(4, []))).toBe(true);
  });

  it("one line in files of both families is read for each", () => {
    const given = file("filter", "-A INPUT -j REJECT");
    const rejects = ([4, 6] as const).map(
      (family) =>
        loadRuleset(family, [{ ...given, family }])
          .tables.get("filter")
          ?.get("INPUT")?.rules[0]?.target,
    );
    expect(rejects).toEqual([
      { kind: "reject", with: "icmp-port-unreachable" },
      { kind: "reject", with: "icmp6-port-unreachable" },
    ]);
  });

  it("a chain without rules and references can be deleted", () => {
    const before = file("filter", ":A", ":B", "-A A -j B", "-A INPUT -j A");
    expect(() => loadRuleset(4, [before, file("filter", ":B", "-X B")])).toThrow("rules lead to");
    expect(saved([before, file("filter", ":A", ":B", "-X B")]).slice(3)).toEqual([":A - [0:0]", "-A INPUT -j A"]);
  });
});

describe("what the kernel refuses", () => {
  it.each<[string, IptablesFile, string, string]>([
    ["a rule for a chain that is not there", file("filter", "-A NOWHERE -j ACCEPT"), "NOWHERE", "the chain does not exist"],
    ["a jump to a chain that is not there", file("filter", "-A INPUT -j NOWHERE"), "INPUT", "there is no chain or target NOWHERE"],
    [
      "a jump to a chain of another table",
      { owner: "test", family: 4, tables: [...file("nat", ":MINE").tables, ...file("filter", "-A INPUT -j MINE").tables] },
      "INPUT",
      "no chain or target MINE",
    ],
    ["a jump to a built-in chain", file("filter", "-A INPUT -j OUTPUT"), "INPUT", "OUTPUT is a built-in chain"],
    ["the deletion of a built-in chain", file("filter", "-X INPUT"), "INPUT", "built-in chain cannot be deleted"],
    ["the deletion of a chain with rules", file("filter", ":A", "-A A -j DROP", "-X A"), "A", "chain with rules"],
    ["the deletion of a chain that is not there", file("filter", "-X A"), "A", "does not exist"],
    ["a policy on a user chain", file("filter", ":MINE DROP"), "MINE", "only a built-in chain"],
    ["a chain name of 29 characters", file("filter", `:${"x".repeat(29)}`), "x".repeat(29), "28 bytes"],
    ["a loop", file("filter", ":A", ":B", "-A INPUT -j A", "-A A -j B", "-A B -g A"), "B", "A → B → A"],
    ["a chain that calls itself", file("filter", ":A", "-A FORWARD -j A", "-A A -j A"), "A", "A → A"],
    ["DNAT outside nat", file("filter", "-A INPUT -j DNAT --to-destination 10.0.0.1"), "INPUT", "only in the table nat"],
    [
      "MASQUERADE behind PREROUTING",
      file("nat", ":A", "-A PREROUTING -j A", "-A A -j MASQUERADE"),
      "A",
      "cannot be reached from PREROUTING",
    ],
    [
      "DNAT behind POSTROUTING",
      file("nat", "-A POSTROUTING -j DNAT --to-destination 10.0.0.1"),
      "POSTROUTING",
      "only from PREROUTING, OUTPUT",
    ],
    ["REJECT in mangle", file("mangle", "-A INPUT -j REJECT"), "INPUT", "only in the table filter"],
    ["an input interface in OUTPUT", file("filter", "-A OUTPUT -i eth0"), "OUTPUT", "no input interface"],
    ["an output interface in INPUT", file("filter", "-A INPUT -o eth0"), "INPUT", "no output interface"],
    ["rpfilter outside raw and mangle", file("filter", "-A INPUT -m rpfilter"), "INPUT", "raw or mangle"],
    ["a rule it cannot read", file("filter", "-A INPUT -m nfacct --nfacct-name x"), "INPUT", "accounting objects"],
  ])("%s", (_, given, chain, reason) => {
    let caught: unknown = null;
    try {
      loadRuleset(4, [given]);
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof RulesetError)) throw new Error("not refused");
    expect(caught.chain).toBe(chain);
    expect(caught.message).toContain(reason);
  });

  it("does not include a target that no hook reaches, nor chains that meet again without a loop", () => {
    expect(saved([file("nat", ":A", "-A A -j MASQUERADE")], "nat").at(-1)).toBe("-A A -j MASQUERADE");
    const diamond = file("filter", ":A", ":B", ":C", "-A INPUT -j A", "-A INPUT -j B", "-A A -j C", "-A B -j C");
    expect(saved([diamond])).toHaveLength(3 + 3 + 4);
  });
});

describe("a printed file", () => {
  it("joins every line to its record by identity", () => {
    const given = file("nat", ":MINE", "-A MINE -j ACCEPT", "-I OUTPUT -j MINE", "-A MINE", "-X OLD");
    const table = given.tables[0];
    expect(printIptablesFile(given).map((line) => line.text)).toEqual([
      "*nat",
      ":MINE - [0:0]",
      "-A MINE -j ACCEPT",
      "-I OUTPUT 1 -j MINE",
      "-A MINE",
      "-X OLD",
      "COMMIT",
    ]);
    expect(printIptablesFile(given).map((line) => line.item)).toEqual([null, ...(table?.chains ?? []), ...(table?.rules ?? []), null]);
    expect(printIptablesFile(given)[2]?.item).toBe(table?.rules[0]);
  });
});

const dump = `# Generated by iptables-save v1.8.9 on Sun Nov 22 10:04:08 2026
*filter
:INPUT ACCEPT [12:3456]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:MINE - [0:0]
[7:420] -A INPUT -p tcp -m tcp --dport 22 -j MINE
-A INPUT -m comment --comment "a \\"b\\"" -j DROP
-A MINE
COMMIT
# Completed on Sun Nov 22 10:04:08 2026
`;

describe("reading iptables-save", () => {
  it("gives the ruleset, whatever the counters, with fresh tables for those it lacks", () => {
    const expected = file(
      "filter",
      ":MINE",
      ":FORWARD DROP",
      "-A INPUT -p tcp --dport ssh -j MINE",
      '-A INPUT -m comment --comment "a \\"b\\"" -j DROP',
      "-A MINE",
    );
    expect(differencesOf(loadRuleset(4, [expected]), parseIptablesSave(dump, 4))).toEqual([]);
  });

  it("is the inverse of printing, up to the lines that rules came from", () => {
    const ruleset = parseIptablesSave(dump, 4);
    expect(parseIptablesSave(printedText(printSave(ruleset)), 4)).toEqual(ruleset);
  });

  it.each([
    ["*security\nCOMMIT\n", 1, "does not model the table security"],
    ["*filter\n:INPUT ACCEPT [0:0]\n-A NOWHERE -j DROP\nCOMMIT\n", 3, "no chain NOWHERE"],
    ["*filter\n-A INPUT -m time --datestop x\nCOMMIT\n", 2, "unknown match: time"],
    ["-A INPUT -j DROP\n", 1, "outside a table"],
    ["*filter\n:INPUT ACCEPT [0:0]\n", 3, "not committed"],
    ["*filter\nINPUT\nCOMMIT\n", 2, "neither a chain nor a rule"],
  ])("names the line it cannot read: %j", (text, line, reason) => {
    let caught: unknown = null;
    try {
      parseIptablesSave(text, 4);
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof SaveSyntaxError)) throw new Error("not refused");
    expect(caught.line).toBe(line);
    expect(caught.message).toContain(reason);
  });
});

describe("the difference of two rulesets", () => {
  const base = (...more: readonly string[]) =>
    loadRuleset(4, [file("filter", ":A", "-A INPUT -j A", "-A A -s 10.0.0.1 -j DROP", "-A A -s 10.0.0.2 -j DROP", ...more)]);
  const summary = (left: ReturnType<typeof base>, right: ReturnType<typeof base>): readonly string[] =>
    differencesOf(left, right).map(
      (one) => ("chain" in one ? `${one.kind} ${one.chain}` : one.kind) + ("position" in one ? ` ${one.position}: ${one.text}` : ""),
    );

  it("is nothing for the same rules in other spellings and chains in another order", () => {
    const other = loadRuleset(4, [
      file("filter", ":Z", ":A", "-A INPUT --jump A", "-A A --src 10.0.0.1/32 -j DROP", "-A A -s 10.0.0.2/255.255.255.255 -j DROP", "-X Z"),
    ]);
    expect(differencesOf(base(), other)).toEqual([]);
    expect([...(normaliseRuleset(other).tables.get("filter")?.keys() ?? [])]).toEqual(["INPUT", "FORWARD", "OUTPUT", "A"]);
  });

  it("names missing and unexpected rules with their place", () => {
    const other = loadRuleset(4, [file("filter", ":A", "-A INPUT -j A", "-A A -s 10.0.0.2 -j DROP", "-A A -s 10.0.0.3 -j DROP")]);
    expect(summary(base(), other)).toEqual(["missing-rule A 1: -s 10.0.0.1/32 -j DROP", "unexpected-rule A 2: -s 10.0.0.3/32 -j DROP"]);
  });

  it("names a rule that is there too often, chains, policies and a changed order", () => {
    expect(summary(base(), base("-A A -s 10.0.0.1 -j DROP"))).toEqual(["unexpected-rule A 3: -s 10.0.0.1/32 -j DROP"]);
    expect(summary(base(), base(":B"))).toEqual(["unexpected-chain B"]);
    expect(summary(base(":B"), base())).toEqual(["missing-chain B"]);
    expect(summary(base(), base(":OUTPUT DROP"))).toEqual(["policy OUTPUT"]);
    const turned = loadRuleset(4, [file("filter", ":A", "-A INPUT -j A", "-A A -s 10.0.0.2 -j DROP", "-A A -s 10.0.0.1 -j DROP")]);
    expect(summary(base(), turned)).toEqual(["order A"]);
    expect(sameRuleset(base(), turned)).toBe(false);
  });

  it("says that families differ before anything else", () => {
    expect(differencesOf(base(), loadRuleset(6, []))).toEqual([{ kind: "family", expected: 4, found: 6 }]);
  });
});
