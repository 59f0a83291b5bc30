import { describe, expect, it } from "vitest";
import { validateManifest } from "./validate.ts";

type Body = Readonly<Record<string, unknown>>;

/** What is wrong with a body of the kind. */
function problems(base: Body, change: Body): readonly string[] {
  return validateManifest({ ...base, ...change });
}

const meta = { name: "x", namespace: "shop" };

function service(spec: Body, metadata: Body = meta): readonly string[] {
  return validateManifest({ apiVersion: "v1", kind: "Service", metadata, spec });
}

describe("a ClusterNetworkPolicy", () => {
  const policy = (spec: Body): readonly string[] =>
    validateManifest({ apiVersion: "policy.networking.k8s.io/v1alpha2", kind: "ClusterNetworkPolicy", metadata: { name: "x" }, spec: { tier: "Admin", priority: 1, subject: { namespaces: {} }, ...spec } });
  const rule = { action: "Deny", from: [{ namespaces: {} }] };

  it("is taken with one party and any priority from 0 to 1000", () => {
    expect(policy({ priority: 0, ingress: [rule] })).toEqual([]);
    expect(policy({ tier: "Baseline", priority: 1000, egress: [{ action: "Pass", to: [{ networks: ["10.0.0.0/8"] }], protocols: [{ tcp: { destinationPort: { number: 80 } } }] }] })).toEqual([]);
  });

  it.each([
    [{ priority: 1001 }, "spec.priority must be <= 1000"],
    [{ tier: "Middle" }, 'spec.tier must be one of "Admin", "Baseline"'],
    [{ subject: {} }, "spec.subject must NOT have fewer than 1 properties"],
    [{ ingress: [{ ...rule, action: "Allow" }] }, 'spec.ingress[0].action must be one of "Accept", "Deny", "Pass"'],
    [{ ingress: [{ action: "Deny", from: [] }] }, "spec.ingress[0].from must NOT have fewer than 1 items"],
    [{ ingress: [{ action: "Deny", from: [{ networks: ["10.0.0.0/8"] }] }] }, "spec.ingress[0].from[0] must not have the field networks"],
    [{ ingress: Array.from({ length: 26 }, () => rule) }, "spec.ingress must NOT have more than 25 items"],
    [{ ingress: [{ ...rule, protocols: [{ tcp: {} }] }] }, "spec.ingress[0].protocols[0].tcp must NOT have fewer than 1 properties"],
    [
      { ingress: [{ ...rule, protocols: [{ udp: { destinationPort: { range: { start: 80, end: 80 } } } }] }] },
      "spec.ingress[0].protocols[0].udp.destinationPort.range must have a start below its end",
    ],
  ])("is refused with %j", (spec, problem) => {
    expect(policy(spec)).toContain(problem);
  });
});

describe("any manifest", () => {
  it("has a kind that is known, and no field that is not", () => {
    expect(validateManifest({ apiVersion: "v1", kind: "Secret", metadata: meta })).toEqual(["kind Secret of v1 is not known"]);
    expect(validateManifest({ apiVersion: "v2", kind: "Pod", metadata: meta })).toEqual(["kind Pod of v2 is not known"]);
    expect(validateManifest({ apiVersion: "v1", kind: "ServiceAccount", metadata: meta, extra: 1 })).toEqual([
      "the object must not have the field extra",
    ]);
  });

  it.each([
    [{ labels: { "a b": "x" } }, 'metadata.labels must not have the key "a b"'],
    [{ labels: { "-/a": "x" } }, 'metadata.labels must not have the key "-/a"'],
    [{ labels: { app: "no spaces" } }, 'metadata.labels.app must match format "label-value"'],
    [{ labels: { app: 1 } }, "metadata.labels.app must be string"],
    [{ name: "UPPER" }, 'metadata.name must match format "dns-subdomain"'],
    [{ namespace: "a.b" }, 'metadata.namespace must match format "dns-label"'],
    [{ uid: "x" }, "metadata must not have the field uid"],
  ])("has proper metadata, not %j", (change, problem) => {
    expect(validateManifest({ apiVersion: "v1", kind: "ServiceAccount", metadata: { ...meta, ...change } })).toContain(problem);
  });
});

describe("a Namespace", () => {
  const good = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { "kubernetes.io/metadata.name": "shop" } } };

  it("is a label, and lies in no namespace", () => {
    expect(problems(good, {})).toEqual([]);
    expect(problems(good, { metadata: { name: "a.b" } })).toEqual(['metadata.name must match format "dns-label"']);
    expect(problems(good, { metadata: meta })).toEqual(["metadata must not have the field namespace"]);
  });
});

describe("a Service", () => {
  const ports = [{ port: 80 }];

  it.each([
    ["the least", { ports }],
    ["headless without ports", { clusterIP: "None" }],
    [
      "two families",
      {
        clusterIP: "10.96.0.7",
        clusterIPs: ["10.96.0.7", "fd00::7"],
        ipFamilyPolicy: "RequireDualStack",
        ipFamilies: ["IPv4", "IPv6"],
        ports,
      },
    ],
    [
      "one number for two protocols",
      {
        ports: [
          { name: "a", port: 53, protocol: "UDP" },
          { name: "b", port: 53 },
        ],
      },
    ],
    ["an outside name", { type: "ExternalName", externalName: "db.example." }],
    ["affinity", { ports, sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 86400 } } }],
    ["a local NodePort", { type: "NodePort", externalTrafficPolicy: "Local", ports: [{ port: 80, nodePort: 30080 }] }],
    ["external addresses and their policy", { ports, externalIPs: ["203.0.113.7"], externalTrafficPolicy: "Local" }],
    [
      "a load balancer",
      {
        type: "LoadBalancer",
        externalTrafficPolicy: "Local",
        healthCheckNodePort: 31000,
        loadBalancerSourceRanges: ["203.0.113.0/24"],
        ports,
      },
    ],
  ])("may have %s", (_, spec) => {
    expect(service(spec)).toEqual([]);
  });

  it.each([
    ["no ports", { type: "ClusterIP" }, "spec must match a schema in anyOf"],
    ["port 0", { ports: [{ port: 0 }] }, "spec.ports[0].port must be >= 1"],
    ["port 65536", { ports: [{ port: 65536 }] }, "spec.ports[0].port must be <= 65535"],
    ["a protocol that is none", { ports: [{ port: 80, protocol: "tcp" }] }, 'spec.ports[0].protocol must be one of "TCP", "UDP", "SCTP"'],
    [
      "a target name of 16 letters",
      { ports: [{ port: 80, targetPort: "abcdefghijklmnop" }] },
      'spec.ports[0].targetPort must match format "port-name"',
    ],
    ["a target name of digits", { ports: [{ port: 80, targetPort: "80" }] }, 'spec.ports[0].targetPort must match format "port-name"'],
    [
      "a target name with two hyphens",
      { ports: [{ port: 80, targetPort: "a--b" }] },
      'spec.ports[0].targetPort must match format "port-name"',
    ],
    ["several ports without names", { ports: [{ port: 80 }, { port: 81 }] }, "spec.ports[0] must have required property 'name'"],
    [
      "one port name twice",
      {
        ports: [
          { name: "a", port: 80 },
          { name: "a", port: 81 },
        ],
      },
      "spec.ports must not hold two entries with the same name",
    ],
    [
      "one port twice",
      {
        ports: [
          { name: "a", port: 80 },
          { name: "b", port: 80, protocol: "TCP" },
        ],
      },
      "spec.ports must not hold two entries with the same protocol and port",
    ],
    [
      "one node port twice",
      {
        type: "NodePort",
        ports: [
          { name: "a", port: 80, nodePort: 30080 },
          { name: "b", port: 81, nodePort: 30080 },
        ],
      },
      "spec.ports must not hold two entries with the same protocol and nodePort",
    ],
    [
      "a node port on a ClusterIP",
      { type: "ClusterIP", ports: [{ port: 80, nodePort: 30080 }] },
      "spec.ports[0].nodePort must not be given here",
    ],
    ["a headless NodePort", { type: "NodePort", clusterIP: "None", ports }, 'spec.type must be "ClusterIP"'],
    [
      "None beside an address",
      { clusterIP: "None", clusterIPs: ["None", "10.96.0.7"] },
      "spec.clusterIPs must hold at most one address per family, or None alone",
    ],
    [
      "two addresses of a family",
      { clusterIPs: ["10.96.0.7", "10.96.0.8"], ports },
      "spec.clusterIPs must hold at most one address per family, or None alone",
    ],
    [
      "another first address",
      { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.8"], ports },
      "spec must have clusterIP as the first of clusterIPs",
    ],
    ["a broken address", { clusterIP: "10.96.0.300", ports }, 'spec.clusterIP must match format "ip-or-none"'],
    [
      "two families on a single stack",
      { ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv4", "IPv6"], ports },
      "spec.ipFamilies must NOT have more than 1 items",
    ],
    ["a loopback external address", { externalIPs: ["127.0.0.1"], ports }, 'spec.externalIPs[0] must match format "host-ip"'],
    ["a link-local external address", { externalIPs: ["fe80::1"], ports }, 'spec.externalIPs[0] must match format "host-ip"'],
    [
      "source ranges on a NodePort",
      { type: "NodePort", loadBalancerSourceRanges: ["10.0.0.0/8"], ports },
      "spec.loadBalancerSourceRanges must not be given here",
    ],
    [
      "a health port without the local policy",
      { type: "LoadBalancer", healthCheckNodePort: 31000, ports },
      "spec must have required property 'externalTrafficPolicy'",
    ],
    [
      "an external policy on an inner service",
      { type: "ClusterIP", externalTrafficPolicy: "Local", ports },
      "spec must match a schema in anyOf",
    ],
    ["the kubelet's port on a load balancer", { type: "LoadBalancer", ports: [{ port: 10250 }] }, "spec.ports[0].port must NOT be valid"],
    [
      "affinity settings without affinity",
      { ports, sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } } },
      "spec must have required property 'sessionAffinity'",
    ],
    [
      "affinity for more than a day",
      { ports, sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } },
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds must be <= 86400",
    ],
    ["an outside name without a name", { type: "ExternalName" }, "spec must have required property 'externalName'"],
    [
      "an outside name in capitals",
      { type: "ExternalName", externalName: "DB.example" },
      'spec.externalName must match format "external-name"',
    ],
    [
      "an outside name with a cluster IP",
      { type: "ExternalName", externalName: "a.b", clusterIP: "10.96.0.7" },
      "spec.clusterIP must not be given here",
    ],
    ["a name for an inner service", { externalName: "a.b", ports }, "spec.externalName must not be given here"],
  ])("may not have %s", (_, spec, problem) => {
    expect(service(spec)).toContain(problem);
  });

  it("starts its name with a letter", () => {
    expect(service({ ports }, { name: "1web", namespace: "shop" })).toEqual(['metadata.name must match format "rfc1035-label"']);
  });
});

describe("an EndpointSlice", () => {
  const good = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta,
    addressType: "IPv6",
    endpoints: [{ addresses: ["fd00::1"], conditions: { ready: true } }],
    ports: [{ name: "", protocol: "TCP", port: 80 }],
  };

  it("holds hosts", () => {
    expect(problems(good, {})).toEqual([]);
    expect(problems(good, { addressType: "ipv6" })).toEqual(['addressType must be one of "IPv4", "IPv6"']);
    expect(problems(good, { endpoints: [{ addresses: ["::1"] }] })).toEqual(['endpoints[0].addresses[0] must match format "host-ip"']);
    expect(problems(good, { endpoints: [{ addresses: [] }] })).toEqual(["endpoints[0].addresses must NOT have fewer than 1 items"]);
  });
});

describe("a NetworkPolicy", () => {
  const policy = (spec: Body): readonly string[] =>
    validateManifest({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: meta, spec: { podSelector: {}, ...spec } });
  const from = (...peers: readonly Body[]): readonly string[] => policy({ ingress: [{ from: peers }] });
  const on = (port: Body): readonly string[] => policy({ egress: [{ ports: [port] }] });

  it("may allow everything, selected pods, blocks and port ranges", () => {
    expect(policy({ policyTypes: ["Ingress", "Egress"], ingress: [{}], egress: [] })).toEqual([]);
    expect(from({ podSelector: {} }, { namespaceSelector: { matchExpressions: [{ key: "team", operator: "Exists" }] } })).toEqual([]);
    expect(from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }, { ipBlock: { cidr: "::/0", except: ["fd00::/8"] } })).toEqual(
      [],
    );
    expect([...on({ port: 80, endPort: 80 }), ...on({ protocol: "SCTP" }), ...on({ port: "http" })]).toEqual([]);
  });

  it.each([
    ["a peer without a field", from({}), "spec.ingress[0].from[0] must NOT have fewer than 1 properties"],
    [
      "a block beside a selector",
      from({ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }),
      "spec.ingress[0].from[0] must NOT have more than 1 properties",
    ],
    ["a broken block", from({ ipBlock: { cidr: "10.0.0.0/33" } }), 'spec.ingress[0].from[0].ipBlock.cidr must match format "cidr"'],
    [
      "an exception as large as its block",
      from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/8"] } }),
      "spec.ingress[0].from[0].ipBlock must have exceptions that are smaller than the block and inside it",
    ],
    [
      "an exception outside its block",
      from({ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }),
      "spec.ingress[0].from[0].ipBlock must have exceptions that are smaller than the block and inside it",
    ],
    [
      "a range that ends before it starts",
      on({ port: 80, endPort: 79 }),
      "spec.egress[0].ports[0] must have an endPort that is not below its port",
    ],
    ["a range from a name", on({ port: "http", endPort: 90 }), "spec.egress[0].ports[0].port must be integer"],
    ["a range from nothing", on({ endPort: 90 }), "spec.egress[0].ports[0] must have required property 'port'"],
    ["a type that is none", policy({ policyTypes: ["ingress"] }), 'spec.policyTypes[0] must be one of "Ingress", "Egress"'],
    [
      "In without values",
      policy({ podSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }),
      "spec.podSelector.matchExpressions[0] must have required property 'values'",
    ],
    [
      "Exists with values",
      policy({ podSelector: { matchExpressions: [{ key: "a", operator: "Exists", values: ["x"] }] } }),
      "spec.podSelector.matchExpressions[0].values must NOT have more than 0 items",
    ],
    ["egress peers in an ingress rule", policy({ ingress: [{ to: [] }] }), "spec.ingress[0] must not have the field to"],
  ])("may not have %s", (_, found, problem) => {
    expect(found).toContain(problem);
  });
});

describe("pods", () => {
  const container = { name: "c", image: "i" };
  const podSpec = (spec: Body): readonly string[] =>
    validateManifest({ apiVersion: "v1", kind: "Pod", metadata: meta, spec: { containers: [container], ...spec } });

  it("have at least one container, each with its own name", () => {
    expect(podSpec({})).toEqual([]);
    expect(podSpec({ containers: [] })).toEqual(["spec.containers must NOT have fewer than 1 items"]);
    expect(podSpec({ containers: [container, container] })).toEqual(["spec.containers must not hold two entries with the same name"]);
    expect(podSpec({ containers: [{ name: "c" }] })).toEqual(["spec.containers[0] must have required property 'image'"]);
  });

  it("listen on a port once per protocol", () => {
    const listening = (...ports: readonly Body[]): readonly string[] => podSpec({ containers: [{ ...container, ports }] });
    expect(listening({ containerPort: 53, protocol: "UDP" }, { containerPort: 53, protocol: "TCP" })).toEqual([]);
    expect(listening({ containerPort: 53 }, { containerPort: 53, protocol: "TCP" })).toEqual([
      "spec.containers[0].ports must not hold two entries with the same containerPort and protocol",
    ]);
  });

  it("are probed one way", () => {
    const probed = (readinessProbe: Body): readonly string[] => podSpec({ containers: [{ ...container, readinessProbe }] });
    expect(probed({ exec: { command: ["false"] } })).toEqual([]);
    expect(probed({ exec: { command: ["false"] }, httpGet: { port: 80 } })).toEqual([
      "spec.containers[0].readinessProbe must match exactly one schema in oneOf",
    ]);
    expect(probed({ exec: { command: [] } })).toEqual(["spec.containers[0].readinessProbe.exec.command must NOT have fewer than 1 items"]);
  });

  const deployment = (spec: Body): readonly string[] =>
    validateManifest({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: meta,
      spec: {
        selector: { matchLabels: { app: "x" } },
        template: { metadata: { labels: { app: "x", tier: "y" } }, spec: { containers: [container] } },
        ...spec,
      },
    });

  it("of a Deployment are those it selects", () => {
    expect(deployment({ replicas: 0 })).toEqual([]);
    expect(deployment({ replicas: -1 })).toEqual(["spec.replicas must be >= 0"]);
    expect(deployment({ selector: {} })).toEqual(["spec.selector must NOT have fewer than 1 properties"]);
    expect(deployment({ selector: { matchLabels: { app: "z" } } })).toEqual([
      "spec must have a selector that its template's labels satisfy",
    ]);
    expect(deployment({ strategy: { type: "Recreate", rollingUpdate: { maxUnavailable: 1 } } })).toEqual([
      "spec.strategy.rollingUpdate must not be given here",
    ]);
  });
});

describe("configuration and rights", () => {
  it("are a map of texts under file names", () => {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: meta };
    expect(problems(map, { data: { Corefile: ".:53 {}" } })).toEqual([]);
    expect(problems(map, { data: { "a/b": "" } })).toContain('data must not have the key "a/b"');
    expect(problems(map, { data: { a: 1 } })).toEqual(["data.a must be string"]);
  });

  it("are rules with groups, resources and verbs, bound to accounts", () => {
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "system:x" } };
    expect(problems(role, { rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }] })).toEqual([]);
    expect(problems(role, { rules: [{ apiGroups: [""], resources: [], verbs: ["list"] }] })).toEqual([
      "rules[0].resources must NOT have fewer than 1 items",
    ]);
    expect(problems(role, { metadata: { name: "a/b" }, rules: [] })).toEqual(['metadata.name must match format "path-segment"']);
    const binding = {
      ...role,
      kind: "ClusterRoleBinding",
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:x" },
    };
    expect(problems(binding, { subjects: [{ kind: "ServiceAccount", name: "x", namespace: "shop" }] })).toEqual([]);
    expect(problems(binding, { subjects: [{ kind: "ServiceAccount", name: "x" }] })).toEqual([
      "subjects[0] must have required property 'namespace'",
    ]);
  });

  it("of kube-proxy inside a ConfigMap are looked into", () => {
    const map = (text: string): readonly string[] =>
      validateManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: meta, data: { "config.conf": text } });
    const head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    expect(map(`${head}mode: iptables\nclusterCIDR: 10.244.0.0/16,fd00::/64\niptables:\n  masqueradeBit: 14\n  syncPeriod: 30s\n`)).toEqual(
      [],
    );
    expect(map(`${head}mode: userspace\n`)).toEqual(['data.config.conf: mode must be one of "iptables", "ipvs", "nftables"']);
    expect(map(`${head}clusterCIDR: 10.244.0.0\n`)).toEqual(['data.config.conf: clusterCIDR must match format "cidr-list"']);
    expect(map(`${head}detectLocalMode: BridgeInterface\n`)).toEqual([
      "data.config.conf: the object must have required property 'detectLocal'",
    ]);
    expect(map(`${head}iptables: { masqueradeBit: 32 }\n`)).toEqual(["data.config.conf: iptables.masqueradeBit must be <= 31"]);
    expect(map(`${head}mode: [\n`)).toEqual([expect.stringContaining("data.config.conf: ")]);
  });
});

describe("Calico's objects", () => {
  const of = (kind: string, spec: Body, name = "default"): readonly string[] =>
    validateManifest({ apiVersion: "projectcalico.org/v3", kind, metadata: { name }, spec });

  it.each([
    { cidr: "192.168.0.0/16", blockSize: 26, vxlanMode: "CrossSubnet", ipipMode: "Never", natOutgoing: true, nodeSelector: "all()" },
    { cidr: "fd00::/48", blockSize: 122, vxlanMode: "Always" },
    { cidr: "10.0.0.0/30", blockSize: 26, disabled: true },
    { cidr: "10.0.0.0/24", allowedUses: ["LoadBalancer"] },
  ])("may be the pool %j", (spec) => {
    expect(of("IPPool", spec, "pods")).toEqual([]);
  });

  it.each([
    [{ cidr: "192.168.0.1/16" }, 'spec.cidr must match format "masked-cidr"'],
    [{}, "spec must have required property 'cidr'"],
    [{ cidr: "10.0.0.0/8", blockSize: 19 }, "spec.blockSize must be >= 20"],
    [{ cidr: "10.0.0.0/8", blockSize: 122 }, "spec.blockSize must be <= 32"],
    [{ cidr: "fd00::/48", blockSize: 26 }, "spec.blockSize must be >= 116"],
    [{ cidr: "fd00::/48", ipipMode: "Always" }, 'spec.ipipMode must be "Never"'],
    [{ cidr: "10.0.0.0/8", ipipMode: "Always", vxlanMode: "CrossSubnet" }, 'spec.ipipMode must be "Never"'],
    [{ cidr: "10.0.0.0/28" }, "spec must not be smaller than one block"],
    [{ cidr: "10.0.0.0/24", allowedUses: ["LoadBalancer", "Workload"] }, "spec.allowedUses must NOT have more than 1 items"],
    [{ cidr: "10.0.0.0/24", vxlanMode: "cross-subnet" }, 'spec.vxlanMode must be one of "Never", "Always", "CrossSubnet"'],
  ])("may not be the pool %j", (spec, problem) => {
    expect(of("IPPool", spec, "pods")).toContain(problem);
  });

  it("set Felix within its ranges", () => {
    expect(of("FelixConfiguration", { vxlanPort: 4789, vxlanVNI: 4096, defaultEndpointToHostAction: "Accept", ipv6Support: true })).toEqual(
      [],
    );
    expect(of("FelixConfiguration", { vxlanVNI: 16777216 })).toEqual(["spec.vxlanVNI must be <= 16777215"]);
    expect(of("FelixConfiguration", { defaultEndpointToHostAction: "ACCEPT" })).toEqual([
      'spec.defaultEndpointToHostAction must be one of "Drop", "Return", "Accept"',
    ]);
    expect(of("FelixConfiguration", { vxlanport: 1 })).toEqual(["spec must not have the field vxlanport"]);
  });

  it("set BGP with an AS number and a mesh", () => {
    expect(of("BGPConfiguration", { nodeToNodeMeshEnabled: true, asNumber: 64512 })).toEqual([]);
    expect(of("BGPConfiguration", { asNumber: "64512.1", listenPort: 179 })).toEqual([]);
    expect(of("BGPConfiguration", { asNumber: 4294967296 })).toContain("spec.asNumber must be <= 4294967295");
    expect(of("BGPConfiguration", { nodeToNodeMeshEnabled: false, nodeMeshMaxRestartTime: "90s" })).toEqual([
      "spec.nodeMeshMaxRestartTime must not be given here",
    ]);
    expect(of("BGPConfiguration", { communities: [{ name: "c", value: "65000:1" }] })).toEqual([
      "spec must have required property 'prefixAdvertisements'",
    ]);
  });

  it("set address management so that nodes can get addresses", () => {
    expect(of("IPAMConfiguration", { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0 })).toEqual([]);
    expect(of("IPAMConfiguration", { strictAffinity: false, autoAllocateBlocks: false })).toEqual(["spec.strictAffinity must be true"]);
    expect(of("IPAMConfiguration", { strictAffinity: false, maxBlocksPerHost: 20 })).toEqual(["spec.strictAffinity must be true"]);
    expect(of("IPAMConfiguration", {}, "other")).toEqual(['metadata.name must be "default"']);
  });
});

describe("a CNI configuration list", () => {
  const plugin = { type: "calico", ipam: { type: "calico-ipam" } };
  const list = (...plugins: readonly Body[]): readonly string[] =>
    validateManifest({ name: "k8s-pod-network", cniVersion: "1.0.0", plugins });

  it("starts with Calico and may map ports", () => {
    expect(
      list({ ...plugin, mtu: 0, policy: { type: "k8s" } }, { type: "portmap", snat: true, capabilities: { portMappings: true } }),
    ).toEqual([]);
    expect(list({ ...plugin, ipam: { type: "calico-ipam", assign_ipv4: "true", assign_ipv6: "true" } })).toEqual([]);
  });

  it("refuses what the plugins do not take", () => {
    expect(list()).toEqual(["plugins must NOT have fewer than 1 items"]);
    expect(list({ ...plugin, type: "bridge" })).toEqual(['plugins[0].type must be "calico"']);
    expect(list({ ...plugin, ipam: { type: "calico-ipam", assign_ipv6: true } })).toContain("plugins[0].ipam.assign_ipv6 must be string");
    expect(list(plugin, { type: "portmap" })).toContain("plugins[1] must have required property 'capabilities'");
    expect(validateManifest({ name: "x", cniVersion: "9.9.9", plugins: [plugin] })).toEqual([
      'cniVersion must be one of "0.3.1", "0.4.0", "1.0.0", "1.1.0"',
    ]);
  });
});
