/** EndpointSlice objects as the controller writes them for a cluster that has none yet. */
import { createHash } from "node:crypto";
import { compareText, formatIp } from "@knet/language/values";
import type { Family } from "@knet/language/values";
import type { NetworkModel, Service } from "../model/types.ts";
import { endpointsOf } from "./endpoints.ts";
import type { EndpointAddress, FamilyEndpoints } from "./endpoints.ts";

export interface SlicePort {
  /** Empty for the only, unnamed port. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: { readonly kind: "Pod"; readonly namespace: string; readonly name: string };
}

export interface EndpointSlice {
  readonly apiVersion: "discovery.k8s.io/v1";
  readonly kind: "EndpointSlice";
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly addressType: "IPv4" | "IPv6";
  readonly endpoints: readonly SliceEndpoint[];
  readonly ports: readonly SlicePort[];
}

/** `--max-endpoints-per-slice` of the controller manager. */
const maxEndpoints = 100;

/** The letters of the API server's generated names. */
const suffixLetters = "bcdfghjklmnpqrstvwxz2456789";

/** The API server cuts the prefix of a generated name here, to leave room for the suffix. */
const maxPrefix = 58;

/**
 * The slices of every service, by service, family and port list, addresses in byte order: where the controller fills slices in random
 * order and the API server draws random name suffixes, this takes the byte order and a hash of the service and the slice's
 * index. Pods whose named ports resolve alike share slices; a service without endpoints has one empty slice per family.
 * UIDs are unknown before the objects exist, so owner references and `targetRef.uid` are left out.
 */
export function endpointSlices(model: NetworkModel): readonly EndpointSlice[] {
  const endpoints = endpointsOf(model);
  return model.services.flatMap((service) => {
    if (service.manualSlices !== undefined) return manualEndpointSlices(service);
    const families = endpoints.services.get(`${service.namespace}/${service.name}`) ?? [];
    return families.flatMap((family, index) => slicesOf(service, family, index));
  });
}

/** The slices that a service's `endpoints` are, under their own names; the service has no selector, so no controller touches them. */
export function manualEndpointSlices(service: Service): readonly EndpointSlice[] {
  return (service.manualSlices ?? []).map((slice): EndpointSlice => {
    const { name, addresses, ports, ready, serving, terminating, node, zone, hostname } = slice;
    return {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, namespace: service.namespace, labels: { "kubernetes.io/service-name": service.name } },
      addressType: addresses[0]?.family === 6 ? "IPv6" : "IPv4",
      endpoints: addresses.map((ip) => ({
        addresses: [formatIp(ip)],
        conditions: { ready, serving, terminating },
        ...(hostname === null ? {} : { hostname }),
        ...(node === null ? {} : { nodeName: node }),
        ...(zone === null ? {} : { zone }),
      })),
      ports: ports.map((port) => ({ name: port.name ?? "", port: port.port, protocol: protocolName(port.protocol) })),
    };
  });
}

interface PortGroup {
  readonly ports: readonly SlicePort[];
  readonly addresses: EndpointAddress[];
}

function slicesOf(service: Service, family: FamilyEndpoints, familyIndex: number): readonly EndpointSlice[] {
  const groups = [...groupByPorts(family).entries()].sort(([x], [y]) => compareText(x, y)).map(([, group]) => group);
  const chunks = groups.flatMap(({ ports, addresses }) =>
    Array.from({ length: Math.ceil(addresses.length / maxEndpoints) }, (_, i) => ({
      ports,
      addresses: addresses.slice(i * maxEndpoints, (i + 1) * maxEndpoints),
    })),
  );
  if (chunks.length === 0) chunks.push({ ports: [], addresses: [] });
  return chunks.map(({ ports, addresses }, index): EndpointSlice => {
    const isFirst = familyIndex === 0 && index === 0;
    return {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: isManual(service) && isFirst ? service.name : generatedName(service, family.family, index),
        namespace: service.namespace,
        labels: labelsOf(service),
      },
      addressType: family.family === 4 ? "IPv4" : "IPv6",
      endpoints: addresses.map(sliceEndpoint),
      ports,
    };
  });
}

/** Slices of a service without a selector are written by hand or, for `kubernetes`, by the API server, under the service's name. */
function isManual(service: Service): boolean {
  return service.manualEndpoints.length > 0 && (service.selector === null || Object.keys(service.selector).length === 0);
}

/** One group per list of resolved ports, which is empty for a pod that has none of the named ports. */
function groupByPorts(family: FamilyEndpoints): ReadonlyMap<string, PortGroup> {
  const resolved = new Map<EndpointAddress, SlicePort[]>();
  const byIdentity = new Map<string, EndpointAddress>();
  for (const address of family.addresses) {
    resolved.set(address, []);
    byIdentity.set(identity(address), address);
  }
  for (const { port, endpoints } of family.ports) {
    for (const endpoint of endpoints) {
      const address = byIdentity.get(identity(endpoint));
      if (address !== undefined)
        resolved.get(address)?.push({ name: port.name ?? "", port: endpoint.port, protocol: protocolName(port.protocol) });
    }
  }
  const groups = new Map<string, PortGroup>();
  for (const [address, ports] of resolved) {
    const key = ports.map((port) => `${port.name}:${port.port}/${port.protocol}`).join(" ");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ports, addresses: [address] });
    else group.addresses.push(address);
  }
  return groups;
}

function identity(address: EndpointAddress): string {
  return `${formatIp(address.ip)} ${address.pod ?? ""}`;
}

function protocolName(protocol: "tcp" | "udp" | "sctp"): SlicePort["protocol"] {
  return protocol === "tcp" ? "TCP" : protocol === "udp" ? "UDP" : "SCTP";
}

function sliceEndpoint(address: EndpointAddress): SliceEndpoint {
  const [namespace, name] = address.pod?.split("/") ?? [];
  return {
    addresses: [formatIp(address.ip)],
    conditions: { ready: address.ready, serving: address.serving, terminating: address.terminating },
    ...(address.hostname === null ? {} : { hostname: address.hostname }),
    ...(address.node === null ? {} : { nodeName: address.node }),
    ...(address.zone === null ? {} : { zone: address.zone }),
    ...(namespace === undefined || name === undefined ? {} : { targetRef: { kind: "Pod" as const, namespace, name } }),
  };
}

function labelsOf(service: Service): Readonly<Record<string, string>> {
  return {
    "kubernetes.io/service-name": service.name,
    ...(isManual(service) ? {} : { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" }),
    ...(service.headless ? { "service.kubernetes.io/headless": "" } : {}),
  };
}

function generatedName(service: Service, family: Family, index: number): string {
  const hash = createHash("sha256").update(`${service.namespace}/${service.name}/IPv${family}/${index}`).digest();
  let suffix = "";
  for (let i = 0; i < 5; i++) suffix += suffixLetters.charAt(hash.readUInt16BE(i * 2) % suffixLetters.length);
  return `${`${service.name}-`.slice(0, maxPrefix)}${suffix}`;
}
