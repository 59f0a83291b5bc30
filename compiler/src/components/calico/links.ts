/** Devices of a node that Calico makes: one per pod and the VXLAN devices, with what belongs to each. */
import { hostCidr } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { Node } from "../../model/types.ts";
import type { Address, FdbEntry, Link, Neighbour } from "../../dataplane/links/types.ts";
import type { Sysctl } from "../../dataplane/sysctl/types.ts";
import { addressOf, cniOwner, felixOwner } from "./cluster.ts";
import type { CalicoCluster, WorkloadEndpoint } from "./cluster.ts";
import { podMtu, tunnelMtu } from "./mtu.ts";
import { hostSideMac, vxlanDevice } from "./names.ts";

export function links(cluster: CalicoCluster, node: Node): readonly Link[] {
  const { cni } = cluster.model.cluster;
  const tunnels = cluster.families.flatMap((family): readonly Link[] => {
    const vtep = cluster.vtepOf[family].get(node.name);
    if (vtep === undefined) return [];
    return [
      {
        name: vxlanDevice(family),
        kind: { type: "vxlan", id: cni.vxlanVni, local: vtep.underlay, parent: node.device, port: cni.vxlanPort, learning: false },
        mtu: tunnelMtu(cluster.model, node, family),
        mac: vtep.mac,
        owner: felixOwner,
        origin: vtep.origin,
      },
    ];
  });
  const mtu = podMtu(cluster.model, node);
  const workloads = (cluster.endpointsOn.get(node.name) ?? []).map(({ key, device, pod }): Link => ({
    name: device,
    kind: { type: "veth", peerHost: `pod/${key}`, peerLink: "eth0" },
    mtu,
    mac: hostSideMac,
    owner: cniOwner,
    origin: pod.origin,
  }));
  return [...tunnels, ...workloads];
}

/** The tunnel addresses; a pod's device has none on the node's side. */
export function addresses(cluster: CalicoCluster, node: Node): readonly Address[] {
  return cluster.families.flatMap((family) => {
    const vtep = cluster.vtepOf[family].get(node.name);
    return vtep === undefined
      ? []
      : [{ link: vxlanDevice(family), address: hostCidr(vtep.address), owner: felixOwner, origin: vtep.origin }];
  });
}

/** Every other node's tunnel address and MAC; needed whatever the routes are. */
export function neighbours(cluster: CalicoCluster, node: Node): readonly Neighbour[] {
  return otherVteps(cluster, node, (vtep) => vtep.neighbour);
}

/** Which node each of those MACs is behind. */
export function fdb(cluster: CalicoCluster, node: Node): readonly FdbEntry[] {
  return otherVteps(cluster, node, (vtep) => vtep.fdb);
}

function otherVteps<T>(cluster: CalicoCluster, node: Node, pick: (vtep: CalicoCluster["vteps"][4][number]) => T): readonly T[] {
  return cluster.families.flatMap((family) => {
    if (!cluster.vtepOf[family].has(node.name)) return [];
    return cluster.vteps[family].filter((vtep) => vtep.node !== node.name).map(pick);
  });
}

/** Forwarding of the whole host. */
export function hostSysctls(cluster: CalicoCluster, origin: Origin): readonly Sysctl[] {
  const set = (key: string): Sysctl => ({ key, value: "1", owner: felixOwner, origin });
  return [set("net/ipv4/ip_forward"), ...(cluster.families.includes(6) ? [set("net/ipv6/conf/all/forwarding")] : [])];
}

export function workloadSysctls(cluster: CalicoCluster, node: Node): readonly Sysctl[] {
  return (cluster.endpointsOn.get(node.name) ?? []).flatMap(deviceSysctls);
}

function deviceSysctls({ device, pod }: WorkloadEndpoint): readonly Sysctl[] {
  const set = (key: string, value: string): Sysctl => ({ key, value, owner: felixOwner, origin: pod.origin });
  const v4 = `net/ipv4/conf/${device}`;
  const v6 = `net/ipv6/conf/${device}`;
  return [
    ...(addressOf(pod, 4) === null
      ? []
      : [
          set(`${v4}/route_localnet`, "1"),
          // The default delays the first answer for the pod's gateway by up to 0.8 s.
          set(`net/ipv4/neigh/${device}/proxy_delay`, "0"),
          set(`${v4}/proxy_arp`, "1"),
          set(`${v4}/forwarding`, "1"),
          // Felix copies net.ipv4.conf.default.rp_filter, 0 in an untouched kernel; its own rpfilter rule stops spoofing.
          set(`${v4}/rp_filter`, "0"),
        ]),
    ...(addressOf(pod, 6) === null
      ? []
      : [set(`${v6}/disable_ipv6`, "0"), set(`${v6}/accept_dad`, "0"), set(`${v6}/proxy_ndp`, "1"), set(`${v6}/forwarding`, "1")]),
    set(`${v6}/accept_ra`, "0"),
  ];
}
