/** Small network models written by hand: two subnets, a router with NAT, VXLAN across subnets, all of which a test can change. */
import { formatIp } from "@knet/language/values";
import type { PortRange } from "@knet/language/values";
import * as parts from "../../model/testing.ts";
import { cidr, containerPort, ip, origin, transport } from "../../model/testing.ts";
import type {
  Encapsulation,
  Firewall,
  FirewallPeer,
  LabelRequirement,
  LabelSelector,
  Labels,
  NetworkModel,
  NetworkPolicy,
  Pod,
  PolicyPeer,
  PolicyPort,
  PolicyRule,
  Router,
  Service,
  ServicePort,
} from "../../model/types.ts";
import { createIntent } from "../intent.ts";
import type { IntentAnswer } from "../intent.ts";

export { cidr, containerPort, ip, origin } from "../../model/testing.ts";

export interface PodWords {
  readonly labels?: Labels;
  readonly ports?: readonly string[];
  readonly ready?: boolean;
  readonly terminating?: boolean;
  readonly hostNetwork?: boolean;
}

/** `shop/web` on a node with addresses, which a host-network pod takes from the model. */
export function pod(name: string, node: string, addresses: string, { ports = [], ...words }: PodWords = {}): Pod {
  return parts.pod(name, node, addresses.split(" ").map(ip), { ports: ports.map(containerPort), ...words });
}

export interface NodeWords {
  readonly name: string;
  readonly subnet: string;
  readonly addresses: string;
  /** Blocks of the pools. */
  readonly blocks: string;
  /** VXLAN tunnel addresses; empty for none. */
  readonly tunnels: string;
}

/** `80/tcp -> http`, `web=80/tcp -> 8080`, `80/tcp:30080 -> 8080` with a node port. */
export function servicePort(text: string): ServicePort {
  const [, name, port, protocol, nodePort, target] = /^(?:([a-z-]+)=)?(\d+)\/(tcp|udp|sctp)(?::(\d+))? -> (\S+)$/.exec(text) ?? [];
  if (target === undefined) throw new Error(`${text} is no service port`);
  return {
    name: name ?? null,
    port: Number(port),
    protocol: transport(protocol),
    targetPort: /^\d+$/.test(target) ? Number(target) : target,
    nodePort: nodePort === undefined ? null : Number(nodePort),
    origin: origin(`port ${text}`),
  };
}

export function service(name: string, clusterIps: string, ports: readonly string[], words: Partial<Service> = {}): Service {
  const [, short = ""] = name.split("/");
  return parts.service(name, clusterIps === "" ? [] : clusterIps.split(" ").map(ip), ports.map(servicePort), {
    type: ports.some((port) => port.includes(":")) ? "NodePort" : "ClusterIP",
    selector: { app: short },
    ...words,
  });
}

/** `app=web`, `tier!=db`, `team`, `!legacy`, `app in a b`, `app notin a b`; joined by comma. */
export function selector(text: string): LabelSelector {
  return { requirements: text === "" ? [] : text.split(",").map((part) => requirement(part.trim())) };
}

function requirement(text: string): LabelRequirement {
  const set = /^(\S+) (in|notin) (.+)$/.exec(text);
  if (set !== null) return { key: set[1] ?? "", operator: set[2] === "in" ? "In" : "NotIn", values: (set[3] ?? "").split(" ") };
  const equal = /^([^!=]+)(!?=)(.*)$/.exec(text);
  if (equal !== null) return { key: equal[1] ?? "", operator: equal[2] === "=" ? "In" : "NotIn", values: [equal[3] ?? ""] };
  return text.startsWith("!") ? { key: text.slice(1), operator: "DoesNotExist" } : { key: text, operator: "Exists" };
}

/** A peer by pod and namespace selector; undefined is "not given". */
export function pods(podSelector?: string, namespaceSelector?: string): PolicyPeer {
  return {
    kind: "pods",
    podSelector: podSelector === undefined ? null : selector(podSelector),
    namespaceSelector: namespaceSelector === undefined ? null : selector(namespaceSelector),
    origin: origin(`pods ${podSelector ?? "*"} in ${namespaceSelector ?? "own"}`),
  };
}

export function ipBlock(block: string, ...except: readonly string[]): PolicyPeer {
  return { kind: "ipBlock", cidr: cidr(block), except: except.map(cidr), origin: origin(`ipBlock ${block}`) };
}

/** `8080/tcp`, `http/tcp`, `udp`, `8000-8100/tcp`. */
export function policyPort(text: string): PolicyPort {
  if (!text.includes("/")) return { protocol: transport(text), port: null, endPort: null };
  const [range = "", protocol] = text.split("/");
  const [first = "", last] = range.split("-");
  const number = /^\d+$/.test(first);
  return {
    protocol: transport(protocol),
    port: number ? Number(first) : first,
    endPort: last !== undefined && number ? Number(last) : null,
  };
}

export function rule(peers: readonly PolicyPeer[] = [], ports: readonly string[] = []): PolicyRule {
  return { peers, ports: ports.map(policyPort), origin: origin("rule") };
}

export function policy(
  name: string,
  podSelector: string,
  rules: { readonly ingress?: readonly PolicyRule[]; readonly egress?: readonly PolicyRule[] },
): NetworkPolicy {
  return parts.policy(name, selector(podSelector), rules);
}

/** Rules as `peer on ports`: `any`, `internet`, `192.168.1.0/24 on 4789/udp 10250/tcp`, `any on 30000-32767/tcp`. */
export function firewall(nodes: readonly string[], ...rules: readonly string[]): Firewall {
  return {
    name: "nodes",
    nodes,
    rules: rules.map((text) => {
      const [peer = "", ports] = text.split(" on ");
      return {
        direction: "ingress",
        peers: [firewallPeer(peer)],
        ports: ports === undefined ? [] : ports.split(" ").map(portRange),
        origin: origin(text),
      };
    }),
    origin: origin("firewall nodes"),
  };
}

function firewallPeer(text: string): FirewallPeer {
  return text === "any" || text === "internet" ? { kind: text } : { kind: "cidr", cidr: cidr(text) };
}

function portRange(text: string): PortRange {
  const [range = "", protocol] = text.split("/");
  const [first, last] = range.split("-");
  return { protocol: transport(protocol), first: Number(first), last: Number(last ?? first) };
}

export interface ClusterWords {
  readonly encapsulation?: Encapsulation;
  readonly natOutgoing?: boolean;
  readonly subnets?: Readonly<Record<string, string>>;
  readonly nodes?: readonly NodeWords[];
  /** Subnets that the router joins; empty: there is no router. */
  readonly joins?: readonly string[];
  readonly nat?: boolean;
  readonly namespaces?: Readonly<Record<string, Labels>>;
  readonly pods?: readonly Pod[];
  readonly services?: readonly Service[];
  readonly policies?: readonly NetworkPolicy[];
  readonly firewalls?: readonly Firewall[];
}

/** a1 and a2 in blue, b1 in green; dual-stack. */
export const threeNodes: readonly NodeWords[] = [
  {
    name: "a1",
    subnet: "blue",
    addresses: "192.168.1.11 fd00:1::11",
    blocks: "10.10.1.0/26 fd10::1:0/122",
    tunnels: "10.10.1.0 fd10::1:0",
  },
  {
    name: "a2",
    subnet: "blue",
    addresses: "192.168.1.12 fd00:1::12",
    blocks: "10.10.2.0/26 fd10::2:0/122",
    tunnels: "10.10.2.0 fd10::2:0",
  },
  {
    name: "b1",
    subnet: "green",
    addresses: "192.168.2.11 fd00:2::11",
    blocks: "10.10.3.0/26 fd10::3:0/122",
    tunnels: "10.10.3.0 fd10::3:0",
  },
];

const blueAndGreen: Readonly<Record<string, string>> = { blue: "192.168.1.0/24 fd00:1::/64", green: "192.168.2.0/24 fd00:2::/64" };

/** The router's address is `.1` of every subnet. Outside are `internet` at 203.0.113.10 and 2001:db8:9::10, and `office` at 198.51.100.7. */
export function cluster(words: ClusterWords = {}): NetworkModel {
  const encapsulation = words.encapsulation ?? "vxlan-cross-subnet";
  const natOutgoing = words.natOutgoing ?? true;
  const nodes = words.nodes ?? threeNodes;
  const subnets = words.subnets ?? blueAndGreen;
  const joins = words.joins ?? Object.keys(subnets);
  const nat = (words.nat ?? true) && joins.length > 0;
  const router: Router = {
    network: "dc",
    name: "core",
    interfaces: joins.map((subnet, index) => ({
      subnet,
      device: `eth${index}`,
      addresses: (subnets[subnet] ?? "").split(" ").map((text) => {
        const range = cidr(text);
        return ip(range.ip.family === 4 ? formatIp(range.ip).replace(/0$/, "1") : `${formatIp(range.ip)}1`);
      }),
    })),
    outside: nat
      ? { addresses: [ip("203.0.113.1"), ip("2001:db8:9::1")], prefixes: [cidr("203.0.113.0/24"), cidr("2001:db8:9::/64")] }
      : null,
    origin: origin("router core"),
  };
  const tunnelled = encapsulation !== "none";
  return parts.model({
    serviceCidrs: ["172.16.0.0/16", "fd20::/112"],
    pools: [
      parts.pool("pods", cidr("10.10.0.0/16"), 26, encapsulation, natOutgoing),
      parts.pool("pods6", cidr("fd10::/64"), 122, encapsulation, natOutgoing),
    ],
    subnets: Object.entries(subnets).map(([name, ranges]) => ({
      network: "dc",
      name,
      cidrs: ranges.split(" ").map(cidr),
      mtu: 1500,
      origin: origin(`subnet ${name}`),
    })),
    routers: joins.length === 0 ? [] : [router],
    external: nat
      ? {
          prefixes: router.outside?.prefixes ?? [],
          hosts: [
            {
              name: "internet",
              addresses: [ip("203.0.113.10"), ip("2001:db8:9::10")],
              represents: "everything else",
              origin: origin("the internet"),
            },
            { name: "office", addresses: [ip("198.51.100.7")], represents: "198.51.100.0/24", origin: origin("the office") },
          ],
        }
      : null,
    nodes: nodes.map(({ name, subnet, addresses }) => parts.node(name, subnet, addresses.split(" "))),
    firewalls: words.firewalls ?? [],
    namespaces: parts.namespaces(
      (words.pods ?? []).map((each) => each.namespace),
      words.namespaces,
    ),
    pods: words.pods ?? [],
    services: words.services ?? [],
    policies: words.policies ?? [],
    ipam: {
      nodes: nodes.map(({ name, blocks, tunnels }) => ({
        node: name,
        blocks: blocks.split(" ").map((block) => ({ cidr: cidr(block), pool: block.includes(":") ? "pods6" : "pods" })),
        tunnels:
          tunnelled && tunnels !== ""
            ? tunnels
                .split(" ")
                .map((address) => ({ encapsulation: encapsulation.startsWith("ipip") ? "ipip" : "vxlan", address: ip(address) }))
            : [],
        origin: origin(`node ${name}`),
      })),
      borrowed: [],
    },
  });
}

/** `ask(model, "pod/shop/client", "10.10.2.5", "8080/tcp")`. */
export function ask(model: NetworkModel, from: string, dst: string, port: string): IntentAnswer {
  const [number = "", protocol] = port.split("/");
  return createIntent(model).ask({ from, dst: ip(dst), protocol: transport(protocol), port: Number(number) });
}

/** The outcomes as text: `delivered pod/shop/web:8080`, `dropped`. Doubt adds ` ?` to the whole. */
export function ends(model: NetworkModel, from: string, dst: string, port: string): string {
  const { outcomes, unspecified } = ask(model, from, dst, port);
  const texts = outcomes.map(({ kind, server, port }) =>
    server === null || kind === "dropped" ? kind : `${kind} ${server}:${port ?? ""}`,
  );
  return [...new Set(texts)].join(", ") + (unspecified === null ? "" : " ?");
}
