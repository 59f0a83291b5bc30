/**
 * A fabric written by hand: a router between two subnets, one node in each, two pods on each node, IPv4 and IPv6,
 * with the devices, routes and entries that Calico's VXLAN mode puts on such nodes.
 */
import type { Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { cidr, ip, route as routeOf } from "../../compiler/src/dataplane/dump/testing.ts";
import type { Address, FdbEntry, Link, Neighbour } from "../../compiler/src/dataplane/links/types.ts";
import type { IptablesFile, RuleLine, TableName } from "../../compiler/src/dataplane/netfilter/types.ts";
import type { Route } from "../../compiler/src/dataplane/routing/types.ts";
import { emptyDataplane } from "../../compiler/src/dataplane/types.ts";
import type { Dataplane } from "../../compiler/src/dataplane/types.ts";
import type { Fabric, Host, Listener, Segment } from "../../compiler/src/fabric/types.ts";

const origin: Origin = { name: "written by hand", span: null };
const owner = "test";

function link(name: string, kind: Link["kind"], mtu = 1500, mac: string | null = null): Link {
  return { name, kind, mtu, mac, owner, origin };
}

const loopback = link("lo", { type: "loopback" }, 65536);
const physical = (name: string): Link => link(name, { type: "physical" });

function address(device: string, text: string): Address {
  return { link: device, address: cidr(text), owner, origin };
}

function route(destination: string, words: Partial<Route>): Route {
  return routeOf(destination, { owner, origin, ...words });
}

function sysctls(words: Readonly<Record<string, string>>): Dataplane["sysctls"] {
  return Object.entries(words).map(([key, value]) => ({ key, value, owner, origin }));
}

/** One payload of one table; each rule is `CHAIN words`. */
export function payload(name: string, family: 4 | 6, table: TableName, chains: readonly string[], rules: readonly string[]): IptablesFile {
  return {
    owner: name,
    family,
    tables: [
      {
        name: table,
        chains: chains.map((chain) => ({ name: chain, policy: "-", origin })),
        rules: rules.map((rule): RuleLine => {
          const [chain = "", ...words] = rule.split(" ");
          return { operation: "append", chain, text: words.join(" "), origin };
        }),
      },
    ],
  };
}

interface PodFacts {
  readonly id: string;
  readonly device: string;
  readonly addresses: readonly [string, string];
  readonly mtu: number;
}

interface NodeFacts {
  readonly name: string;
  readonly addresses: readonly [string, string];
  readonly gateways: readonly [string, string];
  readonly blocks: readonly [string, string];
  readonly tunnels: readonly [string, string];
  readonly macs: readonly [string, string];
  readonly pods: readonly PodFacts[];
}

export const node1: NodeFacts = {
  name: "node1",
  addresses: ["192.168.1.10", "fd00:1::10"],
  gateways: ["192.168.1.1", "fd00:1::1"],
  blocks: ["10.10.0.0/26", "fd10::/122"],
  tunnels: ["10.10.0.0", "fd10::"],
  macs: ["66:f9:37:c3:7e:94", "66:0f:35:f2:60:df"],
  pods: [
    { id: "pod/shop/web-0", device: "calia4fc3c48bd8", addresses: ["10.10.0.1", "fd10::1"], mtu: 1430 },
    // Its own device takes more than the tunnel: only the node can tell it so.
    { id: "pod/shop/db-0", device: "cali43878a68a0a", addresses: ["10.10.0.2", "fd10::2"], mtu: 1500 },
  ],
};

export const node2: NodeFacts = {
  name: "node2",
  addresses: ["192.168.2.10", "fd00:2::10"],
  gateways: ["192.168.2.1", "fd00:2::1"],
  blocks: ["10.10.0.64/26", "fd10::40/122"],
  tunnels: ["10.10.0.64", "fd10::40"],
  macs: ["66:2d:bf:44:a6:8b", "66:32:42:ed:de:d5"],
  pods: [
    { id: "pod/shop/api-0", device: "calieb97322ec89", addresses: ["10.10.0.65", "fd10::41"], mtu: 1430 },
    { id: "pod/default/nginx", device: "calic440f455693", addresses: ["10.10.0.66", "fd10::42"], mtu: 1430 },
  ],
};

const tunnelDevices = ["vxlan.calico", "vxlan-v6.calico"] as const;
const tunnelMtus = [1450, 1430] as const;
const families = [0, 1] as const;
const hostBits = [32, 128] as const;

function nodeDataplane(node: NodeFacts, remote: NodeFacts, rules: Partial<Dataplane>): Dataplane {
  const podSysctls = node.pods.flatMap(({ device }): [string, string][] => [
    [`net/ipv4/conf/${device}/route_localnet`, "1"],
    [`net/ipv4/neigh/${device}/proxy_delay`, "0"],
    [`net/ipv4/conf/${device}/proxy_arp`, "1"],
    [`net/ipv4/conf/${device}/forwarding`, "1"],
    [`net/ipv4/conf/${device}/rp_filter`, "0"],
    [`net/ipv6/conf/${device}/proxy_ndp`, "1"],
    [`net/ipv6/conf/${device}/forwarding`, "1"],
    [`net/ipv6/conf/${device}/accept_ra`, "0"],
  ]);
  return {
    ...emptyDataplane,
    links: [
      loopback,
      physical("eth0"),
      ...families.map((at) =>
        link(
          tunnelDevices[at],
          { type: "vxlan", id: 4096, local: ip(node.addresses[at]), parent: "eth0", port: 4789, learning: false },
          tunnelMtus[at],
          node.macs[at],
        ),
      ),
      ...node.pods.map((pod) => link(pod.device, { type: "veth", peerHost: pod.id, peerLink: "eth0" }, pod.mtu, "ee:ee:ee:ee:ee:ee")),
    ],
    addresses: [
      address("eth0", `${node.addresses[0]}/24`),
      address("eth0", `${node.addresses[1]}/64`),
      ...families.map((at) => address(tunnelDevices[at], `${node.tunnels[at]}/${hostBits[at]}`)),
    ],
    routes: families.flatMap((at) => [
      route(at === 0 ? "0.0.0.0/0" : "::/0", { via: ip(node.gateways[at]), link: "eth0" }),
      route(remote.blocks[at], { via: ip(remote.tunnels[at]), link: tunnelDevices[at], onlink: true, mtu: tunnelMtus[at] }),
      route(node.blocks[at], { type: "blackhole", protocol: 80 }),
      ...node.pods.map((pod) => route(`${pod.addresses[at]}/${hostBits[at]}`, { link: pod.device, scope: "link", metric: 1024 })),
    ]),
    neighbours: families.map((at): Neighbour => ({
      link: tunnelDevices[at],
      ip: ip(remote.tunnels[at]),
      mac: remote.macs[at],
      owner,
      origin,
    })),
    fdb: families.map((at): FdbEntry => ({
      link: tunnelDevices[at],
      mac: remote.macs[at],
      destination: ip(remote.addresses[at]),
      owner,
      origin,
    })),
    sysctls: [
      ...sysctls({
        "net/ipv4/ip_forward": "1",
        "net/ipv6/conf/all/forwarding": "1",
        // Of the whole machine: no namespace can have it.
        "net/netfilter/nf_conntrack_max": "131072",
        "vm/overcommit_memory": "1",
      }),
      ...sysctls(Object.fromEntries(podSysctls)),
    ],
    ...rules,
  };
}

function podDataplane(pod: PodFacts): Dataplane {
  return {
    ...emptyDataplane,
    links: [loopback, link("eth0", { type: "veth", peerHost: "", peerLink: pod.device }, pod.mtu)],
    addresses: families.map((at) => address("eth0", `${pod.addresses[at]}/${hostBits[at]}`)),
    routes: [
      route("169.254.1.1/32", { link: "eth0", scope: "link" }),
      route("0.0.0.0/0", { via: ip("169.254.1.1"), link: "eth0" }),
      route("::/0", { via: ip("fe80::ecee:eeff:feee:eeee"), link: "eth0", metric: 1024 }),
    ],
  };
}

function routerDataplane(): Dataplane {
  return {
    ...emptyDataplane,
    links: [loopback, physical("eth0"), physical("eth1")],
    addresses: [
      address("eth0", "192.168.1.1/24"),
      address("eth0", "fd00:1::1/64"),
      address("eth1", "192.168.2.1/24"),
      address("eth1", "fd00:2::1/64"),
    ],
    sysctls: sysctls({ "net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1" }),
  };
}

/** On node1: what a service 172.16.10.10:80 and fd16::10:80 with the one endpoint api-0:8080 is. */
function serviceRules(family: 4 | 6): IptablesFile {
  const vip = family === 4 ? "172.16.10.10/32" : "fd16::10/128";
  const endpoint = family === 4 ? "10.10.0.65:8080" : "[fd10::41]:8080";
  return payload(
    "kube-proxy",
    family,
    "nat",
    ["KUBE-SERVICES", "KUBE-SVC-API"],
    [
      'PREROUTING -m comment --comment "service portals" -j KUBE-SERVICES',
      "OUTPUT -j KUBE-SERVICES",
      `KUBE-SERVICES -d ${vip} -p tcp -m tcp --dport 80 -j KUBE-SVC-API`,
      `KUBE-SVC-API -p tcp -m tcp -j DNAT --to-destination ${endpoint}`,
    ],
  );
}

/** On node2: ports of nginx that are dropped, rejected in three ways, or dropped for the members of a set. */
function policyRules(family: 4 | 6): IptablesFile {
  const nginx = family === 4 ? "10.10.0.66/32" : "fd10::42/128";
  const unreachable = family === 4 ? "icmp-port-unreachable" : "icmp6-port-unreachable";
  const prohibited = family === 4 ? "icmp-admin-prohibited" : "icmp6-adm-prohibited";
  return payload(
    "policy",
    family,
    "filter",
    ["to-nginx"],
    [
      `FORWARD -d ${nginx} -j to-nginx`,
      "to-nginx -p tcp -m tcp --dport 81 -j DROP",
      `to-nginx -p tcp -m tcp --dport 82 -j REJECT --reject-with ${unreachable}`,
      "to-nginx -p tcp -m tcp --dport 83 -j REJECT --reject-with tcp-reset",
      `to-nginx -p tcp -m tcp --dport 84 -j REJECT --reject-with ${prohibited}`,
      `to-nginx -p udp -m udp --dport 82 -j REJECT --reject-with ${unreachable}`,
      `to-nginx -p udp -m udp --dport 84 -j REJECT --reject-with ${prohibited}`,
      `to-nginx -p tcp -m tcp --dport 80 -m set --match-set web${family} src -j DROP`,
    ],
  );
}

function host(id: string, kind: Host["kind"], parent: string | null = null, sharesParent = false): Host {
  return { id, kind, name: id.slice(id.indexOf("/") + 1), parent, sharesParent, origin };
}

function listener(where: string, protocol: Transport, port: number, at: string | null = null): Listener {
  return { host: where, protocol, port, address: at === null ? null : ip(at), origin };
}

export interface Variation {
  /** More payloads for node2. */
  readonly iptables?: readonly IptablesFile[];
  readonly listeners?: readonly Listener[];
}

export function twoSubnets(variation: Variation = {}): Fabric {
  const both = [4, 6] as const;
  const dataplanes = new Map<string, Dataplane>([
    ["router/core", routerDataplane()],
    ["node/node1", nodeDataplane(node1, node2, { iptables: both.map(serviceRules) })],
    [
      "node/node2",
      nodeDataplane(node2, node1, {
        iptables: [...both.map(policyRules), ...(variation.iptables ?? [])],
        ipsets: both.map((family) => ({
          name: `web${family}`,
          type: "hash:ip" as const,
          family,
          maxElements: 65536,
          members: [{ text: family === 4 ? "10.10.0.1" : "fd10::1", origin }],
          owner,
          origin,
        })),
      }),
    ],
    ...[...node1.pods, ...node2.pods].map((pod) => [pod.id, podDataplane(pod)] as const),
  ]);
  const hosts = [
    host("router/core", "router"),
    host("node/node1", "node"),
    host("node/node2", "node"),
    ...node1.pods.map(({ id }) => host(id, "pod", "node/node1")),
    ...node2.pods.map(({ id }) => host(id, "pod", "node/node2")),
    host("pod/kube-system/agent", "pod", "node/node2", true),
  ];
  const subnet = (name: string, first: string, second: string, device: string): Segment => ({
    id: `subnet/${name}`,
    name,
    kind: "subnet",
    mtu: 1500,
    attachments: [
      { host: first, link: device },
      { host: second, link: "eth0" },
    ],
    origin,
  });
  const segments: Segment[] = [
    subnet("blue", "router/core", "node/node1", "eth0"),
    subnet("green", "router/core", "node/node2", "eth1"),
    ...[node1, node2].flatMap((node) =>
      node.pods.map((pod): Segment => ({
        id: `veth/${pod.id}`,
        name: pod.id,
        kind: "veth",
        mtu: pod.mtu,
        attachments: [
          { host: `node/${node.name}`, link: pod.device },
          { host: pod.id, link: "eth0" },
        ],
        origin,
      })),
    ),
  ];
  return {
    hosts,
    segments,
    listeners: variation.listeners ?? [
      listener("pod/shop/api-0", "tcp", 8080),
      listener("pod/shop/api-0", "udp", 5353),
      listener("pod/default/nginx", "tcp", 80),
      listener("node/node2", "tcp", 10250, "192.168.2.10"),
      listener("pod/kube-system/agent", "udp", 9000),
    ],
    dns: [],
    host: (id) => hosts.find((candidate) => candidate.id === id),
    dataplane: (id) => {
      const found = dataplanes.get(id === "pod/kube-system/agent" ? "node/node2" : id);
      if (found === undefined) throw new Error(`no dataplane of ${id}`);
      return found;
    },
  };
}
