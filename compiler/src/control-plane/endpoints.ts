/** Which pods answer for which service port: what the EndpointSlice controller derives. */
import { compareText, formatIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { ManualSlice, NetworkModel, Node, Pod, Service, ServicePort } from "../model/types.ts";

/** One address behind a service, whatever the port. */
export interface EndpointAddress {
  readonly ip: Ip;
  /** Null for an endpoint written by hand. */
  readonly node: string | null;
  readonly zone: string | null;
  /** `namespace/name`; null for an endpoint written by hand. */
  readonly pod: string | null;
  /** The name it has below the service's own in DNS: set when the pod's subdomain is the service. */
  readonly hostname: string | null;
  /** Gets traffic: serving and not terminating, or the service publishes what is not ready. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly origin: Origin;
}

export interface Endpoint extends EndpointAddress {
  readonly port: number;
}

/** The endpoints of one service port, in the byte order of `ip:port`, IPv6 as `[ip]:port`. */
export interface PortEndpoints {
  readonly port: ServicePort;
  readonly endpoints: readonly Endpoint[];
}

export interface FamilyEndpoints {
  readonly family: Family;
  /** Every selected address, also of pods that lack a named port; in byte order. */
  readonly addresses: readonly EndpointAddress[];
  /** In the order of the service's ports. */
  readonly ports: readonly PortEndpoints[];
}

export interface ServiceEndpoints {
  /** By `namespace/name`, in the model's order; one entry per family of the service. */
  readonly services: ReadonlyMap<string, readonly FamilyEndpoints[]>;
  /** Empty when the service or the port does not exist or has none. `port` is compared by identity. */
  of(service: Service, port: ServicePort, family: Family): readonly Endpoint[];
}

const known = new WeakMap<NetworkModel, ServiceEndpoints>();

/**
 * Every service's endpoints, headless ones and those without endpoints included, `ExternalName` ones not. Computed once
 * per model. A named target port is looked up in each pod by name and protocol; a pod without it has no endpoint on
 * that port. A pod without an address of the family is skipped, and so is one whose node is not there unless the
 * service publishes what is not ready.
 */
export function endpointsOf(model: NetworkModel): ServiceEndpoints {
  const before = known.get(model);
  if (before !== undefined) return before;
  const pods = new PodIndex(model.pods);
  const nodes = new Map(model.nodes.map((node) => [node.name, node]));
  const services = new Map<string, readonly FamilyEndpoints[]>();
  for (const service of model.services) {
    if (service.type === "ExternalName") continue;
    const selected = hasSelector(service) ? pods.select(service.namespace, service.selector) : [];
    services.set(
      `${service.namespace}/${service.name}`,
      familiesOf(service, model).map((family) => familyEndpoints(service, family, selected, nodes)),
    );
  }
  const result: ServiceEndpoints = {
    services,
    of: (service, port, family) =>
      services
        .get(`${service.namespace}/${service.name}`)
        ?.find((entry) => entry.family === family)
        ?.ports.find((entry) => entry.port === port)?.endpoints ?? [],
  };
  known.set(model, result);
  return result;
}

/** An empty selector is no selector: the API server drops it. */
function hasSelector(service: Service): service is Service & { readonly selector: Readonly<Record<string, string>> } {
  return service.selector !== null && Object.keys(service.selector).length > 0;
}

/** The families of the cluster IPs, primary first; of a headless service its own, or those of the cluster's service ranges. */
export function familiesOf(service: Service, model: NetworkModel): readonly Family[] {
  if (service.families !== undefined) return service.families;
  const ips = service.clusterIps.map((ip) => ip.family);
  return [...new Set(ips.length > 0 ? ips : model.cluster.serviceCidrs.map((cidr) => cidr.ip.family))];
}

/** Pods by namespace and label, so that a selector reads only the pods of its rarest label. */
class PodIndex {
  readonly #byLabel = new Map<string, Pod[]>();

  constructor(pods: readonly Pod[]) {
    for (const pod of pods) {
      for (const [key, value] of Object.entries(pod.labels)) {
        const place = labelKey(pod.namespace, key, value);
        const list = this.#byLabel.get(place);
        if (list === undefined) this.#byLabel.set(place, [pod]);
        else list.push(pod);
      }
    }
  }

  select(namespace: string, selector: Readonly<Record<string, string>>): readonly Pod[] {
    const terms = Object.entries(selector);
    let rarest: readonly Pod[] | null = null;
    for (const [key, value] of terms) {
      const list = this.#byLabel.get(labelKey(namespace, key, value)) ?? [];
      if (rarest === null || list.length < rarest.length) rarest = list;
    }
    return (rarest ?? []).filter((pod) => terms.every(([key, value]) => pod.labels[key] === value));
  }
}

/** Neither a namespace nor a label key or value can hold a line feed. */
function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}\n${value}`;
}

function familyEndpoints(service: Service, family: Family, selected: readonly Pod[], nodes: ReadonlyMap<string, Node>): FamilyEndpoints {
  const entries: { readonly address: EndpointAddress; readonly text: string; readonly behind: Pod | ManualSlice | null }[] = [];
  for (const pod of selected) {
    const address = addressOf(service, family, pod, nodes);
    if (address !== null) entries.push({ address, text: formatIp(address.ip), behind: pod });
  }
  if (!hasSelector(service)) {
    for (const ip of service.manualEndpoints)
      if (ip.family === family) entries.push({ address: manualAddress(service, ip), text: formatIp(ip), behind: null });
    for (const slice of service.manualSlices ?? []) {
      for (const ip of slice.addresses)
        if (ip.family === family) entries.push({ address: sliceAddress(slice, ip), text: formatIp(ip), behind: slice });
    }
  }
  entries.sort((x, y) => compareText(x.text, y.text) || compareText(x.address.pod ?? "", y.address.pod ?? ""));
  const ports = service.ports.map((port): PortEndpoints => {
    const keyed: { readonly key: string; readonly endpoint: Endpoint }[] = [];
    for (const { address, text, behind } of entries) {
      const number = targetPort(port, behind);
      if (number !== null) keyed.push({ key: endpointText(text, family, number), endpoint: { ...address, port: number } });
    }
    keyed.sort((x, y) => compareText(x.key, y.key) || compareText(x.endpoint.pod ?? "", y.endpoint.pod ?? ""));
    return { port, endpoints: keyed.map((entry) => entry.endpoint) };
  });
  return { family, addresses: entries.map((entry) => entry.address), ports };
}

function endpointText(ip: string, family: Family, port: number): string {
  return family === 4 ? `${ip}:${port}` : `[${ip}]:${port}`;
}

function addressOf(service: Service, family: Family, pod: Pod, nodes: ReadonlyMap<string, Node>): EndpointAddress | null {
  const ip = pod.addresses.find((address) => address.family === family);
  const node = nodes.get(pod.node);
  if (ip === undefined || (node === undefined && !service.publishNotReady)) return null;
  return {
    ip,
    node: pod.node,
    zone: node?.zone ?? null,
    pod: `${pod.namespace}/${pod.name}`,
    hostname: pod.subdomain === service.name ? pod.hostname : null,
    ready: service.publishNotReady || (pod.ready && !pod.terminating),
    serving: pod.ready,
    terminating: pod.terminating,
    origin: pod.origin,
  };
}

function manualAddress(service: Service, ip: Ip): EndpointAddress {
  return { ip, node: null, zone: null, pod: null, hostname: null, ready: true, serving: true, terminating: false, origin: service.origin };
}

function sliceAddress(slice: ManualSlice, ip: Ip): EndpointAddress {
  const { node, zone, hostname, ready, serving, terminating, origin } = slice;
  return { ip, node, zone, pod: null, hostname, ready, serving, terminating, origin };
}

/** Null when the pod has no container port of that name and protocol, or the slice no port that joins the service's. */
function targetPort(port: ServicePort, behind: Pod | ManualSlice | null): number | null {
  if (behind !== null && "serving" in behind)
    return behind.ports.find((candidate) => candidate.name === port.name && candidate.protocol === port.protocol)?.port ?? null;
  if (typeof port.targetPort === "number") return port.targetPort;
  const named = behind?.ports.find((candidate) => candidate.name === port.targetPort && candidate.protocol === port.protocol);
  return named?.port ?? null;
}
