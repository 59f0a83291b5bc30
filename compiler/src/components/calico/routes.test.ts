import { formatCidrShort, formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { bitsOf } from "@knet/language/values";
import type { NetworkModel } from "../../model/types.ts";
import { routeWords } from "../../dataplane/routing/print.ts";
import { calico } from "./component.ts";
import { example, model, nodeOf, pool } from "./testing/model.ts";

function local(of: NetworkModel, node: string): ReturnType<typeof calico.local> {
  return calico.local(of, nodeOf(of, node));
}

function routeTexts(of: NetworkModel, node: string): readonly string[] {
  return (local(of, node).routes ?? []).map(routeWords).toSorted();
}

describe("routes of the worked example", () => {
  it("VXLAN always: every remote block through its tunnel address", () => {
    expect(routeTexts(example("vxlan"), "node1")).toEqual([
      "192.168.104.0/26 via 192.168.104.0 dev vxlan.calico onlink mtu 1450",
      "192.168.135.0/26 via 192.168.135.0 dev vxlan.calico onlink mtu 1450",
      "192.168.166.129 dev calia4fc3c48bd8 scope link metric 1024",
      "blackhole 192.168.166.128/26 proto 80",
    ]);
  });

  it("VXLAN cross-subnet: blocks in the node's own subnet directly", () => {
    const of = example("vxlan-cross-subnet");
    expect(routeTexts(of, "node1")).toEqual([
      "192.168.104.0/26 via 10.0.1.12 dev eth0 proto 80 onlink",
      "192.168.135.0/26 via 192.168.135.0 dev vxlan.calico onlink mtu 1450",
      "192.168.166.129 dev calia4fc3c48bd8 scope link metric 1024",
      "blackhole 192.168.166.128/26 proto 80",
    ]);
    expect(routeTexts(of, "node2")).toEqual([
      "192.168.104.1 dev calieb97322ec89 scope link metric 1024",
      "192.168.135.0/26 via 192.168.135.0 dev vxlan.calico onlink mtu 1450",
      "192.168.166.128/26 via 10.0.1.11 dev eth0 proto 80 onlink",
      "blackhole 192.168.104.0/26 proto 80",
    ]);
    expect(routeTexts(of, "node3")).toEqual([
      "192.168.104.0/26 via 192.168.104.0 dev vxlan.calico onlink mtu 1450",
      "192.168.166.128/26 via 192.168.166.128 dev vxlan.calico onlink mtu 1450",
      "blackhole 192.168.135.0/26 proto 80",
    ]);
  });

  it.each(["vxlan", "vxlan-cross-subnet"] as const)("%s: tunnel device, neighbours and FDB name every other node", (encapsulation) => {
    const { links, addresses, fdb, neighbours } = local(example(encapsulation), "node1");
    const device = links?.[0];
    expect(device).toMatchObject({
      name: "vxlan.calico",
      mtu: 1450,
      mac: "66:f9:37:c3:7e:94",
      kind: { type: "vxlan", id: 4096, parent: "eth0", port: 4789, learning: false },
    });
    expect(device?.kind.type === "vxlan" && formatIp(device.kind.local)).toBe("10.0.1.11");
    expect(links?.[1]).toMatchObject({
      name: "calia4fc3c48bd8",
      mtu: 1450,
      mac: "ee:ee:ee:ee:ee:ee",
      kind: { type: "veth", peerHost: "pod/shop/web-0", peerLink: "eth0" },
    });
    expect(addresses?.map(({ link, address }) => [link, formatCidrShort(address)])).toEqual([["vxlan.calico", "192.168.166.128"]]);
    expect(fdb?.map(({ mac, destination }) => `${mac} dst ${formatIp(destination)}`)).toEqual([
      "66:2d:bf:44:a6:8b dst 10.0.1.12",
      "66:a4:6f:e0:c4:da dst 10.0.2.13",
    ]);
    expect(neighbours?.map(({ ip, mac }) => `${formatIp(ip)} lladdr ${mac}`)).toEqual([
      "192.168.104.0 lladdr 66:2d:bf:44:a6:8b",
      "192.168.135.0 lladdr 66:a4:6f:e0:c4:da",
    ]);
  });

  it("name what caused them", () => {
    const { routes } = local(example("vxlan"), "node1");
    expect(routes?.map((route) => [routeWords(route).split(" ")[0], route.origin.name])).toEqual([
      ["192.168.166.129", "pod shop/web-0"],
      ["blackhole", "node node1"],
      ["192.168.104.0/26", "node node2"],
      ["192.168.135.0/26", "node node3"],
    ]);
  });

  it("are one object on all nodes where they are equal", () => {
    const of = example("vxlan");
    const toNode3 = (node: string): unknown =>
      local(of, node).routes?.find(({ destination }) => formatCidrShort(destination) === "192.168.135.0/26");
    expect(toNode3("node1")).toBe(toNode3("node2"));
  });
});

describe("dual stack", () => {
  const of = model({
    pools: [pool("10.10.0.0/16", 26, "vxlan"), pool("fd00:10::/64", 122, "vxlan-cross-subnet")],
    subnets: { blue: ["10.0.1.0/24", "fd01:1::/64"], green: ["10.0.2.0/24", "fd01:2::/64"] },
    nodes: { node1: "blue 10.0.1.11 fd01:1::11", node2: "blue 10.0.1.12 fd01:1::12", node3: "green 10.0.2.13 fd01:2::13" },
    pods: [{ key: "shop/web-0", node: "node1" }],
  });
  const blockOf = (node: string): string => {
    const block = of.ipam.nodes.find((entry) => entry.node === node)?.blocks.find(({ cidr }) => cidr.ip.family === 6);
    return block === undefined ? "" : formatCidrShort(block.cidr);
  };
  const tunnelOf = (node: string): string => {
    const tunnel = of.ipam.nodes.find((entry) => entry.node === node)?.tunnels.find(({ address }) => address.family === 6);
    return tunnel === undefined ? "" : formatIp(tunnel.address);
  };

  it("has IPv6 tunnels, routes and pods of their own", () => {
    const pod = of.pods[0]?.addresses.find(({ family }) => family === 6);
    expect(routeTexts(of, "node1").filter((text) => text.includes(":"))).toEqual(
      [
        `${pod === undefined ? "" : formatIp(pod)} dev calia4fc3c48bd8 metric 1024`,
        `blackhole ${blockOf("node1")} proto 80`,
        `${blockOf("node2")} via fd01:1::12 dev eth0 proto 80 onlink`,
        `${blockOf("node3")} via ${tunnelOf("node3")} dev vxlan-v6.calico onlink mtu 1430`,
      ].toSorted(),
    );
    const links = local(of, "node1").links ?? [];
    expect(links.map(({ name, mtu, mac }) => [name, mtu, mac])).toEqual([
      ["vxlan.calico", 1450, "66:f9:37:c3:7e:94"],
      ["vxlan-v6.calico", 1430, "66:0f:35:f2:60:df"],
      ["calia4fc3c48bd8", 1430, "ee:ee:ee:ee:ee:ee"],
    ]);
  });

  it("turns forwarding on for both families", () => {
    expect(calico.shared(of).sysctls?.map(({ key, value }) => `${key}=${value}`)).toEqual([
      "net/ipv4/ip_forward=1",
      "net/ipv6/conf/all/forwarding=1",
    ]);
    expect(calico.shared(example("vxlan")).sysctls?.map(({ key }) => key)).toEqual(["net/ipv4/ip_forward"]);
  });

  it("sets what the gateways of a pod need on its device", () => {
    expect(local(of, "node1").sysctls?.map(({ key, value }) => `${key}=${value}`)).toEqual([
      "net/ipv4/conf/calia4fc3c48bd8/route_localnet=1",
      "net/ipv4/neigh/calia4fc3c48bd8/proxy_delay=0",
      "net/ipv4/conf/calia4fc3c48bd8/proxy_arp=1",
      "net/ipv4/conf/calia4fc3c48bd8/forwarding=1",
      "net/ipv4/conf/calia4fc3c48bd8/rp_filter=0",
      "net/ipv6/conf/calia4fc3c48bd8/disable_ipv6=0",
      "net/ipv6/conf/calia4fc3c48bd8/accept_dad=0",
      "net/ipv6/conf/calia4fc3c48bd8/proxy_ndp=1",
      "net/ipv6/conf/calia4fc3c48bd8/forwarding=1",
      "net/ipv6/conf/calia4fc3c48bd8/accept_ra=0",
    ]);
  });
});

describe("MTU", () => {
  it("is what the underlay leaves, or what is configured, on devices and routes", () => {
    const sketch = {
      pools: [pool("10.10.0.0/16", 26, "vxlan")],
      subnets: { blue: ["10.0.1.0/24"] },
      nodes: { a: "blue 10.0.1.1", b: "blue 10.0.1.2" },
      pods: [{ key: "x/p", node: "a" }],
    };
    expect(local(model({ ...sketch, mtu: 9001 }), "a").links?.map(({ mtu }) => mtu)).toEqual([8951, 8951]);
    const configured = local(model({ ...sketch, mtu: 9001, vxlanMtu: 1400 }), "a");
    expect(configured.links?.map(({ mtu }) => mtu)).toEqual([1400, 1400]);
    expect(configured.routes?.map(({ mtu }) => mtu)).toEqual([null, null, 1400]);
  });
});

describe("addresses outside their node's blocks", () => {
  // One block of four addresses for two nodes: the tunnel and pod of the second node lie in the first one's block.
  const of = model({
    pools: [pool("10.10.0.0/30", 30, "vxlan")],
    subnets: { blue: ["10.0.1.0/24"] },
    nodes: { a: "blue 10.0.1.1", b: "blue 10.0.1.2", c: "blue 10.0.1.3" },
    pods: [{ key: "x/p", node: "b" }],
  });

  it("have host routes on the other nodes, pods by way of the tunnel address, tunnel addresses on the link", () => {
    expect(routeTexts(of, "a")).toEqual([
      "10.10.0.1 dev vxlan.calico scope link mtu 1450",
      "10.10.0.2 dev vxlan.calico scope link mtu 1450",
      "10.10.0.3 via 10.10.0.1 dev vxlan.calico onlink mtu 1450",
      "blackhole 10.10.0.0/30 proto 80",
    ]);
    expect(routeTexts(of, "b")).toEqual([
      "10.10.0.0/30 via 10.10.0.0 dev vxlan.calico onlink mtu 1450",
      "10.10.0.2 dev vxlan.calico scope link mtu 1450",
      expect.stringMatching(/^10\.10\.0\.3 dev cali[0-9a-f]{11} scope link metric 1024$/),
    ]);
  });

  it("and blocks of a single address have no blackhole", () => {
    const single = model({
      pools: [pool("10.10.0.0/29", 32, "vxlan")],
      subnets: { blue: ["10.0.1.0/24"] },
      nodes: { a: "blue 10.0.1.1", b: "blue 10.0.1.2" },
      pods: [{ key: "x/p", node: "b" }],
    });
    expect(single.ipam.nodes.map(({ blocks }) => blocks.every(({ cidr }) => cidr.prefix === bitsOf(4)))).toEqual([true, true]);
    expect(routeTexts(single, "a")).toEqual([
      "10.10.0.1 dev vxlan.calico scope link mtu 1450",
      "10.10.0.2 via 10.10.0.1 dev vxlan.calico onlink mtu 1450",
    ]);
  });
});

it("refuses pools that are not VXLAN", () => {
  const of = model({ pools: [pool("10.10.0.0/16", 26, "ipip")], subnets: { blue: ["10.0.1.0/24"] }, nodes: { a: "blue 10.0.1.1" } });
  expect(() => local(of, "a")).toThrow("pool pool-0: encapsulation ipip is not generated, only vxlan and vxlan-cross-subnet are");
});
