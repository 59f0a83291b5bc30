/** CoreDNS' configuration. */
import { formatIp } from "@knet/language/values";
import type { NetworkModel } from "../../model/types.ts";
import { corednsCache, corednsTtl } from "./facts.ts";
import { stubZones } from "./stub-zones.ts";

/**
 * The Corefile that kubeadm writes, followed by one server block per forwarded zone. A forward of the root takes the
 * place of the node's /etc/resolv.conf.
 */
export function corefile(model: NetworkModel): string {
  const domain = model.cluster.domain.toLowerCase();
  const stubs = stubZones(model);
  const { ttl = corednsTtl, cache = corednsCache } = model.cluster.dns;
  const upstream =
    stubs
      .find((stub) => stub.zone === "")
      ?.servers.map(formatIp)
      .join(" ") ?? "/etc/resolv.conf";
  const main = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${domain} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl ${ttl}
    }
    prometheus :9153
    forward . ${upstream} {
       max_concurrent 1000
    }
    cache ${cache} {
       disable success ${domain}
       disable denial ${domain}
    }
    loop
    reload
    loadbalance
}
`;
  const blocks = stubs
    .filter((stub) => stub.zone !== "")
    .map(
      (stub) => `${stub.zone}:53 {
    errors
    cache ${cache}
    forward . ${stub.servers.map(formatIp).join(" ")}
}
`,
    );
  return [main, ...blocks].join("");
}
