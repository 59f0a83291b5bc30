/**
 * The checked program: every declaration with typed values, resolved names and the places they stand at.
 * This is all that the compiler reads of the language; it never looks at syntax.
 *
 * Invariant: a checked program without errors can be lowered. What can still fail afterwards is allocation
 * (a range is full), which has its own codes.
 */
import type { Cidr, Family, Ip, PortRange, Transport } from "../values/index.ts";
import type { Span } from "../text/span.ts";

/** A value and where it was written. A default stands at its block's header and is not `explicit`. */
export interface Sourced<T> {
  readonly value: T;
  readonly span: Span;
  readonly explicit: boolean;
}

export interface CheckedProgram {
  /** Path of the entry file. */
  readonly entry: string;
  readonly networks: readonly NetworkDeclaration[];
  /** At least one, in source order. */
  readonly clusters: readonly ClusterProgram[];
  /** Assertions whose parties are of more than one cluster. */
  readonly between: readonly BetweenAssertion[];
}

/**
 * One cluster with all that belongs to it, and the networks that it shares with the other clusters of the program. Names of nodes,
 * namespaces and what is in them are its own.
 */
export interface ClusterProgram {
  /** Path of the program's entry file. */
  readonly entry: string;
  readonly cluster: ClusterDeclaration;
  /** All of the program, the same for every cluster. */
  readonly networks: readonly NetworkDeclaration[];
  readonly nodes: readonly NodeDeclaration[];
  readonly firewalls: readonly FirewallDeclaration[];
  /** `admin-policy` and `baseline-policy`, in source order. */
  readonly clusterPolicies: readonly ClusterPolicyDeclaration[];
  /** A namespace may be declared in several blocks: they are merged here, in source order. */
  readonly namespaces: readonly NamespaceDeclaration[];
  /** Those that are about this cluster alone. */
  readonly assertions: readonly AssertDeclaration[];
}

/** `header` is the span of keyword and name; `span` is the whole declaration. */
export interface Declared {
  readonly name: string;
  readonly header: Span;
  readonly span: Span;
}

export interface ClusterDeclaration extends Declared {
  readonly kubernetes: Sourced<string>;
  readonly domain: Sourced<string>;
  /** `service-cidr = 172.16.0.0/16` or a list of two, one per family. */
  readonly serviceCidrs: Sourced<readonly Cidr[]>;
  readonly nodePorts: Sourced<{ readonly first: number; readonly last: number }>;
  readonly cni: CniDeclaration;
  readonly proxy: ProxyDeclaration;
  readonly dns: DnsDeclaration;
}

export interface CniDeclaration extends Declared {
  readonly kind: "calico";
  readonly version: Sourced<string>;
  readonly vxlanPort: Sourced<number>;
  readonly vxlanVni: Sourced<number>;
  /** Null: derived from the underlay. */
  readonly vxlanMtu: Sourced<number | null>;
  readonly pools: readonly PoolDeclaration[];
}

export interface PoolDeclaration extends Declared {
  readonly cidr: Sourced<Cidr>;
  /** Default 26 (IPv4) or 122 (IPv6). */
  readonly blockSize: Sourced<number>;
  readonly encapsulation: Sourced<"none" | "ipip" | "ipip-cross-subnet" | "vxlan" | "vxlan-cross-subnet">;
  readonly natOutgoing: Sourced<boolean>;
  /** In Calico's syntax, as written; `all()` by default. It parses, and has no `global()`. */
  readonly nodeSelector: Sourced<string>;
  readonly disabled: Sourced<boolean>;
  readonly allowedUses: Sourced<readonly PoolUse[]>;
  readonly assignmentMode: Sourced<"Automatic" | "Manual">;
}

export type PoolUse = "Workload" | "Tunnel";

/** `proxy iptables`; absent: iptables, placed at the cluster's header. */
export interface ProxyDeclaration extends Declared {
  readonly mode: "iptables";
}

/** `dns coredns { … }`; absent: CoreDNS at the tenth address of the service range. */
export interface DnsDeclaration extends Declared {
  readonly kind: "coredns";
  /** Empty: the tenth address of each service range. */
  readonly addresses: Sourced<readonly Ip[]>;
  /** Seconds, as are those of `cache`. */
  readonly ttl: Sourced<number>;
  readonly cache: Sourced<number>;
  /** Empty: the resolver of the node. */
  readonly upstream: Sourced<readonly Ip[]>;
  /** Empty: no NodeLocal DNSCache. */
  readonly nodeLocal: Sourced<readonly Ip[]>;
  readonly forwards: readonly { readonly zone: string; readonly servers: readonly Ip[]; readonly span: Span }[];
}

export interface NetworkDeclaration extends Declared {
  readonly subnets: readonly SubnetDeclaration[];
  readonly routers: readonly RouterDeclaration[];
}

export interface SubnetDeclaration extends Declared {
  readonly cidrs: Sourced<readonly Cidr[]>;
  readonly mtu: Sourced<number>;
}

export interface RouterDeclaration extends Declared {
  /** Names of subnets of the same network. */
  readonly joins: Sourced<readonly string[]>;
  readonly nat: Sourced<"internet" | null>;
}

export interface NodeDeclaration extends Declared {
  readonly subnet: Sourced<string>;
  /** At most one per family; families not given are allocated. */
  readonly addresses: Sourced<readonly Ip[]>;
  readonly labels: Sourced<Readonly<Record<string, string>>>;
}

export interface FirewallDeclaration extends Declared {
  /** Null: all nodes. */
  readonly nodes: readonly string[] | null;
  readonly rules: readonly FirewallRuleDeclaration[];
}

export interface FirewallRuleDeclaration {
  readonly direction: "ingress";
  readonly peers: readonly FirewallPeerDeclaration[];
  /** Empty: everything. */
  readonly ports: readonly PortRange[];
  readonly span: Span;
}

export type FirewallPeerDeclaration =
  | { readonly kind: "any"; readonly span: Span }
  | { readonly kind: "internet"; readonly span: Span }
  | { readonly kind: "subnet"; readonly subnet: string; readonly span: Span }
  | { readonly kind: "nodes"; readonly span: Span }
  | { readonly kind: "cidr"; readonly cidr: Cidr; readonly span: Span };

export interface NamespaceDeclaration extends Declared {
  readonly labels: Sourced<Readonly<Record<string, string>>>;
  readonly pods: readonly PodDeclaration[];
  readonly workloads: readonly WorkloadDeclaration[];
  readonly services: readonly ServiceDeclaration[];
  readonly policies: readonly PolicyDeclaration[];
}

export interface ContainerPortDeclaration {
  /** Null: `port 8080/tcp` without a name. */
  readonly name: string | null;
  readonly port: number;
  readonly protocol: Transport;
  readonly span: Span;
}

export interface PodDeclaration extends Declared {
  readonly namespace: string;
  /** Null: knet places it (by a hash of its name over the nodes). */
  readonly node: Sourced<string | null>;
  readonly labels: Sourced<Readonly<Record<string, string>>>;
  readonly ports: readonly ContainerPortDeclaration[];
  readonly ready: Sourced<boolean>;
  readonly terminating: Sourced<boolean>;
  readonly hostNetwork: Sourced<boolean>;
  readonly dnsPolicy: Sourced<DnsPolicy>;
  readonly dnsConfig: DnsConfigDeclaration | null;
  /** Pinned addresses, at most one per family; empty: allocated. */
  readonly addresses: Sourced<readonly Ip[]>;
}

export type DnsPolicy = "ClusterFirst" | "ClusterFirstWithHostNet" | "Default" | "None";

/** Switches of a resolver: what resolv.conf(5) calls them. */
export const resolverSwitches = ["rotate", "use-vc", "edns0", "single-request", "single-request-reopen", "trust-ad"] as const;
export type ResolverSwitch = (typeof resolverSwitches)[number];

export interface DnsConfigDeclaration extends Declared {
  readonly nameservers: Sourced<readonly Ip[]>;
  readonly searches: Sourced<readonly string[]>;
  /** Null, as for the next two: what the policy gives, or the resolver's own default. */
  readonly ndots: Sourced<number | null>;
  /** Seconds. */
  readonly timeout: Sourced<number | null>;
  readonly attempts: Sourced<number | null>;
  readonly switches: Readonly<Record<ResolverSwitch, Sourced<boolean>>>;
}

export interface WorkloadDeclaration extends Declared {
  readonly namespace: string;
  readonly replicas: Sourced<number>;
  readonly labels: Sourced<Readonly<Record<string, string>>>;
  readonly ports: readonly ContainerPortDeclaration[];
  /** How many of the replicas are ready; null: all. */
  readonly readyReplicas: Sourced<number | null>;
  readonly hostNetwork: Sourced<boolean>;
  readonly dnsPolicy: Sourced<DnsPolicy>;
  readonly dnsConfig: DnsConfigDeclaration | null;
  /** Null: all nodes. */
  readonly spreadOver: Sourced<readonly string[] | null>;
}

export type ServiceTypeName = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
export type FamilyPolicy = "SingleStack" | "PreferDualStack" | "RequireDualStack";
export type TrafficDistribution = "PreferClose" | "PreferSameZone" | "PreferSameNode";

export interface ServiceDeclaration extends Declared {
  readonly namespace: string;
  readonly type: Sourced<ServiceTypeName>;
  /** `headless = true`. */
  readonly headless: Sourced<boolean>;
  /** Equality terms only, as Services have them. Null: it selects nothing. */
  readonly selector: Sourced<Readonly<Record<string, string>> | null>;
  /** Empty: allocated. */
  readonly clusterIps: Sourced<readonly Ip[]>;
  /** The primary family first; empty: those of `clusterIps`, otherwise that of the first service range. */
  readonly families: Sourced<readonly Family[]>;
  /** Null: what `families` and `clusterIps` come to. */
  readonly familyPolicy: Sourced<FamilyPolicy | null>;
  /** What all that comes to in this cluster, the primary family first; empty for an ExternalName. */
  readonly ipFamilies: readonly Family[];
  readonly ports: readonly ServicePortDeclaration[];
  readonly publishNotReady: Sourced<boolean>;
  /** Not null exactly when the type is ExternalName. */
  readonly externalName: Sourced<string | null>;
  readonly externalIps: Sourced<readonly Ip[]>;
  readonly sessionAffinity: Sourced<"None" | "ClientIP">;
  /** Seconds; of no meaning without affinity. */
  readonly sessionTimeout: Sourced<number>;
  readonly internalTrafficPolicy: Sourced<"Cluster" | "Local">;
  readonly externalTrafficPolicy: Sourced<"Cluster" | "Local">;
  readonly trafficDistribution: Sourced<TrafficDistribution | null>;
  readonly loadBalancerAddresses: Sourced<readonly Ip[]>;
  readonly ipMode: Sourced<"VIP" | "Proxy">;
  readonly sourceRanges: Sourced<readonly Cidr[]>;
  readonly loadBalancerClass: Sourced<string | null>;
  readonly allocateNodePorts: Sourced<boolean>;
  /** Null: allocated where the service has one. */
  readonly healthCheckNodePort: Sourced<number | null>;
  /** Only of a service that selects nothing. */
  readonly endpoints: readonly EndpointsDeclaration[];
}

/** `endpoints NAME { … }`: one EndpointSlice written by hand. */
export interface EndpointsDeclaration extends Declared {
  /** All of one family; at least one. */
  readonly addresses: Sourced<readonly Ip[]>;
  /** Joined to the service's ports by name and protocol; empty: the targets of the service's ports, which are numbers then. */
  readonly ports: readonly ContainerPortDeclaration[];
  readonly ready: Sourced<boolean>;
  readonly serving: Sourced<boolean>;
  readonly terminating: Sourced<boolean>;
  readonly node: Sourced<string | null>;
  readonly zone: Sourced<string | null>;
  readonly hostname: Sourced<string | null>;
}

export interface ServicePortDeclaration {
  readonly name: string | null;
  readonly port: number;
  readonly protocol: Transport;
  /** Default: `port`. */
  readonly targetPort: number | string;
  /** `node-port = 30080` on the port; null: allocated when the service is a NodePort. */
  readonly nodePort: number | null;
  readonly span: Span;
}

export interface SelectorDeclaration {
  readonly requirements: readonly (
    | { readonly key: string; readonly operator: "In" | "NotIn"; readonly values: readonly string[] }
    | { readonly key: string; readonly operator: "Exists" | "DoesNotExist" }
  )[];
  readonly span: Span;
}

export interface PolicyDeclaration extends Declared {
  readonly namespace: string;
  readonly podSelector: SelectorDeclaration;
  /** What the rules imply (`allow ingress …` isolates ingress), plus what `isolates ingress, egress` says. */
  readonly directions: readonly ("ingress" | "egress")[];
  readonly rules: readonly PolicyRuleDeclaration[];
}

export interface PolicyRuleDeclaration {
  readonly direction: "ingress" | "egress";
  /** Empty: anyone. */
  readonly peers: readonly PolicyPeerDeclaration[];
  /** Empty: everything. */
  readonly ports: readonly PolicyPortDeclaration[];
  readonly span: Span;
}

export type PolicyPeerDeclaration =
  | {
      readonly kind: "pods";
      /** Null: every pod. */
      readonly pods: SelectorDeclaration | null;
      /** Null: the policy's own namespace. */
      readonly namespaces: SelectorDeclaration | null;
      readonly span: Span;
    }
  | { readonly kind: "cidr"; readonly cidr: Cidr; readonly except: readonly Cidr[]; readonly span: Span }
  /** Everything outside pools, service ranges and declared subnets: an ipBlock of everything except those. */
  | { readonly kind: "internet"; readonly span: Span };

export interface PolicyPortDeclaration {
  readonly protocol: Transport;
  /** Null: all ports of the protocol. */
  readonly port: number | string | null;
  readonly endPort: number | null;
  readonly span: Span;
}

/**
 * `admin-policy`, `baseline-policy`: a ClusterNetworkPolicy of policy.networking.k8s.io/v1alpha2. The tier `Admin` comes before the
 * NetworkPolicies and `Baseline` behind them; the limits are those of its CustomResourceDefinition.
 */
export interface ClusterPolicyDeclaration extends Declared {
  readonly tier: "Admin" | "Baseline";
  /** 0 to 1000; a lower one is asked first. */
  readonly priority: Sourced<number>;
  /** Pods on the network of their node are never among them. */
  readonly subject: PodSetDeclaration;
  /** In the order in which they are asked. */
  readonly rules: readonly ClusterPolicyRuleDeclaration[];
}

/** Pods of any namespace. */
export interface PodSetDeclaration {
  readonly namespaces: SelectorDeclaration;
  /** Null: all pods of these namespaces. */
  readonly pods: SelectorDeclaration | null;
  readonly span: Span;
}

export interface ClusterPolicyRuleDeclaration {
  readonly action: "Accept" | "Deny" | "Pass";
  readonly direction: "ingress" | "egress";
  readonly name: string | null;
  /** At least one. */
  readonly peers: readonly ClusterPolicyPeerDeclaration[];
  /** Empty: everything. */
  readonly ports: readonly ClusterPolicyPortDeclaration[];
  readonly span: Span;
}

export type ClusterPolicyPeerDeclaration =
  | ({ readonly kind: "pods" } & PodSetDeclaration)
  /** Addresses of nodes, by name; null: all nodes. Of egress only, as the following two. */
  | { readonly kind: "nodes"; readonly node: string | null; readonly span: Span }
  | { readonly kind: "cidr"; readonly cidr: Cidr; readonly span: Span }
  /** Everything outside pools, service ranges and declared subnets. */
  | { readonly kind: "internet"; readonly span: Span };

export type ClusterPolicyPortDeclaration =
  | { readonly kind: "range"; readonly protocol: Transport; readonly first: number; readonly last: number; readonly span: Span }
  | { readonly kind: "named"; readonly name: string; readonly span: Span };

// Assertions --------------------------------------------------------------------------------------

export interface AssertDeclaration {
  readonly title: string;
  readonly header: Span;
  readonly span: Span;
  readonly statements: readonly AssertStatement[];
}

/** Its parties exist; what it says is not brought into one cluster's terms. */
export interface BetweenAssertion {
  readonly title: string;
  readonly header: Span;
  readonly span: Span;
  /** Names of the clusters, in source order. */
  readonly clusters: readonly string[];
  /** As they are written. */
  readonly statements: readonly string[];
}

export type AssertStatement = ReachAssertion | ResolveAssertion | ConnectivityAssertion | FailureAssertion;

export interface ReachAssertion {
  readonly kind: "reach";
  readonly never: boolean;
  readonly sources: EndpointExpression;
  readonly except: EndpointExpression | null;
  readonly target: EndpointExpression;
  /** Null: not said. */
  readonly ports: readonly PortRange[] | null;
  readonly someBackend: boolean;
  /** What the way has to be; with `never`, what no way may be. */
  readonly path: readonly PathCondition[];
  readonly span: Span;
}

export type PathCondition =
  /** Whether the request crosses some wire inside another packet. */
  | { readonly kind: "encapsulation"; readonly encapsulated: boolean; readonly span: Span }
  /** The request passes the router. */
  | { readonly kind: "router"; readonly router: string; readonly span: Span }
  /** The source address that the server sees: one of the holder's, or this one. */
  | { readonly kind: "source-seen"; readonly as: SourceSeen; readonly span: Span }
  /** A request of so many bytes gets through in one piece. */
  | { readonly kind: "mtu"; readonly bytes: number; readonly span: Span }
  /** No backend's share of the requests is off the equal share by more than so many percent of it. */
  | { readonly kind: "balance"; readonly percent: number; readonly span: Span };

export type SourceSeen =
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "router"; readonly router: string }
  | { readonly kind: "address"; readonly address: Ip };

export interface ResolveAssertion {
  readonly kind: "resolve";
  readonly sources: EndpointExpression;
  readonly except: EndpointExpression | null;
  /** As the program asks the resolver for it. */
  readonly name: string;
  readonly target: ResolveTarget;
  readonly span: Span;
}

export type ResolveTarget =
  /** Its cluster IPs, or the addresses of its endpoints when it is headless. */
  | { readonly kind: "service"; readonly namespace: string; readonly name: string }
  /** Exactly these. */
  | { readonly kind: "addresses"; readonly addresses: readonly Ip[] }
  | { readonly kind: "nothing" };

/** Nobody exchanges anything with the pods of the namespace, nor they with each other, but as the statements say. */
export interface ConnectivityAssertion {
  readonly kind: "connectivity";
  readonly namespace: string;
  /** None of them has `never`. */
  readonly statements: readonly ReachAssertion[];
  readonly span: Span;
}

export interface FailureAssertion {
  readonly kind: "failure";
  readonly when: "after" | "while";
  readonly count: number;
  /** A link is the wire between a subnet and one node or router. */
  readonly what: "node" | "pod" | "link";
  readonly statements: readonly (ReachAssertion | ResolveAssertion)[];
  readonly span: Span;
}

export type EndpointExpression =
  /** `anything`, `nothing` (with `never` set). */
  | { readonly kind: "all"; readonly span: Span }
  | { readonly kind: "internet"; readonly span: Span }
  /** A pod, a workload or `namespace/*`: the pods and workloads it names. Workloads stand for all their pods. */
  | { readonly kind: "pods"; readonly namespace: string; readonly names: readonly string[]; readonly text: string; readonly span: Span }
  /** `pods app == "x" in NAMESPACE`, or `in namespaces SELECTOR`; both null: every pod. */
  | {
      readonly kind: "select";
      readonly pods: SelectorDeclaration | null;
      readonly namespace: string | null;
      readonly namespaces: SelectorDeclaration | null;
      readonly text: string;
      readonly span: Span;
    }
  | { readonly kind: "service"; readonly namespace: string; readonly name: string; readonly span: Span }
  /** `node node-a`, `nodes`. */
  | { readonly kind: "nodes"; readonly nodes: readonly string[]; readonly span: Span }
  | { readonly kind: "cidr"; readonly cidr: Cidr; readonly span: Span }
  | { readonly kind: "union"; readonly members: readonly EndpointExpression[]; readonly span: Span };
