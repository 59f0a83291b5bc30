import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { DumpError } from "../dump/entries.ts";
import { cidr, ip, thrownBy } from "../dump/testing.ts";
import { parseAddresses, parseFdb, parseLinks, parseNeighbours } from "./parse.ts";

/** One entry of `ip -d -j link`, with what every device has. */
function device(ifname: string, words: object): object {
  return {
    ifindex: 2,
    ifname,
    flags: ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    mtu: 1500,
    operstate: "UP",
    group: "default",
    link_type: "ether",
    address: "02:6b:6e:00:00:05",
    broadcast: "ff:ff:ff:ff:ff:ff",
    promiscuity: 0,
    inet6_addr_gen_mode: "eui64",
    ...words,
  };
}

const vxlanData = {
  id: 4096,
  local: "192.168.1.10",
  link: "eth0",
  port_range: { low: 0, high: 0 },
  port: 4789,
  learning: false,
  ttl: 0,
  ageing: 300,
  udp_csum: true,
};

function only<T>(items: readonly T[]): T {
  const [item, ...more] = items;
  if (item === undefined || more.length > 0) throw new Error(`${items.length} items instead of one`);
  return item;
}

function kindOf(words: object): object {
  return only(parseLinks(JSON.stringify([device("dev0", words)]))).kind;
}

describe("parseLinks", () => {
  it("should read a node's devices with their MTU, MAC and the one who made them", () => {
    const source = JSON.stringify([
      device("lo", { flags: ["LOOPBACK", "UP", "LOWER_UP"], mtu: 65_536, link_type: "loopback", address: "00:00:00:00:00:00" }),
      device("eth0", {}),
      device("vxlan.calico", { mtu: 1450, address: "66:07:02:C1:CC:60", linkinfo: { info_kind: "vxlan", info_data: vxlanData } }),
      device("cali5adc4ab58e2", {
        mtu: 1450,
        address: "ee:ee:ee:ee:ee:ee",
        link_index: 2,
        link_netnsid: 1,
        linkinfo: { info_kind: "veth" },
      }),
    ]);
    expect(parseLinks(source)).toEqual([
      {
        name: "lo",
        kind: { type: "loopback" },
        mtu: 65_536,
        mac: null,
        owner: "os",
        origin: { name: "ip -d -j link entry 1", span: null },
      },
      {
        name: "eth0",
        kind: { type: "physical" },
        mtu: 1500,
        mac: "02:6b:6e:00:00:05",
        owner: "os",
        origin: { name: "ip -d -j link entry 2", span: null },
      },
      {
        name: "vxlan.calico",
        kind: { type: "vxlan", id: 4096, local: ip("192.168.1.10"), parent: "eth0", port: 4789, learning: false },
        mtu: 1450,
        mac: "66:07:02:c1:cc:60",
        owner: "felix",
        origin: { name: "ip -d -j link entry 3", span: null },
      },
      {
        name: "cali5adc4ab58e2",
        kind: { type: "veth", peerHost: "", peerLink: "" },
        mtu: 1450,
        mac: "ee:ee:ee:ee:ee:ee",
        owner: "cni",
        origin: { name: "ip -d -j link entry 4", span: null },
      },
    ]);
  });

  it("should read the IPv6 end of a VXLAN device, and learning where it is on", () => {
    const { local: _unused, ...data } = vxlanData;
    expect(kindOf({ linkinfo: { info_kind: "vxlan", info_data: { ...data, local6: "fd00:1::10", learning: true } } })).toEqual({
      type: "vxlan",
      id: 4096,
      local: ip("fd00:1::10"),
      parent: "eth0",
      port: 4789,
      learning: true,
    });
  });

  it("should say that a device is down", () => {
    expect(only(parseLinks(JSON.stringify([device("eth1", { flags: ["BROADCAST", "MULTICAST"], operstate: "DOWN" })])))).toMatchObject({
      name: "eth1",
      isDown: true,
    });
  });

  it("should keep kinds that knet does not make by their kernel name", () => {
    expect(
      kindOf({ linkinfo: { info_kind: "bridge", info_data: { forward_delay: 1500, stp_state: 0, bridge_id: "8000.0:0:0:0:0:0" } } }),
    ).toEqual({ type: "other", name: "bridge" });
    expect(kindOf({ linkinfo: { info_kind: "dummy" } })).toEqual({ type: "other", name: "dummy" });
    expect(kindOf({ link_type: "ipip", address: "10.0.0.1", linkinfo: { info_kind: "ipip", info_data: { local: "10.0.0.1" } } })).toEqual({
      type: "other",
      name: "ipip",
    });
    expect(kindOf({ link_type: "none", address: undefined })).toEqual({ type: "other", name: "none" });
  });

  it.each([
    ["takes the ends from each packet", { external: true, id: 0, port: 8472, learning: false }],
    ["floods to a group", { ...vxlanData, group: "239.1.1.1" }],
    ["leads to one remote end", { ...vxlanData, remote: "10.0.0.2" }],
    ["has no end of its own", { id: 1, link: "eth0", port: 4789 }],
  ])("should keep a VXLAN device that %s as another kind", (_case, data) => {
    expect(kindOf({ linkinfo: { info_kind: "vxlan", info_data: data } })).toEqual({ type: "other", name: "vxlan" });
  });

  it("should take no MAC from a tunnel whose address is its end", () => {
    const tunnel = device("tunl0", { link_type: "ipip", address: "0.0.0.0", linkinfo: { info_kind: "ipip" } });
    expect(only(parseLinks(JSON.stringify([tunnel]))).mac).toBeNull();
  });

  it("should read an empty list, no output at all, and pass over the {} of a filter", () => {
    expect(parseLinks("[]")).toEqual([]);
    expect(parseLinks("\n")).toEqual([]);
    expect(parseLinks(`[{},${JSON.stringify(device("eth0", {}))}]`)).toMatchObject([
      { name: "eth0", origin: { name: "ip -d -j link entry 2" } },
    ]);
  });

  it.each([
    ["2: eth0: <UP> mtu 1500", null, null],
    ['{"ifname":"eth0"}', null, null],
    ["[7]", 1, null],
    [JSON.stringify([device("eth0", {}), device("", {})]), 2, "ifname"],
    [JSON.stringify([device("a-name-of-16-bytes", {})]), 1, "ifname"],
    [JSON.stringify([device("eth0", { mtu: "1500" })]), 1, "mtu"],
    [JSON.stringify([device("eth0", { mtu: undefined })]), 1, "mtu"],
    [JSON.stringify([device("eth0", { address: "not-a-mac" })]), 1, "address"],
    [JSON.stringify([device("v", { linkinfo: { info_kind: "vxlan", info_data: { ...vxlanData, id: -1 } } })]), 1, "linkinfo/info_data/id"],
    [
      JSON.stringify([device("v", { linkinfo: { info_kind: "vxlan", info_data: { ...vxlanData, local: "300.1.1.1" } } })]),
      1,
      "linkinfo/info_data/local",
    ],
    [
      JSON.stringify([device("v", { linkinfo: { info_kind: "vxlan", info_data: { ...vxlanData, local: 7 } } })]),
      1,
      "linkinfo/info_data/local",
    ],
  ])("should name entry and field of %s", (source, entry, field) => {
    const error = thrownBy(() => parseLinks(source, "links.json"));
    expect(error).toBeInstanceOf(DumpError);
    expect(error).toMatchObject({ file: "links.json", place: entry === null ? null : { unit: "entry", number: entry }, field });
  });

  it("should answer any JSON with devices or a DumpError", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.json(),
            fc
              .record({
                ifname: fc.string(),
                flags: fc.json(),
                mtu: fc.integer(),
                link_type: fc.constant("ether"),
                linkinfo: fc.jsonValue(),
              })
              .map((entry) => JSON.stringify(entry)),
          ),
        ),
        (entries) => {
          try {
            parseLinks(`[${entries.join(",")}]`);
          } catch (error) {
            expect(error).toBeInstanceOf(DumpError);
          }
        },
      ),
      { seed: 20261122, numRuns: 300 },
    );
  });
});

describe("parseAddresses", () => {
  const forever = { valid_life_time: 4_294_967_295, preferred_life_time: 4_294_967_295 };

  it("should read both families and tell what the kernel gives by itself", () => {
    const source = JSON.stringify([
      {
        ifname: "lo",
        addr_info: [
          { family: "inet", local: "127.0.0.1", prefixlen: 8, scope: "host", label: "lo", ...forever },
          { family: "inet", local: "169.254.20.10", prefixlen: 32, scope: "global", label: "lo", ...forever },
          { family: "inet6", local: "::1", prefixlen: 128, scope: "host", ...forever },
        ],
      },
      {
        ifname: "eth0",
        addr_info: [
          {
            family: "inet",
            local: "192.168.1.10",
            prefixlen: 24,
            broadcast: "192.168.1.255",
            scope: "global",
            dynamic: true,
            label: "eth0",
            ...forever,
          },
          { family: "inet6", local: "fd00:1::10", prefixlen: 64, scope: "global", nodad: true, ...forever },
          { family: "inet6", local: "fe80::6b:6eff:fe00:5", prefixlen: 64, scope: "link", ...forever },
        ],
      },
      { ifname: "vxlan.calico", addr_info: [{ family: "inet", local: "10.10.0.0", prefixlen: 32, scope: "global", ...forever }] },
    ]);
    expect(parseAddresses(source).map(({ link, address, owner }) => [link, address, owner])).toEqual([
      ["lo", cidr("127.0.0.1/8"), "kernel"],
      ["lo", cidr("169.254.20.10/32"), "unknown"],
      ["lo", cidr("::1/128"), "kernel"],
      ["eth0", cidr("192.168.1.10/24"), "unknown"],
      ["eth0", cidr("fd00:1::10/64"), "unknown"],
      ["eth0", cidr("fe80::6b:6eff:fe00:5/64"), "kernel"],
      ["vxlan.calico", cidr("10.10.0.0/32"), "felix"],
    ]);
  });

  it("should read the peer of a point-to-point address", () => {
    const source = JSON.stringify([
      { ifname: "ppp0", addr_info: [{ family: "inet", local: "10.9.9.9", address: "10.9.9.8", prefixlen: 30 }] },
    ]);
    expect(only(parseAddresses(source))).toMatchObject({ address: cidr("10.9.9.9/30"), peer: ip("10.9.9.8") });
  });

  it("should pass over what a filter hides and other families", () => {
    expect(
      parseAddresses(JSON.stringify([{ ifname: "eth0", addr_info: [{}, { family: "mctp", local: "8" }] }, { ifname: "eth1" }])),
    ).toEqual([]);
  });

  it.each([
    [{ family: "inet", local: "10.0.0.256", prefixlen: 24 }, "addr_info/0/local"],
    [{ family: "inet", local: "fd00::1", prefixlen: 24 }, "addr_info/0/local"],
    [{ family: "inet", local: "10.0.0.1", prefixlen: 33 }, "addr_info/0/prefixlen"],
    [{ family: "inet6", local: "fd00::1", prefixlen: 129 }, "addr_info/0/prefixlen"],
    [{ family: "inet", local: "10.0.0.1" }, "addr_info/0/prefixlen"],
    [{ family: "inet", prefixlen: 24 }, "addr_info/0/local"],
  ])("should name the field of %o", (info, field) => {
    const error = thrownBy(() => parseAddresses(JSON.stringify([{ ifname: "eth0", addr_info: [info] }])));
    expect(error).toMatchObject({ name: "DumpError", file: "ip -j address", place: { unit: "entry", number: 1 }, field });
  });
});

describe("parseNeighbours", () => {
  it("should read permanent entries and leave what the kernel learnt", () => {
    const source = JSON.stringify([
      { dst: "192.168.1.1", dev: "eth0", lladdr: "02:6b:6e:00:00:01", state: ["REACHABLE"] },
      { dst: "10.10.0.64", dev: "vxlan.calico", lladdr: "66:2D:bf:44:a6:8b", state: ["PERMANENT"] },
      { dst: "192.168.1.77", dev: "eth0", state: ["FAILED"] },
      { dst: "fd00::50", dev: "eth0", lladdr: "02:00:00:00:00:01", router: null, extern_learn: null, state: ["PERMANENT"] },
    ]);
    expect(parseNeighbours(source)).toEqual([
      {
        link: "vxlan.calico",
        ip: ip("10.10.0.64"),
        mac: "66:2d:bf:44:a6:8b",
        owner: "felix",
        origin: { name: "ip -j neighbour entry 2", span: null },
      },
      {
        link: "eth0",
        ip: ip("fd00::50"),
        mac: "02:00:00:00:00:01",
        owner: "unknown",
        origin: { name: "ip -j neighbour entry 4", span: null },
      },
    ]);
  });

  it("should name what is missing or wrong", () => {
    const parse = (entry: object) => thrownBy(() => parseNeighbours(JSON.stringify([entry])));
    expect(parse({ dst: "10.0.0.1", dev: "eth0", state: ["PERMANENT"] })).toMatchObject({ field: "lladdr", reason: "missing" });
    expect(parse({ dst: "nobody", dev: "eth0", lladdr: "02:00:00:00:00:01", state: ["PERMANENT"] })).toMatchObject({ field: "dst" });
    expect(parse({ dst: "10.0.0.1", lladdr: "02:00:00:00:00:01" })).toMatchObject({ field: "dev", reason: "missing" });
  });
});

describe("parseFdb", () => {
  it("should read the entries that lead to a tunnel end and no others", () => {
    const source = JSON.stringify([
      { mac: "33:33:00:00:00:01", ifname: "eth0", flags: ["self"], state: "permanent" },
      { mac: "9e:b0:cc:83:bb:5c", ifname: "br0", flags: [], master: "br0", state: "permanent" },
      { mac: "66:2d:bf:44:a6:8b", ifname: "vxlan.calico", dst: "192.168.2.10", flags: ["self"], state: "permanent" },
      { mac: "66:0f:35:f2:60:df", ifname: "vxlan-v6.calico", dst: "fd00:2::10", flags: ["self"], state: "static" },
      { mac: "02:00:00:00:00:09", ifname: "flannel.1", dst: "192.168.2.11", flags: ["self"], state: "" },
    ]);
    expect(parseFdb(source)).toEqual([
      {
        link: "vxlan.calico",
        mac: "66:2d:bf:44:a6:8b",
        destination: ip("192.168.2.10"),
        owner: "felix",
        origin: { name: "bridge -j fdb entry 3", span: null },
      },
      {
        link: "vxlan-v6.calico",
        mac: "66:0f:35:f2:60:df",
        destination: ip("fd00:2::10"),
        owner: "felix",
        origin: { name: "bridge -j fdb entry 4", span: null },
      },
    ]);
  });

  it("should keep what makes an entry another one than its MAC and end say", () => {
    const entry = {
      mac: "00:00:00:00:00:00",
      ifname: "vx6",
      dst: "fd00::4",
      port: 99,
      vni: 6,
      viaIf: "e0",
      flags: ["self"],
      state: "permanent",
    };
    expect(only(parseFdb(JSON.stringify([entry]))).qualifiers).toEqual(["port 99", "vni 6", "via e0"]);
  });

  it("should name a destination that is no address", () => {
    const source = JSON.stringify([{ mac: "66:2d:bf:44:a6:8b", ifname: "vxlan.calico", dst: "peer", state: "permanent" }]);
    expect(thrownBy(() => parseFdb(source))).toMatchObject({ file: "bridge -j fdb", place: { unit: "entry", number: 1 }, field: "dst" });
  });
});
