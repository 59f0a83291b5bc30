/** The address ranges that a program declares. */
import type { Cidr } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { NetworkModel } from "./types.ts";

/** Subnets, pools and service ranges, in that order. "The internet" is everything else. */
export function insideRanges(
  model: Pick<NetworkModel, "subnets" | "cluster">,
): readonly { readonly cidr: Cidr; readonly origin: Origin }[] {
  return [
    ...model.subnets.flatMap((subnet) => subnet.cidrs.map((cidr) => ({ cidr, origin: subnet.origin }))),
    ...model.cluster.cni.pools.map((pool) => ({ cidr: pool.cidr, origin: pool.origin })),
    ...model.cluster.serviceCidrs.map((cidr) => ({ cidr, origin: model.cluster.origin })),
  ];
}
