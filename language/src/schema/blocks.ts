/**
 * THE table of block kinds and attributes. The checker reads types, defaults and places from it; completion, hover, reference pages and
 * the editor grammar are derived from it. A new attribute is a new row here and its use in the checker of its block.
 */
import type { AttributeRow, BlockRow, ClauseRow, StatementKind, ValueType } from "./types.ts";

const text: ValueType = { kind: "string" };
const flag: ValueType = { kind: "boolean" };
const labels: ValueType = { kind: "labels" };
const integer = (first: number, last: number, unit?: string): ValueType => ({
  kind: "integer",
  first,
  last,
  ...(unit === undefined ? {} : { unit }),
});
const oneOf = (values: readonly string[], future: readonly string[] = []): ValueType => ({ kind: "enum", values, future });

interface AttributeOptions {
  readonly field?: string;
  readonly default?: string;
  readonly required?: boolean;
  readonly future?: boolean;
}

function attribute(name: string, type: ValueType, doc: string, options: AttributeOptions = {}): AttributeRow {
  return {
    name,
    type,
    required: options.required === true,
    default: options.default ?? null,
    doc,
    field: options.field ?? null,
    future: options.future === true,
  };
}

interface BlockOptions {
  readonly parents: readonly string[];
  readonly rule?: "label" | "service-label" | "subdomain" | "title";
  readonly kinds?: readonly string[];
  readonly futureKinds?: readonly string[];
  readonly body?: "required" | "optional";
  readonly clauses?: readonly ClauseRow[];
  readonly attributes?: readonly AttributeRow[];
  readonly statements?: readonly StatementKind[];
  readonly field?: string;
}

function block(keyword: string, doc: string, options: BlockOptions): BlockRow {
  return {
    keyword,
    parents: options.parents,
    name:
      options.kinds === undefined
        ? { rule: options.rule ?? "label", kinds: null }
        : { rule: null, kinds: options.kinds, future: options.futureKinds ?? [] },
    body: options.body ?? "required",
    clauses: options.clauses ?? [],
    attributes: options.attributes ?? [],
    statements: options.statements ?? [],
    doc,
    field: options.field ?? null,
  };
}

const mtu = integer(576, 65_535, "bytes");

export const blocks: readonly BlockRow[] = [
  block("cluster", "A Kubernetes cluster: its version, its address ranges and the software that makes its network.", {
    parents: ["file"],
    attributes: [
      attribute(
        "kubernetes",
        { kind: "version", software: "Kubernetes", described: ["1.34"] },
        "The Kubernetes version whose kube-proxy is compiled.",
        {
          default: '"1.34"',
        },
      ),
      attribute("domain", { kind: "dns-name" }, "The DNS domain of the cluster.", {
        default: '"cluster.local"',
        field: "kubelet clusterDomain",
      }),
      attribute("service-cidr", { kind: "cidrs" }, "Where cluster IPs come from: one range, or one of each family.", {
        required: true,
        field: "kube-apiserver --service-cluster-ip-range",
      }),
      attribute("node-ports", { kind: "port-range" }, "The ports that services of type node-port may have.", {
        default: "30000..32767",
        field: "kube-apiserver --service-node-port-range",
      }),
    ],
  }),
  block("cni", "The network plug-in: how pods get addresses and how their packets cross between nodes.", {
    parents: ["cluster"],
    kinds: ["calico"],
    futureKinds: ["flannel", "cilium", "bridge"],
    attributes: [
      attribute("version", { kind: "version", software: "Calico", described: ["3.32"] }, "The Calico version whose Felix is compiled.", {
        default: '"3.32"',
      }),
      attribute("vxlan-port", integer(1, 65_535), "The UDP port of VXLAN packets.", {
        default: "4789",
        field: "FelixConfiguration vxlanPort",
      }),
      attribute("vxlan-vni", integer(0, 16_777_215), "The VXLAN network identifier.", {
        default: "4096",
        field: "FelixConfiguration vxlanVNI",
      }),
      attribute("vxlan-mtu", mtu, "The MTU of the VXLAN devices; by default the subnet's MTU less the encapsulation.", {
        field: "FelixConfiguration vxlanMTU",
      }),
      attribute("dataplane", oneOf(["iptables"], ["nftables", "ebpf"]), "What enforces policy.", { default: "iptables", future: true }),
      attribute("wireguard", flag, "Encrypt traffic between nodes.", { future: true }),
    ],
  }),
  block("pool", "A range that pods get their addresses from.", {
    parents: ["cni"],
    rule: "subdomain",
    field: "projectcalico.org/v3 IPPool",
    attributes: [
      attribute("cidr", { kind: "cidr" }, "The range.", { required: true, field: "spec.cidr" }),
      attribute("block-size", integer(0, 128), "Prefix length of the blocks that nodes claim: 20 to 32, or 116 to 128 for IPv6.", {
        default: "26, or 122 for IPv6",
        field: "spec.blockSize",
      }),
      attribute(
        "encapsulation",
        oneOf(["vxlan", "vxlan-cross-subnet"], ["none", "ipip", "ipip-cross-subnet"]),
        "How packets travel between nodes: always in VXLAN, or only where the nodes' subnets differ.",
        { required: true, field: "spec.vxlanMode, spec.ipipMode" },
      ),
      attribute("nat-outgoing", flag, "Whether pods leave the pools under their node's address.", {
        default: "false",
        field: "spec.natOutgoing",
      }),
      attribute("node-selector", text, "Which nodes use the pool.", { future: true, field: "spec.nodeSelector" }),
    ],
  }),
  block("proxy", "How service addresses are turned into pod addresses.", {
    parents: ["cluster"],
    kinds: ["iptables"],
    futureKinds: ["ipvs", "nftables", "ebpf", "userspace", "none"],
    body: "optional",
    field: "KubeProxyConfiguration mode",
    attributes: [attribute("scheduler", text, "The IPVS scheduler.", { future: true, field: "KubeProxyConfiguration ipvs.scheduler" })],
  }),
  block("dns", "The cluster's DNS server.", {
    parents: ["cluster"],
    kinds: ["coredns"],
    body: "optional",
    statements: ["forward"],
    attributes: [
      attribute("address", { kind: "addresses" }, "Its cluster IPs; by default the tenth address of each service range.", {
        field: "kubelet clusterDNS",
      }),
      attribute("node-local", { kind: "addresses" }, "The address of NodeLocal DNSCache.", { future: true }),
    ],
  }),
  block("network", "Subnets and the routers that join them.", { parents: ["file"] }),
  block("subnet", "One broadcast domain.", {
    parents: ["network"],
    attributes: [
      attribute("cidr", { kind: "cidrs" }, "Its range: one, or one of each family.", { required: true }),
      attribute("mtu", mtu, "The MTU of its links.", { default: "1500" }),
    ],
  }),
  block("router", "A router. It takes the first free host address of each subnet it joins.", {
    parents: ["network"],
    attributes: [
      attribute("joins", { kind: "references", to: "subnet" }, "The subnets it has an interface in.", { required: true }),
      attribute("nat", oneOf(["internet"]), "Where it translates to: `internet` gives the subnets a way out."),
    ],
  }),
  block("node", "A machine of the cluster.", {
    parents: ["file"],
    rule: "subdomain",
    body: "optional",
    field: "v1 Node",
    clauses: [{ keyword: "in", to: "subnet", required: true, doc: "The subnet it stands in." }],
    attributes: [
      attribute("address", { kind: "addresses" }, "Its addresses; by default they are allocated.", { field: "status.addresses" }),
      attribute("labels", labels, "Its labels.", { default: "{}", field: "metadata.labels" }),
    ],
  }),
  block("firewall", "What may come in from the wire to nodes' own addresses; everything else is dropped.", {
    parents: ["file"],
    statements: ["applies", "allow"],
  }),
  block("namespace", "A namespace. Several blocks of one name make one namespace.", {
    parents: ["file"],
    field: "v1 Namespace",
    attributes: [
      attribute("labels", labels, "Its labels; `kubernetes.io/metadata.name` is always there.", {
        default: "{}",
        field: "metadata.labels",
      }),
    ],
  }),
  block("pod", "One pod.", {
    parents: ["namespace"],
    rule: "subdomain",
    body: "optional",
    field: "v1 Pod",
    clauses: [{ keyword: "on", to: "node", required: false, doc: "The node it runs on; by default knet places it." }],
    statements: ["port-statement"],
    attributes: [
      attribute("labels", labels, "Its labels.", { default: "{}", field: "metadata.labels" }),
      attribute("ready", flag, "Whether it is ready, and so an endpoint of the services that select it.", {
        default: "true",
        field: "status.conditions",
      }),
      attribute("host-network", flag, "Whether it shares its node's network.", { default: "false", field: "spec.hostNetwork" }),
      attribute("address", { kind: "addresses" }, "Its addresses; by default they are allocated.", {
        field: "cni.projectcalico.org/ipAddrs",
      }),
    ],
  }),
  block("workload", "A Deployment: a number of equal pods.", {
    parents: ["namespace"],
    rule: "subdomain",
    field: "apps/v1 Deployment",
    statements: ["port-statement", "spread"],
    attributes: [
      attribute("replicas", integer(0, 150_000), "How many pods.", { default: "1", field: "spec.replicas" }),
      attribute("labels", labels, "The labels of its pods.", { default: "{}", field: "spec.template.metadata.labels" }),
      attribute("ready", integer(0, 150_000), "How many of them are ready; by default all.", { field: "status.readyReplicas" }),
      attribute("host-network", flag, "Whether its pods share their node's network.", {
        default: "false",
        field: "spec.template.spec.hostNetwork",
      }),
    ],
  }),
  block("service", "One name and address for the pods it selects.", {
    parents: ["namespace"],
    rule: "service-label",
    field: "v1 Service",
    statements: ["selects", "port-statement"],
    attributes: [
      attribute("type", oneOf(["cluster-ip", "node-port"], ["load-balancer", "external-name"]), "`node-port` opens a port on every node.", {
        default: "cluster-ip",
        field: "spec.type",
      }),
      attribute("cluster-ip", { kind: "addresses" }, "Its cluster IPs; by default they are allocated.", { field: "spec.clusterIPs" }),
      attribute(
        "families",
        { kind: "families" },
        "Its address families, the primary one first; by default those of its pinned cluster IPs, otherwise that of the first service range.",
        { field: "spec.ipFamilies, spec.ipFamilyPolicy" },
      ),
      attribute("headless", flag, "Whether it has a DNS name only, without a cluster IP.", {
        default: "false",
        field: "spec.clusterIP: None",
      }),
      attribute("publish-not-ready", flag, "Whether pods that are not ready count as endpoints.", {
        default: "false",
        field: "spec.publishNotReadyAddresses",
      }),
      attribute("session-affinity", text, "Keep a client with its backend.", { future: true, field: "spec.sessionAffinity" }),
      attribute("internal-traffic-policy", text, "Which endpoints pods reach.", { future: true, field: "spec.internalTrafficPolicy" }),
      attribute("external-traffic-policy", text, "Which endpoints outsiders reach.", { future: true, field: "spec.externalTrafficPolicy" }),
      attribute("traffic-distribution", text, "Which endpoints are preferred.", { future: true, field: "spec.trafficDistribution" }),
      attribute("external-ips", { kind: "addresses" }, "More addresses.", { future: true, field: "spec.externalIPs" }),
    ],
  }),
  block("policy", "A NetworkPolicy: what the pods it applies to may receive and send.", {
    parents: ["namespace"],
    rule: "subdomain",
    field: "networking.k8s.io/v1 NetworkPolicy",
    statements: ["applies", "isolates", "allow"],
  }),
  block("assert", "What must hold. `knet verify` proves or refutes it.", {
    parents: ["file"],
    rule: "title",
    statements: ["reach", "failure"],
  }),
];

const byKeyword = new Map(blocks.map((row) => [row.keyword, row]));

export const blockKeywords: ReadonlySet<string> = new Set(byKeyword.keys());

export function blockRow(keyword: string): BlockRow | null {
  return byKeyword.get(keyword) ?? null;
}

export function attributeRow(row: BlockRow, name: string): AttributeRow | null {
  return row.attributes.find((attribute) => attribute.name === name) ?? null;
}

/** Keywords of the blocks that may stand in a block, or in the file for `file`. */
export function childKeywords(parent: string): readonly string[] {
  return blocks.filter((row) => row.parents.includes(parent)).map((row) => row.keyword);
}
