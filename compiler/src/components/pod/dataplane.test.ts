import { formatCidr, formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { emptyDataplane } from "../../dataplane/types.ts";
import { routeWords } from "../../dataplane/routing/print.ts";
import type { NetworkModel, Pod } from "../../model/types.ts";
import { example, model, pool } from "../calico/testing/model.ts";
import { podDataplane } from "./dataplane.ts";

function podOf(of: NetworkModel, name: string): Pod {
  const pod = of.pods.find((candidate) => candidate.name === name);
  if (pod === undefined) throw new TypeError(`no pod ${name}`);
  return pod;
}

describe("the pod's side", () => {
  const of = example("vxlan");
  const dataplane = podDataplane(of, podOf(of, "web-0"));

  it("has the other end of the node's device, with the MTU that the tunnel leaves", () => {
    expect(dataplane.links.map(({ name, kind, mtu, mac, owner }) => ({ name, kind, mtu, mac, owner }))).toEqual([
      { name: "lo", kind: { type: "loopback" }, mtu: 65536, mac: null, owner: "os" },
      { name: "eth0", kind: { type: "veth", peerHost: "node/node1", peerLink: "calia4fc3c48bd8" }, mtu: 1450, mac: null, owner: "cni" },
    ]);
    expect(dataplane.addresses.map(({ link, address }) => `${link} ${formatCidr(address)}`)).toEqual(["eth0 192.168.166.129/32"]);
  });

  it("sends everything to a gateway that no machine has", () => {
    expect(dataplane.routes.map(routeWords)).toEqual(["169.254.1.1 dev eth0 scope link", "default via 169.254.1.1 dev eth0"]);
  });

  it("does not forward", () => {
    expect(dataplane.sysctls.map(({ key, value }) => `${key}=${value}`)).toEqual(["net/ipv4/ip_forward=0"]);
  });

  it("asks the cluster's name server with the search list of its namespace", () => {
    expect(dataplane.resolver).toMatchObject({ search: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"], ndots: 5 });
    expect(dataplane.resolver?.nameservers.map(formatIp)).toEqual(["10.96.0.10"]);
    expect(podDataplane(of, { ...podOf(of, "web-0"), system: true }).resolver).toBeNull();
  });
});

describe("IPv6", () => {
  const of = model({
    pools: [pool("10.10.0.0/16", 26, "vxlan"), pool("fd00:10::/64", 122, "vxlan")],
    subnets: { blue: ["10.0.1.0/24", "fd01::/64"] },
    nodes: { a: "blue 10.0.1.1 fd01::1" },
    pods: [
      { key: "x/p", node: "a" },
      { key: "x/h", node: "a", hostNetwork: true },
    ],
  });

  it("goes to the link-local address that the node's device has of its MAC", () => {
    const dataplane = podDataplane(of, podOf(of, "p"));
    expect(dataplane.routes.map(routeWords)).toEqual([
      "169.254.1.1 dev eth0 scope link",
      "default via 169.254.1.1 dev eth0",
      "default via fe80::ecee:eeff:feee:eeee dev eth0",
    ]);
    expect(dataplane.addresses.filter(({ link }) => link === "eth0").map(({ address }) => address.prefix)).toEqual([32, 128]);
    expect(dataplane.sysctls.map(({ key, value }) => `${key}=${value}`)).toEqual([
      "net/ipv4/ip_forward=0",
      "net/ipv6/conf/all/forwarding=0",
      "net/ipv6/conf/eth0/accept_dad=0",
    ]);
    // The smaller of 1450 and 1430.
    expect(dataplane.links[1]?.mtu).toBe(1430);
  });

  it("and a pod on the host's network has nothing of its own", () => {
    expect(podDataplane(of, podOf(of, "h"))).toEqual(emptyDataplane);
  });
});

it("refuses a pod on a node that is not there", () => {
  const of = example("vxlan");
  expect(() => podDataplane(of, { ...podOf(of, "web-0"), node: "gone" })).toThrow(
    "pod shop/web-0 is on node gone, which the model does not have",
  );
});
