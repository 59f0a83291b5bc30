/** Service and EndpointSlice, with the cross-field rules of the API server. */
import {
  annotations,
  array,
  boolean,
  formatted,
  implies,
  integer,
  label,
  labels,
  namespaced,
  object,
  oneOfStrings,
  port,
  portOrName,
  protocol,
  resource,
  subdomain,
  without,
} from "./schema.ts";
import type { Schema } from "./schema.ts";

const servicePort = object(
  { name: label, protocol, port, targetPort: portOrName, nodePort: port, appProtocol: formatted("qualified-name") },
  ["port"],
);

const type = (...types: readonly string[]): Schema => ({ properties: { type: { type: "string", enum: types } }, required: ["type"] });
const notType = (...types: readonly string[]): Schema => ({ properties: { type: { type: "string", not: { enum: types } } } });
const headless: Schema = { properties: { clusterIP: { type: "string", const: "None" } }, required: ["clusterIP"] };

const serviceSpec: Schema = {
  ...object({
    type: oneOfStrings("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    clusterIP: formatted("ip-or-none"),
    clusterIPs: array(formatted("ip-or-none"), { minItems: 1, maxItems: 2, uniqueItems: true, oneIpPerFamily: true }),
    ipFamilyPolicy: oneOfStrings("SingleStack", "PreferDualStack", "RequireDualStack"),
    ipFamilies: array(oneOfStrings("IPv4", "IPv6"), { minItems: 1, maxItems: 2, uniqueItems: true }),
    selector: labels,
    ports: array(servicePort, { uniqueBy: ["protocol", "port"] }),
    externalName: formatted("external-name"),
    externalIPs: array(formatted("host-ip"), { uniqueItems: true }),
    loadBalancerIP: formatted("ip"),
    loadBalancerSourceRanges: array(formatted("cidr")),
    loadBalancerClass: formatted("qualified-name"),
    allocateLoadBalancerNodePorts: boolean,
    internalTrafficPolicy: oneOfStrings("Cluster", "Local"),
    externalTrafficPolicy: oneOfStrings("Cluster", "Local"),
    healthCheckNodePort: port,
    sessionAffinity: oneOfStrings("None", "ClientIP"),
    sessionAffinityConfig: object({ clientIP: object({ timeoutSeconds: integer(1, 86400) }, ["timeoutSeconds"]) }, ["clientIP"]),
    publishNotReadyAddresses: boolean,
    trafficDistribution: oneOfStrings("PreferClose", "PreferSameZone", "PreferSameNode"),
  }),
  primaryClusterIp: true,
  allOf: [
    implies(type("ExternalName"), {
      required: ["externalName"],
      ...without("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "externalTrafficPolicy", "internalTrafficPolicy"),
    }),
    implies(notType("ExternalName"), without("externalName")),
    // Only headless and ExternalName services do without ports.
    {
      type: "object",
      anyOf: [headless, type("ExternalName"), { properties: { ports: { type: "array", minItems: 1 } }, required: ["ports"] }],
    },
    implies(headless, { properties: { type: { type: "string", const: "ClusterIP" }, clusterIPs: { type: "array", maxItems: 1 } } }),
    // With more than one port, every port is named, and no name twice.
    implies(
      { properties: { ports: { type: "array", minItems: 2 } }, required: ["ports"] },
      { properties: { ports: { type: "array", items: { type: "object", required: ["name"] }, uniqueBy: ["name"] } } },
    ),
    implies(type("ClusterIP"), { properties: { ports: { type: "array", items: { type: "object", properties: { nodePort: false } } } } }),
    // A port is given out once per protocol; entries without one are not compared.
    { type: "object", properties: { ports: { type: "array", uniqueBy: ["protocol", "nodePort"] } } },
    implies(
      notType("LoadBalancer"),
      without("loadBalancerIP", "loadBalancerSourceRanges", "loadBalancerClass", "allocateLoadBalancerNodePorts", "healthCheckNodePort"),
    ),
    // The kubelet's port would be taken from the nodes.
    implies(type("LoadBalancer"), {
      properties: { ports: { type: "array", items: { type: "object", properties: { port: { type: "integer", not: { const: 10250 } } } } } },
    }),
    implies(
      { required: ["healthCheckNodePort"] },
      { properties: { externalTrafficPolicy: { type: "string", const: "Local" } }, required: ["externalTrafficPolicy"] },
    ),
    implies(
      { required: ["externalTrafficPolicy"] },
      {
        anyOf: [
          type("NodePort", "LoadBalancer"),
          { properties: { externalIPs: { type: "array", minItems: 1 } }, required: ["externalIPs"] },
        ],
      },
    ),
    implies(
      { required: ["sessionAffinityConfig"] },
      { properties: { sessionAffinity: { type: "string", const: "ClientIP" } }, required: ["sessionAffinity"] },
    ),
    implies(
      { properties: { ipFamilyPolicy: { type: "string", const: "SingleStack" } }, required: ["ipFamilyPolicy"] },
      { properties: { ipFamilies: { type: "array", maxItems: 1 }, clusterIPs: { type: "array", maxItems: 1 } } },
    ),
  ],
};

const endpoint = object(
  {
    addresses: array(formatted("host-ip"), { minItems: 1, maxItems: 100 }),
    conditions: object({ ready: boolean, serving: boolean, terminating: boolean }),
    hostname: label,
    nodeName: subdomain,
    zone: formatted("label-value"),
  },
  ["addresses"],
);

export const serviceSchemas: readonly Schema[] = [
  resource(
    "v1",
    "Service",
    object({ name: formatted("rfc1035-label"), namespace: label, labels, annotations }, ["name", "namespace"]),
    { spec: serviceSpec },
    ["spec"],
  ),
  resource(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    namespaced(subdomain),
    {
      addressType: oneOfStrings("IPv4", "IPv6"),
      endpoints: array(endpoint, { maxItems: 1000 }),
      ports: array(object({ name: { anyOf: [label, { type: "string", const: "" }] }, protocol, port }, ["port"]), { uniqueBy: ["name"] }),
    },
    ["addressType", "endpoints"],
  ),
];
