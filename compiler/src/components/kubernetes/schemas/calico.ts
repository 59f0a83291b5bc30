/** Calico's objects of `projectcalico.org/v3`, and the CNI configuration that names its plugin. */
import {
  array,
  boolean,
  clusterScoped,
  formatted,
  implies,
  integer,
  duration,
  object,
  oneOfStrings,
  port,
  resource,
  someText,
  subdomain,
  text,
  without,
} from "./schema.ts";
import type { Schema } from "./schema.ts";

const apiVersion = "projectcalico.org/v3";
const uint32 = 2 ** 32 - 1;

const mode = oneOfStrings("Never", "Always", "CrossSubnet");
const never: Schema = { type: "string", const: "Never" };
const encapsulated: Schema = { type: "string", enum: ["Always", "CrossSubnet"] };
const ipv6: Schema = { properties: { cidr: { type: "string", pattern: ":" } }, required: ["cidr"] };

const poolSpec: Schema = {
  ...object(
    {
      cidr: formatted("masked-cidr"),
      blockSize: integer(20, 128),
      ipipMode: mode,
      vxlanMode: mode,
      natOutgoing: boolean,
      disabled: boolean,
      disableBGPExport: boolean,
      nodeSelector: someText,
      namespaceSelector: someText,
      allowedUses: array(oneOfStrings("Workload", "Tunnel", "LoadBalancer"), { minItems: 1, uniqueItems: true }),
      assignmentMode: oneOfStrings("Automatic", "Manual"),
    },
    ["cidr"],
  ),
  prefixWithinBlock: true,
  allOf: [
    implies(ipv6, { properties: { blockSize: integer(116, 128), ipipMode: never } }, { properties: { blockSize: integer(20, 32) } }),
    implies({ properties: { vxlanMode: encapsulated }, required: ["vxlanMode"] }, { properties: { ipipMode: never } }),
    implies(
      { properties: { allowedUses: { type: "array", contains: { const: "LoadBalancer" } } }, required: ["allowedUses"] },
      {
        properties: {
          allowedUses: { type: "array", maxItems: 1 },
          ipipMode: never,
          vxlanMode: never,
          disableBGPExport: { type: "boolean", const: false },
          nodeSelector: { type: "string", const: "all()" },
        },
      },
    ),
  ],
};

const mtu = integer(0, 65535);
const priority = integer(1, 2147483646);

const failsafePorts = array(
  object({ protocol: oneOfStrings("TCP", "UDP", "SCTP", "tcp", "udp", "sctp"), port, net: formatted("cidr") }, ["protocol", "port"]),
);

const felixSpec = object({
  interfacePrefix: someText,
  interfaceExclude: text,
  chainInsertMode: oneOfStrings("Insert", "Append"),
  defaultEndpointToHostAction: oneOfStrings("Drop", "Return", "Accept"),
  iptablesFilterAllowAction: oneOfStrings("Accept", "Return"),
  iptablesMangleAllowAction: oneOfStrings("Accept", "Return"),
  iptablesFilterDenyAction: oneOfStrings("Drop", "Reject"),
  iptablesMarkMask: integer(0, uint32),
  iptablesBackend: oneOfStrings("Auto", "Legacy", "NFT"),
  disableConntrackInvalidCheck: boolean,
  failsafeInboundHostPorts: failsafePorts,
  failsafeOutboundHostPorts: failsafePorts,
  ipipEnabled: boolean,
  vxlanEnabled: boolean,
  ipipMTU: mtu,
  vxlanMTU: mtu,
  vxlanMTUV6: mtu,
  wireguardMTU: mtu,
  wireguardMTUV6: mtu,
  vxlanPort: port,
  vxlanVNI: integer(1, 2 ** 24 - 1),
  mtuIfacePattern: someText,
  allowVXLANPacketsFromWorkloads: boolean,
  allowIPIPPacketsFromWorkloads: boolean,
  externalNodesList: array(formatted("cidr")),
  natOutgoingAddress: formatted("ip"),
  natOutgoingExclusions: oneOfStrings("IPPoolsOnly", "IPPoolsAndHostIPs"),
  deviceRouteProtocol: integer(0, 255),
  deviceRouteSourceAddress: formatted("ip"),
  deviceRouteSourceAddressIPv6: formatted("ip"),
  removeExternalRoutes: boolean,
  ipv4NormalRoutePriority: priority,
  ipv6NormalRoutePriority: priority,
  routeSource: oneOfStrings("CalicoIPAM", "WorkloadIPs"),
  ipForwarding: oneOfStrings("Enabled", "Disabled"),
  serviceLoopPrevention: oneOfStrings("Drop", "Reject", "Disabled"),
  workloadSourceSpoofing: oneOfStrings("Disabled", "Any"),
  floatingIPs: oneOfStrings("Enabled", "Disabled"),
  nftablesMode: oneOfStrings("Auto", "Enabled", "Disabled"),
  bpfEnabled: boolean,
  wireguardEnabled: boolean,
  wireguardEnabledV6: boolean,
  wireguardListeningPort: port,
  wireguardListeningPortV6: port,
  logPrefix: text,
  ipv6Support: boolean,
});

const cidrs = array(object({ cidr: formatted("cidr") }, ["cidr"]));

/** `aa:nn` of two 16-bit numbers, or `aa:nn:mm` of three 32-bit ones. */
const community: Schema = { type: "string", pattern: "^[0-9]{1,10}:[0-9]{1,10}(:[0-9]{1,10})?$" };

const asNumber: Schema = { anyOf: [integer(0, uint32), { type: "string", pattern: "^[0-9]{1,5}\\.[0-9]{1,5}$" }] };

const bgpSpec: Schema = {
  ...object({
    logSeverityScreen: oneOfStrings("Trace", "Debug", "Info", "Warning", "Error", "Fatal"),
    nodeToNodeMeshEnabled: boolean,
    asNumber,
    serviceClusterIPs: cidrs,
    serviceExternalIPs: cidrs,
    serviceLoadBalancerIPs: cidrs,
    serviceLoadBalancerAggregation: oneOfStrings("Enabled", "Disabled"),
    communities: array(object({ name: someText, value: community }, ["name", "value"]), { maxItems: 500 }),
    prefixAdvertisements: array(object({ cidr: formatted("cidr"), communities: array(someText, { maxItems: 50 }) }, ["cidr"]), {
      maxItems: 500,
    }),
    listenPort: port,
    nodeMeshPassword: object({ secretKeyRef: object({ name: subdomain, key: someText }, ["name", "key"]) }, ["secretKeyRef"]),
    nodeMeshMaxRestartTime: duration,
    bindMode: oneOfStrings("None", "NodeIP"),
    ignoredInterfaces: array(someText, { uniqueItems: true }),
    localWorkloadPeeringIPV4: formatted("ip"),
    localWorkloadPeeringIPV6: formatted("ip"),
    programClusterRoutes: oneOfStrings("Enabled", "Disabled", "EnabledNoEncapOnly"),
    ipv4NormalRoutePriority: priority,
    ipv6NormalRoutePriority: priority,
  }),
  allOf: [
    implies(
      { required: ["communities"] },
      { properties: { prefixAdvertisements: { type: "array", minItems: 1 } }, required: ["prefixAdvertisements"] },
    ),
    implies(
      { properties: { nodeToNodeMeshEnabled: { type: "boolean", const: false } }, required: ["nodeToNodeMeshEnabled"] },
      without("nodeMeshPassword", "nodeMeshMaxRestartTime"),
    ),
  ],
};

const ipamSpec: Schema = {
  ...object({
    strictAffinity: boolean,
    autoAllocateBlocks: boolean,
    maxBlocksPerHost: integer(0, 1_000_000),
    kubeVirtVMAddressPersistence: oneOfStrings("Enabled", "Disabled"),
    ipCooldownSeconds: integer(0, 1200),
  }),
  allOf: [
    implies(
      { properties: { autoAllocateBlocks: { type: "boolean", const: false } }, required: ["autoAllocateBlocks"] },
      { properties: { strictAffinity: { type: "boolean", const: true } }, required: ["strictAffinity"] },
    ),
    implies(
      { properties: { maxBlocksPerHost: { type: "integer", minimum: 1 } }, required: ["maxBlocksPerHost"] },
      { properties: { strictAffinity: { type: "boolean", const: true } }, required: ["strictAffinity"] },
    ),
  ],
};

/** One object of this name holds the settings of the whole cluster. */
const singleton = clusterScoped({ type: "string", const: "default" });

export const calicoSchemas: readonly Schema[] = [
  resource(apiVersion, "IPPool", clusterScoped(subdomain), { spec: poolSpec }, ["spec"]),
  resource(apiVersion, "FelixConfiguration", clusterScoped(subdomain), { spec: felixSpec }, ["spec"]),
  resource(apiVersion, "BGPConfiguration", clusterScoped(subdomain), { spec: bgpSpec }, ["spec"]),
  resource(apiVersion, "IPAMConfiguration", singleton, { spec: ipamSpec }, ["spec"]),
];

/** The plugin takes these as strings. */
const flag = oneOfStrings("true", "false");

const ipam: Schema = {
  type: "object",
  required: ["type"],
  oneOf: [
    object(
      {
        type: { type: "string", const: "calico-ipam" },
        assign_ipv4: flag,
        assign_ipv6: flag,
        ipv4_pools: array(someText),
        ipv6_pools: array(someText),
      },
      ["type"],
    ),
    object(
      { type: { type: "string", const: "host-local" }, subnet: { anyOf: [{ type: "string", const: "usePodCidr" }, formatted("cidr")] } },
      ["type", "subnet"],
    ),
  ],
};

const calicoPlugin = object(
  {
    type: { type: "string", const: "calico" },
    log_level: oneOfStrings("debug", "info", "warning", "error"),
    log_file_path: someText,
    datastore_type: oneOfStrings("kubernetes", "etcdv3"),
    nodename: subdomain,
    mtu,
    ipam,
    policy: object({ type: { type: "string", const: "k8s" } }, ["type"]),
    kubernetes: object({ kubeconfig: someText }, ["kubeconfig"]),
  },
  ["type", "ipam"],
);

const portmapPlugin = object(
  {
    type: { type: "string", const: "portmap" },
    snat: boolean,
    capabilities: object({ portMappings: { type: "boolean", const: true } }, ["portMappings"]),
  },
  ["type", "capabilities"],
);

const bandwidthPlugin = object(
  { type: { type: "string", const: "bandwidth" }, capabilities: object({ bandwidth: { type: "boolean", const: true } }, ["bandwidth"]) },
  ["type", "capabilities"],
);

/** A list of plugins; Calico's is the first, as it makes the interface. */
export const conflistSchema: Schema = object(
  {
    name: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$" },
    cniVersion: oneOfStrings("0.3.1", "0.4.0", "1.0.0", "1.1.0"),
    plugins: {
      type: "array",
      minItems: 1,
      prefixItems: [calicoPlugin],
      items: { type: "object", oneOf: [portmapPlugin, bandwidthPlugin] },
    },
  },
  ["name", "cniVersion", "plugins"],
);
