/**
 * THE table of block kinds and attributes. The checker reads types, defaults and places from it; completion, hover, reference pages and
 * the editor grammar are derived from it. A new attribute is a new row here and its use in the checker of its block.
 */
import type { AttributeRow, BlockRow, ClauseRow, NameRule, StatementKind, ValueType } from "./types.ts";

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
const duration = (first: number, last: number): ValueType => ({ kind: "duration", first, last });

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
  readonly rule?: NameRule;
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

/** Limits as those of ClusterNetworkPolicy. */
const clusterPolicy: Pick<BlockOptions, "parents" | "rule" | "field" | "statements" | "attributes"> = {
  parents: ["file", "cluster"],
  rule: "subdomain",
  field: "policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy",
  statements: ["applies", "allow", "deny", "pass"],
  attributes: [
    attribute("priority", integer(0, 1000), "Which of these policies is asked first: the one with the lower number.", {
      required: true,
      field: "spec.priority",
    }),
  ],
};

const mtu = integer(576, 65_535, "bytes");

/** Where pods look names up: of a pod, and of the pods of a workload. */
function dnsPolicy(spec: string): AttributeRow {
  return attribute(
    "dns-policy",
    oneOf(["cluster-first", "cluster-first-with-host-net", "default", "none"]),
    "Where names are looked up: at the cluster's DNS server (`cluster-first-with-host-net` also for a pod on its node's network, where `cluster-first` means the node's resolver), as its node does (`default`), or as `dns-config` alone says (`none`).",
    { default: "cluster-first", field: `${spec}.dnsPolicy` },
  );
}

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
      attribute("node-selector", { kind: "calico-selector" }, "Which nodes take addresses from the pool, by their labels.", {
        default: '"all()"',
        field: "spec.nodeSelector",
      }),
      attribute("disabled", flag, "Whether no new addresses come from it. Those that a lock keeps stay.", {
        default: "false",
        field: "spec.disabled",
      }),
      attribute(
        "allowed-uses",
        { kind: "enum-list", values: ["workload", "tunnel"], future: ["load-balancer"] },
        "What its addresses are for: pods, the nodes' tunnels, or both.",
        { default: "[workload, tunnel]", field: "spec.allowedUses" },
      ),
      attribute("assignment-mode", oneOf(["automatic", "manual"]), "With `manual` only pods that ask for an address of it get one.", {
        default: "automatic",
        field: "spec.assignmentMode",
      }),
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
      attribute("ttl", duration(0, 3600), "How long clients may keep an answer about the cluster.", {
        default: "30s",
        field: "Corefile kubernetes ttl",
      }),
      attribute("cache", duration(1, 86_400), "How long the server keeps an answer from elsewhere.", {
        default: "30s",
        field: "Corefile cache",
      }),
      attribute(
        "upstream",
        { kind: "address-list" },
        "The servers for names outside the cluster and the forwarded zones; by default those of the node, from its /etc/resolv.conf.",
        { field: "Corefile forward ." },
      ),
      attribute("node-local", { kind: "addresses" }, "The addresses that NodeLocal DNSCache listens on, on every node; by default there is none.", {
        field: "node-cache -localip",
      }),
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
    parents: ["file", "cluster"],
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
    parents: ["file", "cluster"],
    statements: ["applies", "allow"],
  }),
  block("namespace", "A namespace. Several blocks of one name make one namespace.", {
    parents: ["file", "cluster"],
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
      attribute(
        "terminating",
        flag,
        "Whether it is being deleted. While it is ready it still serves where a service has no other endpoint.",
        { default: "false", field: "metadata.deletionTimestamp" },
      ),
      attribute("host-network", flag, "Whether it shares its node's network.", { default: "false", field: "spec.hostNetwork" }),
      dnsPolicy("spec"),
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
      dnsPolicy("spec.template.spec"),
    ],
  }),
  block("dns-config", "What a pod's resolver is told beside, or with `dns-policy = none` instead of, what its DNS policy gives it.", {
    parents: ["pod", "workload"],
    rule: "none",
    field: "spec.dnsConfig",
    attributes: [
      attribute("nameservers", { kind: "address-list" }, "DNS servers, three at most, behind those of the policy.", {
        default: "[]",
        field: "spec.dnsConfig.nameservers",
      }),
      attribute("searches", { kind: "dns-names" }, "Domains that are tried behind a short name, after those of the policy; 32 at most.", {
        default: "[]",
        field: "spec.dnsConfig.searches",
      }),
      attribute(
        "ndots",
        integer(0, 15),
        "With fewer dots a name is tried below the search domains first; by default 5, and 1 with the policies `default` and `none`.",
        { field: "spec.dnsConfig.options ndots" },
      ),
      attribute("timeout", duration(1, 30), "How long the resolver waits for a server; by default 5 seconds.", {
        field: "spec.dnsConfig.options timeout",
      }),
      attribute("attempts", integer(1, 5), "How often the resolver asks its servers; by default twice.", {
        field: "spec.dnsConfig.options attempts",
      }),
      ...["rotate", "use-vc", "edns0", "single-request", "single-request-reopen", "trust-ad"].map((option) =>
        attribute(option, flag, `The resolver's option \`${option}\`.`, { default: "false", field: `spec.dnsConfig.options ${option}` }),
      ),
    ],
  }),
  block("service", "One name and address for the pods it selects.", {
    parents: ["namespace"],
    rule: "service-label",
    field: "v1 Service",
    statements: ["selects", "port-statement"],
    attributes: [
      attribute(
        "type",
        oneOf(["cluster-ip", "node-port", "load-balancer", "external-name"]),
        "`node-port` opens a port on every node, `load-balancer` also has addresses outside the cluster, `external-name` is a DNS alias.",
        { default: "cluster-ip, or node-port where a port says `node-port`", field: "spec.type" },
      ),
      attribute("cluster-ip", { kind: "addresses" }, "Its cluster IPs; by default they are allocated.", { field: "spec.clusterIPs" }),
      attribute(
        "families",
        { kind: "families" },
        "Its address families, the primary one first; by default those of its pinned cluster IPs, otherwise that of the first service range.",
        { field: "spec.ipFamilies" },
      ),
      attribute(
        "family-policy",
        oneOf(["single-stack", "prefer-dual-stack", "require-dual-stack"]),
        "One family, both where the cluster has them, or both; by default what `families` and the pinned cluster IPs come to, and `require-dual-stack` for a headless service that selects nothing.",
        { field: "spec.ipFamilyPolicy" },
      ),
      attribute("headless", flag, "Whether it has a DNS name only, without a cluster IP.", {
        default: "false",
        field: "spec.clusterIP: None",
      }),
      attribute("external-name", { kind: "dns-name" }, "The DNS name that a service of type `external-name` is an alias of.", {
        field: "spec.externalName",
      }),
      attribute("publish-not-ready", flag, "Whether pods that are not ready count as endpoints.", {
        default: "false",
        field: "spec.publishNotReadyAddresses",
      }),
      attribute("external-ips", { kind: "address-list" }, "More addresses that every node takes for the service's.", {
        default: "[]",
        field: "spec.externalIPs",
      }),
      attribute("session-affinity", oneOf(["none", "client-ip"]), "`client-ip` keeps a client at the endpoint it had last.", {
        default: "none",
        field: "spec.sessionAffinity",
      }),
      attribute("session-timeout", duration(1, 86_400), "How long after its last connection a client is kept there.", {
        default: "3h",
        field: "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
      }),
      attribute(
        "internal-traffic-policy",
        oneOf(["cluster", "local"]),
        "Which endpoints the cluster IPs lead to: all, or those on the client's node.",
        { default: "cluster", field: "spec.internalTrafficPolicy" },
      ),
      attribute(
        "external-traffic-policy",
        oneOf(["cluster", "local"]),
        "Which endpoints traffic from outside goes to: all, under the node's address, or those on the node where it arrives, under its own.",
        { default: "cluster", field: "spec.externalTrafficPolicy" },
      ),
      attribute(
        "traffic-distribution",
        oneOf(["prefer-close", "prefer-same-zone", "prefer-same-node"]),
        "Which endpoints are preferred: those in the client's zone (`prefer-close` is the older word for it), or on its node; by default none are.",
        { field: "spec.trafficDistribution" },
      ),
      attribute("load-balancer-addresses", { kind: "address-list" }, "The addresses that a load balancer has given it.", {
        default: "[]",
        field: "status.loadBalancer.ingress[].ip",
      }),
      attribute(
        "ip-mode",
        oneOf(["vip", "proxy"]),
        "`vip`: nodes take the load balancer's addresses for the service's own; `proxy`: they send such traffic to the load balancer.",
        { default: "vip", field: "status.loadBalancer.ingress[].ipMode" },
      ),
      attribute("source-ranges", { kind: "cidr-list" }, "Who may use the load balancer's addresses; by default everybody.", {
        default: "[]",
        field: "spec.loadBalancerSourceRanges",
      }),
      attribute("load-balancer-class", { kind: "qualified-name" }, "The load balancer that shall serve it; by default the cluster's own.", {
        field: "spec.loadBalancerClass",
      }),
      attribute("allocate-node-ports", flag, "Whether a service of type `load-balancer` gets node ports that it does not ask for.", {
        default: "true",
        field: "spec.allocateLoadBalancerNodePorts",
      }),
      attribute(
        "health-check-node-port",
        integer(1, 65_535),
        "Where nodes tell the load balancer whether they have endpoints, with `external-traffic-policy = local`; by default it is allocated.",
        { field: "spec.healthCheckNodePort" },
      ),
    ],
  }),
  block(
    "endpoints",
    "Endpoints written by hand, for a service that selects no pods. A `port` line joins the service's port of its name; without any, the targets of the service's ports hold.",
    {
      parents: ["service"],
      rule: "subdomain",
      field: "discovery.k8s.io/v1 EndpointSlice",
      statements: ["port-statement"],
      attributes: [
        attribute("addresses", { kind: "address-list" }, "Their addresses, all of one family.", {
          required: true,
          field: "endpoints[].addresses",
        }),
        attribute("ready", flag, "Whether they take traffic; by default as long as they are not terminating.", {
          field: "endpoints[].conditions.ready",
        }),
        attribute("serving", flag, "Whether they answer, terminating or not.", {
          default: "true",
          field: "endpoints[].conditions.serving",
        }),
        attribute("terminating", flag, "Whether they are going away.", {
          default: "false",
          field: "endpoints[].conditions.terminating",
        }),
        attribute("node", { kind: "reference", to: "node" }, "The node they are on; by default none.", { field: "endpoints[].nodeName" }),
        attribute("zone", { kind: "label-value" }, "The zone they are in; by default none.", { field: "endpoints[].zone" }),
        attribute("hostname", { kind: "dns-label" }, "Their name below the service's in DNS; by default their addresses make one.", {
          field: "endpoints[].hostname",
        }),
      ],
    },
  ),
  block("policy", "A NetworkPolicy: what the pods it applies to may receive and send.", {
    parents: ["namespace"],
    rule: "subdomain",
    field: "networking.k8s.io/v1 NetworkPolicy",
    statements: ["applies", "isolates", "allow"],
  }),
  block(
    "admin-policy",
    "A ClusterNetworkPolicy of the tier Admin: what the whole cluster may receive and send, whatever the policies of namespaces say.",
    clusterPolicy,
  ),
  block(
    "baseline-policy",
    "A ClusterNetworkPolicy of the tier Baseline: what pods may receive and send as long as no policy of their namespace is about it.",
    clusterPolicy,
  ),
  block("assert", "What must hold. `knet verify` proves or refutes it.", {
    parents: ["file", "cluster"],
    rule: "title",
    statements: ["reach", "resolve", "connectivity", "failure"],
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
