import { describe, expect, it } from "vitest";
import { checkSource } from "./compilation.ts";

const cluster = (services: string, pool: string, subnet: string, nodes: number): string =>
  `cluster demo {\n  service-cidr = ${services}\n  cni calico { pool pods { cidr = ${pool}, encapsulation = vxlan } }\n}\nnetwork dc { subnet blue { cidr = ${subnet} } }\n${Array.from({ length: nodes }, (_, i) => `node n-${i + 1} in blue\n`).join("")}`;
const four = (nodes: number): string => cluster("172.16.0.0/16", "10.10.0.0/16", "192.168.1.0/24", nodes);
const six = (nodes: number): string => cluster("fd00:16::/112", "fd00:10::/64", "fd00:1::/64", nodes);
const said = (text: string): readonly string[] => checkSource("t.knet", text, null).diagnostics.map(({ code, message }) => `${code} ${message}`);

describe("pods of a node", () => {
  // CoreDNS' two pods are on the one node too.
  const pods = (count: number, more = ""): string => `namespace a { workload w { replicas = ${count}${more} } }\n`;

  it("are 110 by default: four fifths of them are nearly all", () => {
    expect(said(four(1) + pods(85))).toEqual([]);
    expect(said(four(1) + pods(86))).toEqual(["KN5020 node `n-1` has 88 pods, and a kubelet runs 110 unless told otherwise"]);
    expect(said(six(1) + pods(120))).toEqual(["KN5020 node `n-1` has 122 pods, and a kubelet runs 110 unless told otherwise"]);
  });

  it("count in the node's own network too, and where they are spread", () => {
    expect(said(four(2) + pods(100, ", host-network = true, spread over [n-2]"))).toHaveLength(1);
    expect(said(four(2) + pods(100))).toEqual([]);
  });

  it("are one message however many nodes are crowded", () => {
    const { diagnostics } = checkSource("t.knet", four(3) + pods(330), null);
    expect(diagnostics.map(({ code, related }) => [code, related.length])).toEqual([["KN5020", 2]]);
  });
});

describe("node ports that stay on their node", () => {
  const service = (more: string, on: readonly string[]): string =>
    `namespace a {\n${on.map((node, i) => `  pod p-${i} on ${node} { labels = { a = "p" }, port 80/tcp }\n`).join("")}  service s { selects a == "p", port 80/tcp${more} }\n}\n`;
  const local = " node-port 30080, external-traffic-policy = local";

  it("lead nowhere on nodes without an endpoint", () => {
    expect(said(four(3) + service(local, ["n-2"]))).toEqual(["KN5021 nodes `n-1`, `n-3` have no endpoint of service `a/s` and drop what comes to its node port"]);
    expect(said(six(2) + service(local, ["n-2"]))).toEqual(["KN5021 node `n-1` has no endpoint of service `a/s` and drops what comes to its node port"]);
  });

  it("are fine with an endpoint on each node, with the policy `cluster`, and behind a load balancer", () => {
    expect(said(four(2) + service(local, ["n-1", "n-2"]))).toEqual([]);
    expect(said(four(2) + service(" node-port 30080", ["n-1"]))).toEqual([]);
    expect(said(four(2) + service(", type = load-balancer, external-traffic-policy = local", ["n-1"]))).toEqual([]);
  });

  it("are no matter of services without any endpoint, which have a message of their own", () => {
    const unready = service(local, ["n-1"]).replace("port 80/tcp }", "port 80/tcp, ready = false }");
    expect(said(four(2) + unready).map((message) => message.slice(0, 6))).toEqual(["KN8031"]);
  });
});

describe("comments about the compiler's warnings", () => {
  const crowd = "namespace a { workload w { replicas = 100 } }\n";

  it("silence them, and are told when they silence nothing", () => {
    expect(said(four(1).replace("node n-1", "// knet-ignore KN5020 maxPods is 250\nnode n-1") + crowd)).toEqual([]);
    expect(said(`// knet-ignore-file KN5020 maxPods is 250\n${four(1)}${crowd}`)).toEqual([]);
    expect(said(`// knet-ignore-file KN5020\n${four(1)}`)).toEqual(["KN8091 nothing to ignore: KN5020 is not found in this file"]);
    expect(said(`// knet-ignore-file KN5001\n${four(1)}`)).toEqual(["KN8090 KN5001 is an error, and errors cannot be ignored"]);
    expect(said(`// knet-ignore-file KN9001, KN5999\n${four(1)}`)).toEqual([
      "KN8090 KN9001 is an error, and errors cannot be ignored",
      "KN8090 there is no code KN5999",
    ]);
  });
});
