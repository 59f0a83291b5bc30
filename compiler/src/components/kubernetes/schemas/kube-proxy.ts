/** KubeProxyConfiguration, which stands as text in a ConfigMap. */
import { array, boolean, formatted, implies, integer, duration, object, oneOfStrings, someText, subdomain, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

const count = integer(0, 2 ** 31 - 1);

export const kubeProxySchema: Schema = {
  ...object(
    {
      apiVersion: { type: "string", const: "kubeproxy.config.k8s.io/v1alpha1" },
      kind: { type: "string", const: "KubeProxyConfiguration" },
      mode: oneOfStrings("iptables", "ipvs", "nftables"),
      clusterCIDR: formatted("cidr-list"),
      detectLocalMode: oneOfStrings("ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"),
      detectLocal: object({ bridgeInterface: someText, interfaceNamePrefix: someText }),
      bindAddress: formatted("ip"),
      healthzBindAddress: text,
      metricsBindAddress: text,
      hostnameOverride: subdomain,
      nodePortAddresses: array({ anyOf: [formatted("cidr"), { type: "string", const: "primary" }] }),
      configSyncPeriod: duration,
      clientConnection: object({ kubeconfig: text }),
      featureGates: { type: "object", additionalProperties: boolean },
      iptables: object({
        masqueradeAll: boolean,
        masqueradeBit: integer(0, 31),
        localhostNodePorts: boolean,
        minSyncPeriod: duration,
        syncPeriod: duration,
      }),
      ipvs: object({
        scheduler: text,
        strictARP: boolean,
        excludeCIDRs: array(formatted("cidr")),
        minSyncPeriod: duration,
        syncPeriod: duration,
        tcpTimeout: duration,
        tcpFinTimeout: duration,
        udpTimeout: duration,
      }),
      nftables: object({ masqueradeAll: boolean, masqueradeBit: integer(0, 31), minSyncPeriod: duration, syncPeriod: duration }),
      conntrack: object({
        maxPerCore: count,
        min: count,
        tcpEstablishedTimeout: duration,
        tcpCloseWaitTimeout: duration,
        tcpBeLiberal: boolean,
        udpTimeout: duration,
        udpStreamTimeout: duration,
      }),
    },
    ["apiVersion", "kind"],
  ),
  allOf: [
    implies(
      { properties: { detectLocalMode: { type: "string", const: "BridgeInterface" } }, required: ["detectLocalMode"] },
      { properties: { detectLocal: { type: "object", required: ["bridgeInterface"] } }, required: ["detectLocal"] },
    ),
    implies(
      { properties: { detectLocalMode: { type: "string", const: "InterfaceNamePrefix" } }, required: ["detectLocalMode"] },
      { properties: { detectLocal: { type: "object", required: ["interfaceNamePrefix"] } }, required: ["detectLocal"] },
    ),
  ],
};
