/**
 * What a program may say and knet does not compile yet: attribute by attribute, with the reason. The checker accepts all of it, and the model
 * holds it; whoever would have to act on it asks here first.
 */
import type { ClusterProgram, DnsDeclaration, PodDeclaration, ServiceDeclaration, Sourced, Span, WorkloadDeclaration } from "@knet/language";

/** `dataplane`: the nodes' files would lack it. `judges`: the files are right, and the simulator and the specifications do not follow. */
export type Purpose = "dataplane" | "judges";

export interface Unsupported {
  readonly attribute: string;
  /** `service shop/web`. */
  readonly owner: string;
  readonly reason: string;
  readonly span: Span;
}

interface Row<D> {
  readonly attribute: string;
  readonly missing: Purpose;
  readonly reason: string;
  /** Where the program asks for it; null: it does not. */
  readonly asked: (declaration: D) => Span | null;
}

const when = <T>(sourced: Sourced<T>, asks: (value: T) => boolean): Span | null => (asks(sourced.value) ? sourced.span : null);
const some = (sourced: Sourced<readonly unknown[]>): Span | null => when(sourced, (items) => items.length > 0);
const local = (sourced: Sourced<"Cluster" | "Local">): Span | null => when(sourced, (policy) => policy === "Local");

const noBalancer = "no machine of the model stands for a load balancer";

const services: readonly Row<ServiceDeclaration>[] = [
  { attribute: "load-balancer-addresses", missing: "dataplane", reason: noBalancer, asked: (service) => some(service.loadBalancerAddresses) },
  { attribute: "source-ranges", missing: "dataplane", reason: noBalancer, asked: (service) => some(service.sourceRanges) },
  {
    attribute: "external-ips",
    missing: "dataplane",
    reason: "no route of the model leads to such addresses",
    asked: (service) => some(service.externalIps),
  },
  {
    attribute: "session-affinity",
    missing: "dataplane",
    reason: "a client's earlier connections are not part of the model",
    asked: (service) => when(service.sessionAffinity, (affinity) => affinity === "ClientIP"),
  },
  {
    attribute: "internal-traffic-policy",
    missing: "dataplane",
    reason: "the rules of local endpoints are not tried on a kernel yet",
    asked: (service) => local(service.internalTrafficPolicy),
  },
  {
    attribute: "external-traffic-policy",
    missing: "dataplane",
    reason: "the rules of local endpoints are not tried on a kernel yet",
    asked: (service) => local(service.externalTrafficPolicy),
  },
  {
    attribute: "traffic-distribution",
    missing: "dataplane",
    reason: "the hints that it puts on endpoints are not derived yet",
    asked: (service) => when(service.trafficDistribution, (distribution) => distribution !== null),
  },
];

const slices: readonly Row<ServiceDeclaration["endpoints"][number]>[] = [
  {
    attribute: "endpoints",
    missing: "judges",
    reason: "who listens at addresses that are no pod's is not part of the model",
    asked: (slice) => slice.header,
  },
];

const servers: readonly Row<DnsDeclaration>[] = [
  {
    attribute: "node-local",
    missing: "dataplane",
    reason: "the cache's device and rules on every node are not generated",
    asked: (dns) => some(dns.nodeLocal),
  },
];

const pods: readonly Row<PodDeclaration | WorkloadDeclaration>[] = [
  {
    attribute: "dns-policy",
    missing: "judges",
    reason: "a pod on its node's network looks names up as the node does",
    asked: (pod) => (pod.hostNetwork.value ? when(pod.dnsPolicy, (policy) => policy === "ClusterFirstWithHostNet" || policy === "None") : null),
  },
];

/** Neither Felix's chains nor the judges know them. */
const tiers = "the tiers around the policies of namespaces are not generated";

/** What a command that answers for one cluster says of the second one in a program. */
export function severalClusters({ cluster }: ClusterProgram): Unsupported {
  return { attribute: `cluster ${cluster.name}`, owner: "a program of several clusters", reason: "this command takes a program of one cluster", span: cluster.header };
}

/** In the order of the program. A purpose of `judges` also needs what the dataplane lacks. */
export function unsupported(program: ClusterProgram, purpose: Purpose): readonly Unsupported[] {
  const found: Unsupported[] = [];
  const ask = <D>(rows: readonly Row<D>[], declaration: D, owner: string): void => {
    for (const { attribute, missing, reason, asked } of rows) {
      const span = missing === "judges" && purpose === "dataplane" ? null : asked(declaration);
      if (span !== null) found.push({ attribute, owner, reason, span });
    }
  };
  ask(servers, program.cluster.dns, "dns coredns");
  for (const { name, tier, header } of program.clusterPolicies) {
    const attribute = `${tier === "Admin" ? "admin-policy" : "baseline-policy"} ${name}`;
    found.push({ attribute, owner: `cluster ${program.cluster.name}`, reason: tiers, span: header });
  }
  for (const namespace of program.namespaces) {
    for (const pod of namespace.pods) ask(pods, pod, `pod ${namespace.name}/${pod.name}`);
    for (const workload of namespace.workloads) ask(pods, workload, `workload ${namespace.name}/${workload.name}`);
    for (const service of namespace.services) {
      const owner = `service ${namespace.name}/${service.name}`;
      ask(services, service, owner);
      for (const slice of service.endpoints) ask(slices, slice, owner);
    }
  }
  return found;
}
