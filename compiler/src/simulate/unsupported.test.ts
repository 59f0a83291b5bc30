import { describe, expect, it } from "vitest";
import { cidr, ip, link, origin, route, rule } from "../dataplane/dump/testing.ts";
import { emptyDataplane } from "../dataplane/types.ts";
import type { Dataplane } from "../dataplane/types.ts";
import { prepareHost } from "./host.ts";
import { decideRoute } from "./routing.ts";
import { UnsupportedError } from "./unsupported.ts";

function decide(dataplane: Partial<Dataplane>, to: string, mark = 0) {
  return decideRoute(prepareHost({ ...emptyDataplane, ...dataplane }), ip(to), mark, null, null);
}

const toCore = route("10.0.0.0/8", { via: ip("192.168.1.1"), link: "eth0" });

describe("routes and rules that only dumps have", () => {
  it("should deliver what a local or an anycast route takes in", () => {
    const routes = [
      route("10.8.0.0/16", { type: "local", link: "lo", scope: "host" }),
      route("fd00:1::/128", { type: "anycast", link: "eth0" }),
    ];
    expect(decide({ routes }, "10.8.1.1")).toEqual({ kind: "local", link: "lo" });
    expect(decide({ routes }, "fd00:1::")).toEqual({ kind: "local", link: "eth0" });
  });

  it("should follow the kernel's own rules to its local and its main table", () => {
    const rules = [rule(0, 4, 255), rule(32_766, 4, 254), rule(32_767, 4, 253)];
    const routes = [toCore, route("10.1.1.1/32", { type: "local", link: "eth1", scope: "host", table: 255 })];
    expect(decide({ rules, routes }, "10.1.1.1")).toEqual({ kind: "local", link: "eth1" });
    expect(decide({ rules, routes }, "10.2.2.2")).toMatchObject({ kind: "unicast", link: "eth0", nextHop: ip("192.168.1.1") });
  });

  it("should refuse several next hops, broadcasts and conditions that it does not know", () => {
    const hops = [1, 2].map((n) => ({ via: ip(`192.168.1.${n}`), link: "eth0", weight: 1, onlink: false }));
    const refused = (dataplane: Partial<Dataplane>, words: string) => {
      expect(() => decide(dataplane, "10.1.1.1")).toThrow(UnsupportedError);
      expect(() => decide(dataplane, "10.1.1.1")).toThrow(words);
    };
    refused({ routes: [route("10.0.0.0/8", { nextHops: hops })] }, "cannot simulate the route to 10.0.0.0/8 with several next hops");
    refused({ routes: [{ ...toCore, qualifiers: ["tos 0x10"] }] }, "cannot simulate the route to 10.0.0.0/8 with tos 0x10");
    refused(
      { routes: [route("10.1.1.1/32", { type: "broadcast", link: "eth0" })] },
      "cannot simulate a packet to the broadcast address 10.1.1.1",
    );
    refused({ routes: [toCore], rules: [rule(50, 4, 100, { qualifiers: ["iif eth0"] })] }, "cannot simulate rule 50 with iif eth0");
  });

  it("should pass by a rule of unknown conditions whose known ones do not match", () => {
    const rules = [rule(50, 4, 100, { mark: { value: 1, mask: 1 }, qualifiers: ["iif eth0"] })];
    expect(decide({ routes: [toCore], rules }, "10.1.1.1", 2)).toMatchObject({ kind: "unicast", link: "eth0" });
    expect(() => decide({ routes: [toCore], rules }, "10.1.1.1", 3)).toThrow("rule 50");
  });
});

describe("devices and addresses that only dumps have", () => {
  const address = { link: "eth0", owner: "os", origin };

  it("should reach nothing by a device that is down, whose address stays local", () => {
    const down = {
      links: [link("eth0", { type: "physical" }, { isDown: true })],
      addresses: [{ ...address, address: cidr("192.168.1.10/24") }],
    };
    expect(decide(down, "192.168.1.77")).toEqual({ kind: "no-route" });
    expect(decide(down, "192.168.1.10")).toEqual({ kind: "local", link: "eth0" });
  });

  it("should lead to the peer of a point-to-point address", () => {
    const ends = {
      links: [link("eth0", { type: "physical" })],
      addresses: [{ ...address, address: cidr("10.9.9.9/32"), peer: ip("10.9.9.8") }],
    };
    expect(decide(ends, "10.9.9.8")).toMatchObject({ kind: "unicast", link: "eth0", nextHop: ip("10.9.9.8") });
    expect(decide(ends, "10.9.9.7")).toEqual({ kind: "no-route" });
  });

  it("should not take the link-local address that another device shares for its own", () => {
    const shared = ["cali1", "cali2"].map((name) => ({ ...address, link: name, address: cidr("fe80::ecee:eeff:feee:eeee/64") }));
    expect(
      decideRoute(prepareHost({ ...emptyDataplane, addresses: shared }), ip("fe80::ecee:eeff:feee:eeee"), 0, null, "eth0"),
    ).toMatchObject({ kind: "unicast", link: "eth0" });
  });
});
