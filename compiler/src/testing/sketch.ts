/** A cluster as plain data, near to the .knet text that it prints to: easy to draw at random and to make smaller. */
import type { Family, Transport } from "@knet/language/values";

export interface ClusterSketch {
  /** One or both; the first is the services' primary family. */
  readonly families: readonly Family[];
  readonly encapsulation: "vxlan" | "vxlan-cross-subnet";
  readonly natOutgoing: boolean;
  /** One of each family; those of other families are not printed. */
  readonly pools: readonly PoolSketch[];
  readonly serviceCidrs: readonly string[];
  readonly subnets: readonly SubnetSketch[];
  readonly routers: readonly RouterSketch[];
  readonly nodes: readonly NodeSketch[];
  readonly firewalls: readonly FirewallSketch[];
  readonly namespaces: readonly NamespaceSketch[];
}

export interface PoolSketch {
  readonly name: string;
  readonly cidr: string;
  readonly blockSize: number;
}

export interface SubnetSketch {
  readonly name: string;
  readonly cidrs: readonly string[];
}

export interface RouterSketch {
  readonly name: string;
  readonly joins: readonly string[];
  readonly nat: boolean;
}

export interface NodeSketch {
  readonly name: string;
  readonly subnet: string;
  /** Pinned, at most one of each family. */
  readonly addresses: readonly string[];
}

export interface FirewallSketch {
  readonly name: string;
  /** Null: all nodes. */
  readonly nodes: readonly string[] | null;
  readonly rules: readonly FirewallRuleSketch[];
}

export interface FirewallRuleSketch {
  /** Empty: anyone. */
  readonly peers: readonly FirewallPeerSketch[];
  /** `4789/udp`, `30000..32767/tcp`, `tcp`; empty: everything. */
  readonly ports: readonly string[];
}

export type FirewallPeerSketch =
  | { readonly kind: "internet" | "nodes" }
  | { readonly kind: "subnet"; readonly subnet: string }
  | { readonly kind: "cidr"; readonly cidr: string };

export type LabelsSketch = Readonly<Record<string, string>>;

export interface NamespaceSketch {
  readonly name: string;
  readonly labels: LabelsSketch;
  readonly pods: readonly PodSketch[];
  readonly workloads: readonly WorkloadSketch[];
  readonly services: readonly ServiceSketch[];
  readonly policies: readonly PolicySketch[];
}

export interface PortSketch {
  readonly name: string | null;
  readonly port: number;
  readonly protocol: Transport;
}

export interface PodSketch {
  readonly name: string;
  /** Null: knet places it. */
  readonly node: string | null;
  readonly labels: LabelsSketch;
  readonly ports: readonly PortSketch[];
  readonly ready: boolean;
  readonly hostNetwork: boolean;
  /** Pinned, at most one of each family. */
  readonly addresses: readonly string[];
}

export interface WorkloadSketch {
  readonly name: string;
  readonly replicas: number;
  /** Null: all. */
  readonly ready: number | null;
  readonly labels: LabelsSketch;
  readonly ports: readonly PortSketch[];
  /** Null: all nodes. */
  readonly spreadOver: readonly string[] | null;
}

export interface ServiceSketch {
  readonly name: string;
  readonly selector: LabelsSketch;
  readonly headless: boolean;
  readonly publishNotReady: boolean;
  readonly ports: readonly ServicePortSketch[];
}

export interface ServicePortSketch {
  readonly name: string;
  readonly port: number;
  readonly protocol: Transport;
  /** A number or the name of a container port; null: the service port's own number. */
  readonly target: number | string | null;
  readonly nodePort: number | null;
}

export interface RequirementSketch {
  readonly key: string;
  readonly operator: "in" | "not in" | "has" | "not has";
  /** Empty for `has` and `not has`. One value prints as `==` or `!=`. */
  readonly values: readonly string[];
}

export interface PolicySketch {
  readonly name: string;
  /** Empty: all pods. */
  readonly subjects: readonly RequirementSketch[];
  readonly isolates: readonly ("ingress" | "egress")[];
  readonly rules: readonly PolicyRuleSketch[];
}

export interface PolicyRuleSketch {
  readonly direction: "ingress" | "egress";
  /** Empty: anyone. */
  readonly peers: readonly PolicyPeerSketch[];
  /** `80/tcp`, `8000..9000/tcp`, `udp`, or the name of a container port; empty: everything. */
  readonly ports: readonly string[];
}

export type PolicyPeerSketch =
  | {
      readonly kind: "pods";
      /** Empty: all pods. */
      readonly pods: readonly RequirementSketch[];
      /** Null: the policy's own namespace; empty: all. */
      readonly namespaces: readonly RequirementSketch[] | null;
    }
  | { readonly kind: "internet" }
  | { readonly kind: "cidr"; readonly cidr: string; readonly except: readonly string[] };
