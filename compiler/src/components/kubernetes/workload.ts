/** Deployments, bare pods and the service accounts that they run under. */
import { compareText, formatIp } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { DnsConfig, Labels, NetworkModel, Node, Pod, Workload } from "../../model/types.ts";
import type { Manifest } from "../types.ts";
import { manifestOrder, metadata, objectPath } from "./object.ts";
import { containers } from "./pod-template.ts";

const hostnameLabel = "kubernetes.io/hostname";

/** On a Deployment's pods when their own labels do not tell them from another Deployment's. */
const workloadLabel = "workload.knet/name";

interface Index {
  readonly nodes: ReadonlyMap<string, Node>;
  /** By `namespace/name` of the workload. */
  readonly pods: ReadonlyMap<string | null, readonly Pod[]>;
  /** By namespace. */
  readonly workloads: ReadonlyMap<string, readonly Workload[]>;
}

const indexes = new WeakMap<NetworkModel, Index>();

function indexOf(model: NetworkModel): Index {
  let index = indexes.get(model);
  if (index === undefined) {
    index = {
      nodes: new Map(model.nodes.map((node) => [node.name, node])),
      pods: Map.groupBy(model.pods, (pod) => pod.workload),
      workloads: Map.groupBy(model.workloads, (workload) => workload.namespace),
    };
    indexes.set(model, index);
  }
  return index;
}

/** The label that a node is known by, which may differ from its name. */
function hostnameOf(model: NetworkModel, name: string): string {
  return indexOf(model).nodes.get(name)?.labels[hostnameLabel] ?? name;
}

/** Addresses are asked for by annotation, so that the pod has those that every node's rules know. */
export function podManifest(model: NetworkModel, pod: Pod): Manifest {
  const addresses = pod.hostNetwork ? [] : pod.addresses.map(formatIp);
  return {
    path: objectPath(pod.namespace, "Pod", pod.name),
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: metadata({
        name: pod.name,
        namespace: pod.namespace,
        labels: pod.labels,
        annotations: addresses.length === 0 ? {} : { "cni.projectcalico.org/ipAddrs": JSON.stringify(addresses) },
      }),
      spec: {
        ...identity(pod.serviceAccount, pod.hostNetwork),
        ...dns(pod),
        ...(pod.hostname === null ? {} : { hostname: pod.hostname }),
        ...(pod.subdomain === null ? {} : { subdomain: pod.subdomain }),
        nodeSelector: { [hostnameLabel]: hostnameOf(model, pod.node) },
        containers: containers(pod.ports, pod.ready),
      },
    },
    format: "yaml",
    order: manifestOrder.workload,
    origin: pod.origin,
  };
}

function identity(serviceAccount: string, hostNetwork: boolean): Readonly<Record<string, unknown>> {
  return {
    ...(serviceAccount === "default" ? {} : { serviceAccountName: serviceAccount }),
    ...(hostNetwork ? { hostNetwork: true } : {}),
  };
}

/** The default policy, which gives a host-network pod its node's resolver and any other the cluster's, is left out. */
function dns({ dnsPolicy, dnsConfig }: Pick<Pod, "dnsPolicy" | "dnsConfig">): Readonly<Record<string, unknown>> {
  return {
    ...(dnsPolicy === undefined || dnsPolicy === "ClusterFirst" ? {} : { dnsPolicy }),
    ...(dnsConfig === undefined ? {} : { dnsConfig: dnsConfigFields(dnsConfig) }),
  };
}

/** Values of options are strings in the API. */
function dnsConfigFields({ nameservers, searches, options }: DnsConfig): Readonly<Record<string, unknown>> {
  return {
    ...(nameservers.length === 0 ? {} : { nameservers: nameservers.map(formatIp) }),
    ...(searches.length === 0 ? {} : { searches: [...searches] }),
    ...(options.length === 0 ? {} : { options: options.map(({ name, value }) => (value === null ? { name } : { name, value: String(value) })) }),
  };
}

/** A Deployment cannot have some replicas ready and others not: its probe fails when none of the model's pods is ready. */
export function deploymentManifest(model: NetworkModel, workload: Workload): Manifest {
  const pods = indexOf(model).pods.get(`${workload.namespace}/${workload.name}`) ?? [];
  const [first] = pods;
  const labels = distinctLabels(model, workload);
  return {
    path: objectPath(workload.namespace, "Deployment", workload.name),
    body: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metadata({ name: workload.name, namespace: workload.namespace, labels: workload.labels }),
      spec: {
        replicas: workload.replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            ...identity(first?.serviceAccount ?? "default", first?.hostNetwork ?? false),
            ...dns(workload),
            ...(workload.spreadOver === null
              ? {}
              : spread(
                  workload.spreadOver.map((node) => hostnameOf(model, node)),
                  labels,
                )),
            containers: containers(workload.ports, pods.length === 0 || pods.some((pod) => pod.ready)),
          },
        },
      },
    },
    format: "yaml",
    order: manifestOrder.workload,
    origin: workload.origin,
  };
}

/** The workload's labels, with one more when they are none or would also select the pods of another workload. */
function distinctLabels(model: NetworkModel, workload: Workload): Labels {
  const terms = Object.entries(workload.labels);
  const isShared = (indexOf(model).workloads.get(workload.namespace) ?? []).some(
    (other) => other.name !== workload.name && terms.every(([key, value]) => other.labels[key] === value),
  );
  return terms.length === 0 || isShared ? { ...workload.labels, [workloadLabel]: workload.name } : workload.labels;
}

function spread(hostnames: readonly string[], labels: Labels): Readonly<Record<string, unknown>> {
  const term = { matchExpressions: [{ key: hostnameLabel, operator: "In", values: [...hostnames] }] };
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: hostnameLabel, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: labels } },
    ],
  };
}

/** The accounts that declared pods name, beside each namespace's `default`; sorted by namespace, then name. */
export function serviceAccountManifests(pods: readonly Pod[]): readonly Manifest[] {
  const accounts = new Map<string, { readonly namespace: string; readonly name: string; readonly origin: Origin }>();
  for (const pod of pods) {
    if (pod.serviceAccount === "default") continue;
    const key = `${pod.namespace}/${pod.serviceAccount}`;
    if (!accounts.has(key)) accounts.set(key, { namespace: pod.namespace, name: pod.serviceAccount, origin: pod.origin });
  }
  return [...accounts]
    .sort(([x], [y]) => compareText(x, y))
    .map(([, account]) => serviceAccountManifest(account.namespace, account.name, account.origin));
}

export function serviceAccountManifest(namespace: string, name: string, origin: Origin): Manifest {
  return {
    path: objectPath(namespace, "ServiceAccount", name),
    body: { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata({ name, namespace }) },
    format: "yaml",
    order: manifestOrder.config,
    origin,
  };
}
