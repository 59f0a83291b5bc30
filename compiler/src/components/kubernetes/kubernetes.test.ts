import { describe, expect, it } from "vitest";
import { cidr, ip, model, node, origin, pod, port, service } from "../../control-plane/testing.ts";
import type { ModelParts } from "../../control-plane/testing.ts";
import type { ContainerPort, NetworkModel, NetworkPolicy, PolicyPeer, Workload } from "../../model/types.ts";
import type { Manifest } from "../types.ts";
import { kubernetes } from "./kubernetes.ts";
import { validateManifest } from "./schemas/validate.ts";

type Extra = ModelParts & Partial<Pick<NetworkModel, "namespaces" | "workloads" | "policies">>;

function manifestsOf(extra: Extra): readonly Manifest[] {
  const manifests = kubernetes.manifests({ ...model(extra), ...extra });
  for (const manifest of manifests) expect(validateManifest(manifest.body), manifest.path).toEqual([]);
  return manifests;
}

/** The body of the only manifest of the kind. */
function only(extra: Extra, kind: string): Readonly<Record<string, unknown>> {
  const found = manifestsOf(extra).filter((manifest) => manifest.body["kind"] === kind);
  expect(found).toHaveLength(1);
  return found[0]?.body ?? {};
}

const containerPort = (number: number, protocol: "tcp" | "udp" | "sctp", name: string | null = null): ContainerPort => ({
  name,
  port: number,
  protocol,
  origin: origin(`port ${number}`),
});

const workload = (name: string, more: Partial<Workload> = {}): Workload => ({
  namespace: "shop",
  name,
  kind: "Deployment",
  replicas: 2,
  labels: { app: name },
  ports: [],
  spreadOver: null,
  system: false,
  origin: origin(`workload shop/${name}`),
  ...more,
});

describe("namespaces", () => {
  it("are written with their labels, except those that the API server makes", () => {
    const namespaces = ["default", "kube-public", "kube-system", "shop"].map((name) => ({
      name,
      labels: { "kubernetes.io/metadata.name": name, team: "web" },
      origin: origin(name),
    }));
    const manifests = manifestsOf({ namespaces });
    expect(manifests.map(({ path, order }) => [path, order])).toEqual([["shop/namespace.yaml", 0]]);
    expect(manifests[0]?.body).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { team: "web" } } });
  });
});

describe("a bare pod", () => {
  it("stays on its node and keeps its addresses", () => {
    const given = pod("web-0", ["10.244.0.5", "fd00::5"], { ports: [containerPort(8080, "tcp", "http")] });
    expect(
      only({ pods: [given], nodes: [{ ...node("node-a", "192.168.10.11"), labels: { "kubernetes.io/hostname": "a.example" } }] }, "Pod"),
    ).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "web-0",
        namespace: "shop",
        labels: { app: "web" },
        annotations: { "cni.projectcalico.org/ipAddrs": '["10.244.0.5","fd00::5"]' },
      },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": "a.example" },
        containers: [
          {
            name: "agnhost",
            image: "registry.k8s.io/e2e-test-images/agnhost:2.53",
            args: ["netexec", "--http-port=8080", "--udp-port=-1"],
            ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
          },
        ],
      },
    });
  });

  it("listens on its ports and on nothing else, in as few containers as the server allows", () => {
    const ports = [
      containerPort(80, "tcp"),
      containerPort(443, "tcp"),
      containerPort(53, "udp"),
      containerPort(54, "udp"),
      containerPort(55, "udp"),
      containerPort(38412, "sctp"),
    ];
    const body = only({ pods: [pod("many", ["10.244.0.5"], { ports })] }, "Pod");
    expect(body).toMatchObject({
      spec: {
        containers: [
          { name: "agnhost", args: ["netexec", "--http-port=80", "--udp-port=53", "--sctp-port=38412"] },
          { name: "agnhost-2", args: ["netexec", "--http-port=443", "--udp-port=54"] },
          { name: "agnhost-3", args: ["serve-hostname", "--http=false", "--udp", "--port=55"] },
        ],
      },
    });
  });

  it("without TCP serves UDP and SCTP alone, and without ports waits", () => {
    const containersOf = (ports: readonly ContainerPort[]): unknown => only({ pods: [pod("x", ["10.244.0.5"], { ports })] }, "Pod")["spec"];
    expect(containersOf([containerPort(38412, "sctp")])).toMatchObject({
      containers: [{ args: ["porter"], env: [{ name: "SERVE_SCTP_PORT_38412", value: "38412" }] }],
    });
    expect(containersOf([])).toMatchObject({ containers: [{ args: ["pause"] }] });
  });

  it("that is not ready has a probe that never succeeds", () => {
    expect(only({ pods: [pod("x", ["10.244.0.5"], { ready: false })] }, "Pod")).toMatchObject({
      spec: { containers: [{ readinessProbe: { exec: { command: ["false"] } } }] },
    });
  });

  it("on the host network asks for no address", () => {
    const body = only({ pods: [pod("x", ["192.168.10.11"], { hostNetwork: true })] }, "Pod");
    expect(body["metadata"]).toEqual({ name: "x", namespace: "shop", labels: { app: "web" } });
    expect(body).toMatchObject({ spec: { hostNetwork: true } });
  });

  it("keeps host name, subdomain and service account, and the account is made for it", () => {
    const manifests = manifestsOf({ pods: [pod("x", ["10.244.0.5"], { hostname: "x", subdomain: "db", serviceAccount: "db" })] });
    expect(manifests.map((manifest) => manifest.path)).toEqual(["shop/serviceaccount-db.yaml", "shop/pod-x.yaml"]);
    expect(manifests[1]?.body).toMatchObject({ spec: { hostname: "x", subdomain: "db", serviceAccountName: "db" } });
  });

  it("is left out when it is terminating, part of a workload, or part of the cluster's software", () => {
    expect(
      manifestsOf({
        pods: [
          pod("a", ["10.244.0.5"], { terminating: true }),
          pod("b", ["10.244.0.6"], { workload: "shop/w" }),
          pod("c", ["10.244.0.7"], { system: true }),
        ],
      }),
    ).toEqual([]);
  });
});

describe("a workload", () => {
  it("is a Deployment that its labels select", () => {
    expect(only({ workloads: [workload("web", { ports: [containerPort(8080, "tcp", "http")] })] }, "Deployment")).toMatchObject({
      metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ args: ["netexec", "--http-port=8080", "--udp-port=-1"] }] },
        },
      },
    });
  });

  it("spreads over the nodes it names", () => {
    expect(only({ workloads: [workload("web", { spreadOver: ["node-a", "node-b"] })] }, "Deployment")).toMatchObject({
      spec: {
        template: {
          spec: {
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [
                    { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["node-a", "node-b"] }] },
                  ],
                },
              },
            },
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: "kubernetes.io/hostname",
                whenUnsatisfiable: "DoNotSchedule",
                labelSelector: { matchLabels: { app: "web" } },
              },
            ],
          },
        },
      },
    });
  });

  it("gets a label of its own when its labels would select another one's pods", () => {
    const labelsOf = (manifests: readonly Manifest[]): readonly unknown[] => manifests.map((manifest) => manifest.body["spec"]);
    const [one, two] = labelsOf(
      manifestsOf({ workloads: [workload("one", { labels: { app: "x" } }), workload("two", { labels: { app: "x", tier: "y" } })] }),
    );
    expect(one).toMatchObject({ selector: { matchLabels: { app: "x", "workload.knet/name": "one" } } });
    expect(two).toMatchObject({ selector: { matchLabels: { app: "x", tier: "y" } } });
    expect(only({ workloads: [workload("bare", { labels: {} })] }, "Deployment")).toMatchObject({
      spec: { selector: { matchLabels: { "workload.knet/name": "bare" } } },
    });
  });

  it("fails its probe when none of its pods is ready", () => {
    const pods = (...ready: readonly boolean[]): Extra => ({
      workloads: [workload("web")],
      pods: ready.map((isReady, i) => pod(`web-${i}`, [`10.244.0.${i + 1}`], { workload: "shop/web", ready: isReady })),
    });
    const probe = { spec: { template: { spec: { containers: [{ readinessProbe: { exec: { command: ["false"] } } }] } } } };
    expect(only(pods(false, false), "Deployment")).toMatchObject(probe);
    expect(only(pods(true, false), "Deployment")).not.toMatchObject(probe);
  });
});

describe("a service", () => {
  const spec = (given: Parameters<typeof service>, extra: Extra = {}): unknown =>
    only({ ...extra, services: [service(...given)] }, "Service")["spec"];

  it("holds its address, families, selector and ports", () => {
    expect(
      spec(["web", ["10.96.0.7"], [port(80, { name: "http", targetPort: "web" }), port(53, { name: "dns", protocol: "udp" })]]),
    ).toEqual({
      type: "ClusterIP",
      clusterIP: "10.96.0.7",
      clusterIPs: ["10.96.0.7"],
      ipFamilyPolicy: "SingleStack",
      ipFamilies: ["IPv4"],
      selector: { app: "web" },
      ports: [
        { name: "http", protocol: "TCP", port: 80, targetPort: "web" },
        { name: "dns", protocol: "UDP", port: 53, targetPort: 53 },
      ],
    });
  });

  it("of two families names the primary first", () => {
    expect(spec(["web", ["fd00:96::7", "10.96.0.7"], [port(80)]])).toMatchObject({
      clusterIP: "fd00:96::7",
      clusterIPs: ["fd00:96::7", "10.96.0.7"],
      ipFamilyPolicy: "RequireDualStack",
      ipFamilies: ["IPv6", "IPv4"],
    });
  });

  it("without a cluster IP says None, and may do without ports", () => {
    expect(spec(["db", [], []], { serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"] })).toEqual({
      type: "ClusterIP",
      clusterIP: "None",
      clusterIPs: ["None"],
      ipFamilyPolicy: "RequireDualStack",
      ipFamilies: ["IPv4", "IPv6"],
      selector: { app: "web" },
    });
  });

  it("says everything that is not the default", () => {
    expect(
      spec([
        "web",
        ["10.96.0.7"],
        [port(80, { nodePort: 30080 })],
        {
          type: "LoadBalancer",
          externalIps: [ip("203.0.113.7")],
          loadBalancerIps: [ip("198.51.100.7")],
          loadBalancerSourceRanges: [cidr("203.0.113.0/24")],
          internalTrafficPolicy: "Local",
          externalTrafficPolicy: "Local",
          healthCheckNodePort: 31000,
          sessionAffinity: 600,
          publishNotReady: true,
        },
      ]),
    ).toMatchObject({
      type: "LoadBalancer",
      ports: [{ port: 80, nodePort: 30080 }],
      externalIPs: ["203.0.113.7"],
      loadBalancerIP: "198.51.100.7",
      loadBalancerSourceRanges: ["203.0.113.0/24"],
      internalTrafficPolicy: "Local",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 31000,
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
      publishNotReadyAddresses: true,
    });
  });

  it("with endpoints written by hand has a slice per family", () => {
    const manifests = manifestsOf({
      services: [
        service("db", ["10.96.0.7"], [port(5432, { name: "sql" })], {
          selector: null,
          manualEndpoints: [ip("192.168.1.5"), ip("fd00::5"), ip("192.168.1.6")],
        }),
      ],
    });
    expect(manifests.slice(1).map((manifest) => manifest.body)).toEqual([
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: "db-ipv4", namespace: "shop", labels: { "kubernetes.io/service-name": "db" } },
        addressType: "IPv4",
        endpoints: [
          { addresses: ["192.168.1.5"], conditions: { ready: true } },
          { addresses: ["192.168.1.6"], conditions: { ready: true } },
        ],
        ports: [{ name: "sql", protocol: "TCP", port: 5432 }],
      },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: "db-ipv6", namespace: "shop", labels: { "kubernetes.io/service-name": "db" } },
        addressType: "IPv6",
        endpoints: [{ addresses: ["fd00::5"], conditions: { ready: true } }],
        ports: [{ name: "sql", protocol: "TCP", port: 5432 }],
      },
    ]);
  });

  it("may stand for an outside name", () => {
    expect(spec(["out", [], [], { type: "ExternalName", headless: false, selector: null, externalName: "db.example" }])).toEqual({
      type: "ExternalName",
      externalName: "db.example",
    });
  });

  it("of the cluster's software is not written", () => {
    expect(manifestsOf({ services: [service("kubernetes", ["10.96.0.1"], [port(443)], { namespace: "default", system: true })] })).toEqual(
      [],
    );
  });
});

describe("a policy", () => {
  const policy = (more: Partial<NetworkPolicy>): NetworkPolicy => ({
    namespace: "shop",
    name: "p",
    podSelector: { requirements: [] },
    policyTypes: ["Ingress"],
    ingress: [],
    egress: [],
    origin: origin("policy shop/p"),
    ...more,
  });
  const spec = (more: Partial<NetworkPolicy>): unknown => only({ policies: [policy(more)] }, "NetworkPolicy")["spec"];
  const pods = (more: Partial<Extract<PolicyPeer, { kind: "pods" }>>): PolicyPeer => ({
    kind: "pods",
    podSelector: null,
    namespaceSelector: null,
    origin: origin("peer"),
    ...more,
  });
  const rule = { peers: [], ports: [], origin: origin("rule") };

  it("without rules isolates", () => {
    expect(spec({})).toEqual({ podSelector: {}, policyTypes: ["Ingress"] });
  });

  it("with an empty rule allows everything, in both directions", () => {
    expect(spec({ policyTypes: ["Ingress", "Egress"], ingress: [rule], egress: [rule] })).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{}],
      egress: [{}],
    });
  });

  it("leaves out the rules of a direction that it does not isolate", () => {
    expect(spec({ policyTypes: ["Egress"], ingress: [rule], egress: [] })).toEqual({ podSelector: {}, policyTypes: ["Egress"] });
  });

  it("writes selectors with labels where it can and expressions where it must", () => {
    expect(
      spec({
        podSelector: {
          requirements: [
            { key: "app", operator: "In", values: ["web"] },
            { key: "tier", operator: "In", values: ["a", "b"] },
            { key: "app", operator: "In", values: ["db"] },
            { key: "old", operator: "DoesNotExist" },
            { key: "env", operator: "NotIn", values: ["dev"] },
          ],
        },
      }),
    ).toMatchObject({
      podSelector: {
        matchLabels: { app: "web" },
        matchExpressions: [
          { key: "tier", operator: "In", values: ["a", "b"] },
          { key: "app", operator: "In", values: ["db"] },
          { key: "old", operator: "DoesNotExist" },
          { key: "env", operator: "NotIn", values: ["dev"] },
        ],
      },
    });
  });

  it("tells apart own pods, pods elsewhere, whole namespaces and blocks", () => {
    const client = { requirements: [{ key: "app", operator: "In", values: ["client"] }] } as const;
    const team = { requirements: [{ key: "team", operator: "Exists" }] } as const;
    const peers: readonly PolicyPeer[] = [
      pods({ podSelector: client }),
      pods({ podSelector: client, namespaceSelector: team }),
      pods({ namespaceSelector: { requirements: [] } }),
      pods({}),
      { kind: "ipBlock", cidr: cidr("10.0.0.0/8"), except: [cidr("10.1.0.0/16")], origin: origin("block") },
      { kind: "ipBlock", cidr: cidr("fd00::/8"), except: [], origin: origin("block") },
    ];
    expect(spec({ ingress: [{ ...rule, peers }] })).toMatchObject({
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: "client" } } },
            {
              namespaceSelector: { matchExpressions: [{ key: "team", operator: "Exists" }] },
              podSelector: { matchLabels: { app: "client" } },
            },
            { namespaceSelector: {} },
            { podSelector: {} },
            { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } },
            { ipBlock: { cidr: "fd00::/8" } },
          ],
        },
      ],
    });
  });

  it("writes ports by number, range, name and protocol alone", () => {
    const ports = [
      { protocol: "tcp", port: 80, endPort: null },
      { protocol: "tcp", port: 8000, endPort: 8080 },
      { protocol: "udp", port: "dns", endPort: null },
      { protocol: "sctp", port: null, endPort: null },
    ] as const;
    expect(spec({ policyTypes: ["Egress"], egress: [{ ...rule, ports }] })).toMatchObject({
      egress: [
        {
          ports: [
            { protocol: "TCP", port: 80 },
            { protocol: "TCP", port: 8000, endPort: 8080 },
            { protocol: "UDP", port: "dns" },
            { protocol: "SCTP" },
          ],
        },
      ],
    });
  });
});
