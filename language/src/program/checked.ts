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
  /** Exactly one at this stage; the checker reports none or several. */
  readonly cluster: ClusterDeclaration;
  readonly networks: readonly NetworkDeclaration[];
  readonly nodes: readonly NodeDeclaration[];
  readonly firewalls: readonly FirewallDeclaration[];
  /** A namespace may be declared in several blocks: they are merged here, in source order. */
  readonly namespaces: readonly NamespaceDeclaration[];
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
}

/** `proxy iptables`; absent: iptables, placed at the cluster's header. */
export interface ProxyDeclaration extends Declared {
  readonly mode: "iptables";
}

/** `dns coredns { … }`; absent: CoreDNS at the tenth address of the service range. */
export interface DnsDeclaration extends Declared {
  readonly kind: "coredns";
  /** Empty: the tenth address of each service range. */
  readonly addresses: Sourced<readonly Ip[]>;
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
  readonly hostNetwork: Sourced<boolean>;
  /** Pinned addresses, at most one per family; empty: allocated. */
  readonly addresses: Sourced<readonly Ip[]>;
}

export interface WorkloadDeclaration extends Declared {
  readonly namespace: string;
  readonly replicas: Sourced<number>;
  readonly labels: Sourced<Readonly<Record<string, string>>>;
  readonly ports: readonly ContainerPortDeclaration[];
  /** How many of the replicas are ready; null: all. */
  readonly readyReplicas: Sourced<number | null>;
  readonly hostNetwork: Sourced<boolean>;
  /** Null: all nodes. */
  readonly spreadOver: Sourced<readonly string[] | null>;
}

export interface ServiceDeclaration extends Declared {
  readonly namespace: string;
  readonly type: Sourced<"ClusterIP" | "NodePort">;
  /** `headless = true`. */
  readonly headless: Sourced<boolean>;
  /** Equality terms only, as Services have them. */
  readonly selector: Sourced<Readonly<Record<string, string>>>;
  /** Empty: allocated. */
  readonly clusterIps: Sourced<readonly Ip[]>;
  /** The primary family first; empty: those of `clusterIps`, otherwise that of the first service range. */
  readonly families: Sourced<readonly Family[]>;
  readonly ports: readonly ServicePortDeclaration[];
  readonly publishNotReady: Sourced<boolean>;
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

// Assertions --------------------------------------------------------------------------------------

export interface AssertDeclaration {
  readonly title: string;
  readonly header: Span;
  readonly span: Span;
  readonly statements: readonly AssertStatement[];
}

export type AssertStatement = ReachAssertion | FailureAssertion;

export interface ReachAssertion {
  readonly kind: "reach";
  readonly never: boolean;
  readonly sources: EndpointExpression;
  readonly except: EndpointExpression | null;
  readonly target: EndpointExpression;
  /** Null: not said. */
  readonly ports: readonly PortRange[] | null;
  readonly someBackend: boolean;
  readonly span: Span;
}

export interface FailureAssertion {
  readonly kind: "failure";
  readonly when: "after" | "while";
  readonly count: number;
  readonly what: "node" | "pod";
  readonly statements: readonly ReachAssertion[];
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
