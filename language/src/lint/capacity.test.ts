import { describe, expect, it } from "vitest";
import { messages, messagesOf } from "../testing/fixtures.ts";

const nodes = (count: number, subnet = "blue"): string => Array.from({ length: count }, (_, i) => `node n-${i + 1} in ${subnet}\n`).join("");
const cluster = (services: string, pools: string, more = ""): string => `cluster demo {\n  service-cidr = ${services}\n${more}  cni calico { ${pools} }\n}\n`;
const roomy = cluster("172.16.0.0/16", "pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }");
const roomy6 = cluster("fd00:16::/112", "pool pods { cidr = fd00:10::/64, encapsulation = vxlan }");

describe("subnets", () => {
  // A /29 has 6 addresses for hosts: one is the router's.
  const subnet = (count: number): readonly string[] =>
    messages(`${roomy}network dc {\n  subnet blue { cidr = 192.168.1.0/29 }\n  router r { joins = [blue] }\n}\n${nodes(count)}`);

  it("warns from four fifths on, and says how many are left", () => {
    expect(subnet(3)).toEqual([]);
    expect(subnet(4)).toEqual(["KN8023 subnet `blue` (192.168.1.0/29) is nearly full: 5 of 6 addresses are taken"]);
    expect(subnet(5)).toEqual(["KN8023 subnet `blue` (192.168.1.0/29) is nearly full: 6 of 6 addresses are taken"]);
  });

  it("counts IPv6 addresses without a broadcast address", () => {
    expect(messages(`${roomy6}network dc { subnet blue { cidr = fd00:1::/125 } }\n${nodes(6)}`)).toEqual([
      "KN8023 subnet `blue` (fd00:1::/125) is nearly full: 6 of 7 addresses are taken",
    ]);
    expect(messages(`${roomy6}network dc { subnet blue { cidr = fd00:1::/125 } }\n${nodes(5)}`)).toEqual([]);
  });

  it("leaves a subnet of routers alone be small", () => {
    const routers = ["r", "s", "t", "u", "v"].map((name) => `  router ${name} { joins = [between] }\n`).join("");
    const text = `network dc {\n  subnet blue { cidr = 192.168.1.0/24 }\n  subnet between { cidr = 192.168.9.0/29 }\n${routers}}\n`;
    expect(messages(roomy + text + nodes(2))).toEqual([]);
  });
});

describe("service ranges", () => {
  // A /28 has 14 addresses to give: the API server and CoreDNS have two of them.
  const services = (count: number, more = ""): string =>
    `namespace a {\n  pod p { labels = { a = "p" }, port 80/tcp }\n${Array.from({ length: count }, (_, i) => `  service s-${i} { selects a == "p", port 80/tcp${more} }\n`).join("")}}\n`;
  const machines = "network dc { subnet blue { cidr = 192.168.1.0/24 } }\nnode a in blue\n";
  const small = cluster("172.16.0.0/28", "pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }");

  it("warns when cluster IPs become few", () => {
    expect(messages(small + machines + services(9))).toEqual([]);
    expect(messages(small + machines + services(10))).toEqual(["KN8023 service range 172.16.0.0/28 is nearly full: 12 of 14 cluster IPs are taken"]);
  });

  it("counts no headless services", () => {
    expect(messages(small + machines + services(10, ", headless = true"))).toEqual([]);
  });

  it("counts a service of one family in the first range only", () => {
    const dual = cluster("[172.16.0.0/24, fd00:16::/124]", "pool f { cidr = 10.10.0.0/16, encapsulation = vxlan }, pool s { cidr = fd00:10::/64, encapsulation = vxlan }");
    const both = "network dc { subnet blue { cidr = [192.168.1.0/24, fd00:1::/64] } }\nnode a in blue\n";
    expect(messages(dual + both + services(12))).toEqual([]);
    expect(messages(dual + both + services(12, ", families = [ipv4, ipv6]"))).toEqual([
      "KN8023 service range fd00:16::/124 is nearly full: 14 of 15 cluster IPs are taken",
    ]);
  });

  it("counts node ports by protocol", () => {
    const ports = cluster("172.16.0.0/16", "pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }", "  node-ports = 30000..30009\n");
    const pods = 'namespace a {\n  pod p { labels = { a = "p" }, port 80/tcp, port 53/udp }\n';
    const open = (count: number, port: string): string =>
      Array.from({ length: count }, (_, i) => `  service ${port.slice(-3)}-${i} { selects a == "p", port ${port} node-port ${30_000 + i} }\n`).join("");
    expect(messages(`${ports}${machines}${pods}${open(7, "80/tcp")}${open(7, "53/udp")}}\n`)).toEqual([]);
    expect(messages(`${ports}${machines}${pods}${open(7, "80/tcp")}${open(8, "53/udp")}}\n`)).toEqual([
      "KN8023 the node port range 30000..30009 is nearly full: 8 of 10 udp ports are taken",
    ]);
  });
});

describe("pools", () => {
  const machines = (count: number): string => `network dc { subnet blue { cidr = [192.168.0.0/16, fd00:1::/64] } }\n${nodes(count)}`;
  const four = (pool: string, count: number): readonly string[] => messages(cluster("172.16.0.0/16", pool) + machines(count));

  it("needs a block for each node", () => {
    // A /24 has four blocks of /26.
    const pool = "pool pods { cidr = 10.10.0.0/24, encapsulation = vxlan }";
    expect(four(pool, 3)).toEqual([]);
    expect(four(pool, 4)).toEqual(["KN8023 pool `pods` (10.10.0.0/24) is nearly full: 4 of 4 blocks of /26 are taken"]);
    expect(four(pool, 5)).toEqual(["KN8024 5 nodes do not each get a block: pool `pods` (10.10.0.0/24) has 4 of /26"]);
    expect(four("pool pods { cidr = 10.10.0.0/24, encapsulation = vxlan, block-size = 28 }", 5)).toEqual([]);
  });

  it("needs one in IPv6 too, and takes several pools together", () => {
    const six = (pool: string, count: number): readonly string[] => messages(cluster("fd00:16::/112", pool) + machines(count));
    expect(six("pool pods { cidr = fd00:10::/121, encapsulation = vxlan }", 3)).toEqual([
      "KN8024 3 nodes do not each get a block: pool `pods` (fd00:10::/121) has 2 of /122",
    ]);
    const two = "pool one { cidr = fd00:10::/121, encapsulation = vxlan }, pool two { cidr = fd00:11::/121, encapsulation = vxlan }";
    expect(six(two, 3)).toEqual([]);
    expect(six(two, 4)).toEqual(["KN8023 the 2 IPv6 pools together is nearly full: 4 of 4 blocks of /122 are taken"]);
  });

  it("counts pods, tunnels and CoreDNS, but no pods in their node's network", () => {
    // 64 addresses in 16 blocks: one node's tunnel, CoreDNS' two, and 48 are 51; 52 are four fifths.
    const pool = "pool pods { cidr = 10.10.0.0/26, encapsulation = vxlan, block-size = 30 }";
    const pods = (count: number): string => `namespace a { workload w { replicas = ${count} }, workload h { replicas = 20, host-network = true } }\n`;
    expect(messages(cluster("172.16.0.0/16", pool) + machines(1) + pods(48))).toEqual([]);
    expect(messages(cluster("172.16.0.0/16", pool) + machines(1) + pods(49))).toEqual([
      "KN8023 pool `pods` (10.10.0.0/26) is nearly full: 52 of 64 addresses are taken",
    ]);
  });

  it("says nothing in the smallest cluster of the other tests", () => {
    expect(messagesOf("namespace a { pod p }")).toEqual([]);
  });
});
