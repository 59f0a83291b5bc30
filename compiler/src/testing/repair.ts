/** Makes a sketch whole again after something was taken out of it: what names a thing that is gone goes too. */
import { containsCidr, parseCidr } from "@knet/language/values";
import { familyOfText } from "./print-sketch.ts";
import type {
  ClusterSketch,
  FirewallRuleSketch,
  LabelsSketch,
  NamespaceSketch,
  PodSketch,
  PolicyPeerSketch,
  PolicyRuleSketch,
  PolicySketch,
  PortSketch,
  RequirementSketch,
  ServicePortSketch,
  ServiceSketch,
  WorkloadSketch,
} from "./sketch.ts";

/** Where something must be there and nothing is. */
const leastNode = "node-a";
const leastSubnet = { name: "blue", cidrs: ["192.168.1.0/24", "fd00:1::/64"] };
const leastPools = [
  { name: "pods", cidr: "10.10.0.0/16", blockSize: 26 },
  { name: "pods6", cidr: "fd10::/64", blockSize: 122 },
];
const leastServiceCidrs = ["172.16.0.0/16", "fd20::/112"];

/** A sketch that the checker accepts, as near to the given one as can be. A whole sketch is given back as it is, in value. */
export function repaired(sketch: ClusterSketch): ClusterSketch {
  const families = sketch.families.length === 0 ? ([4] as const) : sketch.families;
  const ofFamily = (text: string): boolean => families.some((family) => family === familyOfText(text));
  // Each family that the cluster has needs a range of every kind.
  const complete = <T>(given: readonly T[], least: readonly T[], cidrOf: (item: T) => string): readonly T[] => {
    const missing = families.filter((family) => !given.some((item) => familyOfText(cidrOf(item)) === family));
    return [...given, ...least.filter((item) => missing.some((family) => family === familyOfText(cidrOf(item))))];
  };
  const subnets = (sketch.subnets.length === 0 ? [leastSubnet] : sketch.subnets)
    .map((subnet) => {
      const known = subnet.name === leastSubnet.name ? leastSubnet.cidrs : [];
      return { ...subnet, cidrs: complete(subnet.cidrs.filter(ofFamily), known, (text) => text) };
    })
    .filter((subnet) => subnet.cidrs.length === families.length);
  const subnetNames = new Set(subnets.map((subnet) => subnet.name));
  const [firstSubnet] = subnets;
  const kept = sketch.nodes
    .filter((node) => subnetNames.has(node.subnet))
    .map((node) => ({ ...node, addresses: node.addresses.filter(ofFamily) }));
  const nodes = kept.length > 0 ? kept : [{ name: leastNode, subnet: firstSubnet?.name ?? leastSubnet.name, addresses: [] }];
  const nodeNames = new Set(nodes.map((node) => node.name));
  const nodePorts = new Set<number>();
  return {
    ...sketch,
    families,
    pools: complete(sketch.pools, leastPools, (pool) => pool.cidr),
    serviceCidrs: complete(sketch.serviceCidrs, leastServiceCidrs, (text) => text),
    subnets,
    routers: sketch.routers
      .map((router) => ({ ...router, joins: router.joins.filter((name) => subnetNames.has(name)) }))
      .filter((router) => router.joins.length > 0),
    nodes,
    firewalls: sketch.firewalls
      .map((firewall) => ({
        ...firewall,
        nodes: firewall.nodes === null ? null : firewall.nodes.filter((name) => nodeNames.has(name)),
        rules: firewall.rules.flatMap((rule) => firewallRule(rule, subnetNames, ofFamily)),
      }))
      .filter((firewall) => firewall.nodes === null || firewall.nodes.length > 0),
    namespaces: sketch.namespaces.map((namespace) => repairedNamespace(namespace, nodeNames, ofFamily, nodePorts)),
  };
}

/** Items that are all gone leave nothing; an empty list has a meaning of its own. */
function remaining<T>(before: readonly T[], after: readonly T[]): boolean {
  return before.length === 0 || after.length > 0;
}

function firewallRule(
  rule: FirewallRuleSketch,
  subnets: ReadonlySet<string>,
  ofFamily: (text: string) => boolean,
): readonly FirewallRuleSketch[] {
  const peers = rule.peers.filter((peer) =>
    peer.kind === "subnet" ? subnets.has(peer.subnet) : peer.kind !== "cidr" || ofFamily(peer.cidr),
  );
  return remaining(rule.peers, peers) ? [{ ...rule, peers }] : [];
}

function repairedNamespace(
  namespace: NamespaceSketch,
  nodes: ReadonlySet<string>,
  ofFamily: (text: string) => boolean,
  nodePorts: Set<number>,
): NamespaceSketch {
  const pods = namespace.pods.map((pod): PodSketch => ({
    ...pod,
    node: pod.node !== null && nodes.has(pod.node) ? pod.node : null,
    addresses: pod.hostNetwork ? [] : pod.addresses.filter(ofFamily),
  }));
  const workloads = namespace.workloads.map((workload): WorkloadSketch => {
    const over = workload.spreadOver?.filter((name) => nodes.has(name)) ?? [];
    return {
      ...workload,
      ready: workload.ready === null || workload.ready > workload.replicas ? null : workload.ready,
      spreadOver: over.length === 0 ? null : over,
    };
  });
  return {
    ...namespace,
    pods,
    workloads,
    services: namespace.services.flatMap((service) => repairedService(service, [...pods, ...workloads], nodePorts)),
    policies: namespace.policies.flatMap((policy) => repairedPolicy(policy, ofFamily)),
  };
}

function selects(selector: LabelsSketch, labels: LabelsSketch): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function repairedService(
  service: ServiceSketch,
  pods: readonly { readonly labels: LabelsSketch; readonly ports: readonly PortSketch[] }[],
  nodePorts: Set<number>,
): readonly ServiceSketch[] {
  if (Object.keys(service.selector).length === 0) return [];
  const selected = pods.filter((pod) => selects(service.selector, pod.labels));
  const ports: ServicePortSketch[] = [];
  for (const port of service.ports) {
    if (selected.length > 0 && !selected.some((pod) => offers(pod.ports, port))) continue;
    if (ports.some((other) => other.port === port.port && other.protocol === port.protocol)) continue;
    const nodePort = service.headless || port.nodePort === null || nodePorts.has(port.nodePort) ? null : port.nodePort;
    if (nodePort !== null) nodePorts.add(nodePort);
    ports.push({ ...port, nodePort });
  }
  return ports.length === 0 && !service.headless ? [] : [{ ...service, ports }];
}

function offers(ports: readonly PortSketch[], wanted: ServicePortSketch): boolean {
  const target = wanted.target ?? wanted.port;
  return ports.some(
    (port) => port.protocol === wanted.protocol && (typeof target === "string" ? port.name === target : port.port === target),
  );
}

function repairedPolicy(policy: PolicySketch, ofFamily: (text: string) => boolean): readonly PolicySketch[] {
  const rules = policy.rules.flatMap((rule) => repairedRule(rule, ofFamily));
  if (rules.length === 0 && policy.isolates.length === 0) return [];
  return [{ ...policy, subjects: requirements(policy.subjects), rules }];
}

function repairedRule(rule: PolicyRuleSketch, ofFamily: (text: string) => boolean): readonly PolicyRuleSketch[] {
  const peers = rule.peers.flatMap((peer): readonly PolicyPeerSketch[] => {
    if (peer.kind === "internet") return [peer];
    if (peer.kind === "pods")
      return [{ ...peer, pods: requirements(peer.pods), namespaces: peer.namespaces === null ? null : requirements(peer.namespaces) }];
    return ofFamily(peer.cidr) ? [{ ...peer, except: peer.except.filter((text) => isInside(text, peer.cidr)) }] : [];
  });
  return remaining(rule.peers, peers) ? [{ ...rule, peers }] : [];
}

/** A requirement whose values are all gone is no requirement. */
function requirements(list: readonly RequirementSketch[]): readonly RequirementSketch[] {
  return list.filter(
    (requirement) => requirement.values.length > 0 || requirement.operator === "has" || requirement.operator === "not has",
  );
}

function isInside(inner: string, outer: string): boolean {
  const [x, y] = [parseCidr(inner), parseCidr(outer)];
  return x !== null && y !== null && containsCidr(y, x) && x.prefix > y.prefix;
}
