import { describe, expect, it } from "vitest";
import { emptyDataplane } from "../types.ts";
import type { Dataplane } from "../types.ts";
import type { IpSet } from "../ipset/types.ts";
import type { IptablesFile } from "../netfilter/types.ts";
import { parseIptablesSave } from "../netfilter/parse-save.ts";
import { rulesOfKernel } from "../routing/parse-rules.ts";
import { differences } from "./compare.ts";
import type { DumpedHost } from "./dump.ts";
import { cidr, ip, link, origin, route, rule } from "./testing.ts";

const dumped = { name: "dump entry 7", span: null };
const fromDump = { owner: "unknown", origin: dumped };
const fromKernel = { owner: "kernel", origin: dumped };

/** A host that holds nothing but what a kernel starts with. */
const bareHost: DumpedHost = {
  links: [],
  addresses: [],
  routes: [],
  rules: rulesOfKernel(4),
  neighbours: [],
  fdb: [],
  sysctls: null,
  iptables: null,
  ip6tables: null,
  ipsets: null,
};

function compare(expected: Partial<Dataplane>, found: Partial<DumpedHost>) {
  return differences({ ...emptyDataplane, ...expected }, { ...bareHost, ...found });
}

const lo = link("lo", { type: "loopback" });
const eth0 = link("eth0", { type: "physical" });
const tunnel = link(
  "vxlan.calico",
  { type: "vxlan", id: 4096, local: ip("192.168.1.10"), parent: "eth0", port: 4789, learning: false },
  { mtu: 1450, mac: "66:07:02:c1:cc:60", owner: "felix" },
);

describe("differences of links", () => {
  it("should leave to the machine how its own device is attached, MACs nobody asked for and the other end of a pair", () => {
    const pair = link("cali5adc4ab58e2", { type: "veth", peerHost: "pod/a/b", peerLink: "eth0" });
    const found = [
      lo,
      { ...eth0, kind: { type: "veth", peerHost: "", peerLink: "" } as const, mac: "02:6b:6e:00:00:05", ...fromDump },
      { ...pair, kind: { type: "veth", peerHost: "", peerLink: "" } as const, mac: "ee:ee:ee:ee:ee:ee", ...fromDump },
    ];
    expect(compare({ links: [pair, eth0, lo] }, { links: found })).toEqual([]);
  });

  it("should name a device that is missing, another that is too many, and its declaration or place", () => {
    expect(
      compare(
        { links: [eth0, tunnel] },
        { links: [eth0, link("docker0", { type: "other", name: "bridge" }, { mac: "02:42:00:00:00:01", ...fromDump })] },
      ),
    ).toEqual([
      {
        facility: "links",
        kind: "missing",
        expected: "vxlan.calico address 66:07:02:c1:cc:60 mtu 1450 up vxlan id 4096 local 192.168.1.10 dev eth0 dstport 4789 nolearning",
        found: null,
        owner: "felix",
        origin,
      },
      {
        facility: "links",
        kind: "unexpected",
        expected: null,
        found: "docker0 address 02:42:00:00:00:01 mtu 1500 up bridge",
        owner: "unknown",
        origin: dumped,
      },
    ]);
  });

  it.each([
    ["mtu", { mtu: 1400 }],
    ["MAC", { mac: "66:00:00:00:00:00" }],
    ["state", { isDown: true }],
    ["learning", { kind: { ...tunnel.kind, learning: true } as typeof tunnel.kind }],
    ["local end", { kind: { ...tunnel.kind, local: ip("192.168.1.11") } as typeof tunnel.kind }],
    ["kind", { kind: { type: "other", name: "vxlan" } as const }],
  ])("should see another %s", (_what, changed) => {
    expect(compare({ links: [tunnel] }, { links: [{ ...tunnel, ...changed }] })).toMatchObject([{ kind: "different", origin }]);
  });

  it("should pass over the fallback devices of tunnel modules, unless somebody brought them up", () => {
    const tunl0 = link("tunl0", { type: "other", name: "ipip" }, { mtu: 1480, isDown: true, ...fromDump });
    const { isDown: _unused, ...up } = tunl0;
    expect(compare({}, { links: [tunl0] })).toEqual([]);
    expect(compare({}, { links: [up] })).toMatchObject([{ kind: "unexpected", found: "tunl0 mtu 1480 up ipip" }]);
  });
});

describe("differences of addresses", () => {
  const own = { link: "eth0", address: cidr("192.168.1.10/24"), owner: "os", origin };

  it("should pass over addresses that come with a device", () => {
    const found = [
      own,
      { link: "lo", address: cidr("127.0.0.1/8"), ...fromKernel },
      { link: "lo", address: cidr("::1/128"), ...fromKernel },
      { link: "eth0", address: cidr("fe80::6b:6eff:fe00:5/64"), ...fromKernel },
    ];
    expect(compare({ addresses: [own] }, { addresses: found })).toEqual([]);
  });

  it("should name a missing one, a foreign one and another prefix length", () => {
    const six = { link: "eth0", address: cidr("fd00:1::10/64"), owner: "os", origin };
    const found = [
      { ...own, address: cidr("192.168.1.10/16"), ...fromDump },
      { link: "eth0", address: cidr("10.0.0.1/8"), ...fromDump },
    ];
    expect(
      compare({ addresses: [own, six] }, { addresses: found }).map(({ kind, expected, found: there }) => [kind, expected, there]),
    ).toEqual([
      ["different", "192.168.1.10/24 dev eth0", "192.168.1.10/16 dev eth0"],
      ["missing", "fd00:1::10/64 dev eth0", null],
      ["unexpected", null, "10.0.0.1/8 dev eth0"],
    ]);
  });
});

describe("differences of routes", () => {
  const pod = route("10.10.0.1/32", { link: "cali5adc4ab58e2", scope: "link", metric: 1024, owner: "felix" });

  it("should pass over the kernel's own routes, the order, and what the kernel writes out of an IPv6 route", () => {
    const hole = route("fd00:10::/122", { type: "blackhole", protocol: 80 });
    const gateway = route("::/0", { via: ip("fd00:1::1"), link: "eth0" });
    const found = [
      { ...gateway, metric: 1024, ...fromDump },
      { ...hole, link: "lo", metric: 1024, ...fromDump },
      { ...pod, ...fromDump },
      route("192.168.1.0/24", { link: "eth0", protocol: 2, scope: "link", source: ip("192.168.1.10"), ...fromKernel }),
      route("192.168.1.10/32", { type: "local", link: "eth0", protocol: 2, scope: "host", table: 255, ...fromKernel }),
      route("fe80::/64", { link: "eth0", protocol: 2, metric: 256, ...fromKernel }),
      route("ff00::/8", { type: "multicast", link: "eth0", protocol: 2, metric: 256, table: 255, ...fromKernel }),
    ];
    expect(compare({ routes: [pod, hole, gateway] }, { routes: found })).toEqual([]);
  });

  it("should name the route that is missing with the declaration behind it", () => {
    const span = { file: "shop.knet", start: 10, end: 20 };
    const declared = { ...pod, origin: { name: "pod shop/client", span } };
    expect(compare({ routes: [declared] }, {})).toEqual([
      {
        facility: "routes",
        kind: "missing",
        expected: "10.10.0.1 dev cali5adc4ab58e2 scope link metric 1024",
        found: null,
        owner: "felix",
        origin: declared.origin,
      },
    ]);
  });

  it("should call a route with another way different, not missing and unexpected", () => {
    const found = route("10.10.0.1/32", { via: ip("192.168.1.1"), link: "eth0", metric: 1024, ...fromDump });
    expect(compare({ routes: [pod] }, { routes: [found] }).map(({ kind, found: there }) => [kind, there])).toEqual([
      ["different", "10.10.0.1 via 192.168.1.1 dev eth0 metric 1024"],
    ]);
  });

  it("should tell routes of one destination in two tables and with two metrics apart", () => {
    const two = [pod, { ...pod, table: 77 }, { ...pod, metric: 5 }];
    expect(compare({ routes: two }, { routes: two.toReversed() })).toEqual([]);
    expect(compare({ routes: two }, { routes: [pod, { ...pod, table: 77 }] })).toMatchObject([
      { kind: "missing", expected: "10.10.0.1 dev cali5adc4ab58e2 scope link metric 5" },
    ]);
  });

  it("should not take the kernel's route for a missing one of the same destination", () => {
    const expected = route("192.168.1.0/24", { link: "eth0", scope: "link" });
    const found = { ...expected, protocol: 2, source: ip("192.168.1.10"), ...fromKernel };
    expect(compare({ routes: [expected] }, { routes: [found] })).toMatchObject([{ kind: "missing" }]);
  });
});

describe("differences of rules", () => {
  const marked = rule(50, 4, 100, { mark: { value: 0x10, mask: 0xf0 } });

  it("should expect the kernel's own rules", () => {
    expect(compare({ rules: [marked] }, { rules: [marked, ...rulesOfKernel(4)] })).toEqual([]);
    const [local, , last] = rulesOfKernel(4);
    if (local === undefined || last === undefined) throw new Error("three rules");
    expect(compare({}, { rules: [local, last] })).toMatchObject([
      { facility: "rules", kind: "missing", expected: "priority 32766 from all lookup 254", owner: "kernel" },
    ]);
  });

  it("should expect IPv6 rules of a host that has any", () => {
    expect(compare({}, { rules: [...rulesOfKernel(4), ...rulesOfKernel(6)] })).toEqual([]);
    expect(compare({}, { rules: [...rulesOfKernel(4), ...rulesOfKernel(6).slice(1)] })).toMatchObject([
      { kind: "missing", expected: "-6 priority 0 from all lookup 255" },
    ]);
  });

  it("should name a changed and a foreign rule", () => {
    const found = [
      { ...marked, mark: { value: 0x20, mask: 0xf0 }, ...fromDump },
      rule(52, 4, 100, { qualifiers: ["iif eth0"], ...fromDump }),
      ...rulesOfKernel(4),
    ];
    expect(compare({ rules: [marked] }, { rules: found }).map(({ kind, expected, found: there }) => [kind, expected, there])).toEqual([
      ["different", "priority 50 from all fwmark 0x10/0xf0 lookup 100", "priority 50 from all fwmark 0x20/0xf0 lookup 100"],
      ["unexpected", null, "priority 52 from all iif eth0 lookup 100"],
    ]);
  });
});

describe("differences of neighbours and forwarding entries", () => {
  it("should name another MAC and another tunnel end", () => {
    const neighbour = { link: "vxlan.calico", ip: ip("10.10.0.64"), mac: "66:2d:bf:44:a6:8b", owner: "felix", origin };
    const entry = { link: "vxlan.calico", mac: "66:2d:bf:44:a6:8b", destination: ip("192.168.2.10"), owner: "felix", origin };
    const found = { neighbours: [{ ...neighbour, mac: "66:00:00:00:00:01" }], fdb: [{ ...entry, destination: ip("192.168.2.11") }] };
    expect(compare({ neighbours: [neighbour], fdb: [entry] }, found)).toMatchObject([
      { facility: "neighbours", kind: "different", found: "10.10.0.64 lladdr 66:00:00:00:00:01 dev vxlan.calico nud permanent" },
      { facility: "fdb", kind: "different", found: "66:2d:bf:44:a6:8b dev vxlan.calico dst 192.168.2.11 self permanent" },
    ]);
  });
});

describe("differences of kernel parameters", () => {
  const set = (key: string, value: string) => ({ key, value, owner: "felix", origin });

  it("should look at those that are set and at nothing else", () => {
    const found = [set("net/ipv4/ip_forward", "1"), set("net/ipv4/tcp_rmem", "1 2 3"), set("net/ipv4/icmp_ratelimit", "1000")];
    expect(compare({ sysctls: [set("net/ipv4/ip_forward", "1"), set("net/ipv4/tcp_rmem", "1\t2  3")] }, { sysctls: found })).toEqual([]);
  });

  it("should name another value, and a key that the kernel does not have", () => {
    const expected = [set("net/ipv4/ip_forward", "1"), set("net/ipv4/conf/cali1/proxy_arp", "1")];
    expect(compare({ sysctls: expected }, { sysctls: [set("net/ipv4/ip_forward", "0")] })).toMatchObject([
      { facility: "sysctls", kind: "different", expected: "net/ipv4/ip_forward = 1", found: "net/ipv4/ip_forward = 0", owner: "felix" },
      { facility: "sysctls", kind: "missing", expected: "net/ipv4/conf/cali1/proxy_arp = 1", found: null },
    ]);
  });

  it("should compare the last value of a key that is set twice", () => {
    expect(compare({ sysctls: [set("vm/swappiness", "1"), set("vm/swappiness", "2")] }, { sysctls: [set("vm/swappiness", "2")] })).toEqual(
      [],
    );
  });

  it("should not compare what was not dumped", () => {
    expect(compare({ sysctls: [set("net/ipv4/ip_forward", "1")] }, { sysctls: null })).toEqual([]);
  });
});

describe("differences of sets", () => {
  const member = (text: string) => ({ text, origin: { name: `pod ${text}`, span: null } });
  const set: IpSet = {
    name: "cali40s:web",
    type: "hash:net",
    family: 4,
    maxElements: 65_536,
    members: [member("10.10.0.1"), member("10.10.0.2/32")],
    owner: "felix",
    origin,
  };

  it("should read members as the kernel spells them, in any order", () => {
    expect(compare({ ipsets: [set] }, { ipsets: [{ ...set, members: [member("10.10.0.2"), member("10.10.0.1")] }] })).toEqual([]);
  });

  it("should name members one by one and a missing set as a whole", () => {
    const other: IpSet = { ...set, name: "cali40s:db" };
    const found: IpSet = { ...set, members: [member("10.10.0.1"), { text: "10.99.0.0/16", origin: dumped }], ...fromDump };
    expect(compare({ ipsets: [set, other] }, { ipsets: [found] })).toEqual([
      {
        facility: "ipsets",
        kind: "missing",
        expected: "create cali40s:db hash:net family inet maxelem 65536",
        found: null,
        owner: "felix",
        origin,
      },
      {
        facility: "ipsets",
        kind: "missing",
        expected: "add cali40s:web 10.10.0.2",
        found: null,
        owner: "felix",
        origin: { name: "pod 10.10.0.2/32", span: null },
      },
      { facility: "ipsets", kind: "unexpected", expected: null, found: "add cali40s:web 10.99.0.0/16", owner: "unknown", origin: dumped },
    ]);
  });

  it("should call a set of another type different and not compare its members", () => {
    expect(compare({ ipsets: [set] }, { ipsets: [{ ...set, type: "hash:ip", members: [], ...fromDump }] })).toMatchObject([
      { kind: "different", found: "create cali40s:web hash:ip family inet maxelem 65536" },
    ]);
  });
});

describe("differences of iptables", () => {
  const lineOf = (chain: string, text: string, name: string) =>
    ({ operation: "append", chain, text, origin: { name, span: null } }) as const;
  const file: IptablesFile = {
    owner: "node-firewall",
    family: 4,
    tables: [
      {
        name: "filter",
        chains: [
          { name: "INPUT", policy: "DROP", origin: { name: "firewall nodes", span: null } },
          { name: "ALLOW", policy: "-", origin: { name: "firewall nodes", span: null } },
        ],
        rules: [
          lineOf("INPUT", "-j ALLOW", "firewall nodes"),
          lineOf("ALLOW", "-p tcp -m tcp --dport 22 -j ACCEPT", "allow ssh"),
          lineOf("ALLOW", "-p tcp -m tcp --dport 80 -j ACCEPT", "allow http"),
        ],
      },
    ],
  };
  const saved = (lines: readonly string[], policy = "DROP") =>
    ["*filter", `:INPUT ${policy} [0:0]`, ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ...lines, "COMMIT"].join("\n");
  const named = (text: string) => compare({ iptables: [file] }, { iptables: parseIptablesSave(text, 4) });
  const whole = [
    ":ALLOW - [0:0]",
    "-A INPUT -j ALLOW",
    "-A ALLOW -p tcp -m tcp --dport 22 -j ACCEPT",
    "-A ALLOW -p tcp -m tcp --dport 80 -j ACCEPT",
  ];

  it("should find nothing in what was loaded", () => {
    expect(named(saved(whole))).toEqual([]);
  });

  it("should name a missing rule, a foreign rule and a foreign chain", () => {
    expect(named(saved([":ALLOW - [0:0]", ":DOCKER - [0:0]", ...whole.slice(1, 3), "-A ALLOW -s 10.0.0.0/8 -j ACCEPT"]))).toEqual([
      {
        facility: "iptables",
        kind: "missing",
        expected: "-t filter -A ALLOW -p tcp -m tcp --dport 80 -j ACCEPT",
        found: null,
        owner: "node-firewall",
        origin: { name: "allow http", span: null },
      },
      {
        facility: "iptables",
        kind: "unexpected",
        expected: null,
        found: "-t filter -A ALLOW -s 10.0.0.0/8 -j ACCEPT",
        owner: "unknown",
        origin: { name: "iptables-save", span: null },
      },
      {
        facility: "iptables",
        kind: "unexpected",
        expected: null,
        found: "-t filter chain DOCKER",
        owner: "unknown",
        origin: { name: "iptables-save", span: null },
      },
    ]);
  });

  it("should name a missing chain, a changed policy and a changed order by the lines that wrote them", () => {
    expect(named(saved([], "ACCEPT"))).toMatchObject([
      {
        kind: "different",
        expected: "-t filter chain INPUT policy DROP",
        found: "-t filter chain INPUT policy ACCEPT",
        origin: { name: "firewall nodes" },
      },
      { kind: "missing", expected: "-t filter -A INPUT -j ALLOW", origin: { name: "firewall nodes" } },
      { kind: "missing", expected: "-t filter chain ALLOW", owner: "node-firewall", origin: { name: "firewall nodes" } },
    ]);
    const [chain = "", jump = "", ssh = "", http = ""] = whole;
    expect(named(saved([chain, jump, http, ssh]))).toEqual([
      {
        facility: "iptables",
        kind: "different",
        expected: "-t filter chain ALLOW in order: -p tcp -m tcp --dport 22 -j ACCEPT ⏎ -p tcp -m tcp --dport 80 -j ACCEPT",
        found: "-t filter chain ALLOW in order: -p tcp -m tcp --dport 80 -j ACCEPT ⏎ -p tcp -m tcp --dport 22 -j ACCEPT",
        owner: "node-firewall",
        origin: { name: "allow ssh", span: null },
      },
    ]);
  });

  it("should compare each family with its own files", () => {
    expect(
      compare(
        { iptables: [{ ...file, family: 6 }] },
        { iptables: parseIptablesSave("", 4), ip6tables: parseIptablesSave(saved(whole), 6) },
      ),
    ).toEqual([]);
  });
});
