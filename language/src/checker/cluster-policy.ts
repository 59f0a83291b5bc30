/** `admin-policy`, `baseline-policy`: ClusterNetworkPolicies, checked as their CustomResourceDefinition (policy.networking.k8s.io/v1alpha2) does. */
import type { BlockNode, PeerNode, RuleNode, ValueNode } from "../ast/nodes.ts";
import { nameOf } from "../binder/binder.ts";
import type {
  ClusterPolicyDeclaration,
  ClusterPolicyPeerDeclaration,
  ClusterPolicyPortDeclaration,
  ClusterPolicyRuleDeclaration,
  PodSetDeclaration,
} from "../program/checked.ts";
import type { CheckContext } from "./context.ts";
import { checkPreposition } from "./firewall.ts";
import { describePeer, scalarPeer, wrongPeer } from "./peers.ts";
import { onlyApplies, policyPorts, scopeOf } from "./policy.ts";
import { selectorOf } from "./selectors.ts";
import type { PodIndex, Selectable } from "./selectors.ts";
import { describe, holdsUnknown } from "./structure.ts";
import { integerOf, read } from "./values.ts";

type Direction = "ingress" | "egress";

/** Rules of one direction, parties of a rule, ports of a rule, and CIDRs that make one party. */
const limit = 25;
const longestRuleName = 100;
const where = "in a policy of the cluster";
const tiers: ReadonlyMap<string, ClusterPolicyDeclaration["tier"]> = new Map([
  ["admin-policy", "Admin"],
  ["baseline-policy", "Baseline"],
]);
const actions = { allow: "Accept", deny: "Deny", pass: "Pass" } as const;

export function checkClusterPolicies(ctx: CheckContext, index: PodIndex): readonly ClusterPolicyDeclaration[] {
  const policies = ctx.members.flatMap((block) => {
    const tier = tiers.get(block.keyword.value);
    return tier === undefined || nameOf(block) === "" ? [] : (policyOf(ctx, block, tier, index) ?? []);
  });
  equalPriorities(ctx, policies, index);
  return policies;
}

function policyOf(ctx: CheckContext, block: BlockNode, tier: ClusterPolicyDeclaration["tier"], index: PodIndex): ClusterPolicyDeclaration | null {
  const priority = read(ctx, block, "priority", integerOf);
  const subject = subjectOf(ctx, block, index);
  const selected = subject === null ? null : podsOf(index, subject);
  const rules: ClusterPolicyRuleDeclaration[] = [];
  let sound = true;
  let says = false;
  for (const member of block.body?.members ?? []) {
    if (member.kind !== "allow" && member.kind !== "deny" && member.kind !== "pass") continue;
    says = true;
    const rule = ruleOf(ctx, member, index, selected);
    if (rule === null) sound = false;
    else rules.push(rule);
  }
  if (!says && !block.damaged && !holdsUnknown(block) && subject !== null) {
    ctx.report(
      "missing-member",
      { what: describe(block), missing: "a rule: `allow ingress …`, `deny egress …`, `pass ingress …`" },
      { span: ctx.header(block) },
    );
    return null;
  }
  for (const direction of ["ingress", "egress"] as const) {
    const over = rules.filter((rule) => rule.direction === direction);
    const first = over[limit];
    if (first === undefined) continue;
    ctx.report("too-many-items", { attribute: direction, count: over.length, limit }, { span: first.span, help: "further rules go into a second policy with another priority" });
    sound = false;
  }
  if (!sound || priority === null || subject === null) return null;
  return { name: nameOf(block), header: ctx.header(block), span: ctx.span(block), tier, priority, subject, rules };
}

function subjectOf(ctx: CheckContext, block: BlockNode, index: PodIndex): PodSetDeclaration | null {
  const forms = "`applies to all namespaces`, `applies to namespaces SELECTOR` or `applies to pods SELECTOR in …`";
  const first = onlyApplies(ctx, block, forms);
  if (first === null) return null;
  if (first.to === null) return null;
  if (first.to !== "subject") {
    const peer = first.to === "nodes" || first.to === "node" ? "a set of nodes" : first.to === "all-pods" ? "`all pods`" : "a selector without a namespace";
    const instead = first.to === "all-pods" ? "write `all namespaces`" : "write `applies to namespaces …` or `applies to pods … in namespaces …`";
    ctx.report("wrong-peer", { peer, where }, { span: ctx.span(first), help: instead });
    return null;
  }
  if (first.subject === null) return null;
  const set = podSetOf(ctx, first.subject, index);
  if (set !== null && !ctx.podsInDoubt && set.pods === null && index.namespacesMatching(set.namespaces).length > 0 && podsOf(index, set).length === 0)
    ctx.report("selects-nothing", { what: "pod" }, { span: set.span });
  return set;
}

/** Pods and namespaces as a subject or a party names them. Outside a namespace they need one. */
function podSetOf(ctx: CheckContext, peer: PeerNode, index: PodIndex): PodSetDeclaration | null {
  const span = ctx.span(peer);
  const pods = peer.selector === null ? null : selectorOf(ctx, peer.selector);
  if (peer.form === "pods" && pods === null) return null;
  const namespaces = scopeOf(ctx, peer, index);
  if (namespaces === undefined) return null;
  if (namespaces === null) {
    if (peer.form === "all-pods") return wrongPeer(ctx, peer, "`all pods`", where, "all namespaces", "");
    ctx.report(
      "missing-member",
      { what: `\`${ctx.text(peer)}\``, missing: "namespaces: `in namespace …`, `in namespaces …` or `in all namespaces`" },
      { span },
    );
    return null;
  }
  const searched = index.namespacesMatching(namespaces);
  if (pods !== null && searched.length > 0 && !ctx.podsInDoubt && !index.any(searched, pods))
    ctx.report("selects-nothing", { what: searched.length === 1 ? `pod of namespace \`${searched[0] ?? ""}\`` : "pod" }, { span: pods.span });
  return { namespaces, pods, span };
}

function podsOf(index: PodIndex, set: PodSetDeclaration): readonly Selectable[] {
  return index.namespacesMatching(set.namespaces).flatMap((namespace) => index.select(namespace, set.pods));
}

function ruleOf(ctx: CheckContext, rule: RuleNode, index: PodIndex, selected: readonly Selectable[] | null): ClusterPolicyRuleDeclaration | null {
  if (rule.direction === null) return null;
  const direction: Direction = rule.direction.value === "egress" ? "egress" : "ingress";
  let sound = checkPreposition(ctx, rule);
  const name = rule.name?.value ?? null;
  if (rule.name !== null && name !== null && (name.length > longestRuleName || name === "")) {
    const fault = name === "" ? "a name that is written needs a letter" : `it has ${name.length} characters, ${longestRuleName} are allowed`;
    ctx.report("invalid-name", { what: "a rule", name, rule: fault }, { span: ctx.span(rule.name) });
    sound = false;
  }
  if (rule.peers.length === 0 && !rule.damaged) {
    const missing = direction === "ingress" ? "whom it is about: `from …`" : "whom it is about: `to …`";
    ctx.report("missing-member", { what: `this \`${rule.kind}\``, missing }, { span: ctx.span(rule) });
    sound = false;
  }
  const peers: ClusterPolicyPeerDeclaration[] = [];
  for (const peer of rule.peers) {
    const typed = peerOf(ctx, peer, direction, index);
    if (typed === null) sound = false;
    else peers.push(typed);
  }
  const ports: ClusterPolicyPortDeclaration[] = [];
  const elsewhere = peers.some((peer) => peer.kind !== "pods");
  for (const value of rule.ports) {
    const typed = portsOf(ctx, value, direction === "ingress" ? selected : null, index, elsewhere);
    if (typed === null) sound = false;
    else ports.push(...typed);
  }
  for (const [attribute, count, at] of [
    [rule.preposition?.value ?? "", partyCount(peers), rule.peers.at(-1)],
    ["on", ports.length, rule.ports.at(-1)],
  ] as const) {
    if (count <= limit || at === undefined) continue;
    ctx.report("too-many-items", { attribute, count, limit }, { span: ctx.span(at) });
    sound = false;
  }
  return sound ? { action: actions[rule.kind], direction, name, peers, ports, span: ctx.span(rule) } : null;
}

/** CIDRs stand together, as many as one party may hold. */
function partyCount(peers: readonly ClusterPolicyPeerDeclaration[]): number {
  const cidrs = peers.filter((peer) => peer.kind === "cidr").length;
  return peers.length - cidrs + Math.ceil(cidrs / limit);
}

function peerOf(ctx: CheckContext, peer: PeerNode, direction: Direction, index: PodIndex): ClusterPolicyPeerDeclaration | null {
  const span = ctx.span(peer);
  switch (peer.form) {
    case "pods":
    case "all-pods":
    case "namespaces":
    case "all-namespaces":
    case "namespace": {
      const set = podSetOf(ctx, peer, index);
      return set === null ? null : { kind: "pods", ...set };
    }
    case "nodes":
    case "internet":
      if (direction === "ingress") return ingressOnlyFromPods(ctx, peer);
      return peer.form === "nodes" ? { kind: "nodes", node: null, span } : { kind: "internet", span };
    case "node": {
      if (peer.name === null) return null;
      if (direction === "ingress") return ingressOnlyFromPods(ctx, peer);
      const symbol = ctx.resolve("node", ctx.symbols.nodes, peer.name.value, ctx.span(peer.name));
      return symbol === null ? null : { kind: "nodes", node: symbol.name, span };
    }
    case "value": {
      const value = scalarPeer(ctx, peer, where, ["namespace", "node"]);
      if (value?.cidr == null) return null;
      if (direction === "ingress") return ingressOnlyFromPods(ctx, peer);
      if (peer.except === null) return { kind: "cidr", cidr: value.cidr, span };
      ctx.report(
        "misplaced-clause",
        { clause: "except", what: "a policy of the cluster" },
        { span: ctx.span(peer.except), help: "a rule about the smaller range in front of this one has the same effect" },
      );
      return null;
    }
    case "anyone":
    case "anything":
    case "nothing":
    case "subnet":
    case "service": {
      const everybody = peer.form === "anyone" || peer.form === "anything";
      const help = direction === "ingress" ? ingressHelp : `${ingressHelp}, \`nodes\`, \`node …\`, \`internet\` or a CIDR`;
      const all = direction === "ingress" ? "all namespaces" : "0.0.0.0/0, ::/0";
      return wrongPeer(ctx, peer, describePeer(ctx, peer), where, everybody ? all : null, help);
    }
  }
}

const ingressHelp = "it names `namespaces …`, `namespace …`, `all namespaces`, `pods … in …`";

function ingressOnlyFromPods(ctx: CheckContext, peer: PeerNode): null {
  return wrongPeer(ctx, peer, describePeer(ctx, peer), "in an ingress rule of the cluster", null, `ClusterNetworkPolicy tells only pods apart there: ${ingressHelp}`);
}

function portsOf(
  ctx: CheckContext,
  value: ValueNode,
  offering: readonly Selectable[] | null,
  index: PodIndex,
  elsewhere: boolean,
): readonly ClusterPolicyPortDeclaration[] | null {
  const span = ctx.span(value);
  const ports = policyPorts(ctx, value, offering, index);
  if (ports === null) return null;
  const [first] = ports;
  if (typeof first?.port === "string") {
    if (!elsewhere) return [{ kind: "named", name: first.port, span }];
    ctx.report(
      "misplaced-clause",
      { clause: first.port, what: "nodes and addresses" },
      { span, help: "only ports of pods have names; write the number, such as `80/tcp`" },
    );
    return null;
  }
  return ports.map(({ protocol, port, endPort }): ClusterPolicyPortDeclaration => {
    const number = typeof port === "number" ? port : null;
    return { kind: "range", protocol, first: number ?? 1, last: endPort ?? number ?? 65_535, span };
  });
}

/** Two policies of one tier that both could decide about a pod's traffic. */
function equalPriorities(ctx: CheckContext, policies: readonly ClusterPolicyDeclaration[], index: PodIndex): void {
  const groups = Map.groupBy(policies, ({ tier, priority }) => `${tier} ${priority.value}`);
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const sets = group.map((policy) => ({ policy, pods: new Set(podsOf(index, policy.subject)), directions: new Set(policy.rules.map((rule) => rule.direction)) }));
    for (const [i, later] of sets.entries()) {
      const earlier = sets.slice(0, i).find(({ pods, directions }) => meet(directions, later.directions) && meet(pods, later.pods));
      if (earlier === undefined) continue;
      ctx.report(
        "equal-priority",
        { one: earlier.policy.name, other: later.policy.name, priority: later.policy.priority.value },
        { span: later.policy.priority.span, related: [{ span: earlier.policy.priority.span, text: "the same here" }], help: "give one of them another number" },
      );
    }
  }
}

function meet<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): boolean {
  for (const item of one) if (other.has(item)) return true;
  return false;
}
