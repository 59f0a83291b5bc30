/** Service and EndpointSlice objects. */
import { formatCidr, formatIp } from "@knet/language/values";
import type { NetworkModel, Service, ServicePort } from "../../model/types.ts";
import { familiesOf } from "../../control-plane/endpoints.ts";
import { manualEndpointSlices } from "../../control-plane/endpoint-slices.ts";
import type { Manifest } from "../types.ts";
import { manifestOrder, metadata, objectPath, protocolName } from "./object.ts";
import type { Metadata } from "./object.ts";

/** The Service with what the program says about it; fields at the API server's default are left out. */
export function serviceManifest(model: NetworkModel, service: Service, extra: Pick<Metadata, "labels" | "annotations"> = {}): Manifest {
  return {
    path: objectPath(service.namespace, "Service", service.name),
    body: {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata({ ...extra, name: service.name, namespace: service.namespace }),
      spec: service.type === "ExternalName" ? externalNameSpec(service) : serviceSpec(model, service),
    },
    format: "yaml",
    order: manifestOrder.service,
    origin: service.origin,
  };
}

/** @throws Error when the model gives no name to point to. */
function externalNameSpec(service: Service): Readonly<Record<string, unknown>> {
  if (service.externalName === undefined) throw new Error(`service ${service.namespace}/${service.name} is an ExternalName without a name`);
  return {
    type: "ExternalName",
    externalName: service.externalName,
    ...(service.ports.length === 0 ? {} : { ports: service.ports.map(servicePort) }),
  };
}

function serviceSpec(model: NetworkModel, service: Service): Readonly<Record<string, unknown>> {
  const families = familiesOf(service, model);
  const clusterIps = service.headless ? ["None"] : service.clusterIps.map(formatIp);
  const isExternal = service.type !== "ClusterIP" || service.externalIps.length > 0;
  const selector = service.selector ?? {};
  return {
    type: service.type,
    clusterIP: clusterIps[0],
    clusterIPs: clusterIps,
    ipFamilyPolicy: service.familyPolicy ?? (families.length > 1 ? "RequireDualStack" : "SingleStack"),
    ipFamilies: families.map((family) => `IPv${family}`),
    ...(Object.keys(selector).length === 0 ? {} : { selector }),
    ...(service.ports.length === 0 ? {} : { ports: service.ports.map(servicePort) }),
    ...(service.externalIps.length === 0 ? {} : { externalIPs: service.externalIps.map(formatIp) }),
    ...(service.type === "LoadBalancer" ? loadBalancer(service) : {}),
    ...(service.internalTrafficPolicy === "Cluster" ? {} : { internalTrafficPolicy: service.internalTrafficPolicy }),
    ...(isExternal && service.externalTrafficPolicy !== "Cluster" ? { externalTrafficPolicy: service.externalTrafficPolicy } : {}),
    ...(service.sessionAffinity === null
      ? {}
      : { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: service.sessionAffinity } } }),
    ...(service.trafficDistribution === undefined ? {} : { trafficDistribution: service.trafficDistribution }),
    ...(service.publishNotReady ? { publishNotReadyAddresses: true } : {}),
  };
}

/** The API takes one address as a request; what the cloud gave stands in the status, which is not applied. */
function loadBalancer(service: Service): Readonly<Record<string, unknown>> {
  const [address] = service.loadBalancerIps;
  return {
    ...(address === undefined ? {} : { loadBalancerIP: formatIp(address) }),
    ...(service.loadBalancerClass === undefined ? {} : { loadBalancerClass: service.loadBalancerClass }),
    ...(service.allocateNodePorts === false ? { allocateLoadBalancerNodePorts: false } : {}),
    ...(service.loadBalancerSourceRanges.length === 0
      ? {}
      : { loadBalancerSourceRanges: service.loadBalancerSourceRanges.map(formatCidr) }),
    ...(service.healthCheckNodePort === null || service.externalTrafficPolicy !== "Local"
      ? {}
      : { healthCheckNodePort: service.healthCheckNodePort }),
  };
}

function servicePort(port: ServicePort): Readonly<Record<string, unknown>> {
  return {
    ...(port.name === null ? {} : { name: port.name }),
    protocol: protocolName(port.protocol),
    port: port.port,
    targetPort: port.targetPort,
    ...(port.nodePort === null ? {} : { nodePort: port.nodePort }),
  };
}

/** The slices of endpoints written by hand; the controller makes those of services with a selector. */
export function manualSlices(service: Service): readonly Manifest[] {
  if (Object.keys(service.selector ?? {}).length > 0) return [];
  const written = manualEndpointSlices(service).map((slice, index): Manifest => {
    return {
      path: objectPath(service.namespace, "EndpointSlice", slice.metadata.name),
      body: { ...slice },
      format: "yaml",
      order: manifestOrder.service,
      origin: service.manualSlices?.[index]?.origin ?? service.origin,
    };
  });
  return [...written, ...plainSlices(service)];
}

/** One slice per family for endpoints that are nothing but addresses. */
function plainSlices(service: Service): readonly Manifest[] {
  return ([4, 6] as const).flatMap((family): Manifest[] => {
    const addresses = service.manualEndpoints.filter((ip) => ip.family === family);
    if (addresses.length === 0) return [];
    const name = `${service.name}-ipv${family}`;
    return [
      {
        path: objectPath(service.namespace, "EndpointSlice", name),
        body: {
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: metadata({ name, namespace: service.namespace, labels: { "kubernetes.io/service-name": service.name } }),
          addressType: `IPv${family}`,
          endpoints: addresses.map((ip) => ({ addresses: [formatIp(ip)], conditions: { ready: true } })),
          ports: service.ports.flatMap((port) =>
            typeof port.targetPort === "number"
              ? [{ name: port.name ?? "", protocol: protocolName(port.protocol), port: port.targetPort }]
              : [],
          ),
        },
        format: "yaml",
        order: manifestOrder.service,
        origin: service.origin,
      },
    ];
  });
}
