/** `namespace`, `pod`, `workload`. */
import type { BlockNode, PortNode, SpreadNode } from "../ast/nodes.ts";
import { blocksOf, builtInNamespaces, builtInServices, builtInWorkloads, nameOf } from "../binder/binder.ts";
import type { PodDeclaration, Sourced, WorkloadDeclaration } from "../program/checked.ts";
import { contains, formatCidr, formatIp } from "../values/index.ts";
import type { ClusterFacts } from "./cluster.ts";
import type { CheckContext } from "./context.ts";
import { defaultDns, dnsSettings } from "./dns-config.ts";
import { labelsOf } from "./labels.ts";
import type { Labels } from "./labels.ts";
import { claim } from "./node.ts";
import type { AddressOwners } from "./node.ts";
import { containerPorts } from "./ports.ts";
import { PodIndex, namespaceNameLabel } from "./selectors.ts";
import type { Selectable } from "./selectors.ts";
import { addressesOf, attributeOf, booleanOf, integerOf, namesIn, nodeOfAddress, read } from "./values.ts";

/** One namespace with the blocks that make it. */
export interface NamespaceFacts {
  readonly name: string;
  readonly blocks: readonly BlockNode[];
  readonly labels: Sourced<Labels>;
  readonly pods: readonly PodDeclaration[];
  readonly workloads: readonly WorkloadDeclaration[];
}

export interface NamespacesFacts {
  readonly namespaces: readonly NamespaceFacts[];
  readonly index: PodIndex;
  /** Pods in the program, those of workloads included. */
  readonly podCount: number;
}

export function checkNamespaces(ctx: CheckContext, cluster: ClusterFacts): NamespacesFacts {
  const owners: AddressOwners = new Map();
  const selectable: Selectable[] = [];
  const namespaces: NamespaceFacts[] = [];
  const labels = new Map<string, Labels>(builtInNamespaces.map((name) => [name, {}]));
  const grouped = new Map<string, BlockNode[]>();
  for (const block of ctx.members) {
    if (block.keyword.value !== "namespace" || nameOf(block) === "") continue;
    const blocks = grouped.get(nameOf(block));
    if (blocks === undefined) grouped.set(nameOf(block), [block]);
    else blocks.push(block);
  }
  for (const [name, blocks] of grouped) {
    const merged = mergedLabels(ctx, blocks);
    labels.set(name, merged.value);
    const pods: PodDeclaration[] = [];
    const workloads: WorkloadDeclaration[] = [];
    for (const inner of blocks.flatMap((block) => blocksOf(block.body?.members, "namespace"))) {
      if (inner.keyword.value === "pod") {
        const pod = podOf(ctx, inner, name, cluster, owners);
        if (pod !== null) {
          pods.push(pod);
          selectable.push({ namespace: name, name: pod.name, labels: pod.labels.value, ports: pod.ports, pods: 1 });
        }
      } else if (inner.keyword.value === "workload") {
        const workload = workloadOf(ctx, inner, name);
        if (workload !== null) {
          workloads.push(workload);
          selectable.push({
            namespace: name,
            name: workload.name,
            labels: workload.labels.value,
            ports: workload.ports,
            pods: workload.replicas.value,
          });
        }
      } else if (inner.keyword.value === "service") reservedService(ctx, inner, name);
    }
    namespaces.push({ name, blocks, labels: merged, pods, workloads });
  }
  const everywhere = ctx.atStart;
  const system = builtInWorkloads.map(({ namespace, name, labels: own, replicas, ports }): Selectable => {
    return { namespace, name, labels: own, ports: ports.map((port) => ({ ...port, span: everywhere })), pods: replicas };
  });
  return { namespaces, index: new PodIndex(labels, [...selectable, ...system]), podCount: selectable.reduce((sum, pod) => sum + pod.pods, 0) };
}

/** The labels of all blocks of a namespace. A key that two blocks set differently is an error. */
function mergedLabels(ctx: CheckContext, blocks: readonly BlockNode[]): Sourced<Labels> {
  const out: Record<string, string> = {};
  const from = new Map<string, Sourced<Labels>>();
  let first: Sourced<Labels> | null = null;
  for (const block of blocks) {
    const own = read(ctx, block, "labels", labelsOf([namespaceNameLabel]), {});
    if (own === null) {
      ctx.podsInDoubt = true;
      continue;
    }
    first = first === null || (own.explicit && !first.explicit) ? own : first;
    for (const [key, value] of Object.entries(own.value)) {
      const earlier = from.get(key);
      if (earlier !== undefined && out[key] !== value) {
        ctx.report(
          "duplicate-attribute",
          { name: key },
          { span: own.span, related: [{ span: earlier.span, text: `set to "${out[key] ?? ""}" here` }] },
        );
      }
      out[key] = value;
      from.set(key, own);
    }
  }
  const [block] = blocks;
  return {
    value: out,
    span: first?.span ?? (block === undefined ? ctx.span(ctx.root) : ctx.header(block)),
    explicit: first?.explicit ?? false,
  };
}

function reservedService(ctx: CheckContext, block: BlockNode, namespace: string): void {
  const name = nameOf(block);
  const owner = builtInServices.find((service) => service.namespace === namespace && service.name === name)?.owner;
  if (owner !== undefined && block.name !== null)
    ctx.report("reserved-name", { name: `${namespace}/${name}`, owner }, { span: ctx.span(block.name) });
}

const portsOf = (block: BlockNode): PortNode[] =>
  (block.body?.members ?? []).filter((member): member is PortNode => member.kind === "port-statement");

function podOf(
  ctx: CheckContext,
  block: BlockNode,
  namespace: string,
  cluster: ClusterFacts,
  owners: AddressOwners,
): PodDeclaration | null {
  const name = nameOf(block);
  const labels = read(ctx, block, "labels", labelsOf(), {});
  const ports = containerPorts(ctx, portsOf(block), "pod");
  const ready = read(ctx, block, "ready", booleanOf, true);
  const terminating = read(ctx, block, "terminating", booleanOf, false);
  const hostNetwork = read(ctx, block, "host-network", booleanOf, false);
  const dns = dnsSettings(ctx, block);
  const addresses = read(ctx, block, "address", addressesOf, []);
  const clause = block.clauses.find((candidate) => candidate.keyword.value === "on");
  const reference = clause?.value?.kind === "scalar" && clause.value.form !== "malformed" ? clause.value : null;
  const symbol = reference === null ? null : ctx.resolve("node", ctx.symbols.nodes, reference.text, ctx.span(reference));
  if (addresses !== null && addresses.value.length > 0 && hostNetwork?.value === true) {
    ctx.report(
      "host-network-address",
      { pod: name },
      { span: addresses.span, related: [{ span: hostNetwork.span, text: "it shares the node's network" }] },
    );
  } else {
    for (const address of addresses?.value ?? []) {
      const span = ctx.span(nodeOfAddress(block, "address", address) ?? block);
      if (cluster.openPools !== null && !cluster.openPools.some((pool) => contains(pool, address))) {
        const pools = cluster.openPools.map(formatCidr).join(", ");
        const isClosed = cluster.pools?.some((pool) => contains(pool, address)) === true;
        const help = `${isClosed ? "its pool is disabled or not for pods; " : ""}${pools === "" ? "no pool is open to pods" : `the pools: ${pools}`}`;
        ctx.report("outside-pools", { address: formatIp(address) }, { span, help });
      }
      claim(ctx, owners, address, `pod \`${namespace}/${name}\``, span);
    }
  }
  if (labels === null) ctx.podsInDoubt = true;
  const placed = clause === undefined || symbol !== null;
  if (labels === null || ready === null || terminating === null || hostNetwork === null || dns === null || addresses === null || !placed) {
    // A pod that is wrong in one place still has its labels and ports.
    return labels === null ? null : fallbackPod(ctx, block, namespace, labels, ports);
  }
  const node: Sourced<string | null> =
    symbol === null || reference === null
      ? { value: null, span: ctx.header(block), explicit: false }
      : { value: symbol.name, span: ctx.span(reference), explicit: true };
  const header = ctx.header(block);
  return { name, header, span: ctx.span(block), namespace, node, labels, ports, ready, terminating, hostNetwork, ...dns, addresses };
}

/** Stands in for a pod that has an error, so that what selects it is still judged. Never part of a program. */
function fallbackPod(
  ctx: CheckContext,
  block: BlockNode,
  namespace: string,
  labels: Sourced<Labels>,
  ports: PodDeclaration["ports"],
): PodDeclaration {
  const header = ctx.header(block);
  const at = <T>(value: T): Sourced<T> => ({ value, span: header, explicit: false });
  return {
    name: nameOf(block),
    header,
    span: ctx.span(block),
    namespace,
    node: at(null),
    labels,
    ports,
    ready: at(true),
    terminating: at(false),
    hostNetwork: at(false),
    ...defaultDns(ctx, block),
    addresses: at([]),
  };
}

function workloadOf(ctx: CheckContext, block: BlockNode, namespace: string): WorkloadDeclaration | null {
  const replicas = read(ctx, block, "replicas", integerOf, 1);
  const labels = read(ctx, block, "labels", labelsOf(), {});
  const ports = containerPorts(ctx, portsOf(block), "workload");
  const readyReplicas = read<number | null>(ctx, block, "ready", integerOf, null);
  const hostNetwork = read(ctx, block, "host-network", booleanOf, false);
  const dns = dnsSettings(ctx, block) ?? defaultDns(ctx, block);
  if (replicas !== null && readyReplicas !== null && readyReplicas.value !== null && readyReplicas.value > replicas.value) {
    const related = attributeOf(block, "replicas") === null ? [] : [{ span: replicas.span, text: "the replicas" }];
    ctx.report("too-many-ready", { ready: readyReplicas.value, replicas: replicas.value }, { span: readyReplicas.span, related });
  }
  const spreadOver = spreadOf(ctx, block);
  if (labels === null || replicas === null) ctx.podsInDoubt = true;
  if (replicas === null || labels === null) return null;
  const header = ctx.header(block);
  return {
    name: nameOf(block),
    header,
    span: ctx.span(block),
    namespace,
    replicas,
    labels,
    ports,
    readyReplicas: readyReplicas ?? { value: null, span: header, explicit: false },
    hostNetwork: hostNetwork ?? { value: false, span: header, explicit: false },
    ...dns,
    spreadOver,
  };
}

function spreadOf(ctx: CheckContext, block: BlockNode): Sourced<readonly string[] | null> {
  const statements = (block.body?.members ?? []).filter((member): member is SpreadNode => member.kind === "spread");
  const [first, second] = statements;
  if (first === undefined) return { value: null, span: ctx.header(block), explicit: false };
  if (second !== undefined) {
    ctx.report(
      "duplicate-attribute",
      { name: "spread over" },
      { span: ctx.span(second), related: [{ span: ctx.span(first), text: "first here" }] },
    );
  }
  const names = first.nodes === null ? null : namesIn(ctx, "spread over", { kind: "references", to: "node" }, first.nodes);
  const nodes = (names ?? []).flatMap(({ name, node }) => ctx.resolve("node", ctx.symbols.nodes, name, ctx.span(node))?.name ?? []);
  return { value: nodes, span: ctx.span(first), explicit: true };
}
