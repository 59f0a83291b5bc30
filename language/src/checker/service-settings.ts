/** The attributes of a service, read one by one. */
import type { BlockNode } from "../ast/nodes.ts";
import type { FamilyPolicy, ServiceDeclaration, ServiceTypeName, Sourced, TrafficDistribution } from "../program/checked.ts";
import type { Family } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { secondsOf } from "./durations.ts";
import { addressListOf, cidrListOf } from "./lists.ts";
import { qualifiedNameOf } from "./texts.ts";
import { addressesOf, booleanOf, choiceOf, domainOf, familiesOf, integerOf, read } from "./values.ts";

export const serviceTypes: Readonly<Record<string, ServiceTypeName>> = {
  "cluster-ip": "ClusterIP",
  "node-port": "NodePort",
  "load-balancer": "LoadBalancer",
  "external-name": "ExternalName",
};

export const familyPolicies: Readonly<Record<string, FamilyPolicy>> = {
  "single-stack": "SingleStack",
  "prefer-dual-stack": "PreferDualStack",
  "require-dual-stack": "RequireDualStack",
};

const distributions: Readonly<Record<string, TrafficDistribution>> = {
  "prefer-close": "PreferClose",
  "prefer-same-zone": "PreferSameZone",
  "prefer-same-node": "PreferSameNode",
};

const trafficPolicies = { cluster: "Cluster", local: "Local" } as const;
const affinities = { none: "None", "client-ip": "ClientIP" } as const;
const ipModes = { vip: "VIP", proxy: "Proxy" } as const;

type SettingName =
  | "headless"
  | "publishNotReady"
  | "clusterIps"
  | "families"
  | "familyPolicy"
  | "externalName"
  | "externalIps"
  | "sessionAffinity"
  | "sessionTimeout"
  | "internalTrafficPolicy"
  | "externalTrafficPolicy"
  | "trafficDistribution"
  | "loadBalancerAddresses"
  | "ipMode"
  | "sourceRanges"
  | "loadBalancerClass"
  | "allocateNodePorts"
  | "healthCheckNodePort";

export type CompleteSettings = Pick<ServiceDeclaration, SettingName>;

/** Null for what is wrong. */
export type ServiceSettings = { readonly [N in SettingName]: CompleteSettings[N] | null };

export function readSettings(ctx: CheckContext, block: BlockNode): ServiceSettings {
  const policy = (name: string): Sourced<"Cluster" | "Local"> | null =>
    read<"Cluster" | "Local">(ctx, block, name, choiceOf(trafficPolicies), "Cluster");
  return {
    headless: read(ctx, block, "headless", booleanOf, false),
    publishNotReady: read(ctx, block, "publish-not-ready", booleanOf, false),
    clusterIps: read(ctx, block, "cluster-ip", addressesOf, []),
    families: read<readonly Family[]>(ctx, block, "families", familiesOf, []),
    familyPolicy: read<FamilyPolicy | null>(ctx, block, "family-policy", choiceOf(familyPolicies), null),
    externalName: read<string | null>(ctx, block, "external-name", domainOf, null),
    externalIps: read(ctx, block, "external-ips", addressListOf(), []),
    sessionAffinity: read<"None" | "ClientIP">(ctx, block, "session-affinity", choiceOf(affinities), "None"),
    sessionTimeout: read(ctx, block, "session-timeout", secondsOf, 10_800),
    internalTrafficPolicy: policy("internal-traffic-policy"),
    externalTrafficPolicy: policy("external-traffic-policy"),
    trafficDistribution: read<TrafficDistribution | null>(ctx, block, "traffic-distribution", choiceOf(distributions), null),
    loadBalancerAddresses: read(ctx, block, "load-balancer-addresses", addressListOf(), []),
    ipMode: read<"VIP" | "Proxy">(ctx, block, "ip-mode", choiceOf(ipModes), "VIP"),
    sourceRanges: read(ctx, block, "source-ranges", cidrListOf, []),
    loadBalancerClass: read<string | null>(ctx, block, "load-balancer-class", qualifiedNameOf, null),
    allocateNodePorts: read(ctx, block, "allocate-node-ports", booleanOf, true),
    healthCheckNodePort: read<number | null>(ctx, block, "health-check-node-port", integerOf, null),
  };
}

export function isComplete(settings: ServiceSettings): settings is CompleteSettings {
  return Object.values(settings).every((setting) => setting !== null);
}
