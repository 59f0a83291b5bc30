import { describe, expect, it } from "vitest";
import type { NetworkPolicy, Pod, Service } from "../model/types.ts";
import { ask, cidr, cluster, ends, firewall, ip, ipBlock, pod, pods, policy, rule, service } from "./testing/cluster.ts";

const web1 = pod("shop/web-1", "a1", "10.10.1.5 fd10::1:5", { labels: { app: "web" }, ports: ["http=8080/tcp"] });
const web2 = pod("shop/web-2", "b1", "10.10.3.5 fd10::3:5", { labels: { app: "web" }, ports: ["http=8080/tcp"] });
const client = pod("shop/client", "a1", "10.10.1.9 fd10::1:9", { labels: { app: "client" } });
const vip = "172.16.0.20";
const web = service("shop/web", `${vip} fd20::20`, ["80/tcp -> http"]);

function model(
  words: { readonly pods?: readonly Pod[]; readonly services?: readonly Service[]; readonly policies?: readonly NetworkPolicy[] } = {},
) {
  return cluster({ pods: [web1, web2, client], services: [web], ...words });
}

describe("a cluster IP", () => {
  it("leads to any ready endpoint, in both families, from pods and nodes", () => {
    const both = "delivered pod/shop/web-1:8080, delivered pod/shop/web-2:8080";
    expect(ends(model(), "pod/shop/client", vip, "80/tcp")).toBe(both);
    expect(ends(model(), "pod/shop/client", "fd20::20", "80/tcp")).toBe(both);
    expect(ends(model(), "node/a2", vip, "80/tcp")).toBe(both);
    expect(ends(model(), "node/b1", "fd20::20", "80/tcp")).toBe(both);
  });

  it("leaves out pods that are not ready or are being deleted, while another is ready", () => {
    const slow = { ...web1, ready: false };
    const going = { ...web2, terminating: true };
    const fresh = pod("shop/web-3", "a2", "10.10.2.5", { labels: { app: "web" }, ports: ["http=8080/tcp"] });
    expect(ends(model({ pods: [slow, going, fresh, client] }), "pod/shop/client", vip, "80/tcp")).toBe("delivered pod/shop/web-3:8080");
    expect(ends(model({ pods: [slow, going, client] }), "pod/shop/client", vip, "80/tcp")).toBe("delivered pod/shop/web-2:8080");
  });

  it("is rejected when no pod is ready or serves while it is being deleted", () => {
    const gone = { ...web2, ready: false, terminating: true };
    for (const from of ["pod/shop/client", "node/a1"]) {
      expect(ends(model({ pods: [{ ...web1, ready: false }, gone, client] }), from, vip, "80/tcp")).toBe("rejected");
      expect(ends(model({ pods: [client] }), from, "fd20::20", "80/tcp")).toBe("rejected");
    }
  });

  it("publishes pods that are not ready where the service says so", () => {
    const early = { ...web, publishNotReady: true };
    expect(ends(model({ pods: [{ ...web1, ready: false }, client], services: [early] }), "pod/shop/client", vip, "80/tcp")).toBe(
      "delivered pod/shop/web-1:8080",
    );
  });

  it("resolves a named port on each pod, and leaves out pods without it", () => {
    const onOther = { ...web2, ports: [{ ...web2.ports[0], name: "http", port: 9090, protocol: "tcp" as const, origin: web2.origin }] };
    const nameless = pod("shop/web-3", "a2", "10.10.2.5", { labels: { app: "web" }, ports: ["8080/tcp"] });
    const udpOnly = pod("shop/web-4", "a2", "10.10.2.6", { labels: { app: "web" }, ports: ["http=8080/udp"] });
    expect(ends(model({ pods: [web1, onOther, nameless, udpOnly, client] }), "pod/shop/client", vip, "80/tcp")).toBe(
      "delivered pod/shop/web-1:8080, delivered pod/shop/web-2:9090",
    );
  });

  it("with a numeric target port may lead where nobody listens", () => {
    const wrong = service("shop/web", vip, ["80/tcp -> 81"]);
    expect(ends(model({ services: [wrong], pods: [web1, client] }), "pod/shop/client", vip, "80/tcp")).toBe("refused pod/shop/web-1:81");
  });

  it("chooses pods of its own namespace only", () => {
    const stranger = pod("guests/web", "a2", "10.10.2.5", { labels: { app: "web" }, ports: ["http=8080/tcp"] });
    expect(ends(model({ pods: [stranger, client] }), "pod/shop/client", vip, "80/tcp")).toBe("rejected");
  });

  it("is no host: other ports and protocols of it lead nowhere", () => {
    for (const from of ["pod/shop/client", "node/a1"]) {
      expect(ends(model(), from, vip, "81/tcp")).toBe("unreachable");
      expect(ends(model(), from, vip, "80/udp")).toBe("unreachable");
    }
  });

  it("needs a default route on the node, but for IPv6 pods", () => {
    const alone = cluster({ pods: [web1, client], services: [web], joins: [] });
    expect(ends(alone, "pod/shop/client", "fd20::20", "80/tcp")).toBe("delivered pod/shop/web-1:8080");
    expect(ends(alone, "pod/shop/client", vip, "80/tcp")).toBe("unreachable");
    expect(ends(alone, "node/a1", vip, "80/tcp")).toBe("unreachable");
    expect(ends(alone, "node/a1", "fd20::20", "80/tcp")).toBe("unreachable");
    expect(ends(cluster({ pods: [client], services: [web], joins: [] }), "pod/shop/client", "fd20::20", "80/tcp")).toBe("unreachable");
  });

  it("of an internal service stays on the node, and is dropped where the node has no endpoint", () => {
    const internal = { ...web, internalTrafficPolicy: "Local" as const };
    expect(ends(model({ services: [internal] }), "pod/shop/client", vip, "80/tcp")).toBe("delivered pod/shop/web-1:8080");
    expect(ends(model({ services: [internal] }), "node/b1", vip, "80/tcp")).toBe("delivered pod/shop/web-2:8080");
    expect(ends(model({ services: [internal] }), "node/a2", vip, "80/tcp")).toBe("dropped");
    expect(ends(model({ services: [internal], pods: [client] }), "pod/shop/client", vip, "80/tcp")).toBe("rejected");
  });

  it("leads to endpoints written by hand, host-network pods among them at their node's address", () => {
    const api = service("shop/api", "172.16.0.1", ["443/tcp -> 10250"], { selector: null, manualEndpoints: [ip("192.168.2.11")] });
    const daemon = pod("shop/daemon", "b1", "192.168.2.11", { labels: { app: "daemon" }, hostNetwork: true, ports: ["9100/tcp"] });
    const metrics = service("shop/daemon", "172.16.0.9", ["80/tcp -> 9100"]);
    const all = model({ pods: [client, daemon], services: [api, metrics] });
    expect(ends(all, "pod/shop/client", "172.16.0.1", "443/tcp")).toBe("delivered node/b1:10250");
    expect(ends(all, "pod/shop/client", "172.16.0.9", "80/tcp")).toBe("delivered pod/shop/daemon:9100");
    expect(ends(all, "node/b1", "172.16.0.9", "80/tcp")).toBe("delivered pod/shop/daemon:9100");
  });

  it("a headless or external-name service has none", () => {
    const headless = service("shop/web", "", ["80/tcp -> http"]);
    expect(ends(model({ services: [headless] }), "pod/shop/client", vip, "80/tcp")).toBe("unreachable");
    expect(ends(model({ services: [{ ...web, type: "ExternalName" }] }), "pod/shop/client", vip, "80/tcp")).toBe("unreachable");
  });
});

describe("policy and services", () => {
  it("sees the backend's address and port, never the service's", () => {
    const onTarget = policy("shop/out", "app=client", { egress: [rule([pods("app=web")], ["8080/tcp"])] });
    const onService = policy("shop/out", "app=client", { egress: [rule([ipBlock(`${vip}/32`)], ["80/tcp"])] });
    expect(ends(model({ policies: [onTarget] }), "pod/shop/client", vip, "80/tcp")).toBe(
      "delivered pod/shop/web-1:8080, delivered pod/shop/web-2:8080",
    );
    expect(ends(model({ policies: [onService] }), "pod/shop/client", vip, "80/tcp")).toBe("dropped");
  });

  it("judges each backend", () => {
    const onlyFirst = policy("shop/out", "app=client", { egress: [rule([ipBlock("10.10.1.0/24")])] });
    expect(ends(model({ policies: [onlyFirst] }), "pod/shop/client", vip, "80/tcp")).toBe("delivered pod/shop/web-1:8080, dropped");
  });

  it("sees the pod behind a cluster IP as the source, and a node as the address it goes out with", () => {
    const clients = policy("shop/in", "app=web", { ingress: [rule([pods("app=client")])] });
    expect(ends(model({ policies: [clients] }), "pod/shop/client", vip, "80/tcp")).toBe(
      "delivered pod/shop/web-1:8080, delivered pod/shop/web-2:8080",
    );
    const tunnel = policy("shop/in", "app=web", { ingress: [rule([ipBlock("10.10.2.0/32")])] });
    const address = policy("shop/in", "app=web", { ingress: [rule([ipBlock("192.168.1.12/32")])] });
    // From a2: a1 is on the same wire, b1 behind VXLAN.
    expect(ends(model({ policies: [tunnel] }), "node/a2", vip, "80/tcp")).toBe("dropped, delivered pod/shop/web-2:8080");
    expect(ends(model({ policies: [address] }), "node/a2", vip, "80/tcp")).toBe("delivered pod/shop/web-1:8080, dropped");
  });

  it("is open where a pod reaches itself through a service and policy would not let it in", () => {
    const own = pod("shop/web-1", "a1", "10.10.1.5", { labels: { app: "web" }, ports: ["http=8080/tcp"] });
    expect(ends(model({ pods: [own] }), "pod/shop/web-1", vip, "80/tcp")).toBe("delivered pod/shop/web-1:8080");
    expect(ends(model({ pods: [own], policies: [policy("shop/in", "", { ingress: [] })] }), "pod/shop/web-1", vip, "80/tcp")).toBe(
      "dropped ?",
    );
    expect(ends(model({ pods: [own], policies: [policy("shop/out", "", { egress: [] })] }), "pod/shop/web-1", vip, "80/tcp")).toBe(
      "dropped ?",
    );
    expect(
      ends(
        model({ pods: [own], policies: [policy("shop/in", "", { ingress: [rule([pods("app=web")])] })] }),
        "pod/shop/web-1",
        vip,
        "80/tcp",
      ),
    ).toBe("delivered pod/shop/web-1:8080");
  });

  it("leaves open whether a forbidden service without endpoints is dropped or rejected", () => {
    const shut = policy("shop/out", "app=client", { egress: [] });
    const open = policy("shop/out", "app=client", { egress: [rule([ipBlock("0.0.0.0/0")])] });
    expect(ends(model({ pods: [client], policies: [shut] }), "pod/shop/client", vip, "80/tcp")).toBe("dropped ?");
    expect(ends(model({ pods: [client], policies: [open] }), "pod/shop/client", vip, "80/tcp")).toBe("rejected");
  });
});

describe("a node port", () => {
  const port = "30080/tcp";
  const exposed = service("shop/web", `${vip} fd20::20`, ["80/tcp:30080 -> http"]);
  const local: Service = { ...exposed, externalTrafficPolicy: "Local" };
  const exposing = (words: Parameters<typeof cluster>[0]) => cluster({ pods: [web1, web2, client], services: [exposed], ...words });
  const both = "delivered pod/shop/web-1:8080, delivered pod/shop/web-2:8080";

  it("is served on every address of every node, to the outside, nodes and pods", () => {
    for (const dst of ["192.168.1.11", "192.168.1.12", "192.168.2.11", "fd00:1::12"]) {
      for (const from of ["external/internet", "node/a2", "node/b1", "pod/shop/client"])
        expect(ends(exposing({}), from, dst, port)).toBe(both);
    }
    expect(ends(exposing({}), "node/b1", "10.10.3.0", port)).toBe(both);
    expect(ends(exposing({}), "pod/shop/client", "10.10.3.0", port)).toBe(both);
  });

  it("is no port of the node for another protocol, and the service's own port is not served there", () => {
    expect(ends(exposing({}), "external/internet", "192.168.1.12", "30080/udp")).toBe("refused node/a2:30080");
    expect(ends(exposing({}), "external/internet", "192.168.1.12", "80/tcp")).toBe("refused node/a2:80");
  });

  it("is served only in the families of the service", () => {
    const four = service("shop/web", vip, ["80/tcp:30080 -> http"]);
    expect(ends(exposing({ services: [four] }), "node/a1", "fd00:1::12", port)).toBe("refused node/a2:30080");
  });

  it("on the loopback of a node depends on a setting of kube-proxy, and is never served on ::1", () => {
    expect(ends(exposing({}), "node/a1", "127.0.0.1", port)).toBe(`${both} ?`);
    expect(ends(exposing({}), "node/a1", "::1", port)).toBe("refused node/a1:30080");
    expect(ends(exposing({}), "node/a1", "127.0.0.1", "10250/tcp")).toBe("delivered node/a1:10250");
  });

  it("without endpoints is rejected", () => {
    expect(ends(exposing({ pods: [client] }), "external/internet", "192.168.1.12", port)).toBe("rejected");
    expect(ends(exposing({ pods: [client] }), "node/a1", "192.168.1.11", port)).toBe("rejected");
    expect(ends(exposing({ pods: [client] }), "pod/shop/client", "192.168.1.12", port)).toBe("rejected");
    // Calico lets the pod in to its own node, where nobody listens, unless kube-proxy's rule stands before.
    expect(ends(exposing({ pods: [client] }), "pod/shop/client", "192.168.1.11", port)).toBe("refused node/a1:30080 ?");
  });

  it("passes the node's firewall as it comes by the wire: client's address and node port", () => {
    const guarded = (...rules: readonly string[]) => exposing({ firewalls: [firewall(["a1", "a2"], ...rules)], pods: [web1, client] });
    expect(ends(guarded("internet on 30000-32767/tcp"), "external/internet", "192.168.1.12", port)).toBe("delivered pod/shop/web-1:8080");
    expect(ends(guarded("internet on 8080/tcp"), "external/internet", "192.168.1.12", port)).toBe("dropped");
    expect(ends(guarded("192.168.0.0/16 on 30080/tcp"), "external/internet", "192.168.1.12", port)).toBe("dropped");
    // A pod goes out to another node under its own node's address, and its own node's firewall does not see it.
    expect(ends(guarded("192.168.1.11/32 on 30080/tcp"), "pod/shop/client", "192.168.1.12", port)).toBe("delivered pod/shop/web-1:8080");
    expect(ends(guarded("10.10.0.0/16 on 30080/tcp"), "pod/shop/client", "192.168.1.12", port)).toBe("dropped");
    expect(ends(guarded(), "pod/shop/client", "192.168.1.11", port)).toBe("delivered pod/shop/web-1:8080");
    expect(ends(guarded(), "node/a1", "192.168.1.11", port)).toBe("delivered pod/shop/web-1:8080");
  });

  it("hides the client from a host-network backend of another node, whose firewall sees the first node and the target port", () => {
    const daemon = pod("shop/web-9", "a1", "192.168.1.11", { labels: { app: "web" }, hostNetwork: true, ports: ["http=8080/tcp"] });
    const guarded = (source: string) => exposing({ pods: [daemon], firewalls: [firewall(["a1"], `${source} on 8080/tcp`)] });
    expect(ends(guarded("192.168.1.12/32"), "external/internet", "192.168.1.12", port)).toBe("delivered pod/shop/web-9:8080");
    expect(ends(guarded("internet"), "external/internet", "192.168.1.12", port)).toBe("dropped");
  });

  it("shows policy the client on the node that was asked, and that node's address elsewhere; where these are judged differently it is open", () => {
    const admits = (block: string) => exposing({ policies: [policy("shop/in", "app=web", { ingress: [rule([ipBlock(block)])] })] });
    expect(ends(admits("203.0.113.10/32"), "external/internet", "192.168.1.11", port)).toBe("delivered pod/shop/web-1:8080, dropped ?");
    expect(ends(admits("192.168.1.11/32"), "external/internet", "192.168.1.11", port)).toBe("dropped ?");
    // Reached from a1 through VXLAN, b1 sees the tunnel address.
    expect(ends(admits("10.10.1.0/32"), "external/internet", "192.168.1.11", port)).toBe("dropped, delivered pod/shop/web-2:8080 ?");
    expect(ends(admits("0.0.0.0/0"), "external/internet", "192.168.1.11", port)).toBe(both);
    expect(ends(exposing({ policies: [policy("shop/in", "app=web", { ingress: [] })] }), "external/internet", "192.168.1.11", port)).toBe(
      "dropped",
    );
  });

  it("shows policy a pod of the node that was asked as itself", () => {
    const clients = exposing({ pods: [web1, client], policies: [policy("shop/in", "app=web", { ingress: [rule([pods("app=client")])] })] });
    expect(ends(clients, "pod/shop/client", "192.168.1.11", port)).toBe("delivered pod/shop/web-1:8080 ?");
  });

  it("that keeps outside traffic local shows policy the client, and drops where the node has no endpoint", () => {
    const admits = (block: string) =>
      exposing({ services: [local], policies: [policy("shop/in", "app=web", { ingress: [rule([ipBlock(block)])] })] });
    expect(ends(exposing({ services: [local] }), "external/internet", "192.168.1.11", port)).toBe("delivered pod/shop/web-1:8080");
    expect(ends(exposing({ services: [local] }), "external/internet", "192.168.1.12", port)).toBe("dropped");
    expect(ends(admits("203.0.113.10/32"), "external/internet", "192.168.1.11", port)).toBe("delivered pod/shop/web-1:8080");
    expect(ends(admits("192.168.1.11/32"), "external/internet", "192.168.1.11", port)).toBe("dropped");
    expect(ends(exposing({ services: [local], pods: [client] }), "external/internet", "192.168.1.11", port)).toBe("rejected");
  });

  it("that keeps outside traffic local still gives the node and its pods every endpoint", () => {
    expect(ends(exposing({ services: [local] }), "node/a2", "192.168.1.12", port)).toBe(both);
    expect(ends(exposing({ services: [local] }), "pod/shop/client", "192.168.1.11", port)).toBe(both);
    // To another node a pod comes under its own node's address, from outside as it were.
    expect(ends(exposing({ services: [local] }), "pod/shop/client", "192.168.2.11", port)).toBe("delivered pod/shop/web-2:8080");
    expect(ends(exposing({ services: [local] }), "pod/shop/client", "192.168.1.12", port)).toBe("dropped");
  });

  it("loses the answer when a pod keeps its address and the backend answers past the node that was asked", () => {
    const plain = exposing({ services: [local], natOutgoing: false, pods: [client, web2] });
    const { outcomes } = ask(plain, "pod/shop/client", "192.168.1.12", port);
    expect(outcomes).toMatchObject([{ kind: "dropped", server: "pod/shop/web-2", port: 8080 }]);
    expect(outcomes[0]?.reason).toContain("the answer is lost");
    expect(ends(plain, "pod/shop/client", "192.168.2.11", port)).toBe("delivered pod/shop/web-2:8080");
  });
});

describe("external and load balancer addresses", () => {
  const balanced: Service = {
    ...web,
    type: "LoadBalancer",
    externalIps: [ip("198.18.0.5")],
    loadBalancerIps: [ip("198.18.0.9")],
    loadBalancerSourceRanges: [cidr("10.10.1.9/32")],
  };
  const both = "delivered pod/shop/web-1:8080, delivered pod/shop/web-2:8080";

  it("are served on every node to what passes through it", () => {
    expect(ends(model({ services: [balanced] }), "pod/shop/client", "198.18.0.5", "80/tcp")).toBe(both);
    expect(ends(model({ services: [balanced] }), "node/a2", "198.18.0.5", "80/tcp")).toBe(both);
  });

  it("source ranges bind the balancer's address only, and every source", () => {
    expect(ends(model({ services: [balanced] }), "pod/shop/client", "198.18.0.9", "80/tcp")).toBe(both);
    expect(ends(model({ services: [balanced] }), "pod/shop/web-1", "198.18.0.9", "80/tcp")).toBe("dropped");
    expect(ends(model({ services: [balanced] }), "node/a2", "198.18.0.9", "80/tcp")).toBe("dropped");
  });

  it("without endpoints are rejected to pods, and left alone when the node itself asks", () => {
    expect(ends(model({ services: [balanced], pods: [client] }), "pod/shop/client", "198.18.0.5", "80/tcp")).toBe("rejected");
    expect(ends(model({ services: [balanced], pods: [client] }), "node/a1", "198.18.0.5", "80/tcp")).toBe("unreachable");
  });
});
