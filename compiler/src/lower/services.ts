/** Services with their addresses and node ports. */
import { addToIp, compareText, maskCidr } from "@knet/language/values";
import type { Cidr, Family, Ip, Transport } from "@knet/language/values";
import type { ClusterProgram, EndpointsDeclaration, Origin, ServiceDeclaration, Span } from "@knet/language";
import { allocateClusterIps, allocateNodePorts, nodePortKey } from "../allocate/index.ts";
import type { AddressClaim, Allocation, NodePortClaim } from "../allocate/index.ts";
import { corednsPods } from "../components/coredns/facts.ts";
import type { ManualSlice, Service } from "../model/types.ts";
import { describeAddressProblem, describePortProblem } from "./describe.ts";
import type { LoweringProblem } from "./problems.ts";

export interface LoweredServices {
  /** Sorted by namespace, then name. */
  readonly services: readonly Service[];
  readonly problems: readonly LoweringProblem[];
}

/** `default/kubernetes` has the first address of every service range, as the API server gives it to itself. */
const apiServerKey = "default/kubernetes";
/** kubeadm's convention: DNS has the tenth. */
const dnsOffset = 10;

export function dnsAddresses(program: ClusterProgram): readonly Ip[] {
  const pinned = program.cluster.dns.addresses.value;
  return program.cluster.serviceCidrs.value.map((cidr) => pinned.find((ip) => ip.family === cidr.ip.family) ?? addToIp(maskCidr(cidr).ip, dnsOffset));
}

export function lowerServices(program: ClusterProgram, held: Allocation, dnsOrigin: Origin): LoweredServices {
  const declared = program.namespaces.flatMap((namespace) => namespace.services);
  const spans = new Map<string, Span>(declared.map((service) => [keyOf(service), service.header]));
  const problems: LoweringProblem[] = [];
  const ranges = program.cluster.serviceCidrs.value.map(maskCidr);
  const rangeSpan = { span: program.cluster.serviceCidrs.span, label: "the service range" };
  const dnsKey = `${corednsPods.namespace}/${corednsPods.service.name}`;
  const dns = dnsAddresses(program);

  const given = new Map<string, Ip[]>();
  ranges.forEach((cidr, index) => {
    const claims: AddressClaim[] = [
      { key: apiServerKey, pinned: addToIp(cidr.ip, 1) },
      { key: dnsKey, pinned: dns[index] ?? null },
      ...declared
        .filter((service) => !service.headless.value && service.ipFamilies.includes(cidr.ip.family))
        .map((service) => ({ key: keyOf(service), pinned: pinnedIn(service, cidr) })),
    ];
    const heldHere = new Map<string, Ip>();
    for (const [key, ips] of held.services) {
      const ip = ips.find((candidate) => candidate.family === cidr.ip.family);
      if (ip !== undefined) heldHere.set(key, ip);
    }
    const result = allocateClusterIps({ cidr, services: claims, held: heldHere });
    for (const [key, ip] of result.addresses) given.set(key, [...(given.get(key) ?? []), ip]);
    for (const problem of result.problems) {
      problems.push(describeAddressProblem(problem, `service ${problem.key}`, spans.get(problem.key) ?? program.cluster.dns.header, rangeSpan));
    }
  });

  const ports = allocateNodePorts({
    range: program.cluster.nodePorts.value,
    ports: declared.flatMap(nodePortClaims),
    held: held.nodePorts,
  });
  for (const problem of ports.problems) {
    problems.push(describePortProblem(problem, spans.get(problem.key.slice(0, problem.key.lastIndexOf(":"))) ?? program.cluster.header));
  }

  const services = [
    ...declared.map((service) => lowerService(service, given.get(keyOf(service)) ?? [], ports.nodePorts)),
    systemDns(given.get(dnsKey) ?? [], dnsOrigin),
  ];
  return { services: services.toSorted((x, y) => compareText(x.namespace, y.namespace) || compareText(x.name, y.name)), problems };
}

function keyOf(service: ServiceDeclaration): string {
  return `${service.namespace}/${service.name}`;
}

/** Where the port of a service's health check stands among its ports: no service has a port 0. */
const healthCheckPort = 0;

/** The node ports that a service has or wants. */
function nodePortClaims(service: ServiceDeclaration): readonly NodePortClaim[] {
  const key = keyOf(service);
  const type = service.type.value;
  const isOpen = type === "NodePort" || (type === "LoadBalancer" && service.allocateNodePorts.value);
  const ports = service.ports
    .filter((port) => isOpen || (type === "LoadBalancer" && port.nodePort !== null))
    .map((port) => ({ service: key, port: port.port, protocol: port.protocol, pinned: port.nodePort }));
  if (!hasHealthCheck(service)) return ports;
  return [...ports, { service: key, port: healthCheckPort, protocol: "tcp", pinned: service.healthCheckNodePort.value }];
}

/** Of load balancers that keep outside traffic on the node where it arrives. */
function hasHealthCheck(service: ServiceDeclaration): boolean {
  return service.type.value === "LoadBalancer" && service.externalTrafficPolicy.value === "Local";
}

/** The node ports of a service in the model. That of its health check is its port 0. */
export function nodePortsOf(service: Service): readonly { readonly port: number; readonly protocol: Transport; readonly nodePort: number }[] {
  const ports = service.ports.flatMap(({ port, protocol, nodePort }) => (nodePort === null ? [] : [{ port, protocol, nodePort }]));
  return service.healthCheckNodePort === null ? ports : [...ports, { port: healthCheckPort, protocol: "tcp", nodePort: service.healthCheckNodePort }];
}

function pinnedIn(service: ServiceDeclaration, cidr: Cidr): Ip | null {
  return service.clusterIps.value.find((ip) => ip.family === cidr.ip.family) ?? null;
}

const defaults = {
  externalIps: [],
  loadBalancerIps: [],
  loadBalancerSourceRanges: [],
  internalTrafficPolicy: "Cluster",
  externalTrafficPolicy: "Cluster",
  healthCheckNodePort: null,
  sessionAffinity: null,
  manualEndpoints: [],
} as const;

function lowerService(service: ServiceDeclaration, clusterIps: readonly Ip[], nodePorts: ReadonlyMap<string, number>): Service {
  const key = keyOf(service);
  const name = `service ${key}`;
  const nodePortOf = (port: number, protocol: Transport): number | null => nodePorts.get(nodePortKey({ service: key, port, protocol })) ?? null;
  return {
    namespace: service.namespace,
    name: service.name,
    type: service.type.value,
    headless: service.headless.value,
    clusterIps: primaryFirst(clusterIps, service.ipFamilies),
    ...(service.type.value === "ExternalName" ? {} : { families: service.ipFamilies }),
    ...(service.familyPolicy.value === null ? {} : { familyPolicy: service.familyPolicy.value }),
    selector: service.selector.value,
    ports: service.ports.map((port) => ({
      name: port.name,
      port: port.port,
      protocol: port.protocol,
      targetPort: port.targetPort,
      nodePort: nodePortOf(port.port, port.protocol),
      origin: { name, span: port.span },
    })),
    externalIps: service.externalIps.value,
    loadBalancerIps: service.loadBalancerAddresses.value,
    loadBalancerSourceRanges: service.sourceRanges.value,
    ...(service.type.value === "LoadBalancer" ? { ipMode: service.ipMode.value, allocateNodePorts: service.allocateNodePorts.value } : {}),
    ...(service.loadBalancerClass.value === null ? {} : { loadBalancerClass: service.loadBalancerClass.value }),
    internalTrafficPolicy: service.internalTrafficPolicy.value,
    externalTrafficPolicy: service.externalTrafficPolicy.value,
    healthCheckNodePort: hasHealthCheck(service) ? nodePortOf(healthCheckPort, "tcp") : null,
    sessionAffinity: service.sessionAffinity.value === "ClientIP" ? service.sessionTimeout.value : null,
    ...(service.trafficDistribution.value === null ? {} : { trafficDistribution: service.trafficDistribution.value }),
    publishNotReady: service.publishNotReady.value,
    ...(service.externalName.value === null ? {} : { externalName: service.externalName.value }),
    manualEndpoints: [],
    ...(service.endpoints.length === 0 ? {} : { manualSlices: service.endpoints.map((slice) => lowerSlice(slice, service)) }),
    system: false,
    origin: { name, span: service.span },
  };
}

/** Without ports of its own a slice has the targets of the service's ports. */
function lowerSlice(slice: EndpointsDeclaration, service: ServiceDeclaration): ManualSlice {
  const own = slice.ports.map(({ name, port, protocol }) => ({ name, port, protocol }));
  const targets = service.ports.flatMap(({ name, protocol, targetPort }) => (typeof targetPort === "number" ? [{ name, port: targetPort, protocol }] : []));
  return {
    name: slice.name,
    addresses: slice.addresses.value,
    ports: slice.ports.length > 0 ? own : targets,
    ready: slice.ready.value,
    serving: slice.serving.value,
    terminating: slice.terminating.value,
    node: slice.node.value,
    zone: slice.zone.value,
    hostname: slice.hostname.value,
    origin: { name: `endpoints ${service.namespace}/${slice.name}`, span: slice.span },
  };
}

function primaryFirst(clusterIps: readonly Ip[], families: readonly Family[]): readonly Ip[] {
  return clusterIps.toSorted((x, y) => families.indexOf(x.family) - families.indexOf(y.family));
}

function systemDns(clusterIps: readonly Ip[], origin: Origin): Service {
  return {
    ...defaults,
    namespace: corednsPods.namespace,
    name: corednsPods.service.name,
    type: "ClusterIP",
    headless: false,
    clusterIps,
    selector: corednsPods.service.selector,
    ports: corednsPods.service.ports.map((port) => ({ ...port, targetPort: port.port, nodePort: null, origin })),
    publishNotReady: false,
    system: true,
    origin,
  };
}
