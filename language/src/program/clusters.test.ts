import { describe, expect, it } from "vitest";
import { formatIp } from "../values/index.ts";
import { checkProgram } from "./check.ts";
import type { CheckedProgram } from "./checked.ts";

const network = `network dc {
  subnet blue { cidr = 192.168.1.0/24 }
  subnet green { cidr = 192.168.2.0/24 }
  router core { joins = [blue, green], nat = internet }
}
`;

/** A cluster with one node, in `blue` unless told otherwise. */
function cluster(name: string, pods: string, inner = "", node = "node node-a in blue"): string {
  return `cluster ${name} {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = ${pods}, encapsulation = vxlan } }
  ${node}
  namespace shop {
    pod client
    pod web { labels = { app = "web" }, port 80/tcp }
    service web { selects app == "web", port 80/tcp }
  }
  ${inner}
}
`;
}

const west = cluster("west", "10.10.0.0/16");
const east = cluster("east", "10.20.0.0/16");

function said(text: string): readonly string[] {
  const { diagnostics } = checkProgram("t.knet", text);
  return diagnostics.map(({ code, message, help }) => `${code} ${message}${help === null ? "" : ` ? ${help}`}`);
}

function checked(text: string): CheckedProgram {
  expect(said(text)).toEqual([]);
  const { program } = checkProgram("t.knet", text);
  if (program === null) throw new Error("no program");
  return program;
}

describe("a program of one cluster", () => {
  const top = `node node-a in blue
namespace shop { pod web { labels = { app = "web" }, port 80/tcp } }
firewall edge { applies to nodes, allow ingress from anyone }
admin-policy guard { priority = 1, applies to all namespaces, deny ingress from namespaces has "kubernetes.io/metadata.name" on 80/tcp }
assert "one" { shop/web reaches node node-a }`;
  const head = `cluster west { service-cidr = 172.16.0.0/16, cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } }`;

  it("may hold what belongs to it in its block or beside it: both mean the same", () => {
    const names = (text: string): unknown =>
      checked(text).clusters.map((one) => [one.cluster.name, one.nodes, one.namespaces, one.firewalls, one.clusterPolicies].map((part) => (typeof part === "string" ? part : part.map(({ name }) => name))).concat([one.assertions.map(({ title }) => title)]));
    const inside = names(`${network}${head}\n${top}\n}`);
    expect(inside).toEqual([["west", ["node-a"], ["shop"], ["edge"], ["guard"], ["one"]]]);
    expect(names(`${network}${head} }\n${top}`)).toEqual(inside);
  });

  it("merges the blocks of a namespace inside and outside of it", () => {
    const [only] = checked(`${network}${head}\nnode node-a in blue\nnamespace shop { pod web } }\nnamespace shop { pod api }`).clusters;
    expect(only?.namespaces.map(({ name, pods }) => [name, pods.map((pod) => pod.name)])).toEqual([["shop", ["web", "api"]]]);
  });

  it("is not named in assertions", () => {
    expect(said(`${network}${west}assert "x" { west/shop/client reaches service west/shop/web }`)).toEqual([
      "KN3008 `west/shop/client` cannot stand where only one cluster is meant ? did you mean `shop/client`?",
      "KN3008 `service west/shop/web` cannot stand where only one cluster is meant ? did you mean `service shop/web`?",
    ]);
  });
});

describe("an assertion in the block of a cluster", () => {
  const inside = (statement: string): readonly string[] => said(network + west + cluster("east", "10.20.0.0/16", `assert "x" { ${statement} }`));

  it("is about that cluster", () => {
    const { clusters } = checked(network + west + cluster("east", "10.20.0.0/16", 'assert "x" { shop/client reaches service shop/web }'));
    expect(clusters.map(({ assertions }) => assertions.map(({ title }) => title))).toEqual([[], ["x"]]);
  });

  it.each([
    ["shop/client reaches node east/node-a", "KN3008 `node east/node-a` cannot stand where only one cluster is meant ? did you mean `node node-a`?"],
    ['pods app == "web" in east/shop reaches nodes', 'KN3008 `pods app == "web" in east/shop` cannot stand where only one cluster is meant ? did you mean `pods app == "web" in shop`?'],
    ["connectivity of namespace east/shop is exactly {}", "KN3008 `east/shop` cannot stand where only one cluster is meant ? did you mean `shop`?"],
    ["shop/client never reaches west/shop/web", "KN3008 `west/shop/web` cannot stand in the block of cluster `east` ? an assertion between clusters stands outside their blocks"],
    ['shop/client resolves "web" to service west/shop/web', "KN3008 `service west/shop/web` cannot stand in the block of cluster `east` ? an assertion between clusters stands outside their blocks"],
    ["shop/client never reaches north/shop/web, service north/shop/web, node north/a", "KN2001 there is no cluster called `north` ? there are `east`, `west`"],
  ])("names none: %s", (statement, message) => {
    expect(inside(statement)).toEqual([message]);
  });
});

describe("a program of several clusters", () => {
  it("gives each its own nodes, namespaces and services, and all the same networks", () => {
    const program = checked(network + west + east);
    expect(program.clusters.map((one) => [one.cluster.name, one.nodes.map(({ name }) => name), one.namespaces.flatMap(({ services }) => services.map(({ name }) => name))])).toEqual([
      ["west", ["node-a"], ["web"]],
      ["east", ["node-a"], ["web"]],
    ]);
    expect(program.clusters.map(({ networks }) => networks)).toEqual([program.networks, program.networks]);
  });

  it("lets them have the same service addresses, but not the same name", () => {
    const pinned = `namespace more { service s { cluster-ip = 172.16.9.9, selects app == "web", port 80/tcp }, pod p { labels = { app = "web" }, port 80/tcp } }`;
    const { clusters } = checked(network + cluster("west", "10.10.0.0/16", pinned) + cluster("east", "10.20.0.0/16", pinned));
    expect(clusters.map((one) => one.namespaces[1]?.services[0]?.clusterIps.value.map(formatIp))).toEqual([["172.16.9.9"], ["172.16.9.9"]]);
    expect(said(network + west + cluster("west", "10.20.0.0/16"))).toEqual(["KN2002 cluster `west` is declared twice"]);
  });

  it("knows no name of another cluster", () => {
    expect(said(network + west + cluster("east", "10.20.0.0/16", "namespace more { pod p on node-b }") + cluster("north", "10.30.0.0/16", "", "node node-b in blue"))).toEqual([
      "KN2001 there is no node called `node-b` ? did you mean `node-a`?",
    ]);
  });

  it("refuses an address that two nodes have, in whichever clusters", () => {
    const pinned = "node node-a in blue { address = 192.168.1.10 }";
    expect(said(network + cluster("west", "10.10.0.0/16", "", pinned) + cluster("east", "10.20.0.0/16", "", pinned))).toEqual([
      "KN4007 `192.168.1.10` belongs to node `node-a` of cluster `west` and to node `node-a` of cluster `east`",
    ]);
  });

  it("reports a subnet's mistakes once", () => {
    const overlapping = network.replace("192.168.2.0/24", "192.168.1.128/25");
    expect(said(overlapping + west + east)).toEqual(["KN4004 subnet `green` (192.168.1.128/25) overlaps subnet `blue` (192.168.1.0/24)"]);
    expect(said(network + cluster("west", "10.10.0.0/16", "", "node a in grey") + cluster("east", "10.20.0.0/16", "", "node a in grey"))).toEqual([
      "KN2001 there is no subnet called `grey` ? there are `blue`, `green`",
    ]);
  });
});

describe("pools of several clusters", () => {
  const other = "network island { subnet sand { cidr = 192.168.9.0/24 } }\n";

  it("must not overlap where routers lead from the nodes of one to those of the other", () => {
    expect(said(network + west + cluster("east", "10.10.128.0/17", "", "node b in green"))).toEqual([
      "KN4004 pool `pods` of cluster `east` (10.10.128.0/17) overlaps pool `pods` of cluster `west` (10.10.0.0/16)",
    ]);
  });

  it("may be equal where no router does", () => {
    expect(said(network + other + west + cluster("east", "10.10.0.0/16", "", "node b in sand"))).toEqual([]);
  });

  it("are compared in IPv6 as well", () => {
    const six = (name: string): string =>
      `cluster ${name} { service-cidr = fd00:16::/112, cni calico { pool pods { cidr = fd00:10::/64, encapsulation = vxlan } }, node ${name}-a in six }\n`;
    expect(said(`network dc { subnet six { cidr = fd00:1::/64 } }\n${six("west")}${six("east")}`)).toEqual([
      "KN4004 pool `pods` of cluster `east` (fd00:10::/64) overlaps pool `pods` of cluster `west` (fd00:10::/64)",
    ]);
  });
});

describe("what stands outside several clusters", () => {
  it("is one mistake, whatever it is, and its names are not unknown besides", () => {
    expect(said(`${network}${west}${cluster("east", "10.20.0.0/16", "namespace more { pod p on stray }")}node stray in blue\nnamespace more { pod q }\nfirewall f { applies to nodes }`)).toEqual([
      "KN4002 node `stray` belongs to none of the clusters ? beside several clusters it stands in the block of its own: `cluster west { … }` or `cluster east { … }`",
    ]);
  });

  it("may be assertions about one cluster, which are then that cluster's", () => {
    const { clusters, between } = checked(`${network}${west}${east}assert "out" {
  east/shop/client, internet reaches service east/shop/web on 80/tcp
  pods app == "web" in east/shop reaches node east/node-a, nodes
  east/shop/* never reaches all pods
  after any 1 pod fails { east/shop/client resolves "web" to service east/shop/web }
  connectivity of namespace east/shop is exactly { east/shop/client reaches east/shop/web }
}`);
    expect(between).toEqual([]);
    expect(clusters.map(({ assertions }) => assertions.length)).toEqual([0, 1]);
    expect(clusters[1]?.assertions[0]?.statements).toMatchObject([
      { sources: { kind: "union", members: [{ kind: "pods", namespace: "shop", names: ["client"] }, { kind: "internet" }] }, target: { kind: "service", namespace: "shop", name: "web" } },
      { sources: { kind: "select", namespace: "shop" }, target: { members: [{ nodes: ["node-a"] }, { nodes: ["node-a"] }] } },
      { sources: { names: ["client", "web"] }, target: { kind: "select", pods: null } },
      { statements: [{ target: { kind: "service", namespace: "shop", name: "web" } }] },
      { kind: "connectivity", namespace: "shop" },
    ]);
  });

  it("may be assertions between clusters, whose names are checked in each", () => {
    const text = `${network}${west}${east}assert "apart" { west/shop/client never reaches east/shop/* }`;
    expect(checked(text).between).toMatchObject([{ title: "apart", clusters: ["west", "east"], statements: ["west/shop/client never reaches east/shop/*"] }]);
    expect(said(text.replace("east/shop/*", "east/shop/wbe"))).toEqual(["KN2001 there is no pod or workload called `wbe` in namespace `shop` ? did you mean `web`?"]);
    expect(said(text.replace("east/shop/*", "esat/shop/*"))).toEqual(["KN2001 there is no cluster called `esat` ? did you mean `east`?"]);
  });

  it.each([
    ["internet never reaches shop/client", "KN4002 assert `x` belongs to none of the clusters ? name the cluster of its parties, as in `west/namespace/pod`, or put it into `cluster west { … }` or `cluster east { … }`"],
    ["west/shop/client reaches service shop/web", "KN3008 `service shop/web` cannot stand in an assertion outside the blocks of the clusters ? did you mean `service west/shop/web`?"],
    ["west/shop/client never reaches node node-a", "KN3008 `node node-a` cannot stand in an assertion outside the blocks of the clusters ? did you mean `node west/node-a`?"],
    ["west/shop/client reaches pods app == \"web\" in shop", "KN3008 `pods app == \"web\" in shop` cannot stand in an assertion outside the blocks of the clusters ? did you mean `pods app == \"web\" in west/shop`?"],
    ["west/shop/client, east/shop/client never reaches nodes", "KN3008 `nodes` cannot stand in an assertion outside the blocks of the clusters ? name the namespace with its cluster: `in cluster/namespace`"],
  ])("names a cluster: %s", (statement, message) => {
    expect(said(`${network}${west}${east}assert "x" { ${statement} }`)).toEqual([message]);
  });

  it("names a cluster in text that is computed", () => {
    const { clusters } = checked(`network dc {
  subnet blue { cidr = 192.168.1.0/24 }
}
for i in 0..1 {
  const name = ["west", "east"][i]
  cluster "\${name}" {
    service-cidr = 172.16.0.0/16
    cni calico { pool pods { cidr = subnet(10.0.0.0/8, 8, i), encapsulation = vxlan } }
    node node-a in blue
    for pod in ["web", "client"] { namespace shop { pod "\${pod}" { port 80/tcp } } }
  }
  assert "of \${name}" { "\${name}/shop/client" reaches "\${name}/shop/web", node "\${name}/node-a" }
}
`);
    expect(clusters.map(({ cluster: { name }, namespaces, assertions }) => [name, namespaces[0]?.pods.map((pod) => pod.name), assertions.map(({ title }) => title)])).toEqual([
      ["west", ["web", "client"], ["of west"]],
      ["east", ["web", "client"], ["of east"]],
    ]);
  });
});
