/** A story for tests, written by hand: pod-0 asks myapp of examples/journey and pod-3 answers, through VXLAN and the router. */
import { parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { ArtifactRef, SourceRef, Story, StoryPacket, StoryStep } from "./types.ts";

export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is not an address`);
  return parsed;
}

/** `packet("10.10.0.1", 40000, "10.10.1.3", 8080, "syn")`. */
export function packet(src: string, sport: number, dst: string, dport: number, note: string | null, protocol = "tcp"): StoryPacket {
  return { src: ip(src), dst: ip(dst), protocol, sport, dport, size: 60, note, outer: null };
}

export function inVxlan(inner: StoryPacket, src: string, dst: string): StoryPacket {
  return { ...inner, outer: { src: ip(src), dst: ip(dst), protocol: "udp", sport: 50122, dport: 4789, size: inner.size + 50, note: null } };
}

export function artifact(file: string, line: number, text: string): ArtifactRef {
  return { file, line, text };
}

export function source(line: number, name: string, text: string): SourceRef {
  return { file: "journey.knet", line, name, text };
}

type Because = Partial<Pick<StoryStep, "parent" | "table" | "wire" | "outcome" | "decides" | "artifacts" | "source" | "rules">>;

/** The nodes that the pods of the journey are on. */
const nodes: Readonly<Record<string, string>> = {
  "namespace001/pod-0": "node-a",
  "namespace001/pod-1": "node-a",
  "namespace001/pod-2": "node-b",
  "namespace001/pod-3": "node-b",
  "kube-system/coredns-0": "node-a",
};

export function step(
  phase: StoryStep["phase"],
  kind: StoryStep["kind"],
  where: string,
  layer: StoryStep["layer"],
  did: string,
  carried: StoryPacket,
  because: Because = {},
): StoryStep {
  return {
    phase,
    kind,
    where,
    parent: kind === "pod" ? (nodes[where] ?? null) : null,
    layer,
    table: null,
    wire: null,
    outcome: layer === "nat" || layer === "encapsulate" || layer === "decapsulate" ? "changed" : "passed",
    decides: false,
    did,
    packet: carried,
    artifacts: [],
    source: null,
    rules: [],
    ...because,
  };
}

/** `wire("request", "node", "node-a", "blue", "core", packet)`: `blue` carries it to core. */
export function wire(
  phase: StoryStep["phase"],
  kind: StoryStep["kind"],
  where: string,
  name: string,
  to: string,
  carried: StoryPacket,
  because: Because = {},
): StoryStep {
  return step(phase, kind, where, "wire", `${name}: ${where} → ${to}`, carried, { wire: name, ...because });
}

export const calico = source(8, "cluster demo · cni calico", "cni calico {");
const proxy = source(17, "cluster demo · proxy iptables", "proxy iptables");
const dns = source(18, "cluster demo · dns coredns", "dns coredns {");
const service = source(48, "service namespace001/myapp", "service myapp {");
export const policy = source(54, "policy namespace001/only-the-client", "policy only-the-client {");
const firewall = source(33, "firewall nodes", "firewall nodes {");
const core = source(27, "router core", "router core  { joins = [blue, green], nat = internet }");

const asked = packet("10.10.0.1", 40000, "172.16.10.10", 80, "syn");
const request = packet("10.10.0.1", 40000, "10.10.1.3", 8080, "syn");
const tunnelled = inVxlan(request, "192.168.1.10", "192.168.2.10");
const answer = packet("10.10.1.3", 8080, "10.10.0.1", 40000, "syn-ack");
const answerTunnelled = inVxlan(answer, "192.168.2.10", "192.168.1.10");
const answered = packet("172.16.10.10", 80, "10.10.0.1", 40000, "syn-ack");

const podRoute = (node: string, pod: string): Because => ({
  artifacts: [artifact(`nodes/${node}/pods/namespace001.${pod}/routes.ip`, 2, "route add default via 169.254.1.1 dev eth0")],
  source: calico,
});
const frame = (node: string, line: number): Because => ({
  artifacts: [artifact(`nodes/${node}/felix.iptables`, line, "-A cali-FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT")],
  source: calico,
  table: "filter",
  rules: ["filter FORWARD:1", "filter cali-FORWARD:4"],
});

const requestSteps: readonly StoryStep[] = [
  step("request", "pod", "namespace001/pod-0", "send", "sends TCP 10.10.0.1:40000 → 172.16.10.10:80", asked),
  step(
    "request",
    "pod",
    "namespace001/pod-0",
    "route",
    "routes 172.16.10.10 via 169.254.1.1 out of eth0",
    asked,
    podRoute("node-a", "pod-0"),
  ),
  wire("request", "pod", "namespace001/pod-0", "veth", "node-a", asked),

  step("request", "node", "node-a", "filter", "mangle PREROUTING lets it pass", asked, {
    table: "mangle",
    rules: ["mangle PREROUTING:1", "mangle cali-PREROUTING:3"],
  }),
  step("request", "node", "node-a", "nat", "translates the destination to 10.10.1.3:8080", request, {
    artifacts: [
      artifact(
        "nodes/node-a/kube-proxy.iptables",
        37,
        "-A KUBE-SEP-BDXBYDLSV7ZMEQNV -m comment --comment namespace001/myapp:http -m tcp -p tcp -j DNAT --to-destination 10.10.1.3:8080",
      ),
    ],
    source: service,
    table: "nat",
    rules: ["nat PREROUTING:2", "nat KUBE-SERVICES:3", "nat KUBE-SVC-5GZNV2EJ4RZUKAAG:3", "nat KUBE-SEP-BDXBYDLSV7ZMEQNV:2"],
  }),
  step("request", "node", "node-a", "filter", "filter FORWARD lets it pass", request, frame("node-a", 61)),
  step("request", "node", "node-a", "route", "routes 10.10.1.3 via 10.10.1.0 out of vxlan.calico", request, {
    artifacts: [artifact("nodes/node-a/routes.ip", 5, "route add 10.10.1.0/26 via 10.10.1.0 dev vxlan.calico proto 80 onlink")],
    source: calico,
  }),
  step("request", "node", "node-a", "encapsulate", "wraps it in VXLAN 4096, UDP 192.168.1.10:50122 → 192.168.2.10:4789", tunnelled, {
    artifacts: [artifact("nodes/node-a/fdb.bridge", 1, "fdb append 66:5a:01:02:0b:0a dev vxlan.calico dst 192.168.2.10 self permanent")],
    source: calico,
  }),
  step("request", "node", "node-a", "filter", "filter OUTPUT lets it pass", tunnelled, { table: "filter", rules: ["filter OUTPUT:1"] }),
  step("request", "node", "node-a", "route", "routes 192.168.2.10 via 192.168.1.1 out of eth0", tunnelled, {
    artifacts: [artifact("nodes/node-a/routes.ip", 1, "route add default via 192.168.1.1 dev eth0")],
    source: core,
  }),
  wire("request", "node", "node-a", "blue", "core", tunnelled),

  step("request", "router", "core", "route", "routes 192.168.2.10 out of green", tunnelled),
  wire("request", "router", "core", "green", "node-b", tunnelled),

  step("request", "node", "node-b", "filter", "mangle PREROUTING lets it pass", tunnelled, {
    artifacts: [artifact("nodes/node-b/node-firewall.iptables", 6, "-A KNET-FIREWALL -s 192.168.1.0/24 -p udp --dport 4789 -j RETURN")],
    source: firewall,
    table: "mangle",
    decides: true,
    rules: ["mangle PREROUTING:1", "mangle KNET-FIREWALL:3"],
  }),
  step("request", "node", "node-b", "decapsulate", "takes the packet out of VXLAN 4096 at vxlan.calico", request, {
    artifacts: [
      artifact(
        "nodes/node-b/links.ip",
        3,
        "link add name vxlan.calico type vxlan id 4096 local 192.168.2.10 dev eth0 dstport 4789 nolearning",
      ),
    ],
    source: calico,
  }),
  step("request", "node", "node-b", "filter", "filter FORWARD lets it pass", request, {
    artifacts: [
      artifact(
        "nodes/node-b/felix.iptables",
        88,
        "-A cali-pi-_Vq3c2kNzqJ0yCqYh4sT -p tcp -m set --match-set cali40s:8hRk1cOoXyQ src -m multiport --destination-ports 8080 -j MARK --or-mark 0x10000",
      ),
      artifact("nodes/node-b/felix.iptables", 71, "-A cali-FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT"),
    ],
    source: policy,
    table: "filter",
    decides: true,
    rules: ["filter FORWARD:1", "filter cali-FORWARD:2", "filter cali-pi-_Vq3c2kNzqJ0yCqYh4sT:1"],
  }),
  step("request", "node", "node-b", "route", "routes 10.10.1.3 out of cali3d2c1b0a9f8", request, {
    artifacts: [artifact("nodes/node-b/routes.ip", 4, "route add 10.10.1.3 dev cali3d2c1b0a9f8 scope link")],
    source: calico,
  }),
  wire("request", "node", "node-b", "veth", "namespace001/pod-3", request),

  step("request", "pod", "namespace001/pod-3", "deliver", "delivers to 10.10.1.3:8080", request),
];

const replySteps: readonly StoryStep[] = [
  step("reply", "pod", "namespace001/pod-3", "send", "answers 10.10.1.3:8080 → 10.10.0.1:40000", answer),
  step("reply", "pod", "namespace001/pod-3", "route", "routes 10.10.0.1 via 169.254.1.1 out of eth0", answer, podRoute("node-b", "pod-3")),
  wire("reply", "pod", "namespace001/pod-3", "veth", "node-b", answer),
  step("reply", "node", "node-b", "filter", "filter FORWARD lets it pass", answer, frame("node-b", 71)),
  step("reply", "node", "node-b", "route", "routes 10.10.0.1 via 10.10.0.0 out of vxlan.calico", answer, { source: calico }),
  step("reply", "node", "node-b", "encapsulate", "wraps it in VXLAN 4096, UDP 192.168.2.10:41877 → 192.168.1.10:4789", answerTunnelled, {
    source: calico,
  }),
  step("reply", "node", "node-b", "route", "routes 192.168.1.10 via 192.168.2.1 out of eth0", answerTunnelled, { source: core }),
  wire("reply", "node", "node-b", "green", "core", answerTunnelled),
  step("reply", "router", "core", "route", "routes 192.168.1.10 out of blue", answerTunnelled),
  wire("reply", "router", "core", "blue", "node-a", answerTunnelled),
  step("reply", "node", "node-a", "decapsulate", "takes the packet out of VXLAN 4096 at vxlan.calico", answer, { source: calico }),
  step("reply", "node", "node-a", "filter", "filter FORWARD lets it pass", answer, frame("node-a", 61)),
  step("reply", "node", "node-a", "nat", "translates the source back to 172.16.10.10:80", answered),
  step("reply", "node", "node-a", "route", "routes 10.10.0.1 out of cali0f1e2d3c4b5", answered, { source: calico }),
  wire("reply", "node", "node-a", "veth", "namespace001/pod-0", answered),
  step("reply", "pod", "namespace001/pod-0", "deliver", "delivers to 10.10.0.1:40000", answered),
];

const question = packet("10.10.0.1", 40000, "172.16.0.10", 53, null, "udp");
const questionTranslated = packet("10.10.0.1", 40000, "10.10.0.4", 53, null, "udp");

/** Delivered: the lookup, the request through two subnets, the reply. */
export const delivered: Story = {
  from: "namespace001/pod-0",
  to: "myapp",
  protocol: "tcp",
  port: 80,
  lookup: {
    name: "myapp",
    server: ip("172.16.0.10"),
    search: ["namespace001.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    queries: [{ name: "myapp.namespace001.svc.cluster.local", type: "A", status: "NOERROR", answers: ["172.16.10.10"] }],
    steps: [
      step("dns", "pod", "namespace001/pod-0", "send", "sends UDP 10.10.0.1:40000 → 172.16.0.10:53", question),
      step("dns", "node", "node-a", "nat", "translates the destination to 10.10.0.4:53", questionTranslated, {
        artifacts: [
          artifact("nodes/node-a/kube-proxy.iptables", 29, "-A KUBE-SEP-YIL6JZP7A3QYXJU2 -p udp -j DNAT --to-destination 10.10.0.4:53"),
        ],
        source: proxy,
      }),
      step("dns", "pod", "kube-system/coredns-0", "deliver", "delivers to 10.10.0.4:53", questionTranslated),
    ],
    verdict: "delivered",
    lost: 0,
    answeredBy: "kube-system/coredns-0",
    source: dns,
  },
  steps: [...requestSteps, ...replySteps],
  choices: [
    { name: "namespace001/pod-1", address: "10.10.0.2:8080", probability: 0.5, chosen: false, verdict: "delivered" },
    { name: "namespace001/pod-3", address: "10.10.1.3:8080", probability: 0.5, chosen: true, verdict: "delivered" },
  ],
  verdict: "delivered",
  summary: "namespace001/pod-3 answers on 10.10.1.3:8080, and the reply reaches namespace001/pod-0 as coming from 172.16.10.10:80.",
  decidedBy: null,
};

const blocked = packet("10.10.1.2", 40000, "10.10.1.3", 8080, "syn");
const drop = artifact(
  "nodes/node-b/felix.iptables",
  94,
  '-A cali-tw-cali3d2c1b0a9f8 -m comment --comment "Drop if no policies passed packet" -j DROP',
);

/** Dropped on the pod's own node: pod-2 is not the client. */
export const dropped: Story = {
  from: "namespace001/pod-2",
  to: "namespace001/pod-3",
  protocol: "tcp",
  port: 8080,
  lookup: null,
  steps: [
    step("request", "pod", "namespace001/pod-2", "send", "sends TCP 10.10.1.2:40000 → 10.10.1.3:8080", blocked),
    step(
      "request",
      "pod",
      "namespace001/pod-2",
      "route",
      "routes 10.10.1.3 via 169.254.1.1 out of eth0",
      blocked,
      podRoute("node-b", "pod-2"),
    ),
    wire("request", "pod", "namespace001/pod-2", "veth", "node-b", blocked),
    step("request", "node", "node-b", "filter", "filter FORWARD drops it in cali-tw-cali3d2c1b0a9f8", blocked, {
      artifacts: [drop],
      source: policy,
      table: "filter",
      outcome: "stopped",
      decides: true,
      rules: ["filter FORWARD:1", "filter cali-FORWARD:2", "filter cali-tw-cali3d2c1b0a9f8:4"],
    }),
  ],
  choices: [],
  verdict: "dropped",
  summary: "node-b drops the request: no policy that applies to namespace001/pod-3 allows it.",
  decidedBy: { artifact: drop, source: policy },
};

/** A way through hosts that only carry the packet: for pictures. `hosts` are `pod/name`, `node/name`, …; the reply goes back the same way. */
export function carried(hosts: readonly string[], request: StoryPacket, reply: StoryPacket | null): readonly StoryStep[] {
  const way = (phase: "request" | "reply", order: readonly string[], packet: StoryPacket): readonly StoryStep[] =>
    order.flatMap((host, index): readonly StoryStep[] => {
      const { kind, where } = hostOf(host);
      const next = order[index + 1];
      // A pod's only neighbour is its node.
      const neighbour = next ?? order[index - 1];
      const parent = kind === "pod" && neighbour !== undefined ? hostOf(neighbour).where : null;
      if (next === undefined) return [step(phase, kind, where, "deliver", `delivers to ${where}`, packet, { parent })];
      return [
        step(phase, kind, where, "route", `routes it towards ${hostOf(next).where} out of eth0`, packet, { parent }),
        wire(phase, kind, where, `wire-${index}`, hostOf(next).where, packet, { parent }),
      ];
    });
  return [...way("request", hosts, request), ...(reply === null ? [] : way("reply", hosts.toReversed(), reply))];
}

function hostOf(text: string): { readonly kind: StoryStep["kind"]; readonly where: string } {
  const slash = text.indexOf("/");
  const kind = text.slice(0, slash);
  if (kind !== "pod" && kind !== "node" && kind !== "router" && kind !== "external") throw new Error(`${kind} is not a kind of host`);
  return { kind, where: text.slice(slash + 1) };
}

/** A node port of the wrong node: in through the router, on to another node, and back the same way. */
export const throughNodePort: Story = {
  ...delivered,
  from: "internet",
  to: "node:node-a",
  port: 30080,
  lookup: null,
  choices: [],
  steps: carried(
    ["external/internet", "router/core", "node/node-a", "router/core", "node/node-b", "pod/namespace001/pod-3"],
    packet("203.0.113.9", 40000, "192.168.1.10", 30080, "syn"),
    packet("192.168.1.10", 30080, "203.0.113.9", 40000, "syn-ack"),
  ),
};

/** A pod that reaches itself by its service. */
export const hairpin: Story = {
  ...delivered,
  from: "namespace001/pod-1",
  lookup: null,
  steps: carried(
    ["pod/namespace001/pod-1", "node/node-a", "pod/namespace001/pod-1"],
    packet("10.10.0.2", 40000, "172.16.10.10", 80, "syn"),
    packet("172.16.10.10", 80, "10.10.0.2", 40000, "syn-ack"),
  ),
};

const request6 = inVxlan(packet("fd00:10:10::1", 40000, "fd00:10:10:40::3", 8080, "syn"), "2001:db8:1::10", "2001:db8:2::10");

/** IPv6 between long names. */
export const long: Story = {
  ...delivered,
  from: "a-namespace-of-many-words/frontend-7c9d8b6f5d-x2x9k",
  to: "myapp.a-namespace-of-many-words.svc.cluster.local",
  steps: carried(
    [
      "pod/a-namespace-of-many-words/frontend-7c9d8b6f5d-x2x9k",
      "node/ip-192-168-1-10.eu-central-1.compute.internal",
      "router/core",
      "node/ip-192-168-2-10.eu-central-1.compute.internal",
      "pod/a-namespace-of-many-words/backend-0",
    ],
    request6,
    null,
  ),
};

/** The name does not exist, so nothing was sent. */
export const noSuchName: Story = {
  ...delivered,
  to: "myap",
  lookup: {
    name: "myap",
    server: ip("172.16.0.10"),
    search: ["namespace001.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    queries: ["myap.namespace001.svc.cluster.local", "myap.svc.cluster.local", "myap.cluster.local", "myap"].map((name) => ({
      name,
      type: "A",
      status: "NXDOMAIN",
      answers: [],
    })),
    steps: [],
    verdict: "delivered",
    lost: 0,
    answeredBy: "kube-system/coredns-1",
    source: dns,
  },
  steps: [],
  choices: [],
  verdict: "no-such-name",
  summary: "172.16.0.10 knows no name that namespace001/pod-0 asks for as myap.",
  decidedBy: { artifact: null, source: dns },
};

/** The router cannot go on and tells the sender, on the way that the packet came. */
export const errorOnTheWay: Story = {
  ...delivered,
  to: "192.168.2.99",
  lookup: null,
  choices: [],
  steps: [
    ...carried(["node/node-a", "router/core"], packet("192.168.1.10", 40000, "192.168.2.99", 80, "syn"), null).slice(0, 2),
    step(
      "request",
      "router",
      "core",
      "error",
      "nobody on green answers for 192.168.2.99",
      packet("192.168.1.10", 40000, "192.168.2.99", 80, "syn"),
      { outcome: "stopped", decides: true },
    ),
    step(
      "request",
      "router",
      "core",
      "error",
      "answers 192.168.1.10 with ICMP host-unreachable",
      packet("192.168.1.1", 3, "192.168.1.10", 1, "host-unreachable", "icmp"),
    ),
    wire(
      "request",
      "router",
      "core",
      "blue",
      "node-a",
      packet("192.168.1.1", 3, "192.168.1.10", 1, "host-unreachable", "icmp"),
    ),
    step(
      "request",
      "node",
      "node-a",
      "deliver",
      "delivers to 192.168.1.10 (host-unreachable)",
      packet("192.168.1.1", 3, "192.168.1.10", 1, "host-unreachable", "icmp"),
    ),
  ],
  verdict: "unreachable",
  summary: "nobody in subnet green has the address 192.168.2.99, and core tells node-a so.",
  decidedBy: null,
};
