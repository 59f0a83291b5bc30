/** The unit of kube-proxy's work: one port of one service in one address family. */
import { formatIp } from "@knet/language/values";
import type { Cidr, Ip, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";

export interface ProxyServicePort {
  readonly namespace: string;
  readonly name: string;
  /** Null or empty when unnamed. */
  readonly portName: string | null;
  readonly protocol: Transport;
  readonly clusterIp: Ip;
  readonly port: number;
  /** Null: none. */
  readonly nodePort: number | null;
  readonly externalIps: readonly Ip[];
  readonly loadBalancerIps: readonly Ip[];
  readonly loadBalancerSourceRanges: readonly Cidr[];
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly externalTrafficPolicy: "Cluster" | "Local";
  readonly healthCheckNodePort: number | null;
  /** Seconds of ClientIP affinity, or null. */
  readonly sessionAffinity: number | null;
  readonly endpoints: readonly ProxyEndpoint[];
  readonly origin: Origin;
}

export interface ProxyEndpoint {
  readonly ip: Ip;
  readonly port: number;
  /** Null: no node, as for an endpoint written by hand. */
  readonly node: string | null;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Hints of the slice; empty: none. */
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
  readonly origin: Origin;
}

/** What kube-proxy knows of the node it runs on. */
export interface ProxyNode {
  readonly name: string;
  /** Label `topology.kubernetes.io/zone`, or null. */
  readonly zone: string | null;
  /** Its InternalIP of the family, or null. */
  readonly ip: Ip | null;
  /** All local addresses of the family, from which `nodePortAddresses` chooses. */
  readonly addresses: readonly Ip[];
}

/** `ip:port`, or `[ip]:port` for IPv6. */
export function endpointText(endpoint: { readonly ip: Ip; readonly port: number }): string {
  const ip = formatIp(endpoint.ip);
  return endpoint.ip.family === 4 ? `${ip}:${endpoint.port}` : `[${ip}]:${endpoint.port}`;
}

/** Whether anything but the cluster IP leads to the port. */
export function isExternallyAccessible(service: ProxyServicePort): boolean {
  return service.nodePort !== null || service.loadBalancerIps.length > 0 || service.externalIps.length > 0;
}

/** Whether the rules of the port can differ between two nodes. */
export function dependsOnNode(service: ProxyServicePort): boolean {
  return (
    service.internalTrafficPolicy === "Local" ||
    (service.externalTrafficPolicy === "Local" && isExternallyAccessible(service)) ||
    (service.loadBalancerIps.length > 0 && service.loadBalancerSourceRanges.length > 0) ||
    service.endpoints.some((endpoint) => endpoint.zoneHints.length > 0 || endpoint.nodeHints.length > 0)
  );
}
