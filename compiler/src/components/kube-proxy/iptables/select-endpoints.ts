/** Which endpoints of a service port a node uses. */
import { compareText } from "@knet/language/values";
import { endpointText, isExternallyAccessible } from "./service-port.ts";
import type { ProxyEndpoint, ProxyNode, ProxyServicePort } from "./service-port.ts";

/** An endpoint with its text, by which endpoints are told apart and sorted. */
export interface KeyedEndpoint {
  readonly text: string;
  readonly endpoint: ProxyEndpoint;
}

export interface SelectedEndpoints {
  /** For the cluster policy; empty when nothing uses it. */
  readonly cluster: readonly KeyedEndpoint[];
  /** For the local policy; empty when nothing uses it. */
  readonly local: readonly KeyedEndpoint[];
  /** The union of both, sorted. */
  readonly reachable: readonly KeyedEndpoint[];
  /** Whether the service port has any usable endpoint on any node. */
  readonly hasAny: boolean;
}

/**
 * The same `ip:port` once: one that is not terminating wins over one that is. Sorted by the bytes of the text.
 */
export function distinctEndpoints(endpoints: readonly ProxyEndpoint[]): readonly KeyedEndpoint[] {
  const byText = new Map<string, ProxyEndpoint>();
  for (const endpoint of endpoints) {
    const text = endpointText(endpoint);
    const before = byText.get(text);
    if (before === undefined || (before.terminating && !endpoint.terminating)) byText.set(text, endpoint);
  }
  return [...byText].map(([text, endpoint]) => ({ text, endpoint })).sort(byKey);
}

function byKey(x: KeyedEndpoint, y: KeyedEndpoint): number {
  return compareText(x.text, y.text);
}

/** `endpoints` as {@link distinctEndpoints} gives them. A null node is no node at all: nothing is local to it. */
export function selectEndpoints(service: ProxyServicePort, endpoints: readonly KeyedEndpoint[], node: ProxyNode | null): SelectedEndpoints {
  const isExternal = isExternallyAccessible(service);
  const isInternalLocal = service.internalTrafficPolicy === "Local";
  const usesCluster = !isInternalLocal || isExternal;
  const usesLocal = isInternalLocal || (service.externalTrafficPolicy === "Local" && isExternal);
  const isLocal = ({ endpoint }: KeyedEndpoint): boolean => node !== null && endpoint.node === node.name;

  const cluster = usesCluster ? readyOrTerminating(endpoints, admittedBy(endpoints, node)) : [];
  if (!usesLocal) return { cluster, local: [], reachable: cluster, hasAny: cluster.length > 0 };
  const local = readyOrTerminating(endpoints.filter(isLocal), () => true);
  const hasAny = endpoints.some(({ endpoint }) => endpoint.ready || (endpoint.serving && endpoint.terminating));
  const used = new Set([...cluster, ...local]);
  return { cluster, local, reachable: endpoints.filter((endpoint) => used.has(endpoint)), hasAny };
}

/** The admitted ready endpoints; when there is none, all that still serve while they terminate. */
function readyOrTerminating(endpoints: readonly KeyedEndpoint[], admits: (endpoint: ProxyEndpoint) => boolean): readonly KeyedEndpoint[] {
  const ready = endpoints.filter(({ endpoint }) => endpoint.ready && admits(endpoint));
  return ready.length > 0 ? ready : endpoints.filter(({ endpoint }) => endpoint.serving && endpoint.terminating);
}

/**
 * Hints count when every ready endpoint has one and at least one names this node or its zone; node hints go first.
 */
function admittedBy(endpoints: readonly KeyedEndpoint[], node: ProxyNode | null): (endpoint: ProxyEndpoint) => boolean {
  const everything = (): boolean => true;
  const ready = endpoints.filter(({ endpoint }) => endpoint.ready);
  if (node === null || ready.length === 0) return everything;
  const inForce = (hintsOf: (endpoint: ProxyEndpoint) => readonly string[], place: string): boolean =>
    ready.every(({ endpoint }) => hintsOf(endpoint).length > 0) && ready.some(({ endpoint }) => hintsOf(endpoint).includes(place));
  if (inForce((endpoint) => endpoint.nodeHints, node.name)) return (endpoint) => endpoint.nodeHints.includes(node.name);
  const zone = node.zone;
  if (zone !== null && inForce((endpoint) => endpoint.zoneHints, zone)) return (endpoint) => endpoint.zoneHints.includes(zone);
  return everything;
}
