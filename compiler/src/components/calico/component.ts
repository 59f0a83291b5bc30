/** Calico 3.32 with VXLAN pools and the iptables dataplane. */
import type { Component } from "../types.ts";
import { clusterOf } from "./cluster.ts";
import { sharedSets } from "./felix/ip-sets.ts";
import { felixState } from "./felix/ruleset.ts";
import { addresses, fdb, hostSysctls, links, neighbours, workloadSysctls } from "./links.ts";
import { calicoManifests } from "./resources/resources.ts";
import { routes } from "./routes.ts";

/**
 * Its iptables file must be loaded after kube-proxy's: Felix inserts its jumps at the top of the kernel's chains and
 * appends the one of nat POSTROUTING.
 */
export const calico: Component = {
  name: "calico",
  shared(model) {
    const cluster = clusterOf(model);
    const { origin } = model.cluster.cni;
    return {
      sysctls: hostSysctls(cluster, origin),
      ipsets: cluster.families.flatMap((family) => sharedSets(model, family, origin)),
    };
  },
  local(model, node) {
    const cluster = clusterOf(model);
    return {
      links: links(cluster, node),
      addresses: addresses(cluster, node),
      routes: routes(cluster, node),
      neighbours: neighbours(cluster, node),
      fdb: fdb(cluster, node),
      sysctls: workloadSysctls(cluster, node),
      ...felixState(model, node),
    };
  },
  manifests: calicoManifests,
};
