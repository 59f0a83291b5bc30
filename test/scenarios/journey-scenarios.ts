/** The journey changed in ways that people meet, each with the outcome that a network engineer would predict. */
import type { Scenario } from "./scenario.ts";

const policy = `  policy only-the-client {
    applies to app == "myapp"
    allow ingress from pods app == "client" in namespaces team == "shop" on 8080/tcp
  }
`;

const tunnel = "allow ingress from subnet blue, subnet green on 4789/udp, 10250/tcp";
const pod2 = `pod pod-2 on node-b { labels = { app = "batch" } }`;
const pod2udp = `pod pod-2 on node-b { labels = { app = "batch" }, port sink = 5000/udp }`;

export const scenarios: readonly Scenario[] = [
  {
    name: "as it is written",
    change: [],
    expect: [
      { from: "pod-0", to: "myapp", on: "80/tcp", ends: ["pod-1", "pod-3"] },
      { from: "pod-0", to: "pod-3", on: "8080/tcp", ends: ["pod-3"] },
      // The policy opens one port only, so a closed one is not even refused.
      { from: "pod-0", to: "pod-3", on: "9/tcp", ends: ["timeout"] },
      { from: "pod-2", to: "myapp", on: "80/tcp", ends: ["timeout"] },
      { from: "pod-1", to: "pod-3", on: "8080/tcp", ends: ["timeout"] },
      // The router sends it back to the wire outside, where nobody has a pod's address.
      { from: "internet", to: "pod-1", on: "8080/tcp", ends: ["hostunreach"] },
      // A pod's own node always gets in; another node does not.
      { from: "node-a", to: "pod-1", on: "8080/tcp", ends: ["pod-1"] },
      { from: "node-a", to: "pod-3", on: "8080/tcp", ends: ["timeout"] },
      { from: "pod-0", to: "internet", on: "443/tcp", ends: ["internet"], sees: "203.0.113.1" },
      { from: "pod-0", to: "172.16.0.10", on: "53/udp", ends: ["coredns-0", "coredns-1"] },
    ],
  },
  {
    name: "the policy removed",
    change: [[policy, ""]],
    expect: [
      { from: "pod-2", to: "myapp", on: "80/tcp", ends: ["pod-1", "pod-3"] },
      { from: "pod-1", to: "pod-3", on: "8080/tcp", ends: ["pod-3"] },
      { from: "pod-0", to: "pod-3", on: "9/tcp", ends: ["refused"] },
      // The outside still has no route to pods.
      { from: "internet", to: "pod-1", on: "8080/tcp", ends: ["hostunreach"] },
    ],
  },
  {
    name: "one backend not ready",
    change: [[`pod pod-3 on node-b { labels = { app = "myapp" }, port http = 8080/tcp }`, `pod pod-3 on node-b { labels = { app = "myapp" }, port http = 8080/tcp, ready = false }`]],
    expect: [
      { from: "pod-0", to: "myapp", on: "80/tcp", ends: ["pod-1"] },
      // Readiness takes a pod out of the service, not off the network.
      { from: "pod-0", to: "pod-3", on: "8080/tcp", ends: ["pod-3"] },
    ],
  },
  {
    name: "no backend ready",
    change: [
      [`pod pod-3 on node-b { labels = { app = "myapp" }, port http = 8080/tcp }`, `pod pod-3 on node-b { labels = { app = "myapp" }, port http = 8080/tcp, ready = false }`],
      [`pod pod-1 on node-a { labels = { app = "myapp" }, port http = 8080/tcp }`, `pod pod-1 on node-a { labels = { app = "myapp" }, port http = 8080/tcp, ready = false }`],
    ],
    expect: [
      { from: "pod-0", to: "myapp", on: "80/tcp", ends: ["refused"] },
      { from: "node-b", to: "myapp", on: "80/tcp", ends: ["refused"] },
    ],
  },
  {
    name: "the node firewall closed on 4789",
    change: [[tunnel, "allow ingress from subnet blue, subnet green on 10250/tcp"]],
    expect: [
      { from: "pod-0", to: "pod-3", on: "8080/tcp", ends: ["timeout"] },
      { from: "pod-0", to: "pod-1", on: "8080/tcp", ends: ["pod-1"] },
      { from: "pod-0", to: "myapp", on: "80/tcp", ends: ["pod-1", "timeout"] },
      { from: "node-a", to: "node-b", on: "10250/tcp", ends: ["node-b"] },
    ],
  },
  {
    name: "the firewall admits 4789 from one side only",
    change: [[tunnel, "allow ingress from subnet blue on 4789/udp"]],
    expect: [
      // node-b hears node-a; what comes back from green is dropped on node-a.
      { from: "pod-0", to: "pod-3", on: "8080/tcp", ends: ["timeout"] },
      { from: "pod-2", to: "pod-0", on: "9/tcp", ends: ["timeout"] },
    ],
  },
  {
    name: "packets at the MTU of the tunnel",
    change: [[pod2, pod2udp]],
    expect: [
      // 1500 of the wire less 50 of VXLAN.
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1450, ends: ["pod-2"], open: true },
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1451, ends: ["msgsize"], open: true },
    ],
  },
  {
    name: "a tunnel MTU set too low",
    change: [[pod2, pod2udp], [`    version = "3.32"`, `    version = "3.32"\n    vxlan-mtu = 1300`]],
    expect: [
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1300, ends: ["pod-2"], open: true },
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1301, ends: ["msgsize"], open: true },
    ],
  },
  {
    name: "a tunnel MTU that ignores the overhead",
    change: [[pod2, pod2udp], [`    version = "3.32"`, `    version = "3.32"\n    vxlan-mtu = 1500`]],
    expect: [
      // The outer packet has 1550 bytes; Linux sends it without DF, so it goes in fragments.
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1500, ends: ["pod-2"], open: true },
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1501, ends: ["msgsize"], open: true },
    ],
  },
  {
    name: "one subnet with a smaller MTU",
    change: [[pod2, pod2udp], ["subnet green { cidr = 192.168.2.0/24 }", "subnet green { cidr = 192.168.2.0/24, mtu = 1400 }"], [`pod pod-0 on node-a { labels = { app = "client" } }`, `pod pod-0 on node-a { labels = { app = "client" }, port sink = 5000/udp }`]],
    expect: [
      // node-a's tunnel takes 1450 and the router fragments the outer packet of 1500 for the wire of 1400, but the
      // last hop is node-b's veth of 1350: node-b says so, and the sender learns it.
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1450, ends: ["msgsize"], open: true },
      { from: "pod-0", to: "pod-2", on: "5000/udp", size: 1350, ends: ["pod-2"], open: true },
      // node-b's own tunnel is 1350, and so are its pods.
      { from: "pod-2", to: "pod-0", on: "5000/udp", size: 1350, ends: ["pod-0"], open: true },
      { from: "pod-2", to: "pod-0", on: "5000/udp", size: 1351, ends: ["msgsize"], open: true },
    ],
  },
  {
    name: "one node gone",
    change: [
      ["node node-b in green { address = 192.168.2.10 }\n", ""],
      [`  ${pod2}\n`, ""],
      [`  pod pod-3 on node-b { labels = { app = "myapp" }, port http = 8080/tcp }\n`, ""],
      [`assert "one lost node does not lose the service" {\n  after any 1 node fails { namespace001/pod-0 reaches service namespace001/myapp on 80/tcp }\n}\n`, ""],
    ],
    expect: [{ from: "pod-0", to: "myapp", on: "80/tcp", ends: ["pod-1"] }],
  },
  {
    name: "a router that does not join the other subnet",
    change: [["joins = [blue, green]", "joins = [blue]"]],
    expect: [
      { from: "pod-0", to: "pod-3", on: "8080/tcp", ends: ["timeout"] },
      { from: "pod-0", to: "pod-1", on: "8080/tcp", ends: ["pod-1"] },
    ],
  },
  {
    name: "no translation of pods that leave the cluster",
    change: [["nat-outgoing  = true", "nat-outgoing  = false"]],
    expect: [
      // The answer finds no way back: the router knows no pods.
      { from: "pod-0", to: "internet", on: "443/tcp", ends: ["timeout"] },
      { from: "node-a", to: "internet", on: "443/tcp", ends: ["internet"], sees: "203.0.113.1" },
    ],
  },
  {
    name: "a node port, open to the internet and without policy",
    change: [[policy, ""], ["port http  = 80/tcp -> http", "port http  = 80/tcp -> http node-port 30080"]],
    expect: [
      { from: "internet", to: "node-a", on: "30080/tcp", ends: ["pod-1", "pod-3"] },
      { from: "pod-2", to: "node-b", on: "30080/tcp", ends: ["pod-1", "pod-3"] },
    ],
  },
  {
    name: "a node port that the node firewall does not admit",
    change: [[policy, ""], ["port http  = 80/tcp -> http", "port http  = 80/tcp -> http node-port 30080"], ["  allow ingress from internet on 30000..32767/tcp\n", ""]],
    expect: [
      { from: "internet", to: "node-a", on: "30080/tcp", ends: ["timeout"] },
      // The node itself is not the wire.
      { from: "node-a", to: "node-a", on: "30080/tcp", ends: ["pod-1", "pod-3"] },
    ],
  },
  {
    name: "both nodes in one subnet, where cross-subnet sends plain packets",
    change: [["node node-b in green { address = 192.168.2.10 }", "node node-b in blue { address = 192.168.1.11 }"], [tunnel, "allow ingress from subnet blue on 10250/tcp"]],
    expect: [
      // Port 4789 is closed and nobody misses it.
      { from: "pod-0", to: "pod-3", on: "8080/tcp", ends: ["pod-3"] },
    ],
  },
  {
    name: "both nodes in one subnet, always encapsulated",
    change: [
      ["node node-b in green { address = 192.168.2.10 }", "node node-b in blue { address = 192.168.1.11 }"],
      [tunnel, "allow ingress from subnet blue on 10250/tcp"],
      ["encapsulation = vxlan-cross-subnet", "encapsulation = vxlan"],
    ],
    expect: [{ from: "pod-0", to: "pod-3", on: "8080/tcp", ends: ["timeout"] }],
  },
  {
    name: "an egress policy that forgets DNS",
    change: [[policy, `${policy}\n  policy client-egress {\n    applies to app == "client"\n    allow egress to pods app == "myapp" on 8080/tcp\n  }\n`]],
    expect: [
      { from: "pod-0", to: "myapp", on: "80/tcp", ends: ["pod-1", "pod-3"] },
      { from: "pod-0", to: "172.16.0.10", on: "53/udp", ends: ["timeout"] },
      { from: "pod-0", to: "internet", on: "443/tcp", ends: ["timeout"] },
    ],
  },
];
