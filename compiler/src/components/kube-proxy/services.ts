/** The services of a model as kube-proxy sees them, per address family. */
import type { Cidr, Family } from "@knet/language/values";
import { compareText, containsCidr, maskCidr } from "@knet/language/values";
import { endpointsOf } from "../../control-plane/endpoints.ts";
import type { Endpoint } from "../../control-plane/endpoints.ts";
import type { NetworkModel, Service } from "../../model/types.ts";
import type { LocalDetector } from "./iptables/options.ts";
import type { ProxyEndpoint, ProxyServicePort } from "./iptables/service-port.ts";

/** The families that kube-proxy serves: those of the service ranges, primary first. */
export function proxyFamilies(model: NetworkModel): readonly Family[] {
  return [...new Set(model.cluster.serviceCidrs.map((cidr) => cidr.ip.family))];
}

/**
 * Every port of every service that has a cluster IP of the family, by namespace, name, port name and protocol. Headless
 * and `ExternalName` services have none. Addresses and ranges of the other family are left out.
 */
export function proxyServicePorts(model: NetworkModel, family: Family): readonly ProxyServicePort[] {
  const endpoints = endpointsOf(model);
  const out: ProxyServicePort[] = [];
  for (const service of model.services) {
    const clusterIp = service.clusterIps.find((ip) => ip.family === family);
    if (service.headless || service.type === "ExternalName" || clusterIp === undefined) continue;
    for (const port of service.ports) {
      out.push({
        namespace: service.namespace,
        name: service.name,
        portName: port.name,
        protocol: port.protocol,
        clusterIp,
        port: port.port,
        nodePort: port.nodePort,
        externalIps: service.externalIps.filter((ip) => ip.family === family),
        // Traffic to addresses of the mode Proxy goes to the load balancer itself.
        loadBalancerIps: service.ipMode === "Proxy" ? [] : service.loadBalancerIps.filter((ip) => ip.family === family),
        loadBalancerSourceRanges: service.loadBalancerSourceRanges.filter((cidr) => cidr.ip.family === family),
        internalTrafficPolicy: service.internalTrafficPolicy,
        externalTrafficPolicy: service.externalTrafficPolicy,
        healthCheckNodePort: service.healthCheckNodePort,
        sessionAffinity: service.sessionAffinity,
        endpoints: endpoints.of(service, port, family).map((endpoint) => proxyEndpoint(service, endpoint)),
        origin: service.origin,
      });
    }
  }
  return out.sort(
    (x, y) =>
      compareText(x.namespace, y.namespace) ||
      compareText(x.name, y.name) ||
      compareText(x.portName ?? "", y.portName ?? "") ||
      compareText(x.protocol, y.protocol),
  );
}

function proxyEndpoint(service: Service, endpoint: Endpoint): ProxyEndpoint {
  const { ip, port, node, ready, serving, terminating } = endpoint;
  const name = `service ${service.namespace}/${service.name}`;
  const origin = endpoint.pod === null ? service.origin : { name: `${name} · pod ${endpoint.pod}`, span: endpoint.origin.span };
  return { ip, port, node, ready, serving, terminating, zoneHints: [], nodeHints: [], origin };
}

/**
 * `clusterCIDR` of the family: the pool, or the longest prefix that covers all pools of the family, since kube-proxy takes
 * one per family. Null without a pool.
 */
export function clusterCidr(model: NetworkModel, family: Family): Cidr | null {
  const pools = model.cluster.cni.pools.map((pool) => pool.cidr).filter((cidr) => cidr.ip.family === family);
  const [first, ...others] = pools;
  if (first === undefined) return null;
  let cover = maskCidr(first);
  while (!others.every((pool) => containsCidr(cover, pool))) cover = maskCidr({ ip: cover.ip, prefix: cover.prefix - 1 });
  return cover;
}

export function clusterDetector(model: NetworkModel, family: Family): LocalDetector | null {
  const cidr = clusterCidr(model, family);
  return cidr === null ? null : { kind: "cidr", cidr };
}
