/** What is told apart beside delivered and refused: silence, no way, an answer that is lost. */
import { describe, expect, it } from "vitest";
import { ask, cluster, ends, firewall, pod, policy, service } from "./testing/cluster.ts";

const client = pod("shop/client", "a1", "10.10.1.5 fd10::1:5");
const far = pod("shop/far", "b1", "10.10.3.6 fd10::3:6", { labels: { app: "web" }, ports: ["8080/tcp"] });
const pods = [client, far];

describe("the broadcast address of a subnet", () => {
  const model = cluster({ pods });

  it("is refused by a node of the subnet and silent from anywhere else, as nobody forwards to it", () => {
    expect(ends(model, "node/a1", "192.168.1.255", "80/tcp")).toBe("unreachable");
    expect(ends(model, "node/b1", "192.168.1.255", "80/tcp")).toBe("dropped");
    expect(ends(model, "pod/shop/client", "192.168.1.255", "80/tcp")).toBe("dropped");
    expect(ends(model, "external/internet", "192.168.1.255", "80/tcp")).toBe("dropped");
    expect(ends(model, "pod/shop/client", "203.0.113.255", "80/tcp")).toBe("dropped");
  });

  it("is beyond reach where no router leads there", () => {
    const apart = cluster({ pods, joins: ["blue"] });
    expect(ends(apart, "node/a1", "192.168.2.255", "80/tcp")).toBe("unreachable");
  });

  it("is an address like any other in a range of two, and IPv6 has none", () => {
    const subnets = { blue: "192.168.1.0/24 fd00:1::/64", green: "192.168.2.0/24 fd00:2::/64", link: "192.168.9.0/31 fd00:9::/127" };
    expect(ends(cluster({ pods, subnets, joins: ["blue", "green"] }), "pod/shop/client", "192.168.9.1", "80/tcp")).toBe("unreachable");
    expect(ends(model, "pod/shop/client", "fd00:1::ffff:ffff:ffff:ffff", "80/tcp")).toBe("unreachable");
  });
});

describe("a service without endpoints", () => {
  const none = service("shop/none", "172.16.0.9", ["80/tcp:30080 -> 8080"], { selector: { app: "nobody" } });

  it("refuses on the node that is asked", () => {
    expect(ends(cluster({ pods, services: [none] }), "node/b1", "10.10.1.0", "30080/tcp")).toBe("rejected");
  });

  it("refuses in silence where the tunnel back is shut", () => {
    const shut = [firewall(["b1"], "192.168.0.0/16 on 10250/tcp")];
    expect(ends(cluster({ pods, services: [none], firewalls: shut }), "node/b1", "10.10.1.0", "30080/tcp")).toBe("dropped");
  });
});

describe("UDP to the port of VXLAN", () => {
  it("reaches a pod that does not listen, and the error about it is lost, as no connection was kept", () => {
    const { outcomes, exact } = ask(cluster({ pods }), "node/a1", "10.10.3.6", "4789/udp");
    expect(outcomes).toMatchObject([{ kind: "dropped", server: "pod/shop/far", port: 4789 }]);
    expect(exact).toBe(true);
  });

  it("is dropped on its way out of a pod", () => {
    expect(ends(cluster({ pods }), "pod/shop/client", "10.10.3.6", "4789/udp")).toBe("dropped");
  });

  it("goes to the node's VXLAN device, which answers nothing", () => {
    const answer = ask(cluster({ pods }), "node/a1", "192.168.2.11", "4789/udp");
    expect([answer.exact, answer.outcomes.map(({ kind }) => kind)]).toEqual([true, ["dropped"]]);
  });
});

describe("what Kubernetes leaves open", () => {
  it("is said exactly nevertheless where Calico and kube-proxy settle it: policy before the refusal of a service without endpoints", () => {
    const none = service("shop/none", "172.16.0.9", ["80/tcp -> 8080"], { selector: { app: "nobody" } });
    const model = cluster({ pods, services: [none], policies: [policy("shop/shut", "", { egress: [] })] });
    const { outcomes, exact, unspecified } = ask(model, "pod/shop/client", "172.16.0.9", "80/tcp");
    expect(outcomes.map(({ kind }) => kind)).toEqual(["dropped"]);
    expect(unspecified).toMatch(/judged in the order in which kube-proxy and Calico put their rules/);
    expect(exact).toBe(true);
  });
});
