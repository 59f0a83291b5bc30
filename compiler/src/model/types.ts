/**
 * The network model: what the program describes, with every name resolved and every address allocated.
 * Immutable. Components read it and nothing else; the judges (simulator, kernel) never see it.
 */
import type { Cidr, Family, Ip, PortRange, Transport } from "@knet/language/values";
import type { Origin, PathCondition, ResolveTarget, Span } from "@knet/language";
import type { IpamPlan } from "./ipam.ts";

export interface NetworkModel {
  readonly cluster: Cluster;
  readonly subnets: readonly Subnet[];
  readonly routers: readonly Router[];
  /** Machines outside every declared subnet; present when a router has NAT to the internet. */
  readonly external: ExternalNetwork | null;
  readonly nodes: readonly Node[];
  readonly firewalls: readonly Firewall[];
  /** Sorted by name. `kube-system` is always there. */
  readonly namespaces: readonly Namespace[];
  /** Every pod, also those of workloads; sorted by namespace, then name. */
  readonly pods: readonly Pod[];
  readonly workloads: readonly Workload[];
  /** Sorted by namespace, then name. `default/kubernetes` and `kube-system/kube-dns` are always there. */
  readonly services: readonly Service[];
  readonly policies: readonly NetworkPolicy[];
  /** Absent: none. */
  readonly clusterPolicies?: readonly ClusterNetworkPolicy[];
  readonly assertions: readonly Assertion[];
  /** Blocks, tunnel addresses and borrowed addresses, as the CNI's address management holds them. */
  readonly ipam: IpamPlan;
}

export interface Cluster {
  readonly name: string;
  /** `1.34`. */
  readonly kubernetesVersion: string;
  /** Without a trailing dot: `cluster.local`. */
  readonly domain: string;
  /** One per family at most; the first is the primary family. */
  readonly serviceCidrs: readonly Cidr[];
  readonly nodePorts: { readonly first: number; readonly last: number };
  readonly cni: CalicoCni;
  readonly proxy: KubeProxy;
  readonly dns: CoreDns;
  readonly origin: Origin;
}

export interface CalicoCni {
  readonly kind: "calico";
  /** `3.32`. */
  readonly version: string;
  readonly pools: readonly IpPool[];
  readonly vxlanPort: number;
  readonly vxlanVni: number;
  /** Configured MTU of the VXLAN devices, or null: underlay − 50 (IPv4) or − 70 (IPv6). */
  readonly vxlanMtu: number | null;
  readonly origin: Origin;
}

export type Encapsulation = "none" | "ipip" | "ipip-cross-subnet" | "vxlan" | "vxlan-cross-subnet";

export interface IpPool {
  readonly name: string;
  readonly cidr: Cidr;
  readonly blockSize: number;
  readonly encapsulation: Encapsulation;
  readonly natOutgoing: boolean;
  /** Which nodes use it, in Calico's syntax; absent: `all()`. */
  readonly nodeSelector?: string;
  /** No new addresses; absent: false. */
  readonly disabled?: boolean;
  /** Absent: both. */
  readonly allowedUses?: readonly PoolUse[];
  /** `Manual`: only for pods that ask for an address in it. Absent: `Automatic`. */
  readonly assignmentMode?: "Automatic" | "Manual";
  readonly origin: Origin;
}

export type PoolUse = "Workload" | "Tunnel";

export interface KubeProxy {
  readonly mode: "iptables";
  readonly origin: Origin;
}

export interface CoreDns {
  /** Cluster IPs of kube-system/kube-dns, one per family. */
  readonly addresses: readonly Ip[];
  /** The zone `.` is the root: everything that no other zone holds. */
  readonly forwards: readonly DnsForward[];
  /** Seconds that clients may keep an answer about the cluster; absent: 30. */
  readonly ttl?: number;
  /** Seconds that the server keeps an answer from elsewhere; absent: 30. */
  readonly cache?: number;
  /** Addresses of NodeLocal DNSCache; absent or empty: there is none. */
  readonly nodeLocal?: readonly Ip[];
  readonly origin: Origin;
}

export interface DnsForward {
  readonly zone: string;
  readonly servers: readonly Ip[];
  readonly origin: Origin;
}

export interface Subnet {
  readonly network: string;
  readonly name: string;
  /** One per family at most. */
  readonly cidrs: readonly Cidr[];
  readonly mtu: number;
  readonly origin: Origin;
}

export interface Router {
  readonly network: string;
  readonly name: string;
  readonly interfaces: readonly RouterInterface[];
  /** Present when the router translates to the outside: its addresses there. */
  readonly outside: { readonly addresses: readonly Ip[]; readonly prefixes: readonly Cidr[] } | null;
  readonly origin: Origin;
}

export interface RouterInterface {
  /** Name of the subnet. */
  readonly subnet: string;
  /** Device name on the router: `eth0`, `eth1`, … in the order of `joins`. */
  readonly device: string;
  /** The gateway addresses of the subnet, one per family of the subnet. */
  readonly addresses: readonly Ip[];
}

/** "the internet": one machine per address class that policies and firewalls tell apart. */
export interface ExternalNetwork {
  /** The segment outside the router. */
  readonly prefixes: readonly Cidr[];
  readonly hosts: readonly ExternalHost[];
}

export interface ExternalHost {
  readonly name: string;
  /** One address per family; they lie in no declared subnet, pool or service range. */
  readonly addresses: readonly Ip[];
  /** The prefixes this host stands for, as an explanation. */
  readonly represents: string;
  readonly origin: Origin;
}

export interface Node {
  readonly name: string;
  readonly subnet: string;
  /** One per family of the subnet; the first is the primary (the node's InternalIP). */
  readonly addresses: readonly Ip[];
  /** The device that carries the addresses: `eth0`. */
  readonly device: string;
  readonly mtu: number;
  /** With `kubernetes.io/hostname`. */
  readonly labels: Labels;
  /** `topology.kubernetes.io/zone`, or null. */
  readonly zone: string | null;
  readonly origin: Origin;
}

export interface Firewall {
  readonly name: string;
  /** Names of the nodes it applies to, sorted. */
  readonly nodes: readonly string[];
  readonly rules: readonly FirewallRule[];
  readonly origin: Origin;
}

/** What may come in from the wire to the node's own addresses; anything else is dropped. */
export interface FirewallRule {
  readonly direction: "ingress";
  readonly peers: readonly FirewallPeer[];
  /** Empty: every protocol and port. */
  readonly ports: readonly PortRange[];
  readonly origin: Origin;
}

export type FirewallPeer =
  | { readonly kind: "any" }
  /** Everything outside declared subnets, pools and service ranges. */
  | { readonly kind: "internet" }
  | { readonly kind: "cidr"; readonly cidr: Cidr };

export type Labels = Readonly<Record<string, string>>;

export interface Namespace {
  readonly name: string;
  /** With `kubernetes.io/metadata.name`. */
  readonly labels: Labels;
  readonly origin: Origin;
}

export interface ContainerPort {
  /** Null when unnamed. */
  readonly name: string | null;
  readonly port: number;
  readonly protocol: Transport;
  readonly origin: Origin;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly hostNetwork: boolean;
  /** One per family of the cluster's pools; the node's for a host-network pod. */
  readonly addresses: readonly Ip[];
  readonly serviceAccount: string;
  /** `namespace/name` of the workload that made it, or null for a bare pod. */
  readonly workload: string | null;
  readonly hostname: string | null;
  readonly subdomain: string | null;
  /** Absent: `ClusterFirst`; of the cluster's own name servers: `Default`. */
  readonly dnsPolicy?: DnsPolicy;
  /** Absent: what the policy gives. */
  readonly dnsConfig?: DnsConfig;
  /** Part of the cluster's own software (CoreDNS), not declared by the user as a pod. */
  readonly system: boolean;
  readonly origin: Origin;
}

export type DnsPolicy = "ClusterFirst" | "ClusterFirstWithHostNet" | "Default" | "None";

/** `spec.dnsConfig` of a pod. */
export interface DnsConfig {
  readonly nameservers: readonly Ip[];
  readonly searches: readonly string[];
  /** Options of resolv.conf in the order of writing; null: a switch. */
  readonly options: readonly { readonly name: string; readonly value: number | null }[];
}

export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly kind: "Deployment";
  readonly replicas: number;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  /** As those of a pod. */
  readonly dnsPolicy?: DnsPolicy;
  readonly dnsConfig?: DnsConfig;
  /** Nodes it may run on, or null for all. */
  readonly spreadOver: readonly string[] | null;
  readonly system: boolean;
  readonly origin: Origin;
}

export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
export type TrafficPolicy = "Cluster" | "Local";

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly type: ServiceType;
  readonly headless: boolean;
  /** One per family of the service; empty when headless. */
  readonly clusterIps: readonly Ip[];
  /** Primary first; absent: those of its cluster IPs, or of the cluster's service ranges when it is headless. */
  readonly families?: readonly Family[];
  /** Absent: `RequireDualStack` with two families, `SingleStack` with one. */
  readonly familyPolicy?: FamilyPolicy;
  /** Null: endpoints are not managed by the controller. */
  readonly selector: Labels | null;
  readonly ports: readonly ServicePort[];
  readonly externalIps: readonly Ip[];
  readonly loadBalancerIps: readonly Ip[];
  /** What nodes do with the load balancer's addresses; absent: `VIP`. */
  readonly ipMode?: "VIP" | "Proxy";
  /** Absent: the cluster's own load balancer. */
  readonly loadBalancerClass?: string;
  /** Absent: true. */
  readonly allocateNodePorts?: boolean;
  readonly loadBalancerSourceRanges: readonly Cidr[];
  readonly internalTrafficPolicy: TrafficPolicy;
  readonly externalTrafficPolicy: TrafficPolicy;
  readonly healthCheckNodePort: number | null;
  /** Seconds of ClientIP affinity, or null. */
  readonly sessionAffinity: number | null;
  /** Absent: no endpoint is preferred. */
  readonly trafficDistribution?: TrafficDistribution;
  readonly publishNotReady: boolean;
  /** Where an ExternalName service points: a host name without a trailing dot. Absent for the other types. */
  readonly externalName?: string;
  /** Endpoints written by hand instead of selected (`default/kubernetes`). */
  readonly manualEndpoints: readonly Ip[];
  /** EndpointSlices written by hand, with all that they say; absent: none. */
  readonly manualSlices?: readonly ManualSlice[];
  readonly system: boolean;
  readonly origin: Origin;
}

export type FamilyPolicy = "SingleStack" | "PreferDualStack" | "RequireDualStack";
export type TrafficDistribution = "PreferClose" | "PreferSameZone" | "PreferSameNode";

/** An EndpointSlice written by hand: endpoints of one family that share their conditions and their place. */
export interface ManualSlice {
  readonly name: string;
  readonly addresses: readonly Ip[];
  /** Joined to the service's ports by name and protocol. */
  readonly ports: readonly { readonly name: string | null; readonly port: number; readonly protocol: Transport }[];
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly node: string | null;
  readonly zone: string | null;
  readonly hostname: string | null;
  readonly origin: Origin;
}

export interface ServicePort {
  /** Null when the only port is unnamed. */
  readonly name: string | null;
  readonly port: number;
  readonly protocol: Transport;
  /** Number, or the name of a container port. */
  readonly targetPort: number | string;
  readonly nodePort: number | null;
  readonly origin: Origin;
}

export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: LabelSelector;
  readonly policyTypes: readonly ("Ingress" | "Egress")[];
  readonly ingress: readonly PolicyRule[];
  readonly egress: readonly PolicyRule[];
  readonly origin: Origin;
}

export interface PolicyRule {
  /** Empty: any peer, also outside the cluster. */
  readonly peers: readonly PolicyPeer[];
  /** Empty: every port and protocol. */
  readonly ports: readonly PolicyPort[];
  readonly origin: Origin;
}

export type PolicyPeer =
  | {
      readonly kind: "pods";
      /** Null: not given (all pods when `namespaceSelector` is). */
      readonly podSelector: LabelSelector | null;
      /** Null: the policy's own namespace. */
      readonly namespaceSelector: LabelSelector | null;
      readonly origin: Origin;
    }
  | { readonly kind: "ipBlock"; readonly cidr: Cidr; readonly except: readonly Cidr[]; readonly origin: Origin };

export interface PolicyPort {
  readonly protocol: Transport;
  /** Number, name of a container port, or null for all ports of the protocol. */
  readonly port: number | string | null;
  readonly endPort: number | null;
}

/** policy.networking.k8s.io/v1alpha2. */
export interface ClusterNetworkPolicy {
  readonly name: string;
  readonly tier: "Admin" | "Baseline";
  readonly priority: number;
  readonly subject: NamespacedPods;
  readonly ingress: readonly ClusterPolicyRule[];
  readonly egress: readonly ClusterPolicyRule[];
  readonly origin: Origin;
}

/** A null `pods` is every pod of the namespaces. */
export interface NamespacedPods {
  readonly namespaces: LabelSelector;
  readonly pods: LabelSelector | null;
}

export interface ClusterPolicyRule {
  readonly name: string | null;
  readonly action: "Accept" | "Deny" | "Pass";
  readonly peers: readonly ClusterPolicyPeer[];
  /** Empty: every port and protocol. */
  readonly ports: readonly ClusterPolicyPort[];
  readonly origin: Origin;
}

export type ClusterPolicyPeer =
  | ({ readonly kind: "pods" } & NamespacedPods)
  | { readonly kind: "nodes"; readonly nodes: LabelSelector }
  /** At most 25. */
  | { readonly kind: "networks"; readonly cidrs: readonly Cidr[] };

export type ClusterPolicyPort =
  | { readonly kind: "range"; readonly protocol: Transport; readonly first: number; readonly last: number }
  | { readonly kind: "named"; readonly name: string };

/** Conjunction; empty selects everything. Order is that of the source. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
}

export type LabelRequirement =
  | { readonly key: string; readonly operator: "In" | "NotIn"; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: "Exists" | "DoesNotExist" };

// Assertions ----------------------------------------------------------------------------------

export interface Assertion {
  readonly title: string;
  readonly statements: readonly Statement[];
  readonly span: Span;
}

export type Statement = ReachStatement | ResolveStatement | ConnectivityStatement | FailureStatement;

/** `SOURCES (reaches | never reaches) TARGET [on PORTS]`. `nothing except X reaches Y` is `never` with `except`. */
export interface ReachStatement {
  readonly kind: "reach";
  readonly never: boolean;
  /** `nothing` and `anything` are `{kind:"all"}`: all pods and external addresses. */
  readonly sources: EndpointSet;
  /** Taken out of the sources. */
  readonly except: EndpointSet | null;
  readonly target: EndpointSet;
  /** Null: every port that the target offers (services: service ports; pods: container ports), and a closed port of each transport for `never`. */
  readonly ports: readonly PortRange[] | null;
  /** One answering backend is enough. */
  readonly someBackend: boolean;
  /** What the way has to be; with `never`, what no way may be. Absent: anything. */
  readonly path?: readonly PathCondition[];
  readonly span: Span;
}

/** `SOURCES resolves "NAME" to …`. */
export interface ResolveStatement {
  readonly kind: "resolve";
  readonly sources: EndpointSet;
  readonly except: EndpointSet | null;
  readonly name: string;
  readonly target: ResolveTarget;
  readonly span: Span;
}

/** `connectivity of namespace NAME is exactly { … }`. */
export interface ConnectivityStatement {
  readonly kind: "connectivity";
  readonly namespace: string;
  readonly statements: readonly ReachStatement[];
  readonly span: Span;
}

export type EndpointSet =
  | { readonly kind: "all" }
  | { readonly kind: "internet" }
  | { readonly kind: "pods"; /** `namespace/name`, sorted. */ readonly pods: readonly string[]; readonly text: string }
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "nodes"; readonly nodes: readonly string[] }
  | { readonly kind: "cidr"; readonly cidr: Cidr }
  | { readonly kind: "union"; readonly members: readonly EndpointSet[] };

/** `after any K nodes fail { … }` (converged) or `while any K nodes fail { … }` (not yet). */
export interface FailureStatement {
  readonly kind: "failure";
  readonly when: "after" | "while";
  readonly count: number;
  readonly what: "node" | "pod" | "link";
  readonly statements: readonly (ReachStatement | ResolveStatement)[];
  readonly span: Span;
}
