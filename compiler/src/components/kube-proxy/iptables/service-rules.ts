/** What one service port contributes to the payload. */
import { contains, formatCidr, formatIp, maskCidr } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { ChainLine, RuleLine } from "../../../dataplane/netfilter/types.ts";
import { endpointChain, serviceChains, servicePortName } from "./names.ts";
import type { ServiceChains } from "./names.ts";
import { detectorText } from "./options.ts";
import type { PayloadOptions } from "./options.ts";
import { isExternallyAccessible } from "./service-port.ts";
import type { ProxyServicePort } from "./service-port.ts";
import { distinctEndpoints, selectEndpoints } from "./select-endpoints.ts";
import type { KeyedEndpoint, SelectedEndpoints } from "./select-endpoints.ts";

export interface ServiceRules {
  readonly filter: readonly RuleLine[];
  readonly natChains: readonly ChainLine[];
  readonly nat: readonly RuleLine[];
}

/** A rule at the end of a chain. */
export function append(chain: string, text: string, origin: Origin): RuleLine {
  return { operation: "append", chain, text, origin };
}

/** `isLargeCluster` takes the comments off the rules that are written per endpoint. */
export function serviceRules(service: ProxyServicePort, options: PayloadOptions, isLargeCluster: boolean): ServiceRules {
  return new ServiceWriter(service, options, isLargeCluster).write();
}

class ServiceWriter {
  readonly #service: ProxyServicePort;
  readonly #options: PayloadOptions;
  readonly #isLargeCluster: boolean;
  readonly #name: string;
  readonly #protocol: string;
  readonly #chains: ServiceChains;
  readonly #selected: SelectedEndpoints;
  readonly #endpointChains: ReadonlyMap<KeyedEndpoint, string>;
  readonly #filter: RuleLine[] = [];
  readonly #natChains: ChainLine[] = [];
  readonly #nat: RuleLine[] = [];

  constructor(service: ProxyServicePort, options: PayloadOptions, isLargeCluster: boolean) {
    this.#service = service;
    this.#options = options;
    this.#isLargeCluster = isLargeCluster;
    this.#name = servicePortName(service.namespace, service.name, service.portName);
    this.#protocol = `-m ${service.protocol} -p ${service.protocol}`;
    this.#chains = serviceChains(this.#name, service.protocol);
    this.#selected = selectEndpoints(service, distinctEndpoints(service.endpoints), options.node);
    this.#endpointChains = new Map(
      this.#selected.reachable.map((endpoint) => [endpoint, endpointChain(this.#name, service.protocol, endpoint.text)]),
    );
  }

  write(): ServiceRules {
    const { cluster, local, hasAny } = this.#selected;
    const service = this.#service;
    const { svc, svl, ext, fw } = this.#chains;
    const isInternalLocal = service.internalTrafficPolicy === "Local";
    const isExternalLocal = service.externalTrafficPolicy === "Local";
    const internal = isInternalLocal ? svl : svc;
    const hasInternal = hasAny && (!isInternalLocal || local.length > 0);
    const hasExternal = hasAny && (!isExternalLocal || local.length > 0);
    const hasExt = hasAny && isExternallyAccessible(service);
    const hasFirewall = hasAny && service.loadBalancerIps.length > 0 && service.loadBalancerSourceRanges.length > 0;
    if (hasExt && cluster.length === 0) throw new Error(`${this.#name}: external traffic has no cluster endpoints to go to`);
    const refusal = hasAny
      ? { comment: `"${this.#name} has no local endpoints"`, target: "DROP" }
      : { comment: `"${this.#name} has no endpoints"`, target: "REJECT" };
    const refuse = (chain: string, match: string): void =>
      this.#addFilter(chain, `-m comment --comment ${refusal.comment} ${match} -j ${refusal.target}`);

    const clusterIp = this.#destination(formatIp(service.clusterIp));
    if (hasInternal) this.#addNat("KUBE-SERVICES", `${this.#comment("cluster IP")} ${clusterIp} -j ${internal}`);
    else refuse("KUBE-SERVICES", clusterIp);

    for (const ip of service.externalIps) {
      const match = this.#destination(formatIp(ip));
      if (hasExt) this.#addNat("KUBE-SERVICES", `${this.#comment("external IP")} ${match} -j ${ext}`);
      if (!hasExternal) refuse("KUBE-EXTERNAL-SERVICES", match);
    }
    for (const ip of service.loadBalancerIps) {
      const match = this.#destination(formatIp(ip));
      if (hasExt) this.#addNat("KUBE-SERVICES", `${this.#comment("loadbalancer IP")} ${match} -j ${hasFirewall ? fw : ext}`);
      if (hasFirewall) this.#addFilter("KUBE-PROXY-FIREWALL", `${this.#comment(`traffic not accepted by ${fw}`)} ${match} -j DROP`);
    }
    if (!hasExternal) for (const ip of service.loadBalancerIps) refuse("KUBE-EXTERNAL-SERVICES", this.#destination(formatIp(ip)));
    if (service.nodePort !== null) {
      const port = `${this.#protocol} --dport ${service.nodePort}`;
      if (hasExt) this.#addNat("KUBE-NODEPORTS", `-m comment --comment ${this.#name} ${port} -j ${ext}`);
      if (!hasExternal) refuse("KUBE-EXTERNAL-SERVICES", `-m addrtype --dst-type LOCAL ${port}`);
    }
    if (service.healthCheckNodePort !== null) {
      this.#addFilter(
        "KUBE-NODEPORTS",
        `${this.#comment("health check node port")} -m tcp -p tcp --dport ${service.healthCheckNodePort} -j ACCEPT`,
      );
    }

    if (hasInternal) this.#masqueradeOffCluster(internal, clusterIp);
    if (hasExt) this.#externalChain(hasExternal ? (isExternalLocal ? svl : svc) : null);
    if (hasFirewall) this.#firewallChain();
    if (cluster.length > 0) this.#balance(svc, cluster);
    if (local.length > 0) this.#balance(svl, local);
    for (const [endpoint, chain] of this.#endpointChains) this.#endpointRules(chain, endpoint);
    return { filter: this.#filter, natChains: this.#natChains, nat: this.#nat };
  }

  #addFilter(chain: string, text: string): void {
    this.#filter.push(append(chain, text, this.#service.origin));
  }

  #addNat(chain: string, text: string, origin = this.#service.origin): void {
    this.#nat.push(append(chain, text, origin));
  }

  #declare(chain: string, origin = this.#service.origin): void {
    this.#natChains.push({ name: chain, policy: "-", origin });
  }

  #comment(text: string): string {
    return `-m comment --comment "${this.#name} ${text}"`;
  }

  #destination(ip: string): string {
    return `${this.#protocol} -d ${ip} --dport ${this.#service.port}`;
  }

  #masqueradeOffCluster(chain: string, clusterIp: string): void {
    const { masqueradeAll, detector } = this.#options;
    if (masqueradeAll) this.#addNat(chain, `${this.#comment("cluster IP")} ${clusterIp} -j KUBE-MARK-MASQ`);
    else if (detector !== null)
      this.#addNat(chain, `${this.#comment("cluster IP")} ${clusterIp} ${detectorText(detector, false)} -j KUBE-MARK-MASQ`);
  }

  /** Traffic that came to an external address. With the local policy, pods and the node itself still get every endpoint. */
  #externalChain(policyChain: string | null): void {
    const { ext, svc } = this.#chains;
    this.#declare(ext);
    if (this.#service.externalTrafficPolicy === "Cluster") {
      this.#addNat(ext, `-m comment --comment "masquerade traffic for ${this.#name} external destinations" -j KUBE-MARK-MASQ`);
    } else {
      const { detector } = this.#options;
      if (detector !== null) {
        this.#addNat(
          ext,
          `-m comment --comment "pod traffic for ${this.#name} external destinations" ${detectorText(detector, true)} -j ${svc}`,
        );
      }
      this.#addNat(
        ext,
        `-m comment --comment "masquerade LOCAL traffic for ${this.#name} external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
      );
      this.#addNat(
        ext,
        `-m comment --comment "route LOCAL traffic for ${this.#name} external destinations" -m addrtype --src-type LOCAL -j ${svc}`,
      );
    }
    if (policyChain !== null) this.#addNat(ext, `-j ${policyChain}`);
  }

  #firewallChain(): void {
    const { ext, fw } = this.#chains;
    const service = this.#service;
    this.#declare(fw);
    for (const range of service.loadBalancerSourceRanges) {
      this.#addNat(fw, `${this.#comment("loadbalancer IP")} -s ${formatCidr(maskCidr(range))} -j ${ext}`);
    }
    // A packet that the node sends to an address of its own interface has that address as its source.
    const nodeIp = this.#options.node?.ip ?? null;
    if (nodeIp !== null && service.loadBalancerSourceRanges.some((range) => contains(range, nodeIp))) {
      for (const ip of service.loadBalancerIps) this.#addNat(fw, `${this.#comment("loadbalancer IP")} -s ${formatIp(ip)} -j ${ext}`);
    }
    this.#addNat(fw, `-m comment --comment "other traffic to ${this.#name} will be dropped by KUBE-PROXY-FIREWALL"`);
  }

  #balance(chain: string, endpoints: readonly KeyedEndpoint[]): void {
    this.#declare(chain);
    const affinity = this.#service.sessionAffinity;
    if (affinity !== null) {
      for (const endpoint of endpoints) {
        const target = this.#chainOf(endpoint);
        const text = `${this.#endpointComment(endpoint)}-m recent --name ${target} --rcheck --seconds ${affinity} --reap -j ${target}`;
        this.#addNat(chain, text, endpoint.endpoint.origin);
      }
    }
    endpoints.forEach((endpoint, i) => {
      const left = endpoints.length - i;
      const share = left === 1 ? "" : `-m statistic --mode random --probability ${probability(left)} `;
      this.#addNat(chain, `${this.#endpointComment(endpoint)}${share}-j ${this.#chainOf(endpoint)}`, endpoint.endpoint.origin);
    });
  }

  #endpointRules(chain: string, endpoint: KeyedEndpoint): void {
    const origin = endpoint.endpoint.origin;
    this.#declare(chain, origin);
    const comment = this.#isLargeCluster ? "" : `-m comment --comment ${this.#name} `;
    const record = this.#service.sessionAffinity === null ? "" : `-m recent --name ${chain} --set `;
    this.#addNat(chain, `${comment}-s ${formatIp(endpoint.endpoint.ip)} -j KUBE-MARK-MASQ`, origin);
    this.#addNat(chain, `${comment}${record}${this.#protocol} -j DNAT --to-destination ${endpoint.text}`, origin);
  }

  #endpointComment(endpoint: KeyedEndpoint): string {
    return this.#isLargeCluster ? "" : `-m comment --comment "${this.#name} -> ${endpoint.text}" `;
  }

  #chainOf(endpoint: KeyedEndpoint): string {
    return this.#endpointChains.get(endpoint) ?? endpointChain(this.#name, this.#service.protocol, endpoint.text);
  }
}

/** `1/k` with ten decimals. The one tie is 1/2048, which Go rounds to even and `toFixed` rounds up. */
export function probability(k: number): string {
  return k === 2048 ? "0.0004882812" : (1 / k).toFixed(10);
}
