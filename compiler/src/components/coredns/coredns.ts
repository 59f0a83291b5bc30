/** CoreDNS as an add-on: its configuration, deployment, service and rights. */
import type { NetworkModel } from "../../model/types.ts";
import { manifestOrder, metadata, objectPath, protocolName } from "../kubernetes/object.ts";
import { serviceManifest } from "../kubernetes/service.ts";
import { serviceAccountManifest } from "../kubernetes/workload.ts";
import type { Component, Manifest } from "../types.ts";
import { corefile } from "./corefile.ts";
import { corednsHealthPort, corednsImage, corednsName, corednsNamespace, corednsPods, corednsReadyPort, corednsService } from "./facts.ts";

const roleName = "system:coredns";
const rbacApi = "rbac.authorization.k8s.io";

/** It runs in pods and programs nothing on a node. */
export const coredns: Component = {
  name: "coredns",
  shared: () => ({}),
  local: () => ({}),
  manifests(model: NetworkModel): readonly Manifest[] {
    const { origin } = model.cluster.dns;
    const service = model.services.find((candidate) => candidate.namespace === corednsNamespace && candidate.name === corednsService);
    return [
      serviceAccountManifest(corednsNamespace, corednsName, origin),
      config("ClusterRole", roleName, null, { rules: rules() }),
      config("ClusterRoleBinding", roleName, null, {
        roleRef: { apiGroup: rbacApi, kind: "ClusterRole", name: roleName },
        subjects: [{ kind: "ServiceAccount", name: corednsName, namespace: corednsNamespace }],
      }),
      config("ConfigMap", corednsName, corednsNamespace, { data: { Corefile: corefile(model) } }),
      deployment(),
      ...(service === undefined ? [] : [serviceManifest(model, service, serviceMetadata)]),
    ];

    function config(kind: string, name: string, namespace: string | null, fields: Readonly<Record<string, unknown>>): Manifest {
      return {
        path: objectPath(corednsNamespace, kind, name),
        body: {
          apiVersion: namespace === null ? `${rbacApi}/v1` : "v1",
          kind,
          metadata: metadata({ name, ...(namespace === null ? {} : { namespace }) }),
          ...fields,
        },
        format: "yaml",
        order: manifestOrder.config,
        origin,
      };
    }

    function deployment(): Manifest {
      const workload = model.workloads.find((candidate) => candidate.namespace === corednsNamespace && candidate.name === corednsName);
      return {
        path: objectPath(corednsNamespace, "Deployment", corednsName),
        body: {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: metadata({
            name: corednsName,
            namespace: corednsNamespace,
            labels: { ...corednsPods.labels, "kubernetes.io/name": "CoreDNS" },
          }),
          spec: {
            replicas: workload?.replicas ?? corednsPods.replicas,
            strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
            selector: { matchLabels: corednsPods.labels },
            template: { metadata: { labels: corednsPods.labels }, spec: podSpec(corednsImage(model.cluster.kubernetesVersion)) },
          },
        },
        format: "yaml",
        order: manifestOrder.workload,
        origin,
      };
    }
  },
};

const serviceMetadata = {
  labels: { ...corednsPods.labels, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
  annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
};

/** What the `kubernetes` plugin watches. */
function rules(): readonly Readonly<Record<string, unknown>>[] {
  const verbs = ["list", "watch"];
  return [
    { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs },
  ];
}

/** `dnsPolicy: Default` gives it the node's resolver as upstream: its own service would be a loop. */
function podSpec(image: string): Readonly<Record<string, unknown>> {
  const probe = (path: string, port: number): Readonly<Record<string, unknown>> => ({ httpGet: { path, port, scheme: "HTTP" } });
  return {
    priorityClassName: "system-cluster-critical",
    serviceAccountName: corednsPods.serviceAccount,
    tolerations: [
      { key: "CriticalAddonsOnly", operator: "Exists" },
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    ],
    nodeSelector: { "kubernetes.io/os": "linux" },
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              labelSelector: { matchExpressions: [{ key: "k8s-app", operator: "In", values: ["kube-dns"] }] },
              topologyKey: "kubernetes.io/hostname",
            },
          },
        ],
      },
    },
    containers: [
      {
        name: corednsName,
        image,
        imagePullPolicy: "IfNotPresent",
        resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
        args: ["-conf", "/etc/coredns/Corefile"],
        volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
        ports: [
          ...corednsPods.containerPorts.map((port) => ({
            name: port.name,
            containerPort: port.port,
            protocol: protocolName(port.protocol),
          })),
          { name: "liveness-probe", containerPort: corednsHealthPort, protocol: "TCP" },
          { name: "readiness-probe", containerPort: corednsReadyPort, protocol: "TCP" },
        ],
        livenessProbe: {
          ...probe("/health", corednsHealthPort),
          initialDelaySeconds: 60,
          timeoutSeconds: 5,
          successThreshold: 1,
          failureThreshold: 5,
        },
        readinessProbe: probe("/ready", corednsReadyPort),
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
          readOnlyRootFilesystem: true,
        },
      },
    ],
    dnsPolicy: "Default",
    volumes: [{ name: "config-volume", configMap: { name: corednsName, items: [{ key: "Corefile", path: "Corefile" }] } }],
  };
}
