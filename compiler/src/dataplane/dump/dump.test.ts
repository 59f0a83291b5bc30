import { describe, expect, it } from "vitest";
import { parseDump } from "./dump.ts";
import { DumpError } from "./entries.ts";
import { thrownBy } from "./testing.ts";

const empty = { links: "[]", addresses: "[]", routes4: "[]", routes6: "[]", rules4: "[]", rules6: "[]", neighbours: "[]", fdb: "[]" };

describe("parseDump", () => {
  it("should take each family from its own file though the first lists both", () => {
    const both = '[{"dst":"10.0.0.0/8","dev":"eth0"},{"dst":"fd00::/8","dev":"eth0","metric":1024,"pref":"medium"}]';
    const { routes } = parseDump({ ...empty, routes4: both, routes6: '[{"dst":"fd00::/8","dev":"eth0","metric":1024,"pref":"medium"}]' });
    expect(routes.map(({ destination, origin }) => [destination.ip.family, origin.name])).toEqual([
      [4, "ip -j route entry 1"],
      [6, "ip -6 -j route entry 1"],
    ]);
  });

  it("should tell what was not dumped from what is empty", () => {
    expect(parseDump(empty)).toMatchObject({ sysctls: null, iptables: null, ip6tables: null, ipsets: null });
    expect(parseDump({ ...empty, sysctls: "", iptables: "", ip6tables: "", ipsets: "" })).toMatchObject({
      sysctls: [],
      iptables: { family: 4 },
      ip6tables: { family: 6 },
      ipsets: [],
    });
  });

  it.each([
    ["iptables", "*filter\n-A NOWHERE -j ACCEPT\nCOMMIT\n", "iptables-save", "there is no chain NOWHERE"],
    ["ip6tables", "*nat\n:X - [0:0]\nwhat\n", "ip6tables-save", "neither a chain nor a rule"],
    ["ipsets", "create a hash:net family inet\nadd b 10.0.0.1\n", "ipset save", "there is no set b"],
  ])("should name file and line of rules and sets that cannot be read: %s", (key, text, file, reason) => {
    const error = thrownBy(() => parseDump({ ...empty, [key]: text }));
    expect(error).toBeInstanceOf(DumpError);
    expect(error).toMatchObject({ file, place: { unit: "line", number: key === "ip6tables" ? 3 : 2 }, reason });
  });
});
