import { describe, expect, it } from "vitest";
import { printSketch } from "./print-sketch.ts";
import { repaired } from "./repair.ts";
import type { ClusterSketch } from "./sketch.ts";

const sketch: ClusterSketch = {
  families: [6, 4],
  encapsulation: "vxlan-cross-subnet",
  natOutgoing: true,
  pools: [
    { name: "pods", cidr: "10.10.0.0/16", blockSize: 26 },
    { name: "pods6", cidr: "fd10::/64", blockSize: 122 },
  ],
  serviceCidrs: ["172.16.0.0/16", "fd20::/112"],
  subnets: [{ name: "blue", cidrs: ["192.168.1.0/24", "fd00:1::/64"] }],
  routers: [{ name: "core", joins: ["blue"], nat: true }],
  nodes: [{ name: "node-a", subnet: "blue", addresses: ["192.168.1.20", "fd00:1::20"] }],
  firewalls: [
    { name: "guard", nodes: null, rules: [{ peers: [{ kind: "nodes" }, { kind: "subnet", subnet: "blue" }], ports: ["4789/udp"] }] },
  ],
  namespaces: [
    {
      name: "shop",
      labels: { team: "red" },
      pods: [
        {
          name: "p0",
          node: "node-a",
          labels: { app: "web", "example.com/tier": "front" },
          ports: [{ name: "http", port: 8080, protocol: "tcp" }],
          ready: false,
          hostNetwork: false,
          addresses: ["10.10.100.16"],
        },
        { name: "p1", node: null, labels: {}, ports: [], ready: true, hostNetwork: true, addresses: [] },
      ],
      workloads: [
        {
          name: "crew",
          replicas: 2,
          ready: 1,
          labels: { app: "db" },
          ports: [{ name: null, port: 5432, protocol: "tcp" }],
          spreadOver: ["node-a"],
        },
      ],
      services: [
        {
          name: "web",
          selector: { app: "web" },
          headless: false,
          publishNotReady: true,
          ports: [{ name: "http", port: 80, protocol: "tcp", target: "http", nodePort: 30000 }],
        },
      ],
      policies: [
        {
          name: "open",
          subjects: [{ key: "app", operator: "in", values: ["web", "api"] }],
          isolates: ["egress"],
          rules: [
            {
              direction: "ingress",
              peers: [
                { kind: "pods", pods: [{ key: "app", operator: "not in", values: ["db"] }], namespaces: [] },
                { kind: "cidr", cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] },
              ],
              ports: ["http", "8000..8080/tcp"],
            },
            { direction: "egress", peers: [], ports: [] },
          ],
        },
      ],
    },
  ],
};

describe("printSketch", () => {
  it("should write the primary family first and leave out what is plain", () => {
    expect(printSketch(sketch)).toBe(`cluster random {
  service-cidr = [fd20::/112, 172.16.0.0/16]

  cni calico {
    pool pods { cidr = 10.10.0.0/16, block-size = 26, encapsulation = vxlan-cross-subnet, nat-outgoing = true }
    pool pods6 { cidr = fd10::/64, block-size = 122, encapsulation = vxlan-cross-subnet, nat-outgoing = true }
  }
}

network dc {
  subnet blue { cidr = [fd00:1::/64, 192.168.1.0/24] }
  router core { joins = [blue], nat = internet }
}

node node-a in blue { address = [192.168.1.20, fd00:1::20] }

firewall guard {
  applies to nodes
  allow ingress from nodes, subnet blue on 4789/udp
}

namespace shop {
  labels = { team = "red" }
  pod p0 on node-a { labels = { app = "web", "example.com/tier" = "front" }, port http = 8080/tcp, ready = false, address = 10.10.100.16 }
  pod p1 { host-network = true }
  workload crew { replicas = 2, ready = 1, labels = { app = "db" }, port 5432/tcp, spread over [node-a] }
  service web { selects app == "web", publish-not-ready = true, port 80/tcp -> http node-port 30000 }
  policy open {
    applies to app in ["web", "api"]
    isolates egress
    allow ingress from pods app != "db" in all namespaces, 10.0.0.0/8 except [10.1.0.0/16] on http, 8000..8080/tcp
    allow egress to anyone
  }
}
`);
  });
});

describe("repaired", () => {
  it("should leave a whole sketch as it is", () => {
    expect(repaired(sketch)).toEqual(sketch);
  });

  it("should take out what names a node, a subnet or a port that is gone, and not widen a rule by it", () => {
    const [shop] = sketch.namespaces;
    if (shop === undefined) throw new Error("the sketch has a namespace");
    const without = repaired({
      ...sketch,
      families: [6],
      subnets: [],
      namespaces: [{ ...shop, pods: [], workloads: shop.workloads.map((crew) => ({ ...crew, labels: { app: "web" } })) }],
    });
    expect([without.subnets.map((subnet) => subnet.cidrs), without.nodes]).toEqual([
      [["fd00:1::/64"]],
      [{ name: "node-a", subnet: "blue", addresses: ["fd00:1::20"] }],
    ]);
    expect(without.namespaces[0]?.services).toEqual([]);
    expect(without.namespaces[0]?.policies[0]?.rules.map((rule) => rule.peers.length)).toEqual([1, 0]);
    const noPeer = repaired({
      ...sketch,
      families: [6],
      namespaces: [
        {
          ...shop,
          policies: shop.policies.map((policy) => ({
            ...policy,
            rules: policy.rules.map((rule) => ({ ...rule, peers: rule.peers.filter((peer) => peer.kind === "cidr") })),
          })),
        },
      ],
    });
    // The rule for an IPv4 range says nothing in an IPv6 cluster; without a peer it would admit everyone.
    expect(noPeer.namespaces[0]?.policies[0]?.rules.map((rule) => rule.direction)).toEqual(["egress"]);
  });
});
