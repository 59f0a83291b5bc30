/** The payloads and sets that Felix programs on one node. */
import { compareText } from "@knet/language/values";
import type { Family } from "@knet/language/values";
import type { NetworkModel, Node } from "../../../model/types.ts";
import type { IpSet } from "../../../dataplane/ipset/types.ts";
import type { IptablesFile, IptablesTable } from "../../../dataplane/netfilter/types.ts";
import { clusterOf, felixOwner, poolsOf, usesVxlan } from "../cluster.ts";
import type { CalicoCluster, WorkloadEndpoint } from "../cluster.ts";
import { dispatchChains } from "./dispatch-chains.ts";
import { endpointChain } from "./endpoint-chains.ts";
import { nodeSets } from "./ip-sets.ts";
import { directions, policyIndexOf } from "./policy-index.ts";
import type { PolicyIndex } from "./policy-index.ts";
import { renderChain } from "./rule.ts";
import type { RenderedChain } from "./rule.ts";
import { frame } from "./static-chains.ts";
import type { TableFrame } from "./static-chains.ts";

export interface FelixState {
  readonly iptables: readonly IptablesFile[];
  /** Without those that are equal on every node. */
  readonly ipsets: readonly IpSet[];
}

type Frame = ReturnType<typeof frame>;

const frames = new WeakMap<NetworkModel, Map<string, Frame>>();

export function felixState(model: NetworkModel, node: Node): FelixState {
  const cluster = clusterOf(model);
  const index = policyIndexOf(model);
  const { origin } = model.cluster.cni;
  const perFamily = cluster.families.map((family) => {
    const { chains, sets } = workloadChains(cluster, index, node, family);
    const { raw, mangle, nat, filter } = frameOf(cluster, node, family);
    const tables: readonly IptablesTable[] = [
      table("raw", raw, []),
      table("mangle", mangle, []),
      table("nat", nat, []),
      table("filter", filter, chains),
    ];
    const file: IptablesFile = { owner: felixOwner, family, tables };
    return { file, sets: [...nodeSets(cluster, node, family, origin), ...sets] };
  });
  return { iptables: perFamily.map(({ file }) => file), ipsets: perFamily.flatMap(({ sets }) => sets) };
}

function table(name: IptablesTable["name"], of: TableFrame, more: readonly RenderedChain[]): IptablesTable {
  const chains = [...of.chains, ...more];
  return {
    name,
    chains: chains.map(({ line }) => line),
    rules: [...chains.flatMap(({ rules }) => rules), ...of.kernel],
  };
}

/** Nodes with and without a tunnel address have frames of their own; each is rendered once. */
function frameOf(cluster: CalicoCluster, node: Node, family: Family): Frame {
  const { model } = cluster;
  const tunnel = cluster.vtepOf[family].has(node.name);
  const key = `${family} ${tunnel}`;
  let known = frames.get(model);
  if (known === undefined) {
    known = new Map();
    frames.set(model, known);
  }
  let rendered = known.get(key);
  if (rendered === undefined) {
    const { cni } = model.cluster;
    rendered = frame({
      family,
      vxlan: usesVxlan(model, family) ? { port: cni.vxlanPort, tunnel } : null,
      natOutgoing: poolsOf(model, family).some(({ natOutgoing }) => natOutgoing),
      origin: cni.origin,
    });
    known.set(key, rendered);
  }
  return rendered;
}

/** Dispatch, then each pod's chains, then the policies and profiles that they jump to, each once. */
function workloadChains(
  cluster: CalicoCluster,
  index: PolicyIndex,
  node: Node,
  family: Family,
): { readonly chains: readonly RenderedChain[]; readonly sets: readonly IpSet[] } {
  const { model } = cluster;
  const { origin, vxlanPort } = model.cluster.cni;
  const endpoints = (cluster.endpointsOn.get(node.name) ?? []).toSorted((x, y) => compareText(x.device, y.device));
  const interfaces = endpoints.map(({ device, pod }) => ({ name: device, origin: pod.origin }));
  const dispatch = directions.toReversed().flatMap((direction) => dispatchChains(direction, interfaces, origin).map(renderChain));

  const own: RenderedChain[] = [];
  const policies = new Map<string, RenderedChain>();
  const profiles = new Map<string, RenderedChain>();
  const sets = new Map<string, IpSet>();
  for (const endpoint of endpoints) {
    for (const direction of directions) {
      const groups = index.groupsOf(endpoint, direction);
      for (const group of groups) {
        const rendered = index.group(group, direction, family);
        for (const chain of rendered.chains) policies.set(chain.line.name, chain);
        for (const set of rendered.sets) sets.set(set.name, set);
      }
      for (const { name, allows } of profilesOf(endpoint)) {
        const chain = index.profile(name, allows, direction, family, cluster.namespaces.get(endpoint.pod.namespace)?.origin ?? origin);
        profiles.set(chain.line.name, chain);
      }
      own.push(
        renderChain(
          endpointChain({
            direction,
            device: endpoint.device,
            policies: index.jumpsTo(groups, direction),
            profiles: profilesOf(endpoint).map(({ name }) => name),
            vxlanPort,
            origin: endpoint.pod.origin,
          }),
        ),
      );
    }
  }
  const sorted = <V>(map: ReadonlyMap<string, V>): readonly V[] =>
    [...map].toSorted(([x], [y]) => compareText(x, y)).map(([, value]) => value);
  return { chains: [...dispatch, ...own, ...sorted(policies), ...sorted(profiles)], sets: sorted(sets) };
}

/** `kns.` lets everything through where no policy applies; `ksa.` only gives labels. */
function profilesOf({ pod }: WorkloadEndpoint): readonly { readonly name: string; readonly allows: boolean }[] {
  const namespace = { name: `kns.${pod.namespace}`, allows: true };
  return pod.serviceAccount === "" ? [namespace] : [namespace, { name: `ksa.${pod.namespace}.${pod.serviceAccount}`, allows: false }];
}
