/** For tests: service ports, endpoints and the node of the worked examples, written short. */
import { parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { payloadDefaults } from "./options.ts";
import type { PayloadOptions } from "./options.ts";
import type { ProxyEndpoint, ProxyServicePort } from "./service-port.ts";

export const origin: Origin = { name: "test", span: null };

export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`not a prefix: ${text}`);
  return parsed;
}

/** A ready endpoint from `10.244.1.5:8080` or `[fd00::5]:8080`. Third octet 1 and group `:1::` are node-a, everything else node-b. */
export function endpoint(text: string, more: Partial<ProxyEndpoint> = {}): ProxyEndpoint {
  const colon = text.lastIndexOf(":");
  const address = text.slice(0, colon).replace(/[[\]]/g, "");
  const node = /^10\.244\.1\.|:1::/.test(address) ? "node-a" : "node-b";
  return {
    ip: ip(address),
    port: Number(text.slice(colon + 1)),
    node,
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
    origin,
    ...more,
  };
}

/** A ClusterIP service port from `shop/web:http`, TCP, without endpoints. */
export function servicePort(name: string, clusterIp: string, port: number, more: Partial<ProxyServicePort> = {}): ProxyServicePort {
  const [namespace = "", rest = ""] = name.split("/");
  const [service = "", portName = null] = rest.split(":");
  return {
    namespace,
    name: service,
    portName,
    protocol: "tcp",
    clusterIp: ip(clusterIp),
    port,
    nodePort: null,
    externalIps: [],
    loadBalancerIps: [],
    loadBalancerSourceRanges: [],
    internalTrafficPolicy: "Cluster",
    externalTrafficPolicy: "Cluster",
    healthCheckNodePort: null,
    sessionAffinity: null,
    endpoints: [],
    origin,
    ...more,
  };
}

/** node-a, 192.168.10.11, zone z1; detector 10.244.0.0/16 or fd00:10::/56. */
export function options(family: 4 | 6, more: Partial<PayloadOptions> = {}): PayloadOptions {
  return {
    ...payloadDefaults,
    family,
    node: { name: "node-a", zone: "z1", ip: ip("192.168.10.11"), addresses: [ip("192.168.10.11")] },
    detector: { kind: "cidr", cidr: cidr(family === 4 ? "10.244.0.0/16" : "fd00:10::/56") },
    origin,
    ...more,
  };
}
