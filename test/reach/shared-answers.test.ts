/** Large clusters are asked about once for all pairs that the same rules decide; that must give what asking every pair gives. */
import { checkSource, reach } from "@knet/compiler";
import type { ReachReport } from "@knet/compiler";
import { describe, expect, it } from "vitest";
import { generateCluster } from "../bench/generate.ts";

function reportOf(text: string, exactPairs: number): Pick<ReachReport, "endpoints" | "connections"> & { readonly compared: number } {
  const { compilation, diagnostics } = checkSource("shared.knet", text, null);
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  const { endpoints, connections, disagreements, compared } = reach(compilation.scenario, { exactPairs });
  expect(disagreements).toEqual([]);
  return { endpoints, connections, compared };
}

/** Two namespaces that policies tell apart, pods of one node, and a firewall that other nodes are before and the own is not. */
const dualStack = `cluster demo {
  service-cidr = [10.96.0.0/16, fd00:96::/112]
  cni calico {
    pool pods  { cidr = 10.10.0.0/16, encapsulation = vxlan-cross-subnet, nat-outgoing = true }
    pool pods6 { cidr = fd00:10::/56, encapsulation = vxlan, nat-outgoing = true }
  }
}
network dc {
  subnet lan  { cidr = [192.168.1.0/24, fd00:1::/64] }
  subnet more { cidr = [192.168.2.0/24, fd00:2::/64] }
  router core { joins = [lan, more], nat = internet }
}
node n-1 in lan  { address = [192.168.1.11, fd00:1::11] }
node n-2 in lan  { address = [192.168.1.12, fd00:1::12] }
node n-3 in more { address = [192.168.2.13, fd00:2::13] }
firewall nodes {
  applies to nodes
  allow ingress from 192.168.0.0/16, fd00:1::/64, fd00:2::/64 on 4789/udp, 10250/tcp
  allow ingress from internet on 30000..32767/tcp
}
namespace open {
  pod a on n-1 { labels = { app = "a" }, port 80/tcp }
  pod b on n-2 { labels = { app = "b" }, port 81/tcp }
  workload w { replicas = 3, labels = { app = "w" }, port http = 8080/tcp }
  service w { selects app == "w", port 80/tcp -> http node-port 30080 }
}
namespace shut {
  pod a on n-1 { labels = { app = "a" }, port 80/tcp }
  workload w { replicas = 3, labels = { app = "w" }, port http = 8080/tcp }
  service w { selects app == "w", port 80/tcp -> http node-port 30081 }
  policy deny { applies to all pods, isolates ingress, egress }
  policy w { applies to app == "w", allow ingress from pods app == "a" in namespace open on http, allow egress to pods app == "a" on 80/tcp }
  policy a { applies to app == "a", allow ingress from pods app == "w", 198.18.0.0/15 except 198.18.7.0/24 on 80/tcp }
}
`;

describe("answers of pairs that the same rules decide", () => {
  it.each([1, 8])("should be those of asking every pair, in a generated cluster of %i nodes", { timeout: 120_000 }, (nodes) => {
    const { text } = generateCluster(nodes);
    const { compared: few, ...shared } = reportOf(text, 0);
    const { compared: many, ...exact } = reportOf(text, Infinity);
    expect(shared).toEqual(exact);
    expect(few).toBeLessThan(many);
  });

  it("should be those of asking every pair, in both families and with a firewall that does not see a node's own pods", () => {
    const { compared: few, ...shared } = reportOf(dualStack, 0);
    const { compared: many, ...exact } = reportOf(dualStack, Infinity);
    expect(shared).toEqual(exact);
    expect(few).toBeLessThan(many);
  });
});
