/** What Calico's parts need of a model on every node: computed once per model and shared by all nodes. */
import { formatIp, maskCidr } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { IpPool, Namespace, NetworkModel, Node, Pod } from "../../model/types.ts";
import type { NodeIpam } from "../../model/ipam.ts";
import type { FdbEntry, Neighbour } from "../../dataplane/links/types.ts";
import { vtepMac, vxlanDevice, workloadInterface } from "./names.ts";

/** Owner of everything that the Felix agent programs. */
export const felixOwner = "felix";
/** Owner of what the CNI plugin creates when a pod starts. */
export const cniOwner = "cni";

/** A pod with a network namespace of its own, as Calico sees it. */
export interface WorkloadEndpoint {
  /** `namespace/name`. */
  readonly key: string;
  readonly pod: Pod;
  /** The node's device. */
  readonly device: string;
}

/** A node's end of the VXLAN of one family. */
export interface Vtep {
  readonly node: string;
  /** The tunnel address. */
  readonly address: Ip;
  /** The node's address that outer packets are sent from and to. */
  readonly underlay: Ip;
  readonly mac: string;
  /** What every other node knows of it. */
  readonly fdb: FdbEntry;
  readonly neighbour: Neighbour;
  readonly origin: Origin;
}

export interface CalicoCluster {
  readonly model: NetworkModel;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly ipam: ReadonlyMap<string, NodeIpam>;
  readonly pools: ReadonlyMap<string, IpPool>;
  /** Families whose tables Felix programs: always IPv4, and IPv6 when a pool has it. */
  readonly families: readonly Family[];
  /** In the model's order. */
  readonly endpoints: readonly WorkloadEndpoint[];
  readonly endpointsOn: ReadonlyMap<string, readonly WorkloadEndpoint[]>;
  readonly endpointByKey: ReadonlyMap<string, WorkloadEndpoint>;
  /** In node name order; empty when no pool of the family is VXLAN. */
  readonly vteps: Readonly<Record<Family, readonly Vtep[]>>;
  readonly vtepOf: Readonly<Record<Family, ReadonlyMap<string, Vtep>>>;
  /** The prefix of the node's subnet in the family, masked, or null. */
  subnetOf(node: Node, family: Family): Cidr | null;
}

const clusters = new WeakMap<NetworkModel, CalicoCluster>();

export function clusterOf(model: NetworkModel): CalicoCluster {
  let cluster = clusters.get(model);
  if (cluster === undefined) {
    cluster = build(model);
    clusters.set(model, cluster);
  }
  return cluster;
}

export function poolsOf(model: NetworkModel, family: Family): readonly IpPool[] {
  return model.cluster.cni.pools.filter((pool) => pool.cidr.ip.family === family);
}

/** Whether some pool of the family is VXLAN. */
export function usesVxlan(model: NetworkModel, family: Family): boolean {
  return poolsOf(model, family).some(({ encapsulation }) => encapsulation === "vxlan" || encapsulation === "vxlan-cross-subnet");
}

export function addressOf(host: { readonly addresses: readonly Ip[] }, family: Family): Ip | null {
  return host.addresses.find((address) => address.family === family) ?? null;
}

function build(model: NetworkModel): CalicoCluster {
  for (const pool of model.cluster.cni.pools) {
    if (pool.encapsulation !== "vxlan" && pool.encapsulation !== "vxlan-cross-subnet") {
      throw new RangeError(
        `pool ${pool.name}: encapsulation ${pool.encapsulation} is not generated, only vxlan and vxlan-cross-subnet are`,
      );
    }
  }
  const nodes = new Map(model.nodes.map((node) => [node.name, node]));
  const ipam = new Map(model.ipam.nodes.map((entry) => [entry.node, entry]));
  const endpoints = model.pods
    .filter((pod) => !pod.hostNetwork)
    .map((pod): WorkloadEndpoint => ({ key: `${pod.namespace}/${pod.name}`, pod, device: workloadInterface(pod.namespace, pod.name) }));
  const endpointsOn = new Map<string, WorkloadEndpoint[]>(model.nodes.map((node) => [node.name, []]));
  for (const endpoint of endpoints) endpointsOn.get(endpoint.pod.node)?.push(endpoint);

  const vteps = (family: Family): readonly Vtep[] =>
    usesVxlan(model, family) ? model.ipam.nodes.flatMap((entry) => vtep(entry, nodes.get(entry.node), family) ?? []) : [];
  const byFamily = { 4: vteps(4), 6: vteps(6) };
  const byNode = (family: Family): ReadonlyMap<string, Vtep> => new Map(byFamily[family].map((entry) => [entry.node, entry]));
  const subnets = new Map(model.subnets.map((subnet) => [subnet.name, subnet.cidrs.map(maskCidr)]));
  return {
    model,
    nodes,
    namespaces: new Map(model.namespaces.map((namespace) => [namespace.name, namespace])),
    ipam,
    pools: new Map(model.cluster.cni.pools.map((pool) => [pool.name, pool])),
    families: poolsOf(model, 6).length > 0 ? [4, 6] : [4],
    endpoints,
    endpointsOn,
    endpointByKey: new Map(endpoints.map((endpoint) => [endpoint.key, endpoint])),
    vteps: byFamily,
    vtepOf: { 4: byNode(4), 6: byNode(6) },
    subnetOf: (node, family) => subnets.get(node.subnet)?.find((cidr) => cidr.ip.family === family) ?? null,
  };
}

function vtep(entry: NodeIpam, node: Node | undefined, family: Family): Vtep | null {
  const address = entry.tunnels.find((tunnel) => tunnel.encapsulation === "vxlan" && tunnel.address.family === family)?.address;
  const underlay = node === undefined ? null : addressOf(node, family);
  if (address === undefined || underlay === null) return null;
  const mac = vtepMac(entry.node, family);
  const link = vxlanDevice(family);
  const origin: Origin = { name: `${entry.origin.name} · tunnel ${formatIp(address)}`, span: entry.origin.span };
  return {
    node: entry.node,
    address,
    underlay,
    mac,
    fdb: { link, mac, destination: underlay, owner: felixOwner, origin },
    neighbour: { link, ip: address, mac, owner: felixOwner, origin },
    origin,
  };
}
