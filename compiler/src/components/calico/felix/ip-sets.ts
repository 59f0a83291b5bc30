/** IP sets of Felix: pools and hosts, and what the policies' selectors and named ports select. */
import { compareIp, formatCidr, formatIp, maskCidr, parseIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { NetworkModel, Node } from "../../../model/types.ts";
import type { IpSet, IpSetMember } from "../../../dataplane/ipset/types.ts";
import { addressOf, felixOwner, poolsOf, usesVxlan } from "../cluster.ts";
import type { CalicoCluster, Vtep, WorkloadEndpoint } from "../cluster.ts";
import type { EndpointIndex } from "./endpoint-index.ts";
import { ipSetName } from "./object-names.ts";
import type { SetReference } from "./policy-chains.ts";

const maxElements = 1048576;

function ipSet(family: Family, id: string, type: IpSet["type"], members: readonly IpSetMember[], origin: Origin): IpSet {
  return { name: ipSetName(family, id), type, family, maxElements, members, owner: felixOwner, origin };
}

/** Sets that are equal on every node. */
export function sharedSets(model: NetworkModel, family: Family, origin: Origin): readonly IpSet[] {
  const pools = poolsOf(model, family).toSorted((x, y) => compareIp(x.cidr.ip, y.cidr.ip));
  const members = (natOutgoingOnly: boolean): readonly IpSetMember[] =>
    pools
      .filter(({ natOutgoing }) => natOutgoing || !natOutgoingOnly)
      .map((pool) => ({ text: formatCidr(maskCidr(pool.cidr)), origin: pool.origin }));
  return [
    ipSet(family, "masq-ipam-pools", "hash:net", members(true), origin),
    ipSet(family, "network-ip-pools", "hash:net", members(false), origin),
    ipSet(family, "dscp-src-net", "hash:net", [], origin),
  ];
}

const vtepMembers = new WeakMap<Vtep, IpSetMember>();

/** Sets that name the node itself or everyone else. */
export function nodeSets(cluster: CalicoCluster, node: Node, family: Family, origin: Origin): readonly IpSet[] {
  const own = [
    parseIp(family === 4 ? "127.0.0.1" : "::1"),
    addressOf(node, family),
    cluster.vtepOf[family].get(node.name)?.address ?? null,
  ];
  const thisHost = ipSet(
    family,
    "this-host",
    "hash:ip",
    own
      .filter((ip): ip is Ip => ip !== null)
      .toSorted(compareIp)
      .map((ip) => ({ text: formatIp(ip), origin: node.origin })),
    origin,
  );
  if (!usesVxlan(cluster.model, family)) return [thisHost];
  const others = cluster.vteps[family].filter((vtep) => vtep.node !== node.name).map(vtepMember);
  return [thisHost, ipSet(family, "all-vxlan-net", "hash:net", others, origin)];
}

function vtepMember(vtep: Vtep): IpSetMember {
  let member = vtepMembers.get(vtep);
  if (member === undefined) {
    member = { text: formatIp(vtep.underlay), origin: vtep.origin };
    vtepMembers.set(vtep, member);
  }
  return member;
}

/** A set that a policy's rule matches on. `origin` is the rule that has it first. */
export function referencedSet(index: EndpointIndex, set: SetReference, family: Family, origin: Origin): IpSet {
  const addressed: { readonly ip: Ip; readonly endpoint: WorkloadEndpoint }[] = [];
  for (const endpoint of index.select(set.selector)) {
    const ip = addressOf(endpoint.pod, family);
    if (ip !== null && (set.kind === "selector" || offers(endpoint, set))) addressed.push({ ip, endpoint });
  }
  addressed.sort((x, y) => compareIp(x.ip, y.ip));
  if (set.kind === "selector") {
    const members = addressed.map(({ ip, endpoint }) => ({ text: formatIp(ip), origin: endpoint.pod.origin }));
    return ipSet(family, set.id, "hash:net", members, origin);
  }
  const members = addressed.flatMap(({ ip, endpoint }) =>
    endpoint.pod.ports
      .filter(({ name, protocol }) => name === set.port && protocol === set.protocol)
      .map(({ port, protocol, origin }) => ({ text: `${formatIp(ip)},${protocol}:${port}`, origin })),
  );
  const unique = new Map(members.map((member) => [member.text, member]));
  return ipSet(family, set.id, "hash:ip,port", [...unique.values()], origin);
}

function offers({ pod }: WorkloadEndpoint, set: Extract<SetReference, { kind: "named-port" }>): boolean {
  return pod.ports.some(({ name, protocol }) => name === set.port && protocol === set.protocol);
}
