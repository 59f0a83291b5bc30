/** Calico's own objects for the API server, and the CNI plugin's configuration file. */
import { formatCidr, maskCidr } from "@knet/language/values";
import type { Manifest } from "../../types.ts";
import type { IpPool, NetworkModel } from "../../../model/types.ts";
import type { Origin } from "@knet/language";
import { poolsOf, usesVxlan } from "../cluster.ts";

const apiVersion = "projectcalico.org/v3";
/** Custom resources come before whatever depends on them, configuration files after. */
const resourceOrder = 10;
const configurationOrder = 20;

export function calicoManifests(model: NetworkModel): readonly Manifest[] {
  const { cni } = model.cluster;
  return [
    resource("felixconfiguration-default", "FelixConfiguration", "default", felixSpec(model), cni.origin),
    resource("bgpconfiguration-default", "BGPConfiguration", "default", { nodeToNodeMeshEnabled: true, asNumber: 64512 }, cni.origin),
    resource(
      "ipamconfiguration-default",
      "IPAMConfiguration",
      "default",
      { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0 },
      cni.origin,
    ),
    ...cni.pools.map((pool) => resource(`ippool-${pool.name}`, "IPPool", pool.name, poolSpec(pool), pool.origin)),
    { path: "cni/10-calico.conflist", body: conflist(model), format: "json", order: configurationOrder, origin: cni.origin },
  ];
}

function resource(file: string, kind: string, name: string, spec: Readonly<Record<string, unknown>>, origin: Origin): Manifest {
  return {
    path: `calico/${file}.yaml`,
    body: { apiVersion, kind, metadata: { name }, spec },
    format: "yaml",
    order: resourceOrder,
    origin,
  };
}

function poolSpec(pool: IpPool): Readonly<Record<string, unknown>> {
  const mode = (tunnel: "ipip" | "vxlan"): string =>
    pool.encapsulation === tunnel ? "Always" : pool.encapsulation === `${tunnel}-cross-subnet` ? "CrossSubnet" : "Never";
  return {
    cidr: formatCidr(maskCidr(pool.cidr)),
    blockSize: pool.blockSize,
    ipipMode: mode("ipip"),
    vxlanMode: mode("vxlan"),
    natOutgoing: pool.natOutgoing,
    ...(pool.disabled === true ? { disabled: true } : {}),
    nodeSelector: pool.nodeSelector ?? "all()",
    allowedUses: pool.allowedUses ?? ["Workload", "Tunnel"],
    ...(pool.assignmentMode === "Manual" ? { assignmentMode: "Manual" } : {}),
  };
}

function felixSpec(model: NetworkModel): Readonly<Record<string, unknown>> {
  const { vxlanMtu, vxlanPort, vxlanVni } = model.cluster.cni;
  const families = ([4, 6] as const).filter((family) => usesVxlan(model, family));
  return {
    // Felix drops what pods send to their node unless it is told otherwise, and that would cut off host services.
    defaultEndpointToHostAction: "Accept",
    ipv6Support: poolsOf(model, 6).length > 0,
    vxlanEnabled: families.length > 0,
    vxlanPort,
    vxlanVNI: vxlanVni,
    ...(vxlanMtu !== null && families.includes(4) ? { vxlanMTU: vxlanMtu } : {}),
    ...(vxlanMtu !== null && families.includes(6) ? { vxlanMTUV6: vxlanMtu } : {}),
  };
}

/**
 * One file for all nodes: without `nodename` the plugin reads the name that calico-node wrote to
 * /var/lib/calico/nodename, and an MTU of 0 is what it wrote to /var/lib/calico/mtu.
 */
function conflist(model: NetworkModel): Readonly<Record<string, unknown>> {
  const has = (family: 4 | 6): string => String(poolsOf(model, family).length > 0);
  // The plugin assigns IPv4 only unless the file says more.
  const ipam = has(6) === "true" ? { type: "calico-ipam", assign_ipv4: has(4), assign_ipv6: "true" } : { type: "calico-ipam" };
  return {
    name: "k8s-pod-network",
    cniVersion: "1.0.0",
    plugins: [
      {
        type: "calico",
        log_level: "info",
        log_file_path: "/var/log/calico/cni/cni.log",
        datastore_type: "kubernetes",
        mtu: 0,
        ipam,
        policy: { type: "k8s" },
        kubernetes: { kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
      },
      { type: "portmap", snat: true, capabilities: { portMappings: true } },
    ],
  };
}
