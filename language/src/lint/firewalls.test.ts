import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import { inCluster, messages, messagesOf } from "../testing/fixtures.ts";
import { applyEdits } from "../text/edit.ts";

const firewall = (...rules: readonly string[]): string => `firewall f {\n  applies to nodes\n${rules.map((rule) => `  ${rule}\n`).join("")}}\n`;
const crossSubnet =
  "cluster demo {\n  service-cidr = 172.16.0.0/16\n  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan-cross-subnet } }\n}\n";

describe("what the cluster's own packets need of a node firewall", () => {
  it("is VXLAN between nodes and the kubelet's port, each named with who asks whom", () => {
    expect(messagesOf(firewall("allow ingress from nodes on 22/tcp"))).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 4789/udp (VXLAN) from node `node-a` to node `node-b` and 10250/tcp (kubelet) from anyone to node `node-a`",
    ]);
    expect(messagesOf(firewall("allow ingress from nodes on 4789/udp"))).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 10250/tcp (kubelet) from anyone to node `node-a`",
    ]);
    expect(messagesOf(firewall("allow ingress from nodes on 10250/tcp, 4789/tcp"))).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 4789/udp (VXLAN) from node `node-a` to node `node-b`",
    ]);
  });

  it.each([
    ["by port", ["allow ingress from nodes on 4789/udp, 10250/tcp"]],
    ["by the range of each subnet", ["allow ingress from subnet blue, subnet green on 4789/udp, 10250/tcp"]],
    ["to anyone", ["allow ingress on 4789/udp", "allow ingress from anyone on 10250/tcp"]],
    ["by protocol", ["allow ingress from nodes on udp, tcp"]],
    ["by a range of ports", ["allow ingress from nodes on 4000..5000/udp, 10000..11000/tcp"]],
    ["altogether", ["allow ingress from nodes"]],
    ["to a range of addresses", ["allow ingress from 192.168.0.0/16"]],
    ["to one machine, which may be the API server's", ["allow ingress from nodes on 4789/udp", "allow ingress from 192.168.9.9 on 10250/tcp"]],
  ])("may be opened %s", (_, rules) => {
    expect(messagesOf(firewall(...rules))).toEqual([]);
  });

  it("is not opened by a rule about the internet, which holds no nodes", () => {
    expect(messagesOf(firewall("allow ingress from internet"))).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 4789/udp (VXLAN) from node `node-a` to node `node-b`",
    ]);
  });

  it("counts the pairs of nodes that cannot talk", () => {
    const text = `${firewall("allow ingress from subnet blue on 4789/udp, 10250/tcp")}node a in blue\nnode b in green\nnode c in green\n`;
    const [diagnostic] = checkProgram("t.knet", inCluster(`${text}network dc {\n  subnet blue { cidr = 192.168.1.0/24 }\n  subnet green { cidr = 192.168.2.0/24 }\n}`)).diagnostics;
    // From b to a and c, and from c to a and b; every node takes packets of a.
    expect(diagnostic?.message).toBe("firewall `f` drops what the cluster needs: 4789/udp (VXLAN) from node `b` to node `a`");
    expect(diagnostic?.notes).toEqual(["VXLAN is closed between 3 more pairs of nodes"]);
  });

  it("with `vxlan-cross-subnet` is VXLAN between nodes of different subnets only", () => {
    const one = "network dc { subnet blue { cidr = 192.168.1.0/24 } }\nnode a in blue\nnode b in blue\n";
    expect(messages(crossSubnet + one + firewall("allow ingress from nodes on 10250/tcp"))).toEqual([]);
    expect(messages(`${crossSubnet}${one.replace("} }", "}, subnet green { cidr = 192.168.2.0/24 } }")}node c in green\n${firewall("allow ingress from subnet blue on 4789/udp, 10250/tcp")}`)).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 4789/udp (VXLAN) from node `c` to node `a`",
    ]);
  });

  it("is IPv6 for an IPv6 pool", () => {
    const six =
      "cluster demo {\n  service-cidr = fd00:16::/112\n  cni calico { vxlan-port = 8472, pool pods { cidr = fd00:10::/64, encapsulation = vxlan } }\n}\nnetwork dc { subnet blue { cidr = [192.168.1.0/24, fd00:1::/64] } }\nnode a in blue { address = fd00:1::a }\nnode b in blue { address = fd00:1::b }\n";
    expect(messages(six + firewall("allow ingress from nodes on 10250/tcp", "allow ingress from fd00:1::/64 on 8472/udp"))).toEqual([]);
    expect(messages(six + firewall("allow ingress from nodes on 10250/tcp", "allow ingress from 192.168.1.0/24 on 8472/udp"))).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 8472/udp (VXLAN over IPv6) from node `a` to node `b`",
    ]);
    expect(messages(six + firewall("allow ingress from nodes on 10250/tcp", "allow ingress from fd00:1::b on 8472/udp"))).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 8472/udp (VXLAN over IPv6) from node `a` to node `b`",
    ]);
  });

  it("is what all firewalls of a node open together", () => {
    const other = "firewall g { applies to node node-a, allow ingress from nodes on 10250/tcp }\n";
    expect(messagesOf(`${firewall("allow ingress from nodes on 4789/udp, 10250/tcp")}${other}`)).toEqual([]);
    expect(messagesOf(`${firewall("allow ingress from nodes on 4789/udp")}${other}`)).toEqual([
      "KN8027 firewall `f` drops what the cluster needs: 10250/tcp (kubelet) from anyone to node `node-b`",
    ]);
    expect(messagesOf("firewall g { applies to node node-b, allow ingress from nodes on 4789/udp, 10250/tcp }")).toEqual([]);
  });

  it.each([
    [firewall("allow ingress from internet on 443/tcp"), "firewall f {\n  applies to nodes\n  allow ingress from internet on 443/tcp\n  allow ingress from nodes on 4789/udp, 10250/tcp\n}\n"],
    ["firewall f { applies to nodes }", "firewall f { applies to nodes, allow ingress from nodes on 4789/udp, 10250/tcp }"],
  ])("is offered as a rule", (before, after) => {
    const text = inCluster(before);
    const edits = checkProgram("t.knet", text).diagnostics[0]?.fixes[0]?.edits ?? [];
    expect(applyEdits(text, edits)).toBe(inCluster(after));
    expect(messages(inCluster(after))).toEqual([]);
  });
});

describe("node ports behind firewalls", () => {
  const open = "allow ingress from nodes on 4789/udp, 10250/tcp";
  const shop = (port: string): string => `namespace a {\n  pod p { labels = { a = "p" }, port 80/tcp, port 53/udp }\n  service s { selects a == "p", ${port} }\n}\n`;

  it("are closed when no node's firewall opens them", () => {
    expect(messagesOf(shop("port 80/tcp node-port 30080") + firewall(open))).toEqual([
      "KN8028 node port 30080/tcp of service `a/s` is closed by the firewall of every node",
    ]);
    expect(messagesOf(shop("type = node-port, port 80/tcp") + firewall(open))).toEqual([
      "KN8028 the allocated node port of service `a/s` is closed by the firewall of every node",
    ]);
    expect(messagesOf(shop("port 53/udp node-port 30053") + firewall(open, "allow ingress on 30053/tcp"))).toEqual([
      "KN8028 node port 30053/udp of service `a/s` is closed by the firewall of every node",
    ]);
  });

  it("are open when anybody may use them anywhere", () => {
    for (const rule of ["allow ingress from internet on 30080/tcp", "allow ingress from 10.0.0.0/8 on 30000..32767/tcp", "allow ingress from anyone"])
      expect(messagesOf(shop("port 80/tcp node-port 30080") + firewall(open, rule))).toEqual([]);
    expect(messagesOf(shop("type = node-port, port 80/tcp") + firewall(open, "allow ingress on 31000..31999/tcp"))).toEqual([]);
    expect(messagesOf(`${shop("port 80/tcp node-port 30080")}firewall g { applies to node node-a, ${open} }`)).toEqual([]);
    expect(messagesOf(shop("port 80/tcp") + firewall(open))).toEqual([]);
  });
});
