import { describe, expect, it } from "vitest";
import { from } from "../testing/model.ts";
import { shortRule } from "../testing/print.ts";
import { staticChains } from "../testing/static-chains.ts";
import { renderAppends, renderChain, renderInserts, ruleIds, sanitizeComment } from "./rule.ts";
import type { FelixRule } from "./rule.ts";

const origin = from("test");

/** `id "comment" match --jump X`. */
function read(line: string): { readonly id: string; readonly rule: FelixRule } {
  const [, id = "", , comment, body = ""] = /^(\S+)( "([^"]*)")? (.*)$/.exec(line) ?? [];
  const at = body.search(/--(?:jump|goto) /);
  return {
    id,
    rule: { match: body.slice(0, at).trim(), action: body.slice(at), origin, ...(comment === undefined ? {} : { comments: [comment] }) },
  };
}

describe("rule ids", () => {
  it.each(Object.entries(staticChains))("of %s follow from the chain's name and all rules before", (name, lines) => {
    const chain = name.split(" ")[1] ?? "";
    const rules = lines.map(read);
    expect(
      ruleIds(
        chain,
        rules.map(({ rule }) => rule),
      ),
    ).toEqual(rules.map(({ id }) => id));
  });

  it("of cali-FORWARD up to 3.29 follow from the marks of that time", () => {
    const lines = [
      "vjrMJCRpqwy5oRoX --jump MARK --set-mark 0/0xe0000",
      "A_sPAO0mcxbT9mOV -m mark --mark 0/0x10000 --jump cali-from-hep-forward",
    ].map(read);
    expect(
      ruleIds(
        "cali-FORWARD",
        lines.map(({ rule }) => rule),
      ),
    ).toEqual(lines.map(({ id }) => id));
  });

  it.each([
    ["INPUT", "Cz_u1IQiXIMmKD4c"],
    ["FORWARD", "wUHhoiAYhphO9Mso"],
    ["OUTPUT", "tVnHkvAo15HuiPy0"],
    ["PREROUTING", "6gwbT8clXdHdC1b1"],
    ["POSTROUTING", "O3lYWMrLQYEMJtB5"],
  ])("of the jump in %s hash the kernel's chain", (chain, id) => {
    const lines = renderInserts(chain, [{ match: "", action: `--jump cali-${chain}`, origin }]);
    expect(lines).toEqual([{ operation: "insert", chain, text: `-m comment --comment "cali:${id}" --jump cali-${chain}`, origin }]);
  });

  it("of the rules behind all others in FORWARD hash a name of their own", () => {
    const rules = [
      'S93hcgKJrXEqnTfs "Policy explicitly accepted packet." -m mark --mark 0x10000/0x10000 --jump ACCEPT',
      "mp77cMpurHhyjLrM --jump MARK --set-mark 0x10000/0x10000",
    ].map(read);
    const lines = renderAppends(
      "FORWARD",
      rules.map(({ rule }) => rule),
    );
    expect(lines.map(({ operation, chain }) => `${operation} ${chain}`)).toEqual(["append FORWARD", "append FORWARD"]);
    expect(lines.map(({ text }) => shortRule(text).split(" ")[0])).toEqual(rules.map(({ id }) => id));
  });
});

describe("rendering", () => {
  it("puts the id before the rule's own comments", () => {
    const { rules } = renderChain({
      name: "cali-wl-to-host",
      origin,
      rules: [
        { match: "", action: "--jump cali-from-wl-dispatch", origin },
        { comments: ["Configured DefaultEndpointToHostAction"], match: "", action: "--jump ACCEPT", origin },
      ],
    });
    expect(rules[1]?.text).toBe(
      '-m comment --comment "cali:nSZbcOoG1xPONxb8" -m comment --comment "Configured DefaultEndpointToHostAction" --jump ACCEPT',
    );
  });

  it("keeps quotes and other unusual characters out of comments", () => {
    expect(sanitizeComment('a "b" $c\n@d%e+f=g:h,i.j/k-l_m é')).toBe("a _b_ _c_@d%e+f=g:h,i.j/k-l_m _");
    expect(sanitizeComment("x".repeat(300))).toHaveLength(256);
  });
});
