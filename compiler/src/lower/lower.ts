/** From a checked program to the network model: names resolved, places chosen, addresses allocated. */
import { compareText, maskCidr } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { ClusterProgram, EndpointExpression, Origin } from "@knet/language";
import { describeIpamProblem, emptyAllocation, heldBlocks, nodePortKey, planBlocks } from "../allocate/index.ts";
import type { Allocation, IpamProblem } from "../allocate/index.ts";
import { insideRanges } from "../model/ranges.ts";
import type { Cluster, DnsForward, Firewall, NetworkModel, NetworkPolicy, Pod, Service } from "../model/types.ts";
import { lowerAssertions } from "./assertions.ts";
import { lowerClusterPolicies } from "./cluster-policies.ts";
import { unchecked } from "./describe.ts";
import { externalHosts, outsidePrefixes } from "./outside.ts";
import { lowerPolicies } from "./policies.ts";
import type { LoweringProblem } from "./problems.ts";
import { dnsAddresses, lowerServices, nodePortsOf } from "./services.ts";
import { lowerFirewalls, lowerNodes, lowerRouters, lowerSubnets } from "./underlay.ts";
import { lowerNamespaces, lowerWorkloads } from "./workloads.ts";
import type { PlacedPod } from "./workloads.ts";

export interface LoweringOptions {
  /** From knet.lock, or the allocation of the same program before failures. */
  readonly held?: Allocation;
  /** Addresses that are not given to nodes: those of other clusters' nodes. */
  readonly taken?: readonly Ip[];
  readonly failed?: { readonly nodes: readonly string[]; readonly pods: readonly string[] };
}

export interface Lowered {
  readonly model: NetworkModel;
  /** What a lock would hold. */
  readonly allocation: Allocation;
  /** With problems the model is incomplete and must not be used further. */
  readonly problems: readonly LoweringProblem[];
}

export function lower(program: ClusterProgram, options: LoweringOptions = {}): Lowered {
  const held = options.held ?? emptyAllocation;
  const failed = { nodes: new Set(options.failed?.nodes), pods: new Set(options.failed?.pods) };
  const clusterName = `cluster ${program.cluster.name}`;
  const dnsOrigin: Origin = { name: `${clusterName} · dns ${program.cluster.dns.kind}`, span: program.cluster.dns.span };
  const cluster = lowerCluster(program, dnsOrigin);
  const subnets = lowerSubnets(program);
  const inside = insideRanges({ subnets, cluster }).map(({ cidr }) => cidr);
  const natted = program.networks.flatMap((network) => network.routers).filter((router) => router.nat.value === "internet");
  const prefixes = natted.length === 0 ? [] : outsidePrefixes(new Set(subnets.flatMap((subnet) => subnet.cidrs.map((cidr) => cidr.ip.family))), inside);
  const routers = lowerRouters(program, subnets, prefixes);

  const { nodes: allNodes, problems: nodeProblems } = lowerNodes(program, subnets, routers, { held, taken: options.taken ?? [] });
  const firewalls = lowerFirewalls(program, subnets, allNodes);
  const namespaces = lowerNamespaces(program, { name: clusterName, span: program.cluster.header });
  const workloads = lowerWorkloads(program, allNodes, held, failed, dnsOrigin);
  const nodes = allNodes.filter((node) => !failed.nodes.has(node.name));

  const ipam = planBlocks({
    pools: cluster.cni.pools,
    nodes,
    pods: workloads.pods.filter((pod) => !pod.hostNetwork).map((pod) => ({ key: keyOf(pod), node: pod.node, pinned: pod.pinned })),
    held,
  });
  const nodeAddresses = new Map(nodes.map((node) => [node.name, node.addresses]));
  const pods = workloads.pods.map((placed): Pod => {
    const { pinned: _pinned, header: _header, ...pod } = placed;
    return { ...pod, addresses: (pod.hostNetwork ? nodeAddresses.get(pod.node) : ipam.pods.get(keyOf(pod))) ?? [] };
  });
  const services = lowerServices(program, held, dnsOrigin);
  const policies = lowerPolicies(program, inside);
  const told = toldRanges(policies, firewalls, program);
  const outsideRouter = routers.find((router) => router.outside !== null);
  const sortedPods = pods.toSorted((x, y) => compareText(x.namespace, y.namespace) || compareText(x.name, y.name));
  const model: NetworkModel = {
    cluster,
    subnets,
    routers,
    external: outsideRouter === undefined ? null : { prefixes, hosts: externalHosts(prefixes, inside, told, outsideRouter.origin) },
    nodes,
    firewalls,
    namespaces,
    pods: sortedPods,
    workloads: workloads.workloads,
    services: services.services,
    ipam: ipam.plan,
    policies,
    clusterPolicies: lowerClusterPolicies(program, inside),
    assertions: lowerAssertions(program, namespaces, sortedPods),
  };
  const problems = [...nodeProblems, ...services.problems, ...ipam.problems.map((problem) => describePods(problem, program, workloads.pods))];
  let allocation: Allocation | null = null;
  return {
    model,
    // Only locks and failures ask for it.
    get allocation() {
      return (allocation ??= allocationOf(model, pods));
    },
    problems,
  };
}

/** What goes to nobody else: a forward of the root. */
function upstream({ value, span }: ClusterProgram["cluster"]["dns"]["upstream"]): readonly DnsForward[] {
  return value.length === 0 ? [] : [{ zone: ".", servers: value, origin: { name: "upstream", span } }];
}

function keyOf(pod: { readonly namespace: string; readonly name: string }): string {
  return `${pod.namespace}/${pod.name}`;
}

function lowerCluster(program: ClusterProgram, dnsOrigin: Origin): Cluster {
  const { cluster } = program;
  const name = `cluster ${cluster.name}`;
  return {
    name: cluster.name,
    kubernetesVersion: cluster.kubernetes.value,
    domain: cluster.domain.value,
    serviceCidrs: cluster.serviceCidrs.value.map(maskCidr),
    nodePorts: cluster.nodePorts.value,
    cni: {
      kind: "calico",
      version: cluster.cni.version.value,
      pools: cluster.cni.pools.map((pool) => ({
        name: pool.name,
        cidr: maskCidr(pool.cidr.value),
        blockSize: pool.blockSize.value,
        encapsulation: pool.encapsulation.value,
        natOutgoing: pool.natOutgoing.value,
        nodeSelector: pool.nodeSelector.value,
        disabled: pool.disabled.value,
        allowedUses: pool.allowedUses.value,
        assignmentMode: pool.assignmentMode.value,
        origin: { name: `pool ${pool.name}`, span: pool.span },
      })),
      vxlanPort: cluster.cni.vxlanPort.value,
      vxlanVni: cluster.cni.vxlanVni.value,
      vxlanMtu: cluster.cni.vxlanMtu.value,
      origin: { name: `${name} · cni ${cluster.cni.kind}`, span: cluster.cni.span },
    },
    proxy: { mode: cluster.proxy.mode, origin: { name: `${name} · proxy ${cluster.proxy.mode}`, span: cluster.proxy.span } },
    dns: {
      addresses: dnsAddresses(program),
      forwards: [
        ...cluster.dns.forwards.map((forward) => ({ zone: forward.zone, servers: forward.servers, origin: { name: `forward ${forward.zone}`, span: forward.span } })),
        ...upstream(cluster.dns.upstream),
      ],
      ttl: cluster.dns.ttl.value,
      cache: cluster.dns.cache.value,
      nodeLocal: cluster.dns.nodeLocal.value,
      origin: dnsOrigin,
    },
    origin: { name, span: cluster.span },
  };
}

/** Ranges that some rule or assertion tells apart from others. Policies about the internet share their list of exceptions: it is read once. */
function toldRanges(policies: readonly NetworkPolicy[], firewalls: readonly Firewall[], program: ClusterProgram): readonly Cidr[] {
  const told: Cidr[] = [];
  const read = new Set<readonly Cidr[]>();
  for (const policy of policies) {
    for (const { peers } of [...policy.ingress, ...policy.egress]) {
      for (const peer of peers) {
        if (peer.kind !== "ipBlock") continue;
        told.push(peer.cidr);
        if (read.has(peer.except)) continue;
        read.add(peer.except);
        for (const cidr of peer.except) told.push(cidr);
      }
    }
  }
  for (const { rules } of firewalls) {
    for (const peer of rules.flatMap((rule) => rule.peers)) if (peer.kind === "cidr") told.push(peer.cidr);
  }
  for (const statement of program.assertions.flatMap((assertion) => assertion.statements)) {
    for (const inner of statement.kind === "reach" || statement.kind === "resolve" ? [statement] : statement.statements) {
      told.push(...cidrsOf(inner.sources));
      if (inner.kind === "reach") told.push(...cidrsOf(inner.target));
    }
  }
  return told;
}

/** Ranges that an assertion names; the outside gets a machine in each. */
function cidrsOf(expression: EndpointExpression): readonly Cidr[] {
  if (expression.kind === "cidr") return [expression.cidr];
  return expression.kind === "union" ? expression.members.flatMap(cidrsOf) : [];
}

function describePods(problem: IpamProblem, program: ClusterProgram, pods: readonly PlacedPod[]): LoweringProblem {
  if (problem.kind === "already-taken" || problem.kind === "outside-pools") throw unchecked(describeIpamProblem(problem));
  const pod = problem.pod === null ? undefined : pods.find((candidate) => keyOf(candidate) === problem.pod);
  const node = program.nodes.find((candidate) => candidate.name === problem.node);
  const [pool] = program.cluster.cni.pools;
  return {
    name: problem.kind === "no-pool" ? "no-pool" : "range-full",
    message: describeIpamProblem(problem),
    span: pod?.header ?? node?.header ?? program.cluster.cni.header,
    related: pool === undefined ? null : { span: pool.header, label: problem.kind === "no-pool" ? "the first pool" : "the pool" },
  };
}

function allocationOf(model: NetworkModel, pods: readonly Pod[]): Allocation {
  const named = (service: Service): boolean => service.clusterIps.length > 0 && !service.system;
  return {
    ...heldBlocks(model.ipam),
    nodes: new Map(model.nodes.map((node) => [node.name, node.addresses])),
    pods: new Map(pods.map((pod) => [keyOf(pod), { node: pod.node, addresses: pod.hostNetwork ? [] : pod.addresses }])),
    services: new Map(model.services.filter(named).map((service) => [`${service.namespace}/${service.name}`, service.clusterIps])),
    nodePorts: new Map(
      model.services.flatMap((service) =>
        nodePortsOf(service).map(({ port, protocol, nodePort }) => [nodePortKey({ service: `${service.namespace}/${service.name}`, port, protocol }), nodePort] as const),
      ),
    ),
  };
}
