/** Namespaces, pods and workloads: what runs where. */
import { compareText } from "@knet/language/values";
import { resolverSwitches } from "@knet/language";
import type { ClusterProgram, ContainerPortDeclaration, Origin, PodDeclaration } from "@knet/language";
import { placePods, spreadReplicas } from "../allocate/index.ts";
import type { Allocation } from "../allocate/index.ts";
import { corednsPods } from "../components/coredns/facts.ts";
import type { ContainerPort, Labels, Namespace, Node, Pod, Workload } from "../model/types.ts";
import type { Span } from "@knet/language";

/** Namespaces that every cluster has. */
const builtIn = ["default", "kube-system"] as const;

export function lowerNamespaces(program: ClusterProgram, origin: Origin): readonly Namespace[] {
  const labels = new Map<string, { labels: Labels; origin: Origin }>();
  for (const name of builtIn) labels.set(name, { labels: {}, origin });
  for (const namespace of program.namespaces) {
    labels.set(namespace.name, { labels: namespace.labels.value, origin: { name: `namespace ${namespace.name}`, span: namespace.span } });
  }
  return [...labels]
    .map(([name, entry]) => ({ name, labels: { "kubernetes.io/metadata.name": name, ...entry.labels }, origin: entry.origin }))
    .toSorted((x, y) => compareText(x.name, y.name));
}

/** A pod with its node, before it has an address. */
export type PlacedPod = Omit<Pod, "addresses"> & { readonly pinned: readonly Pod["addresses"][number][]; readonly header: Span };

export interface LoweredWorkloads {
  /** System pods first, then by namespace and name: the order in which they ask for addresses. */
  readonly pods: readonly PlacedPod[];
  readonly workloads: readonly Workload[];
}

export interface Failed {
  readonly nodes: ReadonlySet<string>;
  /** `namespace/name`. */
  readonly pods: ReadonlySet<string>;
}

/**
 * Bare pods stay where they are declared and are lost with their node; the replicas of a workload are placed on the
 * nodes that are left, as the scheduler would once it knows.
 */
export function lowerWorkloads(program: ClusterProgram, nodes: readonly Node[], held: Allocation, failed: Failed, dnsOrigin: Origin): LoweredWorkloads {
  const alive = nodes.map((node) => node.name).filter((name) => !failed.nodes.has(name));
  const heldNodes = new Map([...held.pods].map(([key, place]) => [key, place.node]));
  const pods: PlacedPod[] = [];
  const workloads: Workload[] = [];

  const dnsHeader = dnsOrigin.span ?? program.cluster.header;
  const system: Workload = {
    namespace: corednsPods.namespace,
    name: corednsPods.name,
    kind: "Deployment",
    replicas: corednsPods.replicas,
    labels: corednsPods.labels,
    ports: corednsPods.containerPorts.map((port) => ({ ...port, origin: dnsOrigin })),
    dnsPolicy: "Default",
    spreadOver: null,
    system: true,
    origin: dnsOrigin,
  };
  workloads.push(system);
  pods.push(...replicas(system, system.replicas, false, alive, heldNodes, dnsHeader));

  const unplaced = program.namespaces.flatMap((namespace) => namespace.pods.filter((pod) => pod.node.value === null).map((pod) => `${namespace.name}/${pod.name}`));
  const chosen = placePods(unplaced, nodes.map((node) => node.name), heldNodes);
  const own: PlacedPod[] = [];
  for (const namespace of program.namespaces) {
    for (const pod of namespace.pods) {
      const key = `${namespace.name}/${pod.name}`;
      const node = pod.node.value ?? chosen.get(key) ?? "";
      if (failed.nodes.has(node) || failed.pods.has(key)) continue;
      own.push({
        namespace: namespace.name,
        name: pod.name,
        node,
        labels: pod.labels.value,
        ports: pod.ports.map((port) => lowerPort(port, key)),
        ready: pod.ready.value,
        terminating: pod.terminating.value,
        hostNetwork: pod.hostNetwork.value,
        ...lowerDns(pod),
        serviceAccount: "default",
        workload: null,
        hostname: null,
        subdomain: null,
        system: false,
        origin: { name: `pod ${key}`, span: pod.span },
        pinned: pod.addresses.value,
        header: pod.header,
      });
    }
    for (const workload of namespace.workloads) {
      const key = `${namespace.name}/${workload.name}`;
      const origin: Origin = { name: `workload ${key}`, span: workload.span };
      const lowered: Workload = {
        namespace: namespace.name,
        name: workload.name,
        kind: "Deployment",
        replicas: workload.replicas.value,
        labels: workload.labels.value,
        ports: workload.ports.map((port) => lowerPort(port, key)),
        ...lowerDns(workload),
        spreadOver: workload.spreadOver.value,
        system: false,
        origin,
      };
      workloads.push(lowered);
      own.push(...replicas(lowered, workload.readyReplicas.value ?? lowered.replicas, workload.hostNetwork.value, alive, heldNodes, workload.header));
    }
  }
  return { pods: [...pods, ...own.toSorted(byKey)], workloads };
}

/** Replicas are numbered; a ReplicaSet would draw random suffixes, which no compiler can know. */
function replicas(workload: Workload, ready: number, hostNetwork: boolean, alive: readonly string[], held: ReadonlyMap<string, string>, header: Span): readonly PlacedPod[] {
  const key = `${workload.namespace}/${workload.name}`;
  const names = Array.from({ length: workload.replicas }, (_unused, index) => `${workload.name}-${index}`);
  const allowed = workload.spreadOver === null ? alive : alive.filter((name) => workload.spreadOver?.includes(name) === true);
  const placed = spreadReplicas({ workload: key, pods: names.map((name) => `${workload.namespace}/${name}`), nodes: allowed, held });
  return names.flatMap((name, index): PlacedPod[] => {
    const node = placed.get(`${workload.namespace}/${name}`);
    if (node === undefined) return [];
    return [
      {
        namespace: workload.namespace,
        name,
        node,
        labels: workload.labels,
        ports: workload.ports,
        ready: index < ready,
        terminating: false,
        hostNetwork,
        ...(workload.dnsPolicy === undefined ? {} : { dnsPolicy: workload.dnsPolicy }),
        ...(workload.dnsConfig === undefined ? {} : { dnsConfig: workload.dnsConfig }),
        serviceAccount: workload.system ? workload.name : "default",
        workload: key,
        hostname: null,
        subdomain: null,
        system: workload.system,
        origin: workload.origin,
        pinned: [],
        header,
      },
    ];
  });
}

/** What a pod or the pods of a workload say about looking names up. */
function lowerDns({ dnsPolicy, dnsConfig }: Pick<PodDeclaration, "dnsPolicy" | "dnsConfig">): Pick<Pod, "dnsPolicy" | "dnsConfig"> {
  if (dnsConfig === null) return { dnsPolicy: dnsPolicy.value };
  const numbers = (["ndots", "timeout", "attempts"] as const).flatMap((name) => {
    const { value } = dnsConfig[name];
    return value === null ? [] : [{ name, value }];
  });
  const switches = resolverSwitches.filter((name) => dnsConfig.switches[name].value).map((name) => ({ name, value: null }));
  return {
    dnsPolicy: dnsPolicy.value,
    dnsConfig: { nameservers: dnsConfig.nameservers.value, searches: dnsConfig.searches.value, options: [...numbers, ...switches] },
  };
}

function lowerPort(port: ContainerPortDeclaration, owner: string): ContainerPort {
  return { name: port.name, port: port.port, protocol: port.protocol, origin: { name: `port ${port.name ?? port.port} of ${owner}`, span: port.span } };
}

function byKey(x: PlacedPod, y: PlacedPod): number {
  return compareText(x.namespace, y.namespace) || compareText(x.name, y.name);
}
