/** Which policies apply to which pod, and their chains and sets: rendered once per model, used by every node that needs them. */
import type { Family } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { IpSet } from "../../../dataplane/ipset/types.ts";
import { clusterOf } from "../cluster.ts";
import type { CalicoCluster, WorkloadEndpoint } from "../cluster.ts";
import type { NetworkModel } from "../../../model/types.ts";
import type { EndpointDirection } from "./dispatch-chains.ts";
import type { PolicyJump } from "./endpoint-chains.ts";
import { EndpointIndex } from "./endpoint-index.ts";
import { referencedSet } from "./ip-sets.ts";
import {
  appliesTo,
  byEvaluation,
  groupChain,
  groupChainName,
  groupPolicies,
  policyChain,
  profileChain,
  rulesOf,
  setsOf,
} from "./policy-chains.ts";
import type { PolicyGroup, SetReference } from "./policy-chains.ts";
import { calicoPolicy } from "./policy-rules.ts";
import type { CalicoPolicy } from "./policy-rules.ts";
import { renderChain } from "./rule.ts";
import type { RenderedChain } from "./rule.ts";

/** Chains and sets behind one jump of a pod's chain. */
export interface Rendered {
  readonly chains: readonly RenderedChain[];
  readonly sets: readonly IpSet[];
}

const noGroups: readonly PolicyGroup[] = [];

export const directions: readonly EndpointDirection[] = ["to", "from"];

export class PolicyIndex {
  readonly #endpoints: EndpointIndex;
  /** In evaluation order. */
  readonly #inNamespace: ReadonlyMap<string, readonly CalicoPolicy[]>;
  /** By namespace, then key of the pod; made when a pod of the namespace is first asked for. */
  readonly #byEndpoint = new Map<string, ReadonlyMap<string, readonly CalicoPolicy[]>>();
  readonly #setOrigins = new Map<string, Origin>();
  readonly #sets = new Map<string, IpSet>();
  readonly #policies = new Map<string, Rendered>();
  readonly #groups = new WeakMap<PolicyGroup, Map<string, Rendered>>();
  /** Of a list of policies, by direction: most pods of a namespace have the same list. */
  readonly #grouped = new WeakMap<readonly CalicoPolicy[], Map<EndpointDirection, readonly PolicyGroup[]>>();
  readonly #jumps = new WeakMap<readonly PolicyGroup[], readonly PolicyJump[]>();
  readonly #profiles = new Map<string, RenderedChain>();

  constructor(cluster: CalicoCluster) {
    this.#endpoints = new EndpointIndex(cluster);
    const policies = cluster.model.policies.map(calicoPolicy);
    // Origins are settled before any node asks, so that they do not depend on which node is rendered first.
    for (const policy of policies) {
      for (const direction of directions) {
        for (const rule of rulesOf(policy, direction) ?? []) {
          for (const { id } of setsOf(rule, direction)) if (!this.#setOrigins.has(id)) this.#setOrigins.set(id, rule.origin);
        }
      }
    }
    this.#inNamespace = Map.groupBy(policies.toSorted(byEvaluation), (policy) => policy.namespace);
  }

  /** Groups of policies that apply to the pod in the direction, in evaluation order; one list for all pods of which it holds. */
  groupsOf({ key, pod }: WorkloadEndpoint, direction: EndpointDirection): readonly PolicyGroup[] {
    const applied = this.#appliedIn(pod.namespace).get(key);
    if (applied === undefined) return noGroups;
    return within(within(this.#grouped, applied, () => new Map()), direction, () => groupPolicies(applied.filter((policy) => rulesOf(policy, direction) !== null)));
  }

  /** What the pods that have these groups, as {@link groupsOf} gives them, go through. */
  jumpsTo(groups: readonly PolicyGroup[], direction: EndpointDirection): readonly PolicyJump[] {
    return within(this.#jumps, groups, () =>
      groups.flatMap((group) => {
        const [first] = group;
        const name = group.map((policy) => policy.origin.name).join(" and ");
        return first === undefined ? [] : [{ chain: groupChainName(direction, group), origin: { ...first.origin, name } }];
      }),
    );
  }

  /** A policy selects pods of its own namespace only. */
  #appliedIn(namespace: string): ReadonlyMap<string, readonly CalicoPolicy[]> {
    const known = this.#byEndpoint.get(namespace);
    if (known !== undefined) return known;
    const applied = new Map<string, CalicoPolicy[]>();
    for (const policy of this.#inNamespace.get(namespace) ?? []) {
      for (const { key } of this.#endpoints.select(policy.selector)) {
        const list = applied.get(key);
        if (list === undefined) applied.set(key, [policy]);
        else list.push(policy);
      }
    }
    const lists = new Map<string, readonly CalicoPolicy[]>();
    const shared = new Map([...applied].map(([key, list]) => [key, within(lists, list.map(({ name }) => name).join(), () => list)]));
    this.#byEndpoint.set(namespace, shared);
    return shared;
  }

  /** Everything behind one jump of a pod's chain: the policies, and the group's chain if it has one. */
  group(group: PolicyGroup, direction: EndpointDirection, family: Family): Rendered {
    return within(within(this.#groups, group, () => new Map()), `${direction} ${family}`, () => {
      const members = group.map((policy) => this.#policy(policy, direction, family));
      const chains = members.flatMap((member) => member.chains);
      const sets = members.flatMap((member) => member.sets);
      const first = group[0];
      if (first === undefined || group.length === 1) return { chains, sets };
      return { chains: [renderChain(groupChain(direction, group, first.origin)), ...chains], sets };
    });
  }

  profile(name: string, allows: boolean, direction: EndpointDirection, family: Family, origin: Origin): RenderedChain {
    const key = `${name} ${direction} ${family}`;
    let chain = this.#profiles.get(key);
    if (chain === undefined) {
      chain = renderChain(profileChain(direction, name, allows, origin));
      this.#profiles.set(key, chain);
    }
    return chain;
  }

  #policy(policy: CalicoPolicy, direction: EndpointDirection, family: Family): Rendered {
    const key = `${policy.namespace}/${policy.name} ${direction} ${family}`;
    let rendered = this.#policies.get(key);
    if (rendered === undefined) {
      const rules = (rulesOf(policy, direction) ?? []).filter((rule) => appliesTo(rule, family));
      rendered = {
        chains: [renderChain(policyChain(policy, direction, family))],
        sets: rules.flatMap((rule) => setsOf(rule, direction).map((set) => this.#set(set, family, rule.origin))),
      };
      this.#policies.set(key, rendered);
    }
    return rendered;
  }

  #set(set: SetReference, family: Family, user: Origin): IpSet {
    const key = `${set.id} ${family}`;
    let members = this.#sets.get(key);
    if (members === undefined) {
      members = referencedSet(this.#endpoints, set, family, this.#setOrigins.get(set.id) ?? user);
      this.#sets.set(key, members);
    }
    return members;
  }
}

/** What the map has at the key, made when it is first asked for. */
function within<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const indices = new WeakMap<NetworkModel, PolicyIndex>();

export function policyIndexOf(model: NetworkModel): PolicyIndex {
  let index = indices.get(model);
  if (index === undefined) {
    index = new PolicyIndex(clusterOf(model));
    indices.set(model, index);
  }
  return index;
}
