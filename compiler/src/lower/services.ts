/** Services with their addresses and node ports. */
import { addToIp, maskCidr } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { CheckedProgram, Origin, ServiceDeclaration, Span } from "@knet/language";
import { allocateClusterIps, allocateNodePorts, nodePortKey } from "../allocate/index.ts";
import type { AddressClaim, Allocation } from "../allocate/index.ts";
import { corednsPods } from "../components/coredns/facts.ts";
import type { Service } from "../model/types.ts";
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

export function dnsAddresses(program: CheckedProgram): readonly Ip[] {
  const pinned = program.cluster.dns.addresses.value;
  return program.cluster.serviceCidrs.value.map((cidr) => pinned.find((ip) => ip.family === cidr.ip.family) ?? addToIp(maskCidr(cidr).ip, dnsOffset));
}

export function lowerServices(program: CheckedProgram, held: Allocation, dnsOrigin: Origin): LoweredServices {
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
      ...declared.filter((service) => !service.headless.value && hasFamily(service, cidr, index)).map((service) => ({ key: keyOf(service), pinned: pinnedIn(service, cidr) })),
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
    ports: declared
      .filter((service) => service.type.value === "NodePort")
      .flatMap((service) => service.ports.map((port) => ({ service: keyOf(service), port: port.port, protocol: port.protocol, pinned: port.nodePort }))),
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

/** `families` or pinned addresses say the families; otherwise a service is SingleStack in the first range, Kubernetes' default. */
function hasFamily(service: ServiceDeclaration, cidr: Cidr, index: number): boolean {
  const families = service.families.value;
  if (families.length > 0) return families.includes(cidr.ip.family);
  const pinned = service.clusterIps.value;
  return pinned.length === 0 ? index === 0 : pinned.some((ip) => ip.family === cidr.ip.family);
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
  return {
    ...defaults,
    namespace: service.namespace,
    name: service.name,
    type: service.type.value,
    headless: service.headless.value,
    clusterIps: primaryFirst(clusterIps, service.families.value),
    ...(service.headless.value && service.families.value.length > 0 ? { families: service.families.value } : {}),
    selector: service.selector.value,
    ports: service.ports.map((port) => ({
      name: port.name,
      port: port.port,
      protocol: port.protocol,
      targetPort: port.targetPort,
      nodePort: nodePorts.get(nodePortKey({ service: key, port: port.port, protocol: port.protocol })) ?? null,
      origin: { name, span: port.span },
    })),
    publishNotReady: service.publishNotReady.value,
    system: false,
    origin: { name, span: service.span },
  };
}

/** Without families of its own a service has its addresses in the order of the service ranges. */
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

function compareText(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}
