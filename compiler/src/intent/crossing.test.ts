import { describe, expect, it } from "vitest";
import type { Encapsulation, Firewall } from "../model/types.ts";
import { ask, cluster, ends, firewall, ip, pod, service, threeNodes } from "./testing/cluster.ts";

const onA1 = pod("shop/p1", "a1", "10.10.1.5 fd10::1:5", { labels: { app: "p" }, ports: ["8080/tcp"] });
const onA2 = pod("shop/p2", "a2", "10.10.2.5 fd10::2:5", { labels: { app: "p" }, ports: ["8080/tcp"] });
const onB1 = pod("shop/p3", "b1", "10.10.3.5 fd10::3:5", { labels: { app: "p" }, ports: ["8080/tcp"] });
const all = [onA1, onA2, onB1];

function withFirewalls(encapsulation: Encapsulation, ...firewalls: readonly Firewall[]) {
  return cluster({ encapsulation, pods: all, firewalls });
}

describe("pods of one subnet, encapsulated across subnets only", () => {
  it("talk past the firewalls of their nodes: nothing of it is addressed to a node", () => {
    const model = withFirewalls("vxlan-cross-subnet", firewall(["a1", "a2"]));
    expect(ends(model, "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/p2:8080");
    expect(ends(model, "pod/shop/p1", "fd10::2:5", "8080/tcp")).toBe("delivered pod/shop/p2:8080");
    expect(ends(model, "pod/shop/p1", "10.10.2.5", "8081/tcp")).toBe("refused pod/shop/p2:8081");
  });
});

describe("pods behind VXLAN", () => {
  it("need the outer packet admitted by the receiving node, from the sending node's address", () => {
    expect(
      ends(withFirewalls("vxlan-cross-subnet", firewall(["b1"], "192.168.1.11/32 on 4789/udp")), "pod/shop/p1", "10.10.3.5", "8080/tcp"),
    ).toBe("delivered pod/shop/p3:8080");
    expect(
      ends(withFirewalls("vxlan-cross-subnet", firewall(["b1"], "10.10.0.0/16 on 4789/udp")), "pod/shop/p1", "10.10.3.5", "8080/tcp"),
    ).toBe("dropped");
    expect(
      ends(withFirewalls("vxlan-cross-subnet", firewall(["b1"], "any on 4789/tcp 8080/tcp")), "pod/shop/p1", "10.10.3.5", "8080/tcp"),
    ).toBe("dropped");
  });

  it("need the answer's outer packet admitted by the sending node: VXLAN is not tracked", () => {
    const model = withFirewalls("vxlan-cross-subnet", firewall(["a1"], "any on 10250/tcp"));
    const [outcome] = ask(model, "pod/shop/p1", "10.10.3.5", "8080/tcp").outcomes;
    expect(outcome).toMatchObject({ kind: "dropped", server: "pod/shop/p3" });
    expect(outcome?.reason).toContain("the answer is lost: the firewall of a1 does not admit VXLAN (4789/udp) from b1");
    expect(outcome?.causes[0]?.name).toBe("firewall nodes");
  });

  it("are judged in each family by the addresses of that family", () => {
    const model = withFirewalls("vxlan-cross-subnet", firewall(["a1", "b1"], "192.168.0.0/16 on 4789/udp"));
    expect(ends(model, "pod/shop/p1", "10.10.3.5", "8080/tcp")).toBe("delivered pod/shop/p3:8080");
    expect(ends(model, "pod/shop/p1", "fd10::3:5", "8080/tcp")).toBe("dropped");
  });

  it("are so inside one subnet too, where the pool always encapsulates", () => {
    expect(ends(withFirewalls("vxlan", firewall(["a2"])), "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe("dropped");
    expect(ends(withFirewalls("vxlan", firewall(["a1", "a2"], "192.168.1.0/24 on 4789/udp")), "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe(
      "delivered pod/shop/p2:8080",
    );
  });

  it("of one node need nothing of it", () => {
    const neighbour = pod("shop/p4", "a1", "10.10.1.6", { ports: ["8080/tcp"] });
    const model = cluster({ encapsulation: "vxlan", pods: [onA1, neighbour], firewalls: [firewall(["a1"])] });
    expect(ends(model, "pod/shop/p1", "10.10.1.6", "8080/tcp")).toBe("delivered pod/shop/p4:8080");
  });

  it("use the port that the cluster says", () => {
    const model = withFirewalls("vxlan", firewall(["a1", "a2"], "any on 8472/udp"));
    const moved = { ...model, cluster: { ...model.cluster, cni: { ...model.cluster.cni, vxlanPort: 8472 } } };
    expect(ends(model, "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe("dropped");
    expect(ends(moved, "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/p2:8080");
  });
});

describe("a service over VXLAN", () => {
  it("needs the way to each backend and back", () => {
    const model = cluster({ pods: all, services: [service("shop/p", "172.16.0.7", ["80/tcp -> 8080"])], firewalls: [firewall(["b1"])] });
    expect(ends(model, "node/a1", "172.16.0.7", "80/tcp")).toBe("delivered pod/shop/p1:8080, delivered pod/shop/p2:8080, dropped");
  });

  it("masquerades node ports to the tunnel address, and the answer comes back through the tunnel", () => {
    const exposed = service("shop/p", "172.16.0.7", ["80/tcp:30080 -> 8080"]);
    const guarded = (...rules: readonly string[]) =>
      cluster({ pods: [onB1], services: [exposed], firewalls: [firewall(["a1"], ...rules)] });
    expect(ends(guarded("internet on 30080/tcp", "192.168.2.0/24 on 4789/udp"), "external/internet", "192.168.1.11", "30080/tcp")).toBe(
      "delivered pod/shop/p3:8080",
    );
    expect(ends(guarded("internet on 30080/tcp"), "external/internet", "192.168.1.11", "30080/tcp")).toBe("dropped");
  });
});

describe("the port of VXLAN itself", () => {
  it("is closed to pods: Calico drops what they send there", () => {
    const receiver = pod("shop/r", "a1", "10.10.1.7", { ports: ["4789/udp"] });
    const model = cluster({ pods: [onA1, receiver] });
    expect(ends(model, "pod/shop/p1", "10.10.1.7", "4789/udp")).toBe("dropped");
    expect(ends(model, "pod/shop/p1", "10.10.1.7", "4789/tcp")).toBe("refused pod/shop/r:4789");
    // Not tracked, the answer of the pod is a new packet to its policies.
    expect(ends(model, "node/a1", "10.10.1.7", "4789/udp")).toBe("delivered pod/shop/r:4789 ?");
  });

  it("is closed to a service that translates to it too", () => {
    const receiver = pod("shop/r", "a1", "10.10.1.7", { labels: { app: "r" }, ports: ["4789/udp"] });
    const model = cluster({ pods: [onA1, receiver], services: [service("shop/r", "172.16.0.8", ["53/udp -> 4789"])] });
    expect(ends(model, "pod/shop/p1", "172.16.0.8", "53/udp")).toBe("dropped");
  });

  it("answers nothing on a node", () => {
    expect(ends(cluster(), "node/a1", "192.168.1.12", "4789/udp")).toBe("dropped");
    expect(ends(cluster({ encapsulation: "none" }), "node/a1", "192.168.1.12", "4789/udp")).toBe("refused node/a2:4789");
  });
});

describe("pools without encapsulation", () => {
  it("work on one wire, and not across a router that does not know them", () => {
    const model = cluster({ encapsulation: "none", pods: all });
    expect(ends(model, "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/p2:8080");
    expect(ends(model, "pod/shop/p1", "10.10.3.5", "8080/tcp")).toBe("dropped");
  });

  it("with IPIP are not judged for certain", () => {
    expect(ends(cluster({ encapsulation: "ipip", pods: all }), "pod/shop/p1", "10.10.3.5", "8080/tcp")).toBe(
      "delivered pod/shop/p3:8080 ?",
    );
  });
});

describe("subnets that no router joins", () => {
  const apart = cluster({ pods: all, joins: ["blue"] });

  it("do not reach each other's pods or nodes", () => {
    expect(ends(apart, "pod/shop/p1", "10.10.3.5", "8080/tcp")).toBe("unreachable");
    expect(ends(apart, "pod/shop/p3", "10.10.1.5", "8080/tcp")).toBe("unreachable");
    expect(ends(apart, "node/a1", "192.168.2.11", "10250/tcp")).toBe("unreachable");
    expect(ends(apart, "node/b1", "192.168.1.11", "10250/tcp")).toBe("unreachable");
    expect(ends(apart, "external/internet", "192.168.2.11", "10250/tcp")).toBe("unreachable");
    expect(ends(apart, "node/b1", "203.0.113.10", "80/tcp")).toBe("unreachable");
  });

  it("still work within themselves", () => {
    expect(ends(apart, "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/p2:8080");
    expect(ends(cluster({ pods: all, joins: [] }), "node/a1", "192.168.1.12", "10250/tcp")).toBe("delivered node/a2:10250");
  });

  it("may be joined by several routers one behind the other, per family", () => {
    const chain = {
      blue: "192.168.1.0/24 fd00:1::/64",
      between: "192.168.9.0/24",
      green: "192.168.2.0/24 fd00:2::/64",
    };
    const base = cluster({ pods: all, subnets: chain, joins: ["blue", "between"] });
    const [core] = base.routers;
    if (core === undefined) throw new Error("the cluster has a router");
    const second = {
      ...core,
      name: "second",
      outside: null,
      interfaces: [
        { subnet: "between", device: "eth0", addresses: [ip("192.168.9.2")] },
        ...cluster({ joins: ["green"] }).routers.flatMap((router) => router.interfaces),
      ],
    };
    const model = { ...base, routers: [core, second] };
    expect(ends(model, "pod/shop/p1", "10.10.3.5", "8080/tcp")).toBe("delivered pod/shop/p3:8080");
    expect(ends(model, "node/b1", "203.0.113.10", "80/tcp")).toBe("delivered external/internet:80");
    expect(ends(model, "pod/shop/p1", "fd10::3:5", "8080/tcp")).toBe("unreachable");
  });
});

describe("a node without a default route", () => {
  const alone = cluster({ pods: [...all, pod("shop/p4", "a1", "10.10.1.6 fd10::1:6", { ports: ["8080/tcp"] })], joins: [] });

  it("does not answer its IPv4 pods for their gateway 169.254.1.1: nothing leaves them, and no answer", () => {
    expect(ends(alone, "pod/shop/p1", "10.10.1.6", "8080/tcp")).toBe("unreachable");
    expect(ends(alone, "pod/shop/p1", "192.168.1.11", "10250/tcp")).toBe("unreachable");
    expect(ask(alone, "node/a1", "10.10.1.5", "8080/tcp").outcomes).toMatchObject([{ kind: "dropped", server: "pod/shop/p1" }]);
    expect(ends(alone, "pod/shop/p1", "10.10.1.5", "8080/tcp")).toBe("delivered pod/shop/p1:8080");
  });

  it("serves its IPv6 pods, whose gateway is link-local", () => {
    expect(ends(alone, "pod/shop/p1", "fd10::1:6", "8080/tcp")).toBe("delivered pod/shop/p4:8080");
    expect(ends(alone, "pod/shop/p1", "fd10::2:5", "8080/tcp")).toBe("delivered pod/shop/p2:8080");
    expect(ends(alone, "node/a1", "fd10::1:5", "8080/tcp")).toBe("delivered pod/shop/p1:8080");
  });
});

describe("addresses that a node lacks", () => {
  it("leave its pods of that family alone on it", () => {
    const nodes = threeNodes.map((node) => (node.name === "a2" ? Object.assign({}, node, { addresses: "192.168.1.12" }) : node));
    const model = cluster({ pods: all, nodes });
    expect(ends(model, "pod/shop/p1", "fd10::2:5", "8080/tcp")).toBe("unreachable");
    expect(ends(model, "pod/shop/p1", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/p2:8080");
  });

  it("and a pod without an address of the family does not send", () => {
    const four = pod("shop/four", "a1", "10.10.1.8");
    expect(ends(cluster({ pods: [...all, four] }), "pod/shop/four", "fd10::2:5", "8080/tcp")).toBe("unreachable");
  });
});

describe("addresses that nobody has", () => {
  it("lead nowhere, in pools and subnets and outside", () => {
    const model = cluster({ pods: all });
    for (const dst of [
      "10.10.2.9",
      "10.10.1.9",
      "10.10.200.1",
      "192.168.1.99",
      "192.168.2.99",
      "203.0.113.99",
      "fd10::2:9",
      "2001:db8:77::1",
    ]) {
      for (const from of ["pod/shop/p1", "node/a1"]) expect(["dropped", "unreachable"]).toContain(ends(model, from, dst, "80/tcp"));
    }
  });

  it("special ones are left open", () => {
    expect(ends(cluster({ pods: all }), "pod/shop/p1", "169.254.1.1", "80/tcp")).toBe("dropped ?");
    expect(ends(cluster(), "node/a1", "224.0.0.1", "80/udp")).toBe("dropped ?");
  });
});
