/** The pod's own network namespace, as Calico's CNI plugin and the kubelet set it up. */
import { equalIp, hostCidr, ip4, ip6 } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { NetworkModel, Pod } from "../../model/types.ts";
import type { Dataplane, Resolver } from "../../dataplane/types.ts";
import { emptyDataplane } from "../../dataplane/types.ts";
import type { Address, Link } from "../../dataplane/links/types.ts";
import type { Route } from "../../dataplane/routing/types.ts";
import type { Sysctl } from "../../dataplane/sysctl/types.ts";
import { clusterOf } from "../calico/cluster.ts";
import { hostSideLinkLocal, podMtu, workloadInterface } from "../calico/index.ts";

const owner = "cni";
const device = "eth0";

/** The IPv4 gateway of every pod: no machine has it, the node answers for it by proxy ARP. */
const gateway = ip4(0xa9fe0101);
const default4: Cidr = { ip: ip4(0), prefix: 0 };
const default6: Cidr = { ip: ip6(0, 0, 0, 0), prefix: 0 };

/** `ndots` that the kubelet writes with the cluster's servers, and what the C library takes without the option. */
const clusterNdots = 5;
const libraryNdots = 1;

/**
 * The namespace of a pod on one of the model's nodes; a RangeError when the node is not there. A host-network pod has
 * none of its own: its dataplane is empty.
 */
export function podDataplane(model: NetworkModel, pod: Pod): Dataplane {
  if (pod.hostNetwork) return emptyDataplane;
  const node = clusterOf(model).nodes.get(pod.node);
  if (node === undefined) throw new RangeError(`pod ${pod.namespace}/${pod.name} is on node ${pod.node}, which the model does not have`);
  const peerLink = workloadInterface(pod.namespace, pod.name);
  return {
    ...emptyDataplane,
    links: links(pod, peerLink, podMtu(model, node)),
    addresses: addresses(pod),
    routes: pod.addresses.flatMap((address) => routes(pod, address)),
    sysctls: sysctls(pod),
    resolver: resolver(model, pod),
  };
}

function links(pod: Pod, peerLink: string, mtu: number): readonly Link[] {
  const { origin } = pod;
  return [
    { name: "lo", kind: { type: "loopback" }, mtu: 65536, mac: null, owner: "os", origin },
    // The plugin leaves the MAC to the kernel, which draws it at random.
    { name: device, kind: { type: "veth", peerHost: `node/${pod.node}`, peerLink }, mtu, mac: null, owner, origin },
  ];
}

/** The kernel itself gives `lo` its addresses. */
function addresses(pod: Pod): readonly Address[] {
  const { origin } = pod;
  return pod.addresses.map((address) => ({ link: device, address: hostCidr(address), owner, origin }));
}

function routes(pod: Pod, address: Ip): readonly Route[] {
  const base = {
    type: "unicast",
    via: null,
    link: device,
    protocol: 3,
    scope: "global",
    metric: 0,
    onlink: false,
    mtu: null,
    source: null,
    table: 254,
    owner,
    origin: pod.origin,
  } as const;
  if (address.family === 6) return [{ ...base, destination: default6, via: hostSideLinkLocal }];
  return [
    { ...base, destination: hostCidr(gateway), scope: "link" },
    { ...base, destination: default4, via: gateway },
  ];
}

/** A pod does not forward, and its addresses are usable at once. */
function sysctls(pod: Pod): readonly Sysctl[] {
  const set = (key: string): Sysctl => ({ key, value: "0", owner, origin: pod.origin });
  return pod.addresses.flatMap(({ family }) =>
    family === 4 ? [set("net/ipv4/ip_forward")] : [set("net/ipv6/conf/all/forwarding"), set(`net/ipv6/conf/${device}/accept_dad`)],
  );
}

/** What the kubelet writes to a pod's /etc/resolv.conf at most. */
const mostServers = 3;
const mostSearches = 32;

/**
 * /etc/resolv.conf as the kubelet writes it: what the policy gives, then what `dnsConfig` adds. Null for a pod that asks as its node does
 * (dnsPolicy Default, as CoreDNS itself), since the node's own servers are not part of the model.
 */
function resolver(model: NetworkModel, pod: Pod): Resolver | null {
  const policy = pod.dnsPolicy ?? (pod.system ? "Default" : "ClusterFirst");
  if (policy === "Default") return null;
  const { dns, domain } = model.cluster;
  const isCluster = policy !== "None";
  const { nameservers = [], searches = [], options = [] } = pod.dnsConfig ?? {};
  const servers = isCluster ? [...dns.addresses] : [];
  for (const server of nameservers) if (!servers.some((known) => equalIp(known, server))) servers.push(server);
  const search = isCluster ? [`${pod.namespace}.svc.${domain}`, `svc.${domain}`, domain] : [];
  return {
    nameservers: servers.slice(0, mostServers),
    search: [...new Set([...search, ...searches])].slice(0, mostSearches),
    ndots: options.find(({ name }) => name === "ndots")?.value ?? (isCluster ? clusterNdots : libraryNdots),
    origin: pod.dnsConfig === undefined ? dns.origin : pod.origin,
  };
}
