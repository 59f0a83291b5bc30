import { contains, formatIp, parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AddressAllocation } from "./addresses.ts";
import { allocateClusterIps, serviceBands } from "./cluster-ips.ts";
import { allocateNodeAddresses, usableHosts } from "./node-addresses.ts";
import { allocateNodePorts, nodePortBands, nodePortKey } from "./node-ports.ts";
import type { NodePortClaim } from "./node-ports.ts";

function cidr(text: string): Cidr {
  const value = parseCidr(text);
  if (value === null) throw new TypeError(text);
  return value;
}

function ip(text: string): Ip {
  const value = parseIp(text);
  if (value === null) throw new TypeError(text);
  return value;
}

const texts = ({ addresses }: AddressAllocation): Readonly<Record<string, string>> =>
  Object.fromEntries([...addresses].map(([key, address]) => [key, formatIp(address)]));
const none: ReadonlyMap<string, Ip> = new Map();
const unpinned = (...keys: readonly string[]): readonly { readonly key: string; readonly pinned: null }[] =>
  keys.map((key) => ({ key, pinned: null }));
const parameters = { seed: 20261122, numRuns: 200 };

describe("bands of a service range", () => {
  it.each([
    ["10.96.0.0/12", 256n, 1048574n],
    ["10.96.0.0/16", 256n, 65534n],
    ["10.0.0.0/22", 64n, 1022n],
    ["10.0.0.0/24", 16n, 254n],
    ["10.0.0.0/26", 16n, 62n],
    ["fd00::/112", 256n, 65535n],
  ])("of %s: static up to offset %i, dynamic up to %i", (range, last, end) => {
    expect(serviceBands(cidr(range))).toEqual({
      usable: { first: 1n, last: end },
      static: { first: 1n, last },
      dynamic: { first: last + 1n, last: end },
    });
  });

  it("of sixteen addresses are one", () => {
    expect(serviceBands(cidr("10.0.0.0/28"))).toEqual({
      usable: { first: 1n, last: 14n },
      static: null,
      dynamic: { first: 1n, last: 14n },
    });
  });
});

describe("cluster IPs", () => {
  it("that are pinned stay, others come from the dynamic band", () => {
    const result = allocateClusterIps({
      cidr: cidr("10.96.0.0/16"),
      services: [{ key: "default/kubernetes", pinned: ip("10.96.0.1") }, ...unpinned("shop/web")],
      held: none,
    });
    expect(texts(result)["default/kubernetes"]).toBe("10.96.0.1");
    const web = result.addresses.get("shop/web");
    expect(web && web.d - ip("10.96.0.0").d).toBeGreaterThan(256);
    expect(result.problems).toEqual([]);
  });

  it("fall back to the static band, and then are a problem", () => {
    const keys = Array.from({ length: 255 }, (_, i) => `x/s${i}`);
    const result = allocateClusterIps({ cidr: cidr("10.0.0.0/24"), services: unpinned(...keys), held: none });
    expect(result.addresses.size).toBe(254);
    expect(result.problems).toEqual([{ kind: "range-full", key: expect.stringMatching(/^x\/s/), range: cidr("10.0.0.0/24") }]);
    const some = allocateClusterIps({ cidr: cidr("10.0.0.0/24"), services: unpinned(...keys.slice(0, 238)), held: none });
    expect([...some.addresses.values()].every(({ d }) => (d & 255) > 16)).toBe(true);
  });

  it("outside the range, or taken, are problems", () => {
    const services = [
      { key: "a/a", pinned: ip("10.1.0.0") },
      { key: "a/b", pinned: ip("10.0.0.255") },
      { key: "a/c", pinned: ip("10.0.0.9") },
      { key: "a/d", pinned: ip("10.0.0.9") },
    ];
    expect(allocateClusterIps({ cidr: cidr("10.0.0.0/24"), services, held: none }).problems).toEqual([
      { kind: "outside-range", key: "a/a", address: ip("10.1.0.0"), range: cidr("10.0.0.0/24") },
      { kind: "outside-range", key: "a/b", address: ip("10.0.0.255"), range: cidr("10.0.0.0/24") },
      { kind: "already-taken", key: "a/d", address: ip("10.0.0.9"), holder: "a/c" },
    ]);
  });

  it("of the lock stay, in either band, unless somebody pins them", () => {
    const held = new Map([
      ["a/a", ip("10.0.0.3")],
      ["a/b", ip("10.0.0.200")],
      ["gone/x", ip("10.0.0.50")],
      ["a/c", ip("10.9.9.9")],
    ]);
    const result = allocateClusterIps({
      cidr: cidr("10.0.0.0/24"),
      services: [...unpinned("a/a", "a/b", "a/c"), { key: "a/d", pinned: ip("10.0.0.200") }],
      held,
    });
    expect(texts(result)["a/a"]).toBe("10.0.0.3");
    expect(texts(result)["a/d"]).toBe("10.0.0.200");
    expect(texts(result)["a/b"]).not.toBe("10.0.0.200");
    expect(result.addresses.size).toBe(4);
  });

  it("do not depend on the order of services, and a lock keeps all of them", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-c]\/[a-z]{1,3}$/), { maxLength: 80 }),
        fc.constantFrom("10.0.0.0/25", "10.0.0.0/24", "fd00::/64"),
        (keys, range) => {
          const of = (services: readonly string[], held: ReadonlyMap<string, Ip>): AddressAllocation =>
            allocateClusterIps({ cidr: cidr(range), services: unpinned(...services), held });
          const first = of(keys, none);
          expect(texts(of(keys.toReversed(), none))).toEqual(texts(first));
          expect(new Set([...first.addresses.values()].map(formatIp)).size).toBe(keys.length);
          const more = of([...keys, "new/one", "new/two"], first.addresses);
          for (const key of keys) expect(more.addresses.get(key)).toEqual(first.addresses.get(key));
        },
      ),
      parameters,
    );
  });
});

describe("node ports", () => {
  const port = (
    service: string,
    number: number,
    protocol: NodePortClaim["protocol"] = "tcp",
    pinned: number | null = null,
  ): NodePortClaim => ({ service, port: number, protocol, pinned });
  const range = { first: 30000, last: 32767 };
  const allocate = (...ports: readonly NodePortClaim[]): ReturnType<typeof allocateNodePorts> =>
    allocateNodePorts({ range, ports, held: new Map() });

  it("come from the upper band of the range", () => {
    expect(nodePortBands(range)).toEqual({ static: { first: 30000, last: 30085 }, dynamic: { first: 30086, last: 32767 } });
    expect(nodePortBands({ first: 1, last: 16 })).toEqual({ static: null, dynamic: { first: 1, last: 16 } });
    const { nodePorts } = allocate(port("x/a", 80));
    expect(nodePorts.get("x/a:80/tcp")).toBeGreaterThanOrEqual(30086);
  });

  it("of one port in two protocols are the same number", () => {
    const { nodePorts } = allocate(port("x/dns", 53, "udp"), port("x/dns", 53, "tcp"));
    expect(nodePorts.get("x/dns:53/udp")).toBe(nodePorts.get("x/dns:53/tcp"));
  });

  it("may be equal in different protocols only", () => {
    expect(allocate(port("x/a", 53, "udp", 30053), port("x/b", 53, "tcp", 30053)).problems).toEqual([]);
    expect(allocate(port("x/a", 53, "tcp", 30053), port("x/b", 53, "tcp", 30053), port("x/c", 1, "tcp", 80)).problems).toEqual([
      { kind: "outside-range", key: "x/c:1/tcp", port: 80, range },
      { kind: "already-taken", key: "x/b:53/tcp", port: 30053, holder: "x/a:53/tcp" },
    ]);
  });

  it("run out", () => {
    const few = { first: 30000, last: 30001 };
    const ports = ["x/a", "x/b", "x/c"].map((service) => port(service, 80));
    const { nodePorts, problems } = allocateNodePorts({ range: few, ports, held: new Map([["x/c:80/tcp", 30001]]) });
    expect(nodePorts.get(nodePortKey(port("x/c", 80)))).toBe(30001);
    expect(problems).toEqual([{ kind: "range-full", key: "x/b:80/tcp", range: few }]);
  });
});

describe("node addresses", () => {
  it("leave out network, broadcast and routers", () => {
    const nodes = unpinned("a", "b", "c", "d", "e");
    const result = allocateNodeAddresses({ cidr: cidr("192.168.1.0/29"), reserved: [ip("192.168.1.1")], nodes, held: none });
    expect(Object.values(texts(result)).toSorted()).toEqual(["192.168.1.2", "192.168.1.3", "192.168.1.4", "192.168.1.5", "192.168.1.6"]);
    const full = allocateNodeAddresses({
      cidr: cidr("192.168.1.0/29"),
      reserved: [ip("192.168.1.1")],
      nodes: [...nodes, ...unpinned("f")],
      held: none,
    });
    expect(full.problems).toEqual([{ kind: "range-full", key: "f", range: cidr("192.168.1.0/29") }]);
  });

  it("of point-to-point prefixes are both", () => {
    expect(usableHosts(cidr("10.0.0.0/31"))).toEqual({ first: 0n, last: 1n });
    expect(usableHosts(cidr("fd00::/127"))).toEqual({ first: 0n, last: 1n });
    expect(usableHosts(cidr("10.0.0.1/32"))).toEqual({ first: 0n, last: 0n });
    expect(usableHosts(cidr("fd00::/126"))).toEqual({ first: 1n, last: 3n });
  });

  it("keep to the prefix, whatever its host bits, and respect pins and the lock", () => {
    const request = {
      cidr: cidr("192.168.1.77/24"),
      reserved: [],
      nodes: [{ key: "a", pinned: ip("192.168.1.10") }, ...unpinned("b", "c")],
      held: new Map([
        ["b", ip("192.168.1.10")],
        ["c", ip("192.168.1.20")],
      ]),
    };
    const result = allocateNodeAddresses(request);
    expect(texts(result)).toMatchObject({ a: "192.168.1.10", c: "192.168.1.20" });
    expect([...result.addresses.values()].every((address) => contains(request.cidr, address))).toBe(true);
    expect(new Set(Object.values(texts(result))).size).toBe(3);
  });

  it("may not be a router's", () => {
    const result = allocateNodeAddresses({
      cidr: cidr("fd00::/64"),
      reserved: [ip("fd00::1")],
      nodes: [{ key: "a", pinned: ip("fd00::1") }],
      held: none,
    });
    expect(result.problems).toEqual([{ kind: "already-taken", key: "a", address: ip("fd00::1"), holder: null }]);
  });
});
