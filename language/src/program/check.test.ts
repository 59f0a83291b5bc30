import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasErrors } from "../diagnostics/diagnostic.ts";
import { tokenize } from "../lexer/lexer.ts";
import { anyText, inCluster, journey, messages } from "../testing/fixtures.ts";
import { formatCidr, formatIp } from "../values/index.ts";
import { checkProgram } from "./check.ts";
import type { ClusterProgram } from "./checked.ts";

/** The only cluster of a program. */
function program(text: string): ClusterProgram {
  const { program: checked, diagnostics } = checkProgram("t.knet", text);
  expect(diagnostics.filter((diagnostic) => diagnostic.severity === "error").map((diagnostic) => diagnostic.message)).toEqual([]);
  const [only] = checked?.clusters ?? [];
  if (only === undefined) throw new Error("no program");
  return only;
}

const said = (span: { readonly start: number; readonly end: number }, text: string): string => text.slice(span.start, span.end);

describe("checkProgram on the journey example", () => {
  const checked = program(journey);

  it("finds nothing to say", () => {
    expect(messages(journey)).toEqual([]);
  });

  it("reads the cluster", () => {
    const { cluster } = checked;
    expect([cluster.name, cluster.kubernetes.value, cluster.domain.value, cluster.serviceCidrs.value.map(formatCidr)]).toEqual([
      "demo",
      "1.34",
      "cluster.local",
      ["172.16.0.0/16"],
    ]);
    expect(cluster.nodePorts).toMatchObject({ value: { first: 30_000, last: 32_767 }, explicit: false });
    expect(said(cluster.nodePorts.span, journey)).toBe("cluster demo");
    expect(said(cluster.serviceCidrs.span, journey)).toBe("service-cidr = 172.16.0.0/16");
    expect([cluster.cni.version.value, cluster.cni.vxlanPort.value, cluster.cni.vxlanVni.value, cluster.cni.vxlanMtu.value]).toEqual([
      "3.32",
      4789,
      4096,
      null,
    ]);
    const [pool] = cluster.cni.pools;
    expect(
      pool && [pool.name, formatCidr(pool.cidr.value), pool.blockSize.value, pool.encapsulation.value, pool.natOutgoing.value],
    ).toEqual(["pods", "10.10.0.0/16", 26, "vxlan-cross-subnet", true]);
    expect([cluster.proxy.mode, cluster.dns.addresses.value.map(formatIp)]).toEqual(["iptables", ["172.16.0.10"]]);
    expect(cluster.dns.forwards.map((forward) => [forward.zone, forward.servers.map(formatIp)])).toEqual([
      ["corp.example", ["192.168.1.53"]],
    ]);
  });

  it("reads the network and its nodes", () => {
    const [dc] = checked.networks;
    expect(dc?.subnets.map((subnet) => [subnet.name, subnet.cidrs.value.map(formatCidr), subnet.mtu.value])).toEqual([
      ["blue", ["192.168.1.0/24"], 1500],
      ["green", ["192.168.2.0/24"], 1500],
    ]);
    expect(dc?.routers.map((router) => [router.name, router.joins.value, router.nat.value])).toEqual([
      ["core", ["blue", "green"], "internet"],
    ]);
    expect(checked.nodes.map((node) => [node.name, node.subnet.value, node.addresses.value.map(formatIp)])).toEqual([
      ["node-a", "blue", ["192.168.1.10"]],
      ["node-b", "green", ["192.168.2.10"]],
    ]);
  });

  it("reads the firewall", () => {
    const [firewall] = checked.firewalls;
    expect(firewall?.nodes).toBeNull();
    expect(
      firewall?.rules.map((rule) => [rule.peers.map((peer) => (peer.kind === "subnet" ? peer.subnet : peer.kind)), rule.ports]),
    ).toEqual([
      [
        ["blue", "green"],
        [
          { protocol: "udp", first: 4789, last: 4789 },
          { protocol: "tcp", first: 10_250, last: 10_250 },
        ],
      ],
      [["internet"], [{ protocol: "tcp", first: 30_000, last: 32_767 }]],
    ]);
  });

  it("reads pods, the service and the policy", () => {
    const [namespace] = checked.namespaces;
    expect(namespace?.labels.value).toEqual({ team: "shop" });
    expect(namespace?.pods.map((pod) => [pod.name, pod.node.value, pod.labels.value["app"], pod.ports.length, pod.ready.value])).toEqual([
      ["pod-0", "node-a", "client", 0, true],
      ["pod-2", "node-b", "batch", 0, true],
      ["pod-1", "node-a", "myapp", 1, true],
      ["pod-3", "node-b", "myapp", 1, true],
    ]);
    const [service] = namespace?.services ?? [];
    expect([service?.type.value, service?.selector.value, service?.clusterIps.value.map(formatIp)]).toEqual([
      "ClusterIP",
      { app: "myapp" },
      ["172.16.10.10"],
    ]);
    expect(service?.ports).toMatchObject([{ name: "http", port: 80, protocol: "tcp", targetPort: "http", nodePort: null }]);
    const [policy] = namespace?.policies ?? [];
    expect(policy?.directions).toEqual(["ingress"]);
    expect(policy?.podSelector.requirements).toEqual([{ key: "app", operator: "In", values: ["myapp"] }]);
    expect(policy?.rules).toMatchObject([
      {
        direction: "ingress",
        peers: [
          {
            kind: "pods",
            pods: { requirements: [{ key: "app", operator: "In", values: ["client"] }] },
            namespaces: { requirements: [{ key: "team", operator: "In", values: ["shop"] }] },
          },
        ],
        ports: [{ protocol: "tcp", port: 8080, endPort: null }],
      },
    ]);
  });

  it("reads the assertions", () => {
    expect(checked.assertions.map((assertion) => assertion.title)).toEqual([
      "the client, and only the client, reaches myapp",
      "one lost node does not lose the service",
    ]);
    const [first, second] = checked.assertions;
    expect(first?.statements).toMatchObject([
      {
        never: false,
        sources: { kind: "pods", namespace: "namespace001", names: ["pod-0"] },
        target: { kind: "service", namespace: "namespace001", name: "myapp" },
        ports: [{ protocol: "tcp", first: 80, last: 80 }],
        someBackend: false,
      },
      {
        never: true,
        sources: { kind: "all" },
        except: { kind: "pods", names: ["pod-0"] },
        target: { kind: "select", namespace: "namespace001", namespaces: null },
        ports: null,
      },
      { never: true, sources: { kind: "internet" }, target: { kind: "pods", names: ["pod-0", "pod-2", "pod-1", "pod-3"] } },
    ]);
    expect(second?.statements).toMatchObject([
      { kind: "failure", when: "after", count: 1, what: "node", statements: [{ kind: "reach", never: false }] },
    ]);
  });

  it("knows where each name is used", () => {
    const { symbols } = checkProgram("t.knet", journey);
    const uses = symbols.references
      .filter((reference) => reference.symbol.name === "node-a")
      .map((reference) => said(reference.span, journey));
    expect(uses).toEqual(["node-a", "node-a"]);
  });
});

describe("checkProgram on what the journey leaves out", () => {
  it("reads dual-stack clusters", () => {
    const text = `cluster demo {
  service-cidr = [fd00:16::/112, 172.16.0.0/16]
  node-ports   = 31000..31999
  cni calico {
    vxlan-port = 8472, vxlan-vni = 1, vxlan-mtu = 8930
    pool four { cidr = 10.10.0.0/16, encapsulation = vxlan }
    pool six { cidr = fd00:10::/64, encapsulation = vxlan-cross-subnet, block-size = 120 }
  }
  dns coredns { address = [172.16.0.53, fd00:16::53] }
}
network dc {
  subnet blue { cidr = [192.168.1.0/24, fd00:1::/64], mtu = 9000 }
}
node a in blue { address = fd00:1::9 }
node b in blue { labels = { "topology.kubernetes.io/zone" = "west" } }
namespace shop {
  pod web { labels = { app = "web" }, address = [10.10.0.9, fd00:10::9], port 53/udp }
  service web { selects app == "web", cluster-ip = [172.16.0.9, fd00:16::9], port 53/udp node-port 31053, publish-not-ready = true }
}
`;
    const { cluster, nodes, namespaces } = program(text);
    expect(cluster.serviceCidrs.value.map(formatCidr)).toEqual(["fd00:16::/112", "172.16.0.0/16"]);
    expect(cluster.cni.pools.map((pool) => pool.blockSize.value)).toEqual([26, 120]);
    expect(cluster.dns.addresses.value.map(formatIp)).toEqual(["172.16.0.53", "fd00:16::53"]);
    expect(nodes.map((node) => [node.addresses.value.map(formatIp), node.labels.value])).toEqual([
      [["fd00:1::9"], {}],
      [[], { "topology.kubernetes.io/zone": "west" }],
    ]);
    const service = namespaces[0]?.services[0];
    expect([service?.type.value, service?.publishNotReady.value, service?.clusterIps.value.map(formatIp)]).toEqual([
      "NodePort",
      true,
      ["172.16.0.9", "fd00:16::9"],
    ]);
    expect(service?.ports).toMatchObject([{ name: null, port: 53, protocol: "udp", targetPort: 53, nodePort: 31_053 }]);
  });

  it("merges the blocks of a namespace", () => {
    const { namespaces } = program(
      inCluster('namespace a { labels = { x = "1" }, pod p }\nnamespace b {}\nnamespace a { labels = { y = "2", x = "1" }, pod q }'),
    );
    expect(namespaces.map((namespace) => [namespace.name, namespace.labels.value, namespace.pods.map((pod) => pod.name)])).toEqual([
      ["a", { x: "1", y: "2" }, ["p", "q"]],
      ["b", {}, []],
    ]);
  });

  it("refuses two blocks of a namespace that disagree about a label", () => {
    expect(messages(inCluster('namespace a { labels = { x = "1" } }\nnamespace a { labels = { x = "2" } }'))).toEqual([
      "KN2012 `x` is given twice",
    ]);
  });

  it("reads workloads", () => {
    const { namespaces } = program(
      inCluster(
        'namespace a {\n  workload one {\n    replicas = 3, ready = 2, host-network = true\n    labels = { app = "one" }\n    port http = 8080/tcp\n    spread over [node-b]\n  }\n  workload two {}\n}',
      ),
    );
    expect(
      namespaces[0]?.workloads.map((workload) => [
        workload.replicas.value,
        workload.readyReplicas.value,
        workload.hostNetwork.value,
        workload.spreadOver.value,
        workload.ports.length,
      ]),
    ).toEqual([
      [3, 2, true, ["node-b"], 1],
      [1, null, false, null, 0],
    ]);
  });

  it("reads every form of a policy's parties and ports", () => {
    const { namespaces } = program(
      inCluster(`namespace a {
  labels = { team = "x" }
  pod p { labels = { app = "p", tier = "t" }, port http = 8080/tcp, port dns = 53/udp }
  policy all {
    applies to all pods
    isolates egress
    allow ingress from anyone
    allow ingress
    allow ingress from pods app in ["p", "q"] and tier != "u" and has tier and not has other and tier not in ["v"], all pods, namespace b, all namespaces
    allow ingress from pods app == "p" in namespace a, pods app == "p" in all namespaces, internet, 10.0.0.0/8 except [10.1.0.0/16, 10.2.0.0/16], fd00::/8, 1.2.3.4 on tcp, 8000..8090/tcp, http, dns
    allow egress to namespaces has team
  }
}
namespace b { pod q { labels = { app = "q" } } }
`),
    );
    const policy = namespaces[0]?.policies[0];
    expect(policy?.directions).toEqual(["ingress", "egress"]);
    expect(policy?.podSelector.requirements).toEqual([]);
    const [anyone, bare, selectors, blocks, egress] = policy?.rules ?? [];
    expect([anyone?.peers, bare?.peers, bare?.ports]).toEqual([[], [], []]);
    expect(selectors?.peers).toMatchObject([
      {
        kind: "pods",
        pods: {
          requirements: [
            { key: "app", operator: "In", values: ["p", "q"] },
            { key: "tier", operator: "NotIn", values: ["u"] },
            { key: "tier", operator: "Exists" },
            { key: "other", operator: "DoesNotExist" },
            { key: "tier", operator: "NotIn", values: ["v"] },
          ],
        },
        namespaces: null,
      },
      { kind: "pods", pods: null, namespaces: null },
      { kind: "pods", pods: null, namespaces: { requirements: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["b"] }] } },
      { kind: "pods", pods: null, namespaces: { requirements: [] } },
    ]);
    expect(blocks?.peers.map((peer) => (peer.kind === "cidr" ? [formatCidr(peer.cidr), peer.except.map(formatCidr)] : peer.kind))).toEqual([
      "pods",
      "pods",
      "internet",
      ["10.0.0.0/8", ["10.1.0.0/16", "10.2.0.0/16"]],
      ["fd00::/8", []],
      ["1.2.3.4/32", []],
    ]);
    expect(blocks?.ports.map(({ protocol, port, endPort }) => [protocol, port, endPort])).toEqual([
      ["tcp", null, null],
      ["tcp", 8000, 8090],
      ["tcp", "http", null],
      ["udp", "dns", null],
    ]);
    expect(egress?.direction).toBe("egress");
  });

  it("reads every form of an assertion", () => {
    const { assertions } = program(
      inCluster(`namespace a {
  pod p { labels = { app = "p" }, port 80/tcp }
  workload w { replicas = 2 }
  service s { selects app == "p", port 80/tcp }
}
assert "all forms" {
  a/p, a/w reaches some backend of service a/s on 80/tcp, 443/tcp, sctp
  anything reaches a/*, node node-a
  a/p reaches nothing
  all pods except a/p never reaches 10.0.0.0/8, fd00::1
  pods app == "p" in namespaces has "kubernetes.io/metadata.name" reaches nodes
  while any 2 pods fail {
    internet never reaches all pods
  }
}
`),
    );
    expect(assertions[0]?.statements).toMatchObject([
      {
        sources: { kind: "union", members: [{ names: ["p"] }, { names: ["w"] }] },
        someBackend: true,
        ports: [
          { protocol: "tcp", first: 80 },
          { protocol: "tcp", first: 443 },
          { protocol: "sctp", first: 0, last: 65_535 },
        ],
      },
      {
        never: false,
        sources: { kind: "all" },
        target: {
          kind: "union",
          members: [
            { kind: "pods", names: ["p", "w"] },
            { kind: "nodes", nodes: ["node-a"] },
          ],
        },
      },
      { never: true, sources: { kind: "pods" }, target: { kind: "all" } },
      {
        never: true,
        sources: { kind: "select", pods: null },
        except: { kind: "pods" },
        target: { kind: "union", members: [{ kind: "cidr" }, { kind: "cidr" }] },
      },
      {
        sources: { kind: "select", namespace: null, namespaces: { requirements: [{ operator: "Exists" }] } },
        target: { kind: "nodes", nodes: ["node-a", "node-b"] },
      },
      { kind: "failure", when: "while", count: 2, what: "pod", statements: [{ never: true }] },
    ]);
  });
});

describe("checkProgram on any text", () => {
  it("gives a program exactly when nothing is an error, and never throws", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const result = checkProgram("t.knet", text);
        expect(result.program !== null).toBe(!hasErrors(result.diagnostics));
        for (const diagnostic of result.diagnostics) {
          expect(diagnostic.message.length).toBeGreaterThan(0);
          for (const { span } of [diagnostic, ...diagnostic.related])
            expect(0 <= span.start && span.start <= span.end && span.end <= text.length).toBe(true);
        }
      }),
      { seed: 20261122, numRuns: 600 },
    );
  });

  it("says the same twice", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(checkProgram("t.knet", text).diagnostics).toEqual(checkProgram("t.knet", text).diagnostics);
      }),
      { seed: 20261122, numRuns: 100 },
    );
  });
});

describe("one lost token of the journey", () => {
  it("costs one message, with few exceptions", () => {
    const counts = tokenize("t.knet", journey).tokens.map(
      (token) => messages(journey.slice(0, token.start) + journey.slice(token.end)).length,
    );
    expect(counts.filter((count) => count > 1).length).toBeLessThanOrEqual(2);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2);
  });
});

describe("a syntax error", () => {
  it.each([
    ['const m = { k = "x" }\nnode "${m["k"]}" in blue', "KN1018 no quotes, braces or line breaks inside `${…}`: name the value with `const`"],
    ['const m = "a"\nconst _x = "${ { a = m }.a }"', "KN1018 no quotes, braces or line breaks inside `${…}`: name the value with `const`"],
    ["const m = 1\nnode @ m in blue", "KN1001 `@` has no meaning here"],
  ])("does not make unused what its line names: %j", (text, only) => {
    expect(messages(text)).toEqual([only]);
  });

  const broken = journey.replace("selects app", "select app");
  const codes = (text: string): readonly string[] => messages(text).map((message) => message.slice(0, 6));

  it("hides nothing in other declarations", () => {
    expect(codes(broken)).toEqual(["KN2004"]);
    const rest: readonly (readonly [string, string, string])[] = [
      ["nat-outgoing ", "nat-outgoin ", "KN2003 a pool has no attribute `nat-outgoin`"],
      ["node-b in green", "node-b in gren", "KN2001 there is no subnet called `gren`"],
      ["proxy iptables", "proxi iptables", "KN2004 `proxi` is not a kind of declaration"],
      ["pod pod-2 on node-b", "pod pod-2 on node-x", "KN2001 there is no node called `node-x`"],
      [
        "reaches service namespace001/myapp",
        "reaches service namespace001/yourapp",
        "KN2001 there is no service called `yourapp` in namespace `namespace001`",
      ],
      ["192.168.2.10 }", "192.168.1.10 }", "KN4007 `192.168.1.10` belongs to node `node-a` and to node `node-b`"],
    ];
    for (const [before, after, message] of rest) {
      const found = messages(broken.replace(before, after));
      expect(found).toContain(message);
      expect(found).toContain("KN2004 `select` is not a kind of declaration");
      expect(found).toHaveLength(2);
    }
  });

  it("leaves alone who uses what it broke", () => {
    expect(codes(journey.replace("node node-b in green", "node node-b = in green"))).toEqual(["KN1005"]);
    expect(codes(journey.replace("network dc {", "network dc , {"))).toEqual(["KN1005"]);
    expect(codes(journey.replace("service myapp {", "service myapp == {"))).toEqual(["KN1005"]);
    expect(codes(journey.replace("namespace namespace001 {", "namespace = namespace001 {"))).not.toContain("KN2001");
  });

  it("says no more about one stray sign in the journey than the parser does, save for misspelt first words", () => {
    const { tokens } = tokenize("t.knet", journey);
    for (const stray of ["}", "{", "[", ",", "=", "foo", "80/tcp", "==", '"']) {
      for (const token of tokens.filter((_, i) => i % 3 === 0)) {
        const text = `${journey.slice(0, token.start)}${stray} ${journey.slice(token.start)}`;
        const found = codes(text);
        if (found.some((code) => code.startsWith("KN1")))
          expect(found.filter((code) => !code.startsWith("KN1") && code !== "KN2004")).toEqual([]);
      }
    }
  });
});
