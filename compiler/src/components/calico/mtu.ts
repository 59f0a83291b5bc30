/** MTU of tunnels and pods. */
import type { Family } from "@knet/language/values";
import type { NetworkModel, Node } from "../../model/types.ts";
import { usesVxlan } from "./cluster.ts";

/** Outer Ethernet, IP, UDP and VXLAN headers. */
const vxlanOverhead: Readonly<Record<Family, number>> = { 4: 50, 6: 70 };

/** MTU of the node's VXLAN device of the family: configured, else what the underlay leaves. */
export function tunnelMtu(model: NetworkModel, node: Node, family: Family): number {
  return model.cluster.cni.vxlanMtu ?? node.mtu - vxlanOverhead[family];
}

/** MTU on both ends of a pod's veth pair: the smallest of the enabled encapsulations, or the node's own without any. */
export function podMtu(model: NetworkModel, node: Node): number {
  const tunnels = ([4, 6] as const).filter((family) => usesVxlan(model, family)).map((family) => tunnelMtu(model, node, family));
  return tunnels.length === 0 ? node.mtu : Math.min(...tunnels);
}
