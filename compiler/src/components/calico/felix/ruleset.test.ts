import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { NetworkModel } from "../../../model/types.ts";
import type { IpSet } from "../../../dataplane/ipset/types.ts";
import type { IptablesFile, IptablesTable, TableName } from "../../../dataplane/netfilter/types.ts";
import { calico } from "../component.ts";
import { example, from, labels, model, nodeOf, pods, policy, pool, port, rule } from "../testing/model.ts";
import { chainText, shortRule, tableOf } from "../testing/print.ts";
import { staticChains } from "../testing/static-chains.ts";
import { dispatchChains } from "./dispatch-chains.ts";

function filesOf(of: NetworkModel, node: string): readonly IptablesFile[] {
  return calico.local(of, nodeOf(of, node)).iptables ?? [];
}

function table(of: NetworkModel, node: string, name: TableName, family: 4 | 6 = 4): IptablesTable {
  return tableOf(
    filesOf(of, node).find((file) => file.family === family),
    name,
  );
}

function setsOf(of: NetworkModel, node: string): ReadonlyMap<string, IpSet> {
  return new Map([...(calico.shared(of).ipsets ?? []), ...(calico.local(of, nodeOf(of, node)).ipsets ?? [])].map((set) => [set.name, set]));
}

const members = (set: IpSet | undefined): readonly string[] | undefined => set?.members.map(({ text }) => text);

describe("the frame", () => {
  const of = example("vxlan");
  const differing = new Set(["nat cali-POSTROUTING", "filter cali-wl-to-host"]);

  it.each(Object.entries(staticChains).filter(([name]) => !differing.has(name)))("has %s as Felix writes it", (name, lines) => {
    const [tableName, chain = ""] = name.split(" ");
    const found = filesOf(of, "node1")[0]?.tables.find((candidate) => candidate.name === tableName);
    expect(found && chainText(found, chain)).toEqual(lines);
  });

  it("accepts what pods send to their node", () => {
    expect(chainText(table(of, "node1", "filter"), "cali-wl-to-host")).toEqual([
      staticChains["filter cali-wl-to-host"]?.[0],
      'nSZbcOoG1xPONxb8 "Configured DefaultEndpointToHostAction" --jump ACCEPT',
    ]);
  });

  it("masquerades what leaves by the tunnel from an address of another device, without the later rule for UDP", () => {
    expect(chainText(table(of, "node1", "nat"), "cali-POSTROUTING")).toEqual([
      "Z-c7XtVd2Bq7s_hA --jump cali-fip-snat",
      "nYKhEzDlr11Jccal --jump cali-nat-outgoing",
      "e9dnSgSVNmIcpVhP --out-interface vxlan.calico -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL --jump MASQUERADE --random-fully",
    ]);
  });

  it("hooks into the kernel's chains: on top, and behind everything else", () => {
    const kernel = (name: TableName): readonly string[] =>
      table(of, "node1", name)
        .rules.filter(({ chain }) => !chain.startsWith("cali-"))
        .map(({ operation, chain, text }) => `${operation} ${chain} ${shortRule(text)}`);
    expect(kernel("raw")).toEqual([
      "insert PREROUTING 6gwbT8clXdHdC1b1 --jump cali-PREROUTING",
      "insert OUTPUT tVnHkvAo15HuiPy0 --jump cali-OUTPUT",
    ]);
    expect(kernel("mangle").map((line) => line.replace(/ \S{16} /, " "))).toEqual([
      "insert PREROUTING --jump cali-PREROUTING",
      "insert POSTROUTING --jump cali-POSTROUTING",
    ]);
    expect(kernel("nat").map((line) => line.replace(/ \S{16} /, " "))).toEqual([
      "insert PREROUTING --jump cali-PREROUTING",
      "insert OUTPUT --jump cali-OUTPUT",
      "append POSTROUTING --jump cali-POSTROUTING",
    ]);
    expect(kernel("filter")).toEqual([
      "insert INPUT Cz_u1IQiXIMmKD4c --jump cali-INPUT",
      "insert FORWARD wUHhoiAYhphO9Mso --jump cali-FORWARD",
      "insert OUTPUT tVnHkvAo15HuiPy0 --jump cali-OUTPUT",
      'append FORWARD S93hcgKJrXEqnTfs "Policy explicitly accepted packet." -m mark --mark 0x10000/0x10000 --jump ACCEPT',
      "append FORWARD mp77cMpurHhyjLrM --jump MARK --set-mark 0x10000/0x10000",
    ]);
  });

  it("declares every chain that a rule jumps to, and only chains that are jumped to", () => {
    for (const { tables } of filesOf(of, "node1")) {
      for (const { chains, rules } of tables) {
        const targets = rules.flatMap(({ text }) => /--(?:jump|goto) (cali-\S+)/.exec(text)?.[1] ?? []);
        expect([...new Set(targets)].toSorted()).toEqual(chains.map(({ name }) => name).toSorted());
      }
    }
  });

  it("has IPv6 tables only when a pool is IPv6, with its own tunnel and neighbour discovery let in", () => {
    expect(filesOf(of, "node1").map(({ owner, family }) => [owner, family])).toEqual([["felix", 4]]);
    const dual = model({
      pools: [pool("10.10.0.0/16", 26, "vxlan"), { ...pool("fd00:10::/64", 122, "vxlan"), natOutgoing: false }],
      subnets: { blue: ["10.0.1.0/24", "fd01::/64"] },
      nodes: { a: "blue 10.0.1.1 fd01::1", b: "blue 10.0.1.2 fd01::2" },
      pods: [{ key: "x/p", node: "a" }],
    });
    expect(filesOf(dual, "a").map(({ family }) => family)).toEqual([4, 6]);
    const filter = table(dual, "a", "filter", 6);
    expect(chainText(filter, "cali-wl-to-host").map((line) => line.slice(17))).toEqual([
      ...[130, 131, 132, 133, 135, 136].map((type) => `-p 58 -m icmp6 --icmpv6-type ${type} --jump ACCEPT`),
      "--jump cali-from-wl-dispatch",
      '"Configured DefaultEndpointToHostAction" --jump ACCEPT',
    ]);
    expect(chainText(filter, "cali-INPUT")[0]?.slice(17)).toBe(
      '"Allow IPv6 VXLAN packets from allowed hosts" -p 17 -m multiport --destination-ports 4789 -m set --match-set cali60all-vxlan-net src -m addrtype --dst-type LOCAL --jump ACCEPT',
    );
    const nat = table(dual, "a", "nat", 6);
    expect(chainText(nat, "cali-POSTROUTING")[2]).toContain("--out-interface vxlan-v6.calico ");
    expect(chainText(nat, "cali-nat-outgoing")).toEqual([]);
    const sets = setsOf(dual, "a");
    expect(members(sets.get("cali60all-vxlan-net"))).toEqual(["fd01::2"]);
    expect(members(sets.get("cali60masq-ipam-pools"))).toEqual([]);
    expect(members(sets.get("cali60network-ip-pools"))).toEqual(["fd00:10::/64"]);
    expect(sets.get("cali60this-host")).toMatchObject({ type: "hash:ip", family: 6, maxElements: 1048576 });
  });

  it("knows pools, hosts and other nodes by their sets", () => {
    const sets = setsOf(of, "node1");
    expect([...sets].map(([name, { type }]) => `${name} ${type}`)).toEqual([
      "cali40masq-ipam-pools hash:net",
      "cali40network-ip-pools hash:net",
      "cali40dscp-src-net hash:net",
      "cali40this-host hash:ip",
      "cali40all-vxlan-net hash:net",
    ]);
    expect(members(sets.get("cali40all-vxlan-net"))).toEqual(["10.0.1.12", "10.0.2.13"]);
    expect(members(sets.get("cali40masq-ipam-pools"))).toEqual(["192.168.0.0/16"]);
    expect(members(sets.get("cali40this-host"))).toEqual(["10.0.1.11", "127.0.0.1", "192.168.166.128"]);
  });
});

describe("a policy", () => {
  const of = example("vxlan-cross-subnet", [
    policy("shop/allow-web-to-api", labels(["app", "api"]), {
      ingress: [rule([pods(labels(["app", "web"]))], [port("tcp", 8080)], "rule of allow-web-to-api")],
    }),
  ]);
  const filter = table(of, "node2", "filter");

  it.each<[string, readonly string[]]>([
    [
      "cali-to-wl-dispatch",
      [
        "Bqvn8OdTfVsQPJ9E --out-interface calieb97322ec89 --goto cali-tw-calieb97322ec89",
        '5k95uEbpYcAHJYu- "Unknown interface" --jump DROP',
      ],
    ],
    [
      "cali-from-wl-dispatch",
      [
        "QtzjWpbGpdrX8rIT --in-interface calieb97322ec89 --goto cali-fw-calieb97322ec89",
        'S4gNb8M6XCpvCcdF "Unknown interface" --jump DROP',
      ],
    ],
    [
      "cali-tw-calieb97322ec89",
      [
        "dM0dlNifN8uALMza -m conntrack --ctstate RELATED,ESTABLISHED --jump ACCEPT",
        "eDQ-g2q0w_4UBDHB -m conntrack --ctstate INVALID --jump DROP",
        "QpHrZW96Rc7Y4RhC --jump MARK --set-mark 0/0x30000",
        'qg0KIULtni_xfWAI "Start of tier default" --jump MARK --set-mark 0/0x20000',
        "IDHMFmwkXMMIQCKB -m mark --mark 0/0x20000 --jump cali-pi-_-NQ-ncTi2FzIV3BNVH-",
        'A_OU0dSyaqUj8i84 "Return if policy accepted" -m mark --mark 0x10000/0x10000 --jump RETURN',
        'OHuhlRNhvy3G4y7X "End of tier default. Drop if no policies passed packet" -m mark --mark 0/0x20000 --jump DROP',
        "K7hHkMba4pzrnm54 --jump cali-pri-kns.shop",
        '-5FlBpoTRUOLAu73 "Return if profile accepted" -m mark --mark 0x10000/0x10000 --jump RETURN',
        "eykqxxIUD8uo-aLQ --jump cali-pri-ksa.shop.default",
        '8XAFQa3LPIyEIFGA "Return if profile accepted" -m mark --mark 0x10000/0x10000 --jump RETURN',
        'TJwKL8PDda7nW9ae "Drop if no profiles matched" --jump DROP',
      ],
    ],
    [
      "cali-fw-calieb97322ec89",
      [
        "LD06zCaG392RpLxM -m conntrack --ctstate RELATED,ESTABLISHED --jump ACCEPT",
        "lPXrCrqKcFuvpBOJ -m conntrack --ctstate INVALID --jump DROP",
        "Bt77BCMH49SD2MxX --jump MARK --set-mark 0/0x30000",
        'Qy4gpJ1LL7rE2i-S "Drop VXLAN encapped packets originating in workloads" -p 17 -m multiport --destination-ports 4789 --jump DROP',
        'i1g8FvgezjncDA1d "Drop IPinIP encapped packets originating in workloads" -p 4 --jump DROP',
        "KiworY9ApFG-m8Ui --jump cali-pro-kns.shop",
        'AHuGMuUOSD9Ba8ES "Return if profile accepted" -m mark --mark 0x10000/0x10000 --jump RETURN',
        "A6XddwXVUB1fXW2f --jump cali-pro-ksa.shop.default",
        'RJXgZrlli5bXKu5f "Return if profile accepted" -m mark --mark 0x10000/0x10000 --jump RETURN',
        'kLPsqDV7tqosAOek "Drop if no profiles matched" --jump DROP',
      ],
    ],
    [
      "cali-pi-_-NQ-ncTi2FzIV3BNVH-",
      [
        '56Go-aNTAGDUlutw "KubernetesNetworkPolicy shop/allow-web-to-api ingress" -p tcp -m set --match-set cali40s:8KuBXZF_119AEISz3LhUQWH src -m multiport --destination-ports 8080 --jump MARK --set-mark 0x10000/0x10000',
      ],
    ],
    ["cali-pri-kns.shop", ['Wg5g-nlkwmgvLbyE "Profile kns.shop ingress" --jump MARK --set-mark 0x10000/0x10000']],
    ["cali-pro-kns.shop", ['xUp-1Gre30D2pMcV "Profile kns.shop egress" --jump MARK --set-mark 0x10000/0x10000']],
    ["cali-pri-ksa.shop.default", ['Czuz05V6Eyx0nf6x "Profile ksa.shop.default ingress"']],
  ])("on the node of its pod gives %s", (chain, lines) => {
    expect(chainText(filter, chain)).toEqual(lines);
  });

  it("brings the set of the pods that it names, and no other node has it", () => {
    expect(setsOf(of, "node2").get("cali40s:8KuBXZF_119AEISz3LhUQWH")).toMatchObject({
      type: "hash:net",
      family: 4,
      members: [{ text: "192.168.166.129" }],
    });
    expect([...setsOf(of, "node1").keys()].filter((name) => name.startsWith("cali40s:"))).toEqual([]);
    expect(table(of, "node1", "filter").rules.filter(({ text }) => text.includes("tier")).length).toBe(0);
    expect(table(of, "node1", "filter").chains.filter(({ name }) => name.startsWith("cali-pi-"))).toEqual([]);
  });

  it("is named by its rules, pods by theirs, the frame by the CNI", () => {
    const origins = new Map(filter.rules.map((line) => [line.chain, line.origin.name]));
    expect(origins.get("cali-pi-_-NQ-ncTi2FzIV3BNVH-")).toBe("rule of allow-web-to-api");
    expect(origins.get("cali-tw-calieb97322ec89")).toBe("pod shop/api-0");
    expect(origins.get("cali-pri-kns.shop")).toBe("namespace shop");
    expect(origins.get("cali-FORWARD")).toBe("cluster demo · cni calico");
  });
});

describe("which pods a selector finds", () => {
  const sketch = (peer: ReturnType<typeof pods>): NetworkModel =>
    model({
      pools: [pool("10.10.0.0/16", 26, "vxlan")],
      subnets: { blue: ["10.0.1.0/24"] },
      nodes: { a: "blue 10.0.1.1" },
      namespaces: { front: { team: "shop", tier: "1" }, back: { team: "shop" }, other: { team: "ops" } },
      pods: [
        { key: "front/f1", node: "a", labels: { app: "web" } },
        { key: "front/f2", node: "a", labels: { app: "api", zone: "b" } },
        { key: "back/b1", node: "a", labels: { app: "web", "pcns.team": "ops" } },
        { key: "back/b2", node: "a", labels: { app: "db" }, hostNetwork: true },
        { key: "other/o1", node: "a", labels: { app: "web" } },
      ],
      policies: [policy("front/p", labels(), { ingress: [rule([peer])] })],
    });
  const found = (peer: ReturnType<typeof pods>): readonly string[] => {
    const of = sketch(peer);
    const names = new Map(
      of.pods.flatMap(({ namespace, name, hostNetwork, addresses }) =>
        hostNetwork ? [] : addresses.map((ip) => [formatIp(ip), `${namespace}/${name}`] as const),
      ),
    );
    const set = [...setsOf(of, "a").values()].find(({ name }) => name.startsWith("cali40s:"));
    return (members(set) ?? []).map((text) => names.get(text) ?? text).toSorted();
  };

  it.each<[string, ReturnType<typeof pods>, readonly string[]]>([
    ["in the policy's namespace", pods(labels()), ["front/f1", "front/f2"]],
    ["by label there", pods(labels(["app", "web"])), ["front/f1"]],
    ["everywhere", pods(null, labels()), ["back/b1", "front/f1", "front/f2", "other/o1"]],
    // The pod's own label wins over the one that it would inherit.
    ["by the namespace's labels", pods(null, labels(["team", "shop"])), ["front/f1", "front/f2"]],
    ["by the name of a namespace", pods(labels(["app", "web"]), labels(["kubernetes.io/metadata.name", "other"])), ["other/o1"]],
    [
      "by an alternative",
      pods(labels({ key: "app", operator: "In", values: ["web", "api"] }), labels()),
      ["back/b1", "front/f1", "front/f2", "other/o1"],
    ],
    ["by a negation, which also holds without the label", pods(labels({ key: "zone", operator: "NotIn", values: ["b"] })), ["front/f1"]],
    ["by presence", pods(labels({ key: "zone", operator: "Exists" }), labels()), ["front/f2"]],
    ["by absence on namespaces", pods(null, labels({ key: "tier", operator: "DoesNotExist" })), ["back/b1", "other/o1"]],
    ["nowhere", pods(labels(["app", "nothing"])), []],
  ])("%s", (_, peer, expected) => {
    expect(found(peer)).toEqual(expected);
  });

  it("and which ports have a name", () => {
    const of = model({
      pools: [pool("10.10.0.0/16", 26, "vxlan")],
      subnets: { blue: ["10.0.1.0/24"] },
      nodes: { node1: "blue 10.0.1.1" },
      pods: [
        { key: "x/p", node: "node1", ports: ["http=8080/tcp", "http=8080/udp", "admin=9090/tcp"] },
        { key: "y/q", node: "node1", ports: ["http=80/tcp", "81/tcp"] },
      ],
      policies: [policy("x/p", labels(), { ingress: [rule([], [port("tcp", "http")])] })],
    });
    const set = [...setsOf(of, "node1").values()].find(({ name }) => name.startsWith("cali40n:"));
    expect(set).toMatchObject({ name: "cali40n:cl9_Kgeu4H0OGLbhovVR3NB", type: "hash:ip,port" });
    // Block 666 of 1024; ordinal 0 is the tunnel's.
    expect(members(set)).toEqual(["10.10.166.129,tcp:8080", "10.10.166.130,tcp:80"]);
  });
});

describe("dispatch", () => {
  const chains = (names: readonly string[]): Readonly<Record<string, readonly string[]>> =>
    Object.fromEntries(
      dispatchChains(
        "to",
        names.map((name) => ({ name, origin: from(name) })),
        from("frame"),
      ).map(({ name, rules }) => [name, rules.map(({ match, action }) => `${match} ${action}`.trim())]),
    );

  it("groups devices by the character behind their common prefix", () => {
    expect(chains(["calib2", "calia1", "calib1"])).toEqual({
      "cali-to-wl-dispatch": [
        "--out-interface calia1 --goto cali-tw-calia1",
        "--out-interface calib+ --goto cali-to-wl-dispatch-b",
        "--jump DROP",
      ],
      "cali-to-wl-dispatch-b": [
        "--out-interface calib1 --goto cali-tw-calib1",
        "--out-interface calib2 --goto cali-tw-calib2",
        "--jump DROP",
      ],
    });
  });

  it("counts the prefix from the names that are there", () => {
    expect(chains(["calia11", "calia12"])).toEqual({
      "cali-to-wl-dispatch": [
        "--out-interface calia11 --goto cali-tw-calia11",
        "--out-interface calia12 --goto cali-tw-calia12",
        "--jump DROP",
      ],
    });
    expect(chains([])).toEqual({ "cali-to-wl-dispatch": ["--jump DROP"] });
  });
});

describe("several policies on one pod", () => {
  const rules = (name: string): ReturnType<typeof policy> =>
    policy(`shop/${name}`, labels(["app", "api"]), { ingress: [rule([])], egress: [] });
  const of = example("vxlan", [rules("b"), rules("a"), policy("shop/c", labels(), { ingress: [] })]);
  const filter = table(of, "node2", "filter");

  it("are grouped when they follow each other and select alike", () => {
    const jumps = chainText(filter, "cali-tw-calieb97322ec89").flatMap((line) => /--jump (cali-[gp][io]-\S+)/.exec(line)?.[1] ?? []);
    expect(jumps).toEqual([expect.stringMatching(/^cali-gi-[\w-]{20}$/), "cali-pi-knp/shop/c"]);
    expect(chainText(filter, jumps[0] ?? "").map((line) => line.slice(17))).toEqual([
      "--jump cali-pi-knp/shop/a",
      "-m mark --mark 0/0x30000 --jump cali-pi-knp/shop/b",
    ]);
  });

  it("close the directions that they have and no others", () => {
    expect(chainText(filter, "cali-fw-calieb97322ec89").some((line) => line.includes("cali-go-"))).toBe(true);
    const web = table(of, "node1", "filter");
    expect(chainText(web, "cali-fw-calia4fc3c48bd8").some((line) => line.includes("tier"))).toBe(false);
    expect(
      chainText(web, "cali-tw-calia4fc3c48bd8")
        .filter((line) => line.includes("cali-pi-"))
        .map((line) => line.slice(17)),
    ).toEqual(["-m mark --mark 0/0x20000 --jump cali-pi-knp/shop/c"]);
  });
});
