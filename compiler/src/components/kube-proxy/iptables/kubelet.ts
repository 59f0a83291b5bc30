/** The chains that kubelet keeps on every node, whatever the proxy. */
import type { Family } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { ChainLine, IptablesFile } from "../../../dataplane/netfilter/types.ts";
import { localnetComment } from "./payload.ts";
import { append } from "./service-rules.ts";

/**
 * The hint for which iptables back-end is in use, a canary per table, and for IPv4 the protection of 127.0.0.0/8.
 * kubelet puts its jumps at the top, from OUTPUT first.
 */
export function kubeletFile(family: Family, origin: Origin): IptablesFile {
  const chain = (name: string): ChainLine => ({ name, policy: "-", origin });
  const canary = chain("KUBE-KUBELET-CANARY");
  const firewall = append(
    "KUBE-FIREWALL",
    `-m comment --comment "${localnetComment}" --dst 127.0.0.0/8 ! --src 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`,
    origin,
  );
  return {
    owner: "kubelet",
    family,
    tables: [
      { name: "mangle", chains: [chain("KUBE-IPTABLES-HINT"), canary], rules: [] },
      { name: "nat", chains: [canary], rules: [] },
      family === 6
        ? { name: "filter", chains: [canary], rules: [] }
        : {
            name: "filter",
            chains: [canary, chain("KUBE-FIREWALL")],
            rules: [
              firewall,
              { operation: "insert", chain: "OUTPUT", text: "-j KUBE-FIREWALL", origin },
              { operation: "insert", chain: "INPUT", text: "-j KUBE-FIREWALL", origin },
            ],
          },
    ],
  };
}
