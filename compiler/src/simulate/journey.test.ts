import { formatIp, parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "./journey.ts";
import type { Journey } from "./steps.ts";

const text = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, block-size = 26, encapsulation = vxlan, nat-outgoing = true } }
}
network dc {
  subnet blue { cidr = 192.168.1.0/24 }
  router core { joins = [blue], nat = internet }
}
node node-a in blue { address = 192.168.1.10 }
node node-b in blue { address = 192.168.1.11 }
namespace shop {
  pod client on node-a {}
  pod web on node-a { labels = { app = "web" }, port http = 8080/tcp }
  pod agent on node-b { port http = 20001/tcp, host-network = true }
  service web { selects app == "web", cluster-ip = 172.16.10.10, port 80/tcp -> http }
}
`;

const { compilation } = checkSource("t.knet", text, null);
if (compilation === null) throw new Error("the cluster compiles");
const { fabric, model } = compilation;

function journey(from: string, to: string, port: number, protocol: "tcp" | "udp" = "tcp"): Journey {
  const dst: Ip | null = parseIp(to);
  const [first] = dst === null ? [] : everyJourney(fabric, { from, src: null, dst, protocol, dport: port, sport: defaultSourcePort, size: defaultSize });
  if (first === undefined) throw new Error("a request has a journey");
  return first;
}

const clientIp = formatIp(model.pods.find(({ name }) => name === "client")?.addresses[0] ?? { family: 4, a: 0, b: 0, c: 0, d: 0 });
const said = ({ request }: Journey, host: string): readonly string[] => request.filter((step) => step.host === host).map(({ did }) => did);

describe("the server of a journey", () => {
  it("should be the pod on the host network that listens there", () => {
    expect(journey("pod/shop/client", "192.168.1.11", 20001)).toMatchObject({ verdict: "delivered", server: "pod/shop/agent", serverPort: 20001 });
  });

  it("should be the node where its own process listens, and where nobody does", () => {
    expect(journey("pod/shop/client", "192.168.1.11", 10250)).toMatchObject({ verdict: "delivered", server: "node/node-b" });
    expect(journey("pod/shop/client", "192.168.1.11", 20002)).toMatchObject({ verdict: "refused", server: "node/node-b" });
    expect(journey("pod/shop/client", "192.168.1.10", 20001)).toMatchObject({ verdict: "refused", server: "node/node-a" });
  });
});

describe("a route decision", () => {
  it("should come before the chains that a forwarded packet leaves by", () => {
    const steps = said(journey("pod/shop/client", "203.0.113.10", 443), "router/core");
    const routed = steps.findIndex((did) => did.startsWith("routes 203.0.113.10 out of wan0"));
    const translated = steps.findIndex((did) => did.startsWith("translates the source to "));
    expect([routed, translated]).toEqual([0, 1]);
    const node = journey("pod/shop/client", "203.0.113.10", 443).request.filter(({ host }) => host === "node/node-a");
    const route = node.findIndex(({ layer }) => layer === "route");
    const forward = node.findIndex(({ hook }) => hook === "FORWARD");
    const after = node.findIndex(({ hook }) => hook === "POSTROUTING");
    expect(route).toBeGreaterThan(node.findLastIndex(({ hook }) => hook === "PREROUTING"));
    expect(route).toBeLessThan(forward);
    expect(forward).toBeLessThan(after);
  });

  it("should come first where a process sends, and once more where the destination was translated", () => {
    const steps = journey("node/node-a", "172.16.10.10", 80).request.filter(({ host }) => host === "node/node-a");
    const order = steps.filter(({ layer }) => layer === "route" || layer === "nat" || layer === "send").map(({ did }) => did.split(" ").slice(0, 2).join(" "));
    expect(order.slice(0, 4)).toEqual(["sends TCP", "routes 172.16.10.10", "translates the", expect.stringMatching(/^routes 10\.10\./)]);
  });

  it("should be one step where nothing was translated", () => {
    const routes = journey("node/node-a", "192.168.1.11", 10250).request.filter(({ host, layer }) => host === "node/node-a" && layer === "route");
    expect(routes.map(({ did }) => did)).toEqual(["routes 192.168.1.11 out of eth0"]);
  });
});

describe("an ICMP error", () => {
  it("should be told by address and name, as it has no ports", () => {
    // Nobody has 203.0.113.77 outside, which the router finds out; node-a hid the pod behind its own address.
    const { request } = journey("pod/shop/client", "203.0.113.77", 443);
    const told = request.filter(({ packet }) => packet.icmp !== null).map(({ did }) => did);
    expect(told).toContain("translates the destination back to 192.168.1.10 (host-unreachable)");
    expect(told.at(-1)).toBe(`delivers to ${clientIp} (host-unreachable)`);
    expect(told.filter((did) => /:\d+( |$)/u.test(did))).toEqual([]);
  });

  it("should be told so where nobody listens on a UDP port", () => {
    const { reply } = journey("pod/shop/client", "192.168.1.10", 9, "udp");
    expect(reply[0]?.did).toBe(`has nobody listening: answers with ICMP port-unreachable 192.168.1.10 → ${clientIp}`);
    expect(reply.at(-1)?.did).toBe(`delivers to ${clientIp} (port-unreachable)`);
  });
});
