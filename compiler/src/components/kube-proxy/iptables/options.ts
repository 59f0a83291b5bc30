/** The settings of kube-proxy that its iptables payload depends on. */
import { formatCidr, overlaps, parseCidr } from "@knet/language/values";
import type { Cidr, Family } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { ProxyNode } from "./service-port.ts";

/** How traffic of local pods is told from other traffic. */
export type LocalDetector =
  /** `ClusterCIDR` and `NodeCIDR`. */
  | { readonly kind: "cidr"; readonly cidr: Cidr }
  /** `BridgeInterface`. */
  | { readonly kind: "interface"; readonly name: string }
  /** `InterfaceNamePrefix`, without the `+`. */
  | { readonly kind: "interface-prefix"; readonly prefix: string };

export interface PayloadOptions {
  readonly family: Family;
  /** Null: the payload is for every node alike, which no service may depend on. */
  readonly node: ProxyNode | null;
  /** `1 << iptablesMasqueradeBit`, spelled as it goes into the rules: `0x00004000`. */
  readonly masqueradeMarkText: string;
  /** Whether iptables knows `--random-fully` (1.6.2 and later). */
  readonly randomFully: boolean;
  /** Whether sysctl `net/netfilter/nf_conntrack_tcp_be_liberal` is set. */
  readonly tcpBeLiberal: boolean;
  readonly localhostNodePorts: boolean;
  readonly masqueradeAll: boolean;
  /** Null: not implemented, and the rules that need it are left out. */
  readonly detector: LocalDetector | null;
  /** Empty: node ports answer on every address. */
  readonly nodePortAddresses: readonly Cidr[];
  /** With more endpoints than this, per-endpoint rules lose their comments. */
  readonly largeClusterEndpoints: number;
  /** Chains of services that are gone: emptied and deleted. */
  readonly staleChains: readonly string[];
  /** Of the rules that belong to no service. */
  readonly origin: Origin;
}

/** kube-proxy's own defaults; the detector and the node are the cluster's. */
export const payloadDefaults = {
  masqueradeMarkText: "0x00004000",
  randomFully: true,
  tcpBeLiberal: false,
  localhostNodePorts: true,
  masqueradeAll: false,
  nodePortAddresses: [],
  largeClusterEndpoints: 1000,
  staleChains: [],
} as const satisfies Partial<PayloadOptions>;

const loopback = parseCidr("127.0.0.0/8");

/** Those of `nodePortAddresses` that restrict the family; empty: every address. */
export function restrictedNodePorts(options: Pick<PayloadOptions, "family" | "nodePortAddresses">): readonly Cidr[] {
  const own = options.nodePortAddresses.filter((cidr) => cidr.ip.family === options.family);
  return own.some((cidr) => cidr.prefix === 0) ? [] : own;
}

/** IPv4 only, and only when the restriction, if any, lets the loopback in. */
export function servesLocalhost(options: Pick<PayloadOptions, "family" | "nodePortAddresses" | "localhostNodePorts">): boolean {
  if (options.family !== 4 || !options.localhostNodePorts) return false;
  const restricted = restrictedNodePorts(options);
  return restricted.length === 0 || restricted.some((cidr) => loopback !== null && overlaps(cidr, loopback));
}

/** The match fragment for packets from local pods, or from elsewhere. */
export function detectorText(detector: LocalDetector, isLocal: boolean): string {
  const not = isLocal ? "" : "! ";
  switch (detector.kind) {
    case "cidr":
      return `${not}-s ${formatCidr(detector.cidr)}`;
    case "interface":
      return `${not}-i ${detector.name}`;
    default:
      return `${not}-i ${detector.prefix}+`;
  }
}
