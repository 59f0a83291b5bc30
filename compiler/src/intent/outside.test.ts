import { describe, expect, it } from "vitest";
import { createIntent } from "./intent.ts";
import { ask, cluster, ends, firewall, ip, ipBlock, pod, policy, rule, service } from "./testing/cluster.ts";

const client = pod("shop/client", "a1", "10.10.1.5 fd10::1:5", { labels: { app: "client" }, ports: ["8080/tcp"] });
const far = pod("shop/far", "b1", "10.10.3.5 fd10::3:5", { ports: ["8080/tcp"] });
const daemon = pod("kube-system/daemon", "a2", "192.168.1.12 fd00:1::12", { hostNetwork: true, ports: ["9100/tcp"] });
const all = [client, far, daemon];

describe("from pods to the outside", () => {
  it("a pool with NAT and a router with NAT carry them, in both families", () => {
    const model = cluster({ pods: all });
    expect(ends(model, "pod/shop/client", "203.0.113.10", "443/tcp")).toBe("delivered external/internet:443");
    expect(ends(model, "pod/shop/client", "2001:db8:9::10", "53/udp")).toBe("delivered external/internet:53");
    expect(ends(model, "pod/shop/far", "198.51.100.7", "80/tcp")).toBe("delivered external/office:80");
  });

  it("the machines there listen on 53, 80, 443/tcp and 53/udp only", () => {
    const model = cluster({ pods: all });
    expect(["53/tcp", "22/tcp", "80/udp", "80/sctp"].map((port) => ends(model, "pod/shop/client", "203.0.113.10", port))).toEqual([
      "delivered external/internet:53",
      "refused external/internet:22",
      "refused external/internet:80",
      "refused external/internet:80",
    ]);
  });

  it("a pool without NAT lets them out and loses the answer: routers do not know pods", () => {
    const { outcomes } = ask(cluster({ pods: all, natOutgoing: false }), "pod/shop/client", "203.0.113.10", "443/tcp");
    expect(outcomes).toMatchObject([{ kind: "dropped", server: "external/internet", port: 443 }]);
    expect(outcomes[0]?.reason).toContain("routers have no route to pod address 10.10.1.5");
  });

  it("without a router that leads outside there is no way", () => {
    expect(ends(cluster({ pods: all, nat: false }), "pod/shop/client", "203.0.113.10", "443/tcp")).toBe("unreachable");
    expect(ends(cluster({ pods: all, joins: [] }), "pod/shop/client", "203.0.113.10", "443/tcp")).toBe("unreachable");
  });

  it("egress policy judges the address outside, before any translation", () => {
    const out = (...except: readonly string[]) =>
      cluster({ pods: all, policies: [policy("shop/out", "app=client", { egress: [rule([ipBlock("0.0.0.0/0", ...except)])] })] });
    expect(ends(out("198.51.100.0/24"), "pod/shop/client", "203.0.113.10", "80/tcp")).toBe("delivered external/internet:80");
    expect(ends(out("198.51.100.0/24"), "pod/shop/client", "198.51.100.7", "80/tcp")).toBe("dropped");
    expect(ends(out(), "pod/shop/client", "2001:db8:9::10", "80/tcp")).toBe("dropped");
  });

  it("the node's firewall does not stand in the way of the answer", () => {
    expect(ends(cluster({ pods: all, firewalls: [firewall(["a1"])] }), "pod/shop/client", "203.0.113.10", "443/tcp")).toBe(
      "delivered external/internet:443",
    );
    expect(ends(cluster({ pods: all, firewalls: [firewall(["a1"])] }), "node/a1", "203.0.113.10", "443/tcp")).toBe(
      "delivered external/internet:443",
    );
  });
});

describe("from the outside", () => {
  it("pods, services and tunnel addresses have no route", () => {
    const model = cluster({ pods: all, services: [service("shop/client", "172.16.0.5", ["80/tcp -> 8080"])] });
    for (const dst of ["10.10.1.5", "172.16.0.5", "10.10.1.0", "fd10::1:5", "192.168.1.99"])
      expect(ends(model, "external/internet", dst, "80/tcp")).toBe("unreachable");
  });

  it("nodes are reached directly, and answer where kubelet or a host-network pod listens", () => {
    const model = cluster({ pods: all });
    expect(ends(model, "external/internet", "192.168.2.11", "10250/tcp")).toBe("delivered node/b1:10250");
    expect(ends(model, "external/internet", "fd00:1::12", "9100/tcp")).toBe("delivered pod/kube-system/daemon:9100");
    expect(ends(model, "external/office", "192.168.1.11", "9100/tcp")).toBe("refused node/a1:9100");
    expect(ends(model, "external/office", "fd00:1::12", "9100/tcp")).toBe("unreachable");
  });

  it("the firewall tells the internet from declared ranges, and sources from each other", () => {
    const guarded = (...rules: readonly string[]) => cluster({ pods: all, firewalls: [firewall(["a2"], ...rules)] });
    expect(ends(guarded("internet on 9100/tcp"), "external/office", "192.168.1.12", "9100/tcp")).toBe(
      "delivered pod/kube-system/daemon:9100",
    );
    expect(ends(guarded("internet on 9100/tcp"), "node/a1", "192.168.1.12", "9100/tcp")).toBe("dropped");
    expect(ends(guarded("198.51.100.0/24"), "external/office", "192.168.1.12", "9100/tcp")).toBe("delivered pod/kube-system/daemon:9100");
    expect(ends(guarded("198.51.100.0/24"), "external/internet", "192.168.1.12", "9100/tcp")).toBe("dropped");
    expect(ends(guarded("any on 9000-9100/tcp"), "external/internet", "192.168.1.12", "9100/udp")).toBe("dropped");
    expect(ends(guarded("any on 9000-9100/tcp"), "external/internet", "192.168.1.12", "9001/tcp")).toBe("refused node/a2:9001");
  });

  it("several firewalls admit what one of them admits, and nodes without one everything", () => {
    const model = cluster({ pods: all, firewalls: [firewall(["a2"], "any on 22/tcp"), firewall(["a2", "b1"], "any on 9100/tcp")] });
    expect(ends(model, "external/internet", "192.168.1.12", "9100/tcp")).toBe("delivered pod/kube-system/daemon:9100");
    expect(ends(model, "external/internet", "192.168.1.12", "22/tcp")).toBe("refused node/a2:22");
    expect(ends(model, "external/internet", "192.168.1.12", "10250/tcp")).toBe("dropped");
    expect(ends(model, "external/internet", "192.168.1.11", "10250/tcp")).toBe("delivered node/a1:10250");
  });

  it("machines there reach each other and themselves", () => {
    expect(ends(cluster(), "external/office", "203.0.113.10", "80/tcp")).toBe("delivered external/internet:80");
    expect(ends(cluster(), "external/office", "198.51.100.7", "81/tcp")).toBe("refused external/office:81");
  });

  it("is open when several routers lead there", () => {
    const base = cluster({ pods: all });
    const [core] = base.routers;
    if (core === undefined) throw new Error("the cluster has a router");
    const model = { ...base, routers: [core, { ...core, name: "spare", outside: { addresses: [ip("203.0.113.2")], prefixes: [] } }] };
    expect(ends(model, "external/internet", "192.168.1.12", "9100/tcp")).toBe("delivered pod/kube-system/daemon:9100 ?");
    expect(ends(model, "external/internet", "fd00:1::12", "9100/tcp")).toBe("delivered pod/kube-system/daemon:9100");
  });
});

describe("between pods and nodes", () => {
  it("a pod reaches its own node past the firewall, which sees only the wire", () => {
    expect(ends(cluster({ pods: all, firewalls: [firewall(["a1"])] }), "pod/shop/client", "192.168.1.11", "10250/tcp")).toBe(
      "delivered node/a1:10250",
    );
    expect(ends(cluster({ pods: all, firewalls: [firewall(["a1"])] }), "node/a1", "192.168.1.11", "10250/tcp")).toBe(
      "delivered node/a1:10250",
    );
  });

  it("a pod reaches another node under its own node's address, for the firewall there to judge", () => {
    const guarded = (block: string, natOutgoing: boolean) =>
      cluster({ pods: all, natOutgoing, firewalls: [firewall(["a2"], `${block} on 10250/tcp`)] });
    expect(ends(guarded("192.168.1.11/32", true), "pod/shop/client", "192.168.1.12", "10250/tcp")).toBe("delivered node/a2:10250");
    expect(ends(guarded("10.10.0.0/16", true), "pod/shop/client", "192.168.1.12", "10250/tcp")).toBe("dropped");
    // Without NAT it keeps its own address; the answer knows the way back.
    expect(ends(guarded("10.10.1.5/32", false), "pod/shop/client", "192.168.1.12", "10250/tcp")).toBe("delivered node/a2:10250");
    expect(ends(guarded("192.168.1.11/32", false), "pod/shop/client", "192.168.1.12", "10250/tcp")).toBe("dropped");
  });

  it("without NAT the answer from another subnet comes through the tunnel, which the pod's node must admit", () => {
    const shut = cluster({ pods: all, natOutgoing: false, firewalls: [firewall(["a1"])] });
    expect(ends(shut, "pod/shop/client", "192.168.2.11", "10250/tcp")).toBe("dropped");
    expect(ends(cluster({ pods: all, firewalls: [firewall(["a1"])] }), "pod/shop/client", "192.168.2.11", "10250/tcp")).toBe(
      "delivered node/b1:10250",
    );
  });

  it("a tunnel address is its node: past the firewall out of the tunnel, before it on the wire", () => {
    const model = cluster({ pods: all, firewalls: [firewall(["a2", "b1"], "192.168.0.0/16 on 4789/udp")] });
    expect(ends(model, "pod/shop/client", "10.10.3.0", "10250/tcp")).toBe("delivered node/b1:10250");
    expect(ends(model, "pod/shop/client", "10.10.2.0", "10250/tcp")).toBe("dropped");
    expect(ends(cluster({ pods: all }), "node/a1", "10.10.2.0", "9100/tcp")).toBe("delivered pod/kube-system/daemon:9100");
  });

  it("routers answer nothing but refuse, to whom they can answer", () => {
    expect(ends(cluster({ pods: all }), "node/a1", "192.168.1.1", "22/tcp")).toBe("refused router/core:22");
    expect(ends(cluster({ pods: all }), "pod/shop/client", "192.168.2.1", "22/tcp")).toBe("refused router/core:22");
    expect(ends(cluster({ pods: all, natOutgoing: false }), "pod/shop/client", "192.168.1.1", "22/tcp")).toBe("dropped");
    expect(ends(cluster(), "external/internet", "203.0.113.1", "22/tcp")).toBe("refused router/core:22");
  });
});

describe("a sender that is not in the model", () => {
  it.each(["pod/shop/nobody", "node/z9", "external/nowhere", "router/core", "a1"])("%s is an error", (from) => {
    expect(() => createIntent(cluster({ pods: all })).ask({ from, dst: ip("10.10.1.5"), protocol: "tcp", port: 80 })).toThrow(
      `no host ${from} that sends`,
    );
  });
});
