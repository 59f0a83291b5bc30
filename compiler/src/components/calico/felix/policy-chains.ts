/** Chains of policies, groups of policies and profiles. */
import { createHash } from "node:crypto";
import { compareText, formatCidr, maskCidr } from "@knet/language/values";
import type { Cidr, Family, Selector } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { EndpointDirection } from "./dispatch-chains.ts";
import { profileChainName } from "./endpoint-chains.ts";
import { accept, allBlocks, blockBits, clearMark, markClear, markSet, setMark, verdict } from "./marks.ts";
import { chainName, ipSetName, policyId } from "./object-names.ts";
import type { CalicoPolicy, CalicoRule, NumericPorts } from "./policy-rules.ts";
import type { FelixChain, FelixRule } from "./rule.ts";
import { namedPortId, selectorId } from "../selector/print.ts";

/** The API's kind as it stands in comments and group ids (3.32 and later). */
const kind = "KubernetesNetworkPolicy";

/** Slots of one multiport match; a range takes two. */
const multiportSlots = 15;

/** How many policies of a group are tried between two looks at the verdict. */
const returnStride = 5;

/** An IP set that rules match on. */
export type SetReference =
  | { readonly kind: "selector"; readonly id: string; readonly selector: Selector }
  | {
      readonly kind: "named-port";
      readonly id: string;
      readonly selector: Selector;
      readonly protocol: "tcp" | "udp" | "sctp";
      readonly port: string;
    };

/** Directions as the packet has them at the pod: `to` is ingress. */
export function policyChainName(direction: EndpointDirection, policy: Pick<CalicoPolicy, "namespace" | "name">): string {
  return chainName(direction === "to" ? "cali-pi-" : "cali-po-", policyId(policy.namespace, policy.name));
}

export function rulesOf(policy: CalicoPolicy, direction: EndpointDirection): readonly CalicoRule[] | null {
  return direction === "to" ? policy.ingress : policy.egress;
}

/** A named port is looked for among the pods that the rule selects on the port's side, or among all. */
function namedPortSets(rule: CalicoRule, direction: EndpointDirection): readonly SetReference[] {
  const { protocol } = rule;
  if (protocol === null) return [];
  const selector: Selector = (direction === "from" ? rule.peer.selector : null) ?? { kind: "all" };
  return rule.namedPorts.map((port) => ({ kind: "named-port", id: namedPortId(selector, protocol, port), selector, protocol, port }));
}

/** The peer's selector needs no match of its own where a named port's set already holds only what it selects. */
function selectorSet(rule: CalicoRule, direction: EndpointDirection): SetReference | null {
  const { selector } = rule.peer;
  const covered = direction === "from" && rule.namedPorts.length > 0 && rule.ports.length === 0;
  return selector === null || covered ? null : { kind: "selector", id: selectorId(selector), selector };
}

/** Every IP set that the rule's rendering in `family` matches on. */
export function setsOf(rule: CalicoRule, direction: EndpointDirection): readonly SetReference[] {
  const selected = selectorSet(rule, direction);
  return [...(selected === null ? [] : [selected]), ...namedPortSets(rule, direction)];
}

/** Whether the rule can match packets of the family at all: one with addresses of the other family only is left out. */
export function appliesTo(rule: CalicoRule, family: Family): boolean {
  return rule.peer.net === null || rule.peer.net.ip.family === family;
}

/** Chain of a policy in one direction; the direction is one of the policy's types. */
export function policyChain(policy: CalicoPolicy, direction: EndpointDirection, family: Family): FelixChain {
  const rules = (rulesOf(policy, direction) ?? [])
    .filter((rule) => appliesTo(rule, family))
    .flatMap((rule) => allowRules(rule, direction, family));
  const title = `${kind} ${policy.namespace}/${policy.name} ${direction === "to" ? "ingress" : "egress"}`;
  return {
    name: policyChainName(direction, policy),
    rules: titled(withoutTrailingReturns(rules), title, policy.origin),
    origin: policy.origin,
  };
}

/** Returning from the end of a chain happens anyway. */
function withoutTrailingReturns(rules: readonly FelixRule[]): readonly FelixRule[] {
  return rules.slice(0, rules.findLastIndex((rule) => rule.action !== "--jump RETURN") + 1);
}

/** The first rule says what the chain is; an empty chain gets a rule that does nothing else. */
function titled(rules: readonly FelixRule[], title: string, origin: Origin): readonly FelixRule[] {
  const [first, ...rest] = rules;
  if (first === undefined) return [{ comments: [title], match: "", action: "", origin }];
  return [{ ...first, comments: [title, ...(first.comments ?? [])] }, ...rest];
}

function portList(ports: readonly NumericPorts[]): string {
  return ports.map(({ first, last }) => (first === last ? String(first) : `${first}:${last}`)).join(",");
}

/** Lists that each fit one multiport match. */
export function splitPorts(ports: readonly NumericPorts[]): readonly (readonly NumericPorts[])[] {
  const lists: NumericPorts[][] = [];
  let slots = 0;
  for (const range of ports) {
    const needed = range.first === range.last ? 1 : 2;
    const list = lists.at(-1);
    if (list === undefined || slots < needed) {
      lists.push([range]);
      slots = multiportSlots - needed;
    } else {
      list.push(range);
      slots -= needed;
    }
  }
  return lists;
}

/**
 * An Allow rule: what does not fit one iptables rule, because any of several things may match, goes into blocks of
 * rules that leave their result in the mark; then the match proper sets the accept bit; then an accepted packet returns.
 */
function allowRules(rule: CalicoRule, direction: EndpointDirection, family: Family): readonly FelixRule[] {
  const { origin, peer } = rule;
  const side = direction === "to" ? "src" : "dst";
  const netOption = direction === "to" ? "--source" : "--destination";
  const text = (cidr: Cidr): string => formatCidr(maskCidr(cidr));
  const matchPorts = (ports: readonly NumericPorts[]): string => `-m multiport --destination-ports ${portList(ports)}`;
  const matchSet = (set: SetReference, sides: string): string => `-m set --match-set ${ipSetName(family, set.id)} ${sides}`;
  const protocol = rule.protocol === null ? "" : `-p ${rule.protocol}`;

  const numeric = splitPorts(rule.ports);
  const named = namedPortSets(rule, direction);
  const portsInBlock = numeric.length + named.length > 1;
  const notNets = peer.notNets.filter((cidr) => cidr.ip.family === family);
  const notNetsInBlock = (peer.net === null ? 0 : 1) + notNets.length > 1;

  const blocks: FelixRule[] = [];
  const add = (match: string, action: string): void => {
    blocks.push({ match, action, origin });
  };
  if (portsInBlock) {
    add("", `--jump MARK --set-mark 0x0/${blockBits}`);
    for (const ports of numeric) add(`${protocol} ${matchPorts(ports)}`, setMark(allBlocks));
    for (const set of named) add(matchSet(set, "dst,dst"), setMark(allBlocks));
  }
  if (notNetsInBlock) {
    if (!portsInBlock) add("", `--jump MARK --set-mark ${allBlocks}/${blockBits}`);
    for (const cidr of notNets) add(`${netOption} ${text(cidr)}`, clearMark(allBlocks));
  }

  const selected = selectorSet(rule, direction);
  const [onlyPorts] = numeric;
  const [onlyNamed] = named;
  const [onlyNotNet] = notNets;
  const match = [
    protocol,
    peer.net === null ? "" : `${netOption} ${text(peer.net)}`,
    selected === null ? "" : matchSet(selected, side),
    portsInBlock || onlyPorts === undefined ? "" : matchPorts(onlyPorts),
    portsInBlock || onlyNamed === undefined ? "" : matchSet(onlyNamed, "dst,dst"),
    notNetsInBlock || onlyNotNet === undefined ? "" : `! ${netOption} ${text(onlyNotNet)}`,
    blocks.length === 0 ? "" : markSet(allBlocks),
  ]
    .filter((part) => part !== "")
    .join(" ");
  return [...blocks, { match, action: setMark(accept), origin }, { match: markSet(accept), action: "--jump RETURN", origin }];
}

// Groups ------------------------------------------------------------------------------------------

/** Policies of one endpoint and direction that follow each other and have one selector; in evaluation order. */
export type PolicyGroup = readonly CalicoPolicy[];

/** Order of the policies of a tier that have the same `order`: as text of name, namespace and kind. */
export function byEvaluation(x: CalicoPolicy, y: CalicoPolicy): number {
  const key = (policy: CalicoPolicy): string => `${policy.name}/${policy.namespace}/${kind}`;
  return compareText(key(x), key(y));
}

/** `policies` in evaluation order. */
export function groupPolicies(policies: readonly CalicoPolicy[]): readonly PolicyGroup[] {
  const groups: CalicoPolicy[][] = [];
  for (const policy of policies) {
    const group = groups.at(-1);
    if (group?.[0]?.selectorText === policy.selectorText) group.push(policy);
    else groups.push([policy]);
  }
  return groups;
}

/** The chain that the endpoint's chain jumps to: a group of one is its policy. */
export function groupChainName(direction: EndpointDirection, group: PolicyGroup): string {
  const [first, second] = group;
  if (first === undefined) throw new RangeError("a policy group has at least one policy");
  return second === undefined
    ? policyChainName(direction, first)
    : chainName(direction === "to" ? "cali-gi-" : "cali-go-", groupId(direction, group));
}

/** First 20 characters of a SHA3-224 over selector, direction and members, one a line. */
export function groupId(direction: EndpointDirection, group: PolicyGroup): string {
  const lines = [
    group[0]?.selectorText ?? "",
    direction === "to" ? "inbound" : "outbound",
    String(group.length),
    ...group.map(({ name, namespace }) => `{Name: ${name}, Namespace: ${namespace}, Kind: ${kind}}`),
  ];
  return createHash("sha3-224")
    .update(lines.map((line) => `${line}\n`).join(""))
    .digest("base64url")
    .slice(0, 20);
}

/** Jumps to the policies of a group of two or more, until one gives a verdict. */
export function groupChain(direction: EndpointDirection, group: PolicyGroup, origin: Origin): FelixChain {
  const rules = group.flatMap((policy, i): readonly FelixRule[] => {
    const action = `--jump ${policyChainName(direction, policy)}`;
    if (i % returnStride !== 0) return [{ match: markClear(verdict), action, origin: policy.origin }];
    const jump: FelixRule = { match: "", action, origin: policy.origin };
    if (i === 0) return [jump];
    return [{ comments: ["Return on verdict"], match: `-m mark ! --mark 0/${verdict}`, action: "--jump RETURN", origin }, jump];
  });
  return { name: groupChainName(direction, group), rules, origin };
}

// Profiles ----------------------------------------------------------------------------------------

/** `kns.…` allows everything; `ksa.…` only carries labels. */
export function profileChain(direction: EndpointDirection, profile: string, allows: boolean, origin: Origin): FelixChain {
  const rules: readonly FelixRule[] = allows ? [{ match: "", action: setMark(accept), origin }] : [];
  return {
    name: profileChainName(direction, profile),
    rules: titled(rules, `Profile ${profile} ${direction === "to" ? "ingress" : "egress"}`, origin),
    origin,
  };
}
