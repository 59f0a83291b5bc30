import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { DumpError } from "../dump/entries.ts";
import { cidr, ip, thrownBy } from "../dump/testing.ts";
import { parseRoutes } from "./parse.ts";
import { routeWords } from "./print.ts";
import type { Route } from "./types.ts";

function routesOf(family: 4 | 6, ...entries: readonly object[]): readonly Route[] {
  return parseRoutes(JSON.stringify(entries), family);
}

/** The route of one entry as `ip route` writes it. */
function wordsOf(family: 4 | 6, entry: object): readonly string[] {
  return routesOf(family, entry).map(routeWords);
}

describe("parseRoutes", () => {
  it("should read every field of a route", () => {
    const entry = {
      dst: "10.10.0.64/26",
      gateway: "10.10.0.64",
      dev: "vxlan.calico",
      table: "77",
      protocol: "80",
      scope: "link",
      prefsrc: "10.10.0.1",
      metric: 5,
      flags: ["onlink", "linkdown"],
      metrics: [{ advmss: 1300 }, { mtu: 1450 }],
    };
    expect(routesOf(4, entry)).toEqual([
      {
        destination: cidr("10.10.0.64/26"),
        type: "unicast",
        via: ip("10.10.0.64"),
        link: "vxlan.calico",
        protocol: 80,
        scope: "link",
        metric: 5,
        onlink: true,
        mtu: 1450,
        source: ip("10.10.0.1"),
        table: 77,
        owner: "felix",
        origin: { name: "ip -j route entry 1", span: null },
      },
    ]);
  });

  // Entries as a Calico node with 3.32 has them, and the text that the reference gives for each.
  it.each([
    [{ dst: "default", gateway: "192.168.1.1", dev: "eth0", flags: [] }, "default via 192.168.1.1 dev eth0", "unknown"],
    [
      { dst: "10.10.99.192/26", gateway: "10.10.99.192", dev: "vxlan.calico", flags: ["onlink"], metrics: [{ mtu: 1450 }] },
      "10.10.99.192/26 via 10.10.99.192 dev vxlan.calico onlink mtu 1450",
      "felix",
    ],
    [{ type: "blackhole", dst: "10.10.174.128/26", protocol: "80", flags: [] }, "blackhole 10.10.174.128/26 proto 80", "felix"],
    [{ type: "blackhole", dst: "10.10.174.128/26", protocol: "bird", flags: [] }, "blackhole 10.10.174.128/26 proto 12", "bird"],
    [
      { dst: "10.10.174.129", dev: "cali5adc4ab58e2", scope: "link", metric: 1024, flags: [] },
      "10.10.174.129 dev cali5adc4ab58e2 scope link metric 1024",
      "felix",
    ],
    [
      { dst: "192.168.1.0/24", dev: "eth0", protocol: "kernel", scope: "link", prefsrc: "192.168.1.10", flags: [] },
      "192.168.1.0/24 dev eth0 proto 2 scope link src 192.168.1.10",
      "kernel",
    ],
    [
      { type: "local", dst: "127.0.0.0/8", dev: "lo", table: "local", protocol: "kernel", scope: "host", prefsrc: "127.0.0.1", flags: [] },
      "local 127.0.0.0/8 dev lo table 255 proto 2 scope host src 127.0.0.1",
      "kernel",
    ],
    [
      { type: "broadcast", dst: "192.168.1.255", dev: "eth0", table: "local", protocol: "kernel", scope: "link", flags: [] },
      "broadcast 192.168.1.255 dev eth0 table 255 proto 2 scope link",
      "kernel",
    ],
    [{ type: "throw", dst: "10.6.0.0/16", table: "77", flags: [] }, "throw 10.6.0.0/16 table 77", "unknown"],
    [
      { dst: "10.2.0.0/16", via: { family: "inet6", host: "fd00::2" }, dev: "e0", flags: [] },
      "10.2.0.0/16 via inet6 fd00::2 dev e0",
      "unknown",
    ],
    [{ dst: "10.20.0.0/16", dev: "e0", flags: [] }, "10.20.0.0/16 dev e0 scope global", "unknown"],
    [
      { dst: "10.11.0.0/16", tos: "0x10", gateway: "10.0.0.2", dev: "e0", flags: [] },
      "10.11.0.0/16 tos 0x10 via 10.0.0.2 dev e0",
      "unknown",
    ],
  ])("should read %j of IPv4", (entry, words, owner) => {
    expect(wordsOf(4, entry)).toEqual([words]);
    expect(routesOf(4, entry)).toMatchObject([{ owner }]);
  });

  it.each([
    [
      { dst: "default", gateway: "fd00:1::1", dev: "eth0", metric: 1024, flags: [], pref: "medium" },
      "default via fd00:1::1 dev eth0 metric 1024",
    ],
    [{ dst: "default", dev: "wan0", metric: 1024, flags: [], pref: "medium" }, "::/0 dev wan0 metric 1024"],
    [
      {
        dst: "fd00:10::40/122",
        gateway: "fd00:10::40",
        dev: "vxlan-v6.calico",
        metric: 1024,
        flags: ["onlink"],
        metrics: [{ mtu: 1430 }],
        pref: "medium",
      },
      "fd00:10::40/122 via fd00:10::40 dev vxlan-v6.calico metric 1024 onlink mtu 1430",
    ],
    [
      { type: "blackhole", dst: "fd00:10::/122", dev: "lo", protocol: "80", metric: 1024, flags: [], pref: "medium" },
      "blackhole fd00:10::/122 dev lo proto 80 metric 1024",
    ],
    [
      { type: "anycast", dst: "fd00:1::", dev: "eth0", table: "local", protocol: "kernel", metric: 0, flags: [], pref: "medium" },
      "anycast fd00:1:: dev eth0 table 255 proto 2",
    ],
    [
      { type: "multicast", dst: "ff00::/8", dev: "eth0", table: "local", protocol: "kernel", metric: 256, flags: [], pref: "medium" },
      "multicast ff00::/8 dev eth0 table 255 proto 2 metric 256",
    ],
    [
      { dst: "fd05::/64", from: "fd09::/64", dev: "e0", metric: 1024, flags: [], pref: "medium" },
      "fd05::/64 from fd09::/64 dev e0 metric 1024",
    ],
  ])("should read %j of IPv6", (entry, words) => {
    expect(wordsOf(6, entry)).toEqual([words]);
  });

  it("should read every next hop of a multipath route", () => {
    const nexthops = [
      { gateway: "10.0.0.2", dev: "e0", weight: 1, flags: [] },
      { gateway: "10.0.0.3", dev: "e1", weight: 5, flags: ["onlink"] },
    ];
    expect(routesOf(4, { dst: "10.1.0.0/16", flags: [], nexthops })).toMatchObject([
      {
        via: null,
        link: null,
        nextHops: [
          { via: ip("10.0.0.2"), link: "e0", weight: 1, onlink: false },
          { via: ip("10.0.0.3"), link: "e1", weight: 5, onlink: true },
        ],
      },
    ]);
    expect(wordsOf(4, { dst: "10.1.0.0/16", flags: [], nexthops })).toEqual([
      "10.1.0.0/16 nexthop via 10.0.0.2 dev e0 weight 1 nexthop via 10.0.0.3 dev e1 weight 5 onlink",
    ]);
  });

  it("should take only the asked family from a list of both", () => {
    const entries = [
      { dst: "default", gateway: "192.168.1.1", dev: "eth0", flags: [] },
      { dst: "10.0.0.0/8", dev: "eth0", flags: [] },
      { dst: "default", gateway: "fd00:1::1", dev: "eth0", metric: 1024, flags: [], pref: "medium" },
      { dst: "fd00::/8", dev: "eth0", metric: 1024, flags: [], pref: "medium" },
    ];
    expect(routesOf(4, ...entries).map(routeWords)).toEqual(["default via 192.168.1.1 dev eth0", "10.0.0.0/8 dev eth0 scope global"]);
    expect(routesOf(6, ...entries).map(routeWords)).toEqual([
      "default via fd00:1::1 dev eth0 metric 1024",
      "fd00::/8 dev eth0 metric 1024",
    ]);
  });

  it("should read a default route whose gateway is of the other family", () => {
    expect(wordsOf(4, { dst: "default", via: { family: "inet6", host: "fe80::1" }, dev: "e0", flags: [] })).toEqual([
      "0.0.0.0/0 via inet6 fe80::1 dev e0",
    ]);
  });

  it("should read the numbers of ip -N", () => {
    expect(wordsOf(4, { type: "2", dst: "10.8.0.0/16", dev: "lo", table: "255", protocol: "2", scope: "254", flags: [] })).toEqual([
      "local 10.8.0.0/16 dev lo table 255 proto 2 scope host",
    ]);
  });

  it.each([
    [{ dev: "eth0" }, "dst"],
    [{ dst: "10.0.0.0/33", dev: "eth0" }, "dst"],
    [{ dst: "10.0.0.0/8", gateway: "fd00::1" }, "gateway"],
    [{ dst: "10.0.0.0/8", dev: "eth0", protocol: "mine" }, "protocol"],
    [{ dst: "10.0.0.0/8", dev: "eth0", table: "vpn" }, "table"],
    [{ dst: "10.0.0.0/8", dev: "eth0", scope: "site" }, "scope"],
    [{ dst: "10.0.0.0/8", type: "nat" }, "type"],
    [{ dst: "10.0.0.0/8", metric: -1 }, "metric"],
    [{ dst: "10.0.0.0/8", prefsrc: "me" }, "prefsrc"],
    [{ dst: "default", prefsrc: "me", gateway: "10.0.0.1" }, "prefsrc"],
    [{ dst: "10.0.0.0/8", nexthops: [{ gateway: "10.0.0.1", dev: "eth0" }, { gateway: "10.0.0.2" }] }, "nexthops/1/dev"],
    [{ dst: "10.0.0.0/8", nexthops: [{ gateway: "10.0.0.1", dev: "eth0", weight: 0 }] }, "nexthops/0/weight"],
    // `ip` writes both destinations of 10.14.0.0/16 encap ip dst 1.1.1.1 under one name.
    [{ dst: "1.1.1.1", encap: "ip", id: 5, dev: "eth0" }, "encap"],
  ])("should name entry and field of %j", (entry, field) => {
    const error = thrownBy(() => routesOf(4, { dst: "10.0.0.0/8", dev: "eth0" }, entry));
    expect(error).toBeInstanceOf(DumpError);
    expect(error).toMatchObject({ file: "ip -j route", place: { unit: "entry", number: 2 }, field });
  });

  it("should answer any JSON with routes or a DumpError", () => {
    const entry = fc.record(
      {
        dst: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.jsonValue()),
        gateway: fc.jsonValue(),
        nexthops: fc.jsonValue(),
        flags: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), entry)), fc.constantFrom(4, 6), (entries, family) => {
        try {
          parseRoutes(JSON.stringify(entries), family);
        } catch (error) {
          expect(error).toBeInstanceOf(DumpError);
        }
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });
});
