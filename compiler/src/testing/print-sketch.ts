/** A sketch as .knet text. */
import { parseIp } from "@knet/language/values";
import type {
  ClusterSketch,
  FirewallPeerSketch,
  FirewallRuleSketch,
  LabelsSketch,
  NamespaceSketch,
  PodSketch,
  PolicyPeerSketch,
  PolicyRuleSketch,
  PortSketch,
  RequirementSketch,
  ServiceSketch,
  WorkloadSketch,
} from "./sketch.ts";

/** Expects a sketch in which everything that is named is there, as `repaired` leaves it. */
export function printSketch(sketch: ClusterSketch): string {
  const ofFamily = (text: string): boolean => sketch.families.includes(familyOfText(text));
  const lines = [
    "cluster random {",
    `  service-cidr = ${list(byFamily(sketch, sketch.serviceCidrs))}`,
    "",
    "  cni calico {",
    ...sketch.pools
      .filter((pool) => ofFamily(pool.cidr))
      .map(
        (pool) =>
          `    pool ${pool.name} { cidr = ${pool.cidr}, block-size = ${pool.blockSize}, encapsulation = ${sketch.encapsulation}, nat-outgoing = ${sketch.natOutgoing} }`,
      ),
    "  }",
    "}",
    "",
    "network dc {",
    ...sketch.subnets.map((subnet) => `  subnet ${subnet.name} { cidr = ${list(byFamily(sketch, subnet.cidrs))} }`),
    ...sketch.routers.map(
      (router) => `  router ${router.name} { joins = [${router.joins.join(", ")}]${router.nat ? ", nat = internet" : ""} }`,
    ),
    "}",
    "",
    ...sketch.nodes.map(
      (node) => `node ${node.name} in ${node.subnet}${node.addresses.length === 0 ? "" : ` { address = ${list(node.addresses)} }`}`,
    ),
    ...sketch.firewalls.flatMap((firewall) => [
      "",
      `firewall ${firewall.name} {`,
      `  applies to ${firewall.nodes === null ? "nodes" : `node ${firewall.nodes.join(", ")}`}`,
      ...firewall.rules.map(firewallRule),
      "}",
    ]),
    ...sketch.namespaces.flatMap((namespace) => ["", ...namespaceLines(namespace)]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The family of an address or a CIDR. */
export function familyOfText(text: string): 4 | 6 {
  return text.includes(":") ? 6 : 4;
}

/** The sketch's primary family first. */
function byFamily(sketch: ClusterSketch, texts: readonly string[]): readonly string[] {
  return sketch.families.flatMap((family) => texts.filter((text) => familyOfText(text) === family));
}

function list(items: readonly string[]): string {
  return items.length === 1 ? (items[0] ?? "") : `[${items.join(", ")}]`;
}

function firewallRule(rule: FirewallRuleSketch): string {
  return `  allow ingress${rule.peers.length === 0 ? " from anyone" : ` from ${rule.peers.map(firewallPeer).join(", ")}`}${on(rule.ports)}`;
}

function firewallPeer(peer: FirewallPeerSketch): string {
  switch (peer.kind) {
    case "internet":
    case "nodes":
      return peer.kind;
    case "subnet":
      return `subnet ${peer.subnet}`;
    case "cidr":
      return peer.cidr;
  }
}

function on(ports: readonly string[]): string {
  return ports.length === 0 ? "" : ` on ${ports.join(", ")}`;
}

function namespaceLines(namespace: NamespaceSketch): readonly string[] {
  return [
    `namespace ${namespace.name} {`,
    ...labelMembers(namespace.labels).map((member) => `  ${member}`),
    ...namespace.pods.map(podLine),
    ...namespace.workloads.map(workloadLine),
    ...namespace.services.map(serviceLine),
    ...namespace.policies.flatMap((policy) => [
      `  policy ${policy.name} {`,
      `    applies to ${policy.subjects.length === 0 ? "all pods" : selector(policy.subjects)}`,
      ...(policy.isolates.length === 0 ? [] : [`    isolates ${policy.isolates.join(", ")}`]),
      ...policy.rules.map((rule) => `    ${policyRule(rule)}`),
      "  }",
    ]),
    "}",
  ];
}

function labelMembers(labels: LabelsSketch): readonly string[] {
  const pairs = Object.entries(labels).map(([key, value]) => `${labelKey(key)} = "${value}"`);
  return pairs.length === 0 ? [] : [`labels = { ${pairs.join(", ")} }`];
}

function labelKey(key: string): string {
  return /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(key) ? key : `"${key}"`;
}

function portMembers(ports: readonly PortSketch[]): readonly string[] {
  return ports.map(({ name, port, protocol }) => `port ${name === null ? "" : `${name} = `}${port}/${protocol}`);
}

function addressMembers(addresses: readonly string[]): readonly string[] {
  return addresses.length === 0 ? [] : [`address = ${list(addresses.filter((text) => parseIp(text) !== null))}`];
}

function body(members: readonly string[]): string {
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

function podLine(pod: PodSketch): string {
  const members = [
    ...labelMembers(pod.labels),
    ...portMembers(pod.ports),
    ...(pod.ready ? [] : ["ready = false"]),
    ...(pod.hostNetwork ? ["host-network = true"] : []),
    ...addressMembers(pod.addresses),
  ];
  return `  pod ${pod.name}${pod.node === null ? "" : ` on ${pod.node}`} ${body(members)}`;
}

function workloadLine(workload: WorkloadSketch): string {
  const members = [
    `replicas = ${workload.replicas}`,
    ...(workload.ready === null ? [] : [`ready = ${workload.ready}`]),
    ...labelMembers(workload.labels),
    ...portMembers(workload.ports),
    ...(workload.spreadOver === null ? [] : [`spread over [${workload.spreadOver.join(", ")}]`]),
  ];
  return `  workload ${workload.name} ${body(members)}`;
}

function serviceLine(service: ServiceSketch): string {
  const selects = Object.entries(service.selector).map(([key, value]) => `${labelKey(key)} == "${value}"`);
  const members = [
    `selects ${selects.join(" and ")}`,
    ...(service.headless ? ["headless = true"] : []),
    ...(service.publishNotReady ? ["publish-not-ready = true"] : []),
    ...service.ports.map((port) => {
      const name = service.ports.length === 1 ? "" : `${port.name} = `;
      const target = port.target === null ? "" : ` -> ${port.target}`;
      return `port ${name}${port.port}/${port.protocol}${target}${port.nodePort === null ? "" : ` node-port ${port.nodePort}`}`;
    }),
  ];
  return `  service ${service.name} ${body(members)}`;
}

function selector(requirements: readonly RequirementSketch[]): string {
  return requirements
    .map(({ key, operator, values }) => {
      const [only] = values;
      if (only === undefined) return `${operator} ${labelKey(key)}`;
      if (values.length === 1) return `${labelKey(key)} ${operator === "in" ? "==" : "!="} "${only}"`;
      return `${labelKey(key)} ${operator} [${values.map((value) => `"${value}"`).join(", ")}]`;
    })
    .join(" and ");
}

function policyRule(rule: PolicyRuleSketch): string {
  const preposition = rule.direction === "ingress" ? "from" : "to";
  const peers = rule.peers.length === 0 ? "anyone" : rule.peers.map(policyPeer).join(", ");
  return `allow ${rule.direction} ${preposition} ${peers}${on(rule.ports)}`;
}

function policyPeer(peer: PolicyPeerSketch): string {
  switch (peer.kind) {
    case "internet":
      return "internet";
    case "cidr":
      return `${peer.cidr}${peer.except.length === 0 ? "" : ` except [${peer.except.join(", ")}]`}`;
    case "pods": {
      const pods = peer.pods.length === 0 ? "all pods" : `pods ${selector(peer.pods)}`;
      if (peer.namespaces === null) return pods;
      return `${pods} in ${peer.namespaces.length === 0 ? "all namespaces" : `namespaces ${selector(peer.namespaces)}`}`;
    }
  }
}
