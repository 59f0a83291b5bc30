/** kube-proxy in iptables mode, and the chains of the kubelet that starts before it. */
import { formatCidr } from "@knet/language/values";
import type { Family } from "@knet/language/values";
import { stringify } from "yaml";
import type { DataplanePart } from "../../dataplane/types.ts";
import type { IptablesFile } from "../../dataplane/netfilter/types.ts";
import type { Sysctl } from "../../dataplane/sysctl/types.ts";
import type { NetworkModel, Node } from "../../model/types.ts";
import type { Component, Manifest } from "../types.ts";
import { kubeletFile } from "./iptables/kubelet.ts";
import { withJumps } from "./iptables/jumps.ts";
import { payloadDefaults, servesLocalhost } from "./iptables/options.ts";
import type { PayloadOptions } from "./iptables/options.ts";
import { isLargeCluster, payloadOf } from "./iptables/payload.ts";
import { dependsOnNode } from "./iptables/service-port.ts";
import type { ProxyServicePort } from "./iptables/service-port.ts";
import { serviceRules } from "./iptables/service-rules.ts";
import type { ServiceRules } from "./iptables/service-rules.ts";
import { clusterCidr, clusterDetector, proxyFamilies, proxyServicePorts } from "./services.ts";

/** One family's services, with the rules of those that every node writes alike. */
interface FamilyPlan {
  readonly services: readonly ProxyServicePort[];
  readonly isLarge: boolean;
  readonly isSameEverywhere: boolean;
  /** The rules of a service, or null where they depend on the node. Same order as `services`. */
  readonly rules: readonly (ServiceRules | null)[];
}

const plans = new WeakMap<NetworkModel, Map<Family, FamilyPlan>>();

function planOf(model: NetworkModel, family: Family): FamilyPlan {
  const families = plans.get(model) ?? new Map<Family, FamilyPlan>();
  plans.set(model, families);
  const known = families.get(family);
  if (known !== undefined) return known;
  const services = proxyServicePorts(model, family);
  const options = optionsFor(model, family, null);
  const isLarge = isLargeCluster(services, options);
  const rules = services.map((service) => (dependsOnNode(service) ? null : serviceRules(service, options, isLarge)));
  const plan: FamilyPlan = { services, isLarge, isSameEverywhere: !rules.includes(null), rules };
  families.set(family, plan);
  return plan;
}

function optionsFor(model: NetworkModel, family: Family, node: Node | null): PayloadOptions {
  const addresses = node?.addresses.filter((ip) => ip.family === family) ?? [];
  return {
    ...payloadDefaults,
    family,
    node: node === null ? null : { name: node.name, zone: node.zone, ip: addresses[0] ?? null, addresses },
    detector: clusterDetector(model, family),
    origin: model.cluster.proxy.origin,
  };
}

function fileFor(model: NetworkModel, family: Family, node: Node | null): IptablesFile {
  const plan = planOf(model, family);
  const options = optionsFor(model, family, node);
  const rules = plan.services.map((service, i) => plan.rules[i] ?? serviceRules(service, options, plan.isLarge));
  return withJumps(payloadOf(rules, options), options.origin);
}

/** Whether a family's file is the same on every node; otherwise all families' files are local, so that their order stays. */
function isShared(model: NetworkModel): boolean {
  return proxyFamilies(model).every((family) => planOf(model, family).isSameEverywhere);
}

function sysctls(model: NetworkModel): readonly Sysctl[] {
  const { origin } = model.cluster.proxy;
  const sysctl = (key: string, value: string): Sysctl => ({ key, value, owner: "kube-proxy", origin });
  const hasLocalhost = proxyFamilies(model).some((family) => servesLocalhost({ ...payloadDefaults, family }));
  return [
    ...(hasLocalhost ? [sysctl("net/ipv4/conf/all/route_localnet", "1")] : []),
    sysctl("net/netfilter/nf_conntrack_tcp_timeout_established", "86400"),
    sysctl("net/netfilter/nf_conntrack_tcp_timeout_close_wait", "3600"),
  ];
}

/** `KubeProxyConfiguration` with what the cluster decides; everything else is kube-proxy's default. */
function configuration(model: NetworkModel): Readonly<Record<string, unknown>> {
  const cidrs = proxyFamilies(model).flatMap((family) => clusterCidr(model, family) ?? []);
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: model.cluster.proxy.mode,
    clusterCIDR: cidrs.map(formatCidr).join(","),
    detectLocalMode: "ClusterCIDR",
  };
}

export const kubeProxy: Component = {
  name: "kube-proxy",

  shared(model: NetworkModel): DataplanePart {
    const families = proxyFamilies(model);
    const kubelet = families.map((family) => kubeletFile(family, model.cluster.origin));
    const files = isShared(model) ? families.map((family) => fileFor(model, family, null)) : [];
    return { iptables: [...kubelet, ...files], sysctls: sysctls(model) };
  },

  local(model: NetworkModel, node: Node): DataplanePart {
    return isShared(model) ? {} : { iptables: proxyFamilies(model).map((family) => fileFor(model, family, node)) };
  },

  manifests(model: NetworkModel): readonly Manifest[] {
    return [
      {
        path: "kube-system/configmap-kube-proxy.yaml",
        body: {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "kube-proxy", namespace: "kube-system", labels: { app: "kube-proxy" } },
          data: { "config.conf": stringify(configuration(model)) },
        },
        format: "yaml",
        order: 20,
        origin: model.cluster.proxy.origin,
      },
    ];
  },
};
