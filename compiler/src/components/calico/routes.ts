/** Routes of a node: its own pods and blocks, and the way to those of the other nodes. */
import { bitsOf, contains, hostCidr } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { Node } from "../../model/types.ts";
import type { Route } from "../../dataplane/routing/types.ts";
import { addressOf, felixOwner } from "./cluster.ts";
import type { CalicoCluster, Vtep } from "./cluster.ts";
import { tunnelMtu } from "./mtu.ts";
import { vxlanDevice } from "./names.ts";

/** Felix's `deviceRouteProtocol`, which is the kernel's `boot`. */
const deviceProtocol = 3;
/** Routes of Felix that need no device of its own. */
const felixProtocol = 80;
/** Priority of routes to local pods (3.32 and later). */
const podMetric = 1024;

const base = {
  via: null,
  link: null,
  scope: "global",
  metric: 0,
  onlink: false,
  mtu: null,
  source: null,
  table: 254,
  owner: felixOwner,
} as const;

/** A prefix that another node answers for. The routes to it are the same on all nodes of one device name or MTU. */
interface RemotePrefix {
  readonly destination: Cidr;
  /** The node that holds it. */
  readonly vtep: Vtep;
  readonly crossSubnet: boolean;
  readonly origin: Origin;
  /** The prefix is the tunnel address itself, so there is no other gateway. */
  readonly isTunnel: boolean;
  /** By device of the local node. */
  readonly direct: Map<string, Route>;
  /** By MTU of the local tunnel. */
  readonly tunnelled: Map<number, Route>;
}

const remotePrefixes = new WeakMap<CalicoCluster, Readonly<Record<Family, readonly RemotePrefix[]>>>();

export function routes(cluster: CalicoCluster, node: Node): readonly Route[] {
  return cluster.families.flatMap((family) => [
    ...podRoutes(cluster, node, family),
    ...blackholes(cluster, node, family),
    ...remoteRoutes(cluster, node, family),
  ]);
}

function podRoutes(cluster: CalicoCluster, node: Node, family: Family): readonly Route[] {
  return (cluster.endpointsOn.get(node.name) ?? []).flatMap(({ device, pod }): readonly Route[] => {
    const address = addressOf(pod, family);
    if (address === null) return [];
    const scope = family === 4 ? "link" : "global";
    return [
      {
        ...base,
        destination: hostCidr(address),
        type: "unicast",
        link: device,
        protocol: deviceProtocol,
        scope,
        metric: podMetric,
        origin: pod.origin,
      },
    ];
  });
}

/** Addresses of the node's blocks that no pod has must not leave by the default route. A block of one address needs none. */
function blackholes(cluster: CalicoCluster, node: Node, family: Family): readonly Route[] {
  const entry = cluster.ipam.get(node.name);
  return (entry?.blocks ?? [])
    .filter(({ cidr }) => cidr.ip.family === family && cidr.prefix < bitsOf(family))
    .map(({ cidr }) => blackhole(cidr, entry?.origin ?? node.origin));
}

function blackhole(destination: Cidr, origin: Origin): Route {
  return { ...base, destination, type: "blackhole", protocol: felixProtocol, origin };
}

function remoteRoutes(cluster: CalicoCluster, node: Node, family: Family): readonly Route[] {
  const local = cluster.vtepOf[family].get(node.name);
  if (local === undefined) return [];
  const subnet = cluster.subnetOf(node, family);
  const mtu = tunnelMtu(cluster.model, node, family);
  const { [family]: prefixes } = prefixesOf(cluster);
  return prefixes
    .filter(({ vtep }) => vtep.node !== node.name)
    .map((prefix) => {
      const near = prefix.crossSubnet && subnet !== null && contains(subnet, prefix.vtep.underlay);
      return near && !prefix.isTunnel ? directRoute(prefix, node.device) : tunnelRoute(prefix, family, mtu);
    });
}

function directRoute(prefix: RemotePrefix, device: string): Route {
  let route = prefix.direct.get(device);
  if (route === undefined) {
    const { destination, origin, vtep } = prefix;
    route = { ...base, destination, type: "unicast", via: vtep.underlay, link: device, protocol: felixProtocol, onlink: true, origin };
    prefix.direct.set(device, route);
  }
  return route;
}

function tunnelRoute(prefix: RemotePrefix, family: Family, mtu: number): Route {
  let route = prefix.tunnelled.get(mtu);
  if (route === undefined) {
    const { destination, origin, vtep, isTunnel } = prefix;
    const link = vxlanDevice(family);
    const common = { ...base, destination, type: "unicast", link, protocol: deviceProtocol, mtu, origin } as const;
    route = isTunnel ? { ...common, scope: family === 4 ? "link" : "global" } : { ...common, via: vtep.address, onlink: true };
    prefix.tunnelled.set(mtu, route);
  }
  return route;
}

function prefixesOf(cluster: CalicoCluster): Readonly<Record<Family, readonly RemotePrefix[]>> {
  let prefixes = remotePrefixes.get(cluster);
  if (prefixes === undefined) {
    prefixes = { 4: collect(cluster, 4), 6: collect(cluster, 6) };
    remotePrefixes.set(cluster, prefixes);
  }
  return prefixes;
}

/** Blocks by node and address, then borrowed addresses, which lie in blocks of other nodes. */
function collect(cluster: CalicoCluster, family: Family): readonly RemotePrefix[] {
  const remote = (destination: Cidr, pool: string, node: string, origin: Origin, tunnel: Ip | null): readonly RemotePrefix[] => {
    const vtep = cluster.vtepOf[family].get(node);
    if (vtep === undefined) return [];
    const crossSubnet = cluster.pools.get(pool)?.encapsulation === "vxlan-cross-subnet";
    return [{ destination, vtep, crossSubnet, origin, isTunnel: tunnel !== null, direct: new Map(), tunnelled: new Map() }];
  };
  const blocks = cluster.model.ipam.nodes.flatMap((entry) => {
    const tunnels = entry.tunnels.filter(({ address }) => address.family === family);
    return entry.blocks
      .filter(({ cidr }) => cidr.ip.family === family)
      .flatMap(({ cidr, pool }) => {
        const tunnel = cidr.prefix === bitsOf(family) ? tunnels.find(({ address }) => contains(cidr, address)) : undefined;
        return remote(cidr, pool, entry.node, entry.origin, tunnel?.address ?? null);
      });
  });
  const borrowed = cluster.model.ipam.borrowed
    .filter(({ ip }) => ip.family === family)
    .flatMap(({ ip, pool, node, pod }) => {
      const origin = (pod === null ? undefined : cluster.endpointByKey.get(pod)?.pod.origin) ?? cluster.ipam.get(node)?.origin;
      return origin === undefined ? [] : remote(hostCidr(ip), pool, node, origin, pod === null ? ip : null);
    });
  return [...blocks, ...borrowed];
}
