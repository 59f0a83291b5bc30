/**
 * Clusters of any size as knet text, with the proportions of Kubernetes' published ceiling: 30 pods and 2 services a node, a namespace
 * for every 50 pods, policies in four of five namespaces. The text names everything: it has no loops.
 */

export interface GeneratedCluster {
  readonly text: string;
  readonly nodes: number;
  readonly pods: number;
  readonly services: number;
  readonly namespaces: number;
  readonly policies: number;
}

const podsPerNode = 30;
const servicesPerNode = 2;
const podsPerNamespace = 50;
/** Nodes of one subnet, and subnets of one router. */
const nodesPerRack = 48;
const racksPerRow = 8;
/** One namespace in so many offers its web service on every node. */
const nodePortEvery = 20;
/** One namespace in so many has no policies. */
const openEvery = 5;

/** The same text for the same number of nodes. @throws RangeError outside 1 to 10,000 nodes, for which the address plan has room. */
export function generateCluster(nodes: number): GeneratedCluster {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 10_000) throw new RangeError(`${nodes} nodes: a generated cluster has 1 to 10,000`);
  const pods = nodes * podsPerNode;
  const services = nodes * servicesPerNode;
  const namespaces = Math.ceil(pods / podsPerNamespace);
  const written = Array.from({ length: namespaces }, (_unused, index) =>
    namespaceText(index, namespaces, share(pods, namespaces, index), share(services, namespaces, index)),
  );
  return {
    text: [clusterText, networkText(nodes), ...written.map(({ text }) => text), assertions(namespaces)].join("\n"),
    nodes,
    pods,
    services,
    namespaces,
    policies: written.reduce((sum, { policies }) => sum + policies, 0),
  };
}

/** The part of `total` that falls to one of `count`, as even as whole numbers allow. */
function share(total: number, count: number, index: number): number {
  return Math.floor(((index + 1) * total) / count) - Math.floor((index * total) / count);
}

const clusterText = `cluster bench {
  service-cidr = 172.20.0.0/14
  node-ports   = 30000..32767

  cni calico {
    pool pods {
      cidr          = 10.64.0.0/10
      encapsulation = vxlan-cross-subnet
      nat-outgoing  = true
    }
  }
}
`;

function nodeName(index: number): string {
  return `node-${pad(index)}`;
}

function namespaceName(index: number): string {
  return `team-${pad(index)}`;
}

function pad(index: number): string {
  return String(index).padStart(4, "0");
}

/** Racks of nodes, a router for each row of racks, and an edge router to the outside that the rows reach by the backbone. */
function networkText(nodes: number): string {
  const racks = Math.ceil(nodes / nodesPerRack);
  const rows = Math.ceil(racks / racksPerRow);
  const names = Array.from({ length: racks }, (_unused, rack) => `rack-${pad(rack)}`);
  return [
    "network dc {",
    "  subnet backbone { cidr = 192.168.0.0/22 }",
    ...names.map((name, rack) => `  subnet ${name} { cidr = 10.0.${rack}.0/24 }`),
    "  router edge { joins = [backbone], nat = internet }",
    ...Array.from({ length: rows }, (_unused, row) => {
      const joined = names.slice(row * racksPerRow, (row + 1) * racksPerRow);
      return `  router row-${pad(row)} { joins = [backbone, ${joined.join(", ")}] }`;
    }),
    "}",
    "",
    ...Array.from({ length: nodes }, (_unused, node) => {
      const rack = Math.floor(node / nodesPerRack);
      const zone = `zone-${Math.floor(rack / racksPerRow) % 3}`;
      return `node ${nodeName(node)} in ${names[rack] ?? ""} { address = 10.0.${rack}.${10 + (node % nodesPerRack)}, labels = { "topology.kubernetes.io/zone" = "${zone}" } }`;
    }),
    "",
    "firewall nodes {",
    "  applies to nodes",
    "  allow ingress from 10.0.0.0/16 on 4789/udp, 10250/tcp",
    "  allow ingress from internet on 30000..32767/tcp",
    "}",
    "",
  ].join("\n");
}

/** Replicas of the parts of a team's application; the workers take what is left. */
const replicas = { web: 14, api: 12, cache: 4 } as const;
/** Pods of the workloads of a namespace of full size. */
const fullSize = 48;

function namespaceText(index: number, count: number, pods: number, services: number): { readonly text: string; readonly policies: number } {
  const name = namespaceName(index);
  const tier = index % 10 === 0 ? "front" : "back";
  const bare = 2;
  // A namespace of full size has these replicas; a smaller one has its share of each.
  const part = (full: number): number => Math.max(1, Math.min(full, Math.floor(((pods - bare) * full) / fullSize)));
  const [webs, apis, caches] = [part(replicas.web), part(replicas.api), part(replicas.cache)];
  const rest = pods - bare - webs - apis - caches;
  const web = index % nodePortEvery === 0 ? `80/tcp -> http node-port ${30000 + index / nodePortEvery}` : "80/tcp -> http";
  const declared = [
    `  service web     { selects app == "web", port http = ${web} }`,
    '  service api     { selects app == "api", port grpc = 9000/tcp -> grpc }',
    '  service cache   { selects app == "cache", port redis = 6379/tcp }',
    '  service workers { selects app == "worker", port 9102/tcp }',
  ].slice(0, services);
  const policies = index % openEvery === openEvery - 1 ? [] : policiesText(namespaceName((index + 1) % count));
  return {
    text: [
      `namespace ${name} {`,
      `  labels = { team = "${name}", tier = "${tier}" }`,
      "",
      '  pod client { labels = { app = "client" } }',
      '  pod job    { labels = { app = "job", batch = "nightly" } }',
      "",
      `  workload web    { replicas = ${webs}, labels = { app = "web", part = "front" }, port http = 8080/tcp, port metrics = 9102/tcp }`,
      `  workload api    { replicas = ${apis}, labels = { app = "api", part = "middle" }, port grpc = 9090/tcp, port metrics = 9102/tcp }`,
      `  workload cache  { replicas = ${caches}, labels = { app = "cache", part = "data" }, port redis = 6379/tcp }`,
      `  workload worker { replicas = ${rest}, labels = { app = "worker", part = "middle" }, port metrics = 9102/tcp }`,
      "",
      ...declared,
      ...policies,
      "}",
      "",
    ].join("\n"),
    policies: policies.filter((line) => line.startsWith("  policy ")).length,
  };
}

/** Nothing but what the application needs: names, its own calls, one neighbour team, and metrics. */
function policiesText(neighbour: string): readonly string[] {
  return [
    "",
    "  policy default-deny {",
    "    applies to all pods",
    "    isolates ingress, egress",
    "    allow egress to pods k8s-app == \"kube-dns\" in namespace kube-system on 53/udp, 53/tcp",
    "  }",
    "  policy web {",
    '    applies to app == "web"',
    '    allow ingress from pods app == "client", internet on http',
    '    allow ingress from pods app == "web" in namespaces tier == "front" on 8080/tcp',
    '    allow egress to pods app == "api" on 9090/tcp',
    "  }",
    "  policy api {",
    '    applies to app == "api"',
    `    allow ingress from pods app in ["web", "worker"], pods app == "worker" in namespace ${neighbour} on grpc`,
    '    allow egress to pods app == "cache" on 6379/tcp',
    "  }",
    "  policy cache {",
    '    applies to app == "cache"',
    '    allow ingress from pods app == "api" on redis',
    "  }",
    "  policy outgoing {",
    '    applies to part != "data"',
    '    allow egress to pods app in ["web", "api"] on 8080/tcp, 9090/tcp',
    "    allow egress to 198.18.0.0/15 except 198.18.7.0/24 on 443/tcp",
    "  }",
  ];
}

/** Four statements that each have to look at much of the cluster's first and last team. */
function assertions(namespaces: number): string {
  const [first, last] = [namespaceName(0), namespaceName(namespaces - 1)];
  return `assert "the teams' own calls pass, and the data is theirs alone" {
  ${first}/client reaches service ${first}/web on 80/tcp
  ${first}/web reaches service ${first}/api
  ${last}/client never reaches pods app == "cache" in ${first} on 6379/tcp
  internet never reaches pods app == "api" in ${first}
}
`;
}
