/** `policy`: a Kubernetes NetworkPolicy. */
import type { AppliesNode, BlockNode, NodeBase, PeerNode, RuleNode, ValueNode } from "../ast/nodes.ts";
import { nameOf } from "../binder/binder.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import { nearest } from "../diagnostics/suggest.ts";
import type {
  PolicyDeclaration,
  PolicyPeerDeclaration,
  PolicyPortDeclaration,
  PolicyRuleDeclaration,
  SelectorDeclaration,
} from "../program/checked.ts";
import { containsCidr, formatCidr, isTransport } from "../values/index.ts";
import type { Cidr } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { checkNameless, checkPreposition } from "./firewall.ts";
import { describePeer, scalarPeer, wrongPeer } from "./peers.ts";
import { portName, portRange } from "./ports.ts";
import { matches, namespaceNamed, selectorOf } from "./selectors.ts";
import type { PodIndex, Selectable } from "./selectors.ts";
import { describe, holdsUnknown } from "./structure.ts";
import { cidrOrAddress, describeValue, isMalformed, itemsOf } from "./values.ts";

type Direction = "ingress" | "egress";

export function checkPolicy(ctx: CheckContext, block: BlockNode, namespace: string, index: PodIndex): PolicyDeclaration | null {
  const podSelector = appliesTo(ctx, block);
  const selected = podSelector === null ? null : index.select(namespace, podSelector);
  if (podSelector !== null && selected !== null && selected.length === 0 && !ctx.podsInDoubt) {
    ctx.report("selects-nothing", { what: `pod of namespace \`${namespace}\`` }, { span: podSelector.span });
  }
  const rules: PolicyRuleDeclaration[] = [];
  const directions = new Set<Direction>();
  let sound = podSelector !== null;
  let says = false;
  for (const member of block.body?.members ?? []) {
    if (member.kind === "isolates") {
      says = true;
      for (const direction of member.directions) directions.add(direction.value === "egress" ? "egress" : "ingress");
    }
    if (member.kind !== "allow") continue;
    says = true;
    const rule = ruleOf(ctx, member, namespace, index, selected);
    if (rule === null) sound = false;
    else {
      rules.push(rule);
      directions.add(rule.direction);
    }
  }
  if (!says && !block.damaged && !holdsUnknown(block) && podSelector !== null) {
    ctx.report(
      "missing-member",
      { what: describe(block), missing: "a rule: `allow ingress …` or `allow egress …`" },
      { span: ctx.header(block), help: "to forbid everything, write `isolates ingress, egress`" },
    );
    return null;
  }
  if (!sound || podSelector === null) return null;
  const order: readonly Direction[] = ["ingress", "egress"];
  return {
    name: nameOf(block),
    header: ctx.header(block),
    span: ctx.span(block),
    namespace,
    podSelector,
    directions: order.filter((direction) => directions.has(direction)),
    rules,
  };
}

/** The one `applies to` of a policy; null when it is missing. A missing or a second one is reported. @param forms what may be said */
export function onlyApplies(ctx: CheckContext, block: BlockNode, forms: string): AppliesNode | null {
  const [first, second] = (block.body?.members ?? []).filter((member) => member.kind === "applies");
  if (first === undefined) {
    if (!block.damaged && !holdsUnknown(block)) ctx.report("missing-member", { what: describe(block), missing: forms }, { span: ctx.header(block) });
    return null;
  }
  if (second !== undefined) {
    ctx.report(
      "duplicate-attribute",
      { name: "applies to" },
      { span: ctx.span(second), related: [{ span: ctx.span(first), text: "first here" }] },
    );
  }
  return first;
}

function appliesTo(ctx: CheckContext, block: BlockNode): SelectorDeclaration | null {
  const first = onlyApplies(ctx, block, "`applies to all pods` or `applies to SELECTOR`");
  if (first === null) return null;
  if (first.to === "all-pods") return { requirements: [], span: ctx.span(first) };
  if (first.to === "subject") {
    const { subject } = first;
    const pods = subject?.form === "pods" && subject.selector !== null && subject.name === null && subject.namespaces === null && !subject.everywhere;
    const at = subject === null ? first : subject;
    ctx.report(
      "wrong-peer",
      { peer: pods ? "`pods`" : `\`${ctx.text(at)}\``, where: pods ? "before the selector of a policy" : "in a policy of a namespace" },
      {
        span: ctx.span(at),
        help: pods ? `write \`applies to ${ctx.text(subject.selector)}\`` : "it applies to pods of its own namespace; an `admin-policy` applies to others",
        ...(pods ? { fixes: [replace(ctx.span(at), ctx.text(subject.selector), "leave `pods` out")] } : {}),
      },
    );
    return null;
  }
  if (first.to === "nodes" || first.to === "node") {
    ctx.report(
      "wrong-peer",
      { peer: "a set of nodes", where: "in a policy" },
      { span: ctx.span(first), help: "a policy applies to pods; nodes have a `firewall`" },
    );
    return null;
  }
  return first.selector === null ? null : selectorOf(ctx, first.selector);
}

function ruleOf(
  ctx: CheckContext,
  rule: RuleNode,
  namespace: string,
  index: PodIndex,
  selected: readonly Selectable[] | null,
): PolicyRuleDeclaration | null {
  if (rule.direction === null) return null;
  const direction: Direction = rule.direction.value === "egress" ? "egress" : "ingress";
  let sound = checkPreposition(ctx, rule) && checkNameless(ctx, rule, "a policy of a namespace");
  let anyone = rule.peers.length === 0;
  const peers: PolicyPeerDeclaration[] = [];
  for (const peer of rule.peers) {
    if (peer.form === "anyone") {
      anyone = true;
      if (rule.peers.length > 1) {
        const other = rule.peers.find((candidate) => candidate !== peer);
        if (other !== undefined) ctx.report("no-effect", { what: "naming others beside `anyone`" }, { span: ctx.span(other) });
      }
      continue;
    }
    const typed = peerOf(ctx, peer, namespace, index);
    if (typed === null) sound = false;
    else peers.push(typed);
  }
  const ports: PolicyPortDeclaration[] = [];
  // Whose ports a rule is about: for ingress the pods the policy applies to, for egress the peers, who may be anyone.
  const offering = direction === "ingress" ? selected : null;
  for (const value of rule.ports) {
    const typed = policyPorts(ctx, value, offering, index);
    if (typed === null) sound = false;
    else ports.push(...typed);
  }
  return sound ? { direction, peers: anyone ? [] : peers, ports, span: ctx.span(rule) } : null;
}

const peerHelp = "a policy allows `pods …`, `all pods`, `namespaces …`, `namespace …`, `internet`, `anyone` or a CIDR";

function peerOf(ctx: CheckContext, peer: PeerNode, namespace: string, index: PodIndex): PolicyPeerDeclaration | null {
  const span = ctx.span(peer);
  switch (peer.form) {
    case "internet":
      return { kind: "internet", span };
    case "pods":
    case "all-pods": {
      const pods = peer.selector === null ? null : selectorOf(ctx, peer.selector);
      const scope = scopeOf(ctx, peer, index);
      if (scope === undefined || (peer.form === "pods" && pods === null)) return null;
      warnIfNothing(ctx, index, pods, scope, namespace, peer);
      return { kind: "pods", pods, namespaces: scope, span };
    }
    case "namespaces":
    case "all-namespaces":
    case "namespace": {
      const scope = scopeOf(ctx, peer, index);
      if (scope === undefined || scope === null) return null;
      warnIfNothing(ctx, index, null, scope, namespace, peer);
      return { kind: "pods", pods: null, namespaces: scope, span };
    }
    case "value": {
      const value = scalarPeer(ctx, peer, "in a policy", ["namespace"]);
      if (value?.cidr == null) return null;
      const except = exceptOf(ctx, peer.except, value.cidr);
      return except === null ? null : { kind: "cidr", cidr: value.cidr, except, span };
    }
    case "anyone":
      return null;
    case "anything":
    case "nothing":
    case "nodes":
    case "node":
    case "subnet":
    case "service":
      return wrongPeer(ctx, peer, describePeer(ctx, peer), "in a policy", peer.form === "anything" ? "anyone" : null, peerHelp);
  }
}

/** The namespaces of a peer: null for the policy's own, undefined when they cannot be told. */
export function scopeOf(ctx: CheckContext, peer: PeerNode, index: PodIndex): SelectorDeclaration | null | undefined {
  if (peer.everywhere || peer.form === "all-namespaces") return { requirements: [], span: ctx.span(peer) };
  if (peer.namespaces !== null) {
    const selector = selectorOf(ctx, peer.namespaces);
    if (selector === null) return undefined;
    if (index.namespacesMatching(selector).length === 0 && !ctx.podsInDoubt) {
      ctx.report("selects-nothing", { what: "namespace" }, { span: selector.span });
    }
    return selector;
  }
  if (peer.name === null) return peer.form === "namespace" ? undefined : null;
  return resolveNamespace(ctx, peer.name) ? namespaceNamed(peer.name.value, ctx.span(peer.name)) : undefined;
}

/** Whether a namespace of the name exists; reports it otherwise. */
export function resolveNamespace(
  ctx: CheckContext,
  name: NodeBase & { readonly value: string },
): boolean {
  const namespace = ctx.symbols.namespaces.get(name.value);
  if (namespace === undefined) {
    ctx.unknown("namespace", name.value, ctx.span(name), ctx.symbols.namespaces.keys());
    return false;
  }
  const [symbol] = namespace.declarations;
  if (symbol !== undefined) ctx.symbols.references.push({ symbol, span: ctx.span(name) });
  return true;
}

/** Warns where the pod selector of a peer matches nothing; a namespace selector that does has been told already. */
function warnIfNothing(
  ctx: CheckContext,
  index: PodIndex,
  pods: SelectorDeclaration | null,
  namespaces: SelectorDeclaration | null,
  own: string,
  peer: PeerNode,
): void {
  if (pods === null || ctx.podsInDoubt) return;
  const scope = namespaces === null ? [own] : index.namespacesMatching(namespaces);
  if (scope.length === 0 || index.any(scope, pods)) return;
  const elsewhere =
    peer.name === null && peer.namespaces === null && !peer.everywhere ? index.all.find((pod) => matches(pods, pod.labels)) : undefined;
  ctx.report(
    "selects-nothing",
    { what: scope.length === 1 ? `pod of namespace \`${scope[0] ?? ""}\`` : "pod" },
    {
      span: pods.span,
      ...(elsewhere === undefined
        ? {}
        : { help: `such pods are in namespace \`${elsewhere.namespace}\`: add \`in namespace ${elsewhere.namespace}\`` }),
    },
  );
}

function exceptOf(ctx: CheckContext, value: ValueNode | null, cidr: Cidr): readonly Cidr[] | null {
  if (value === null) return [];
  const out: Cidr[] = [];
  for (const item of itemsOf(value)) {
    if (item.kind !== "scalar" || (item.form !== "cidr" && item.form !== "address")) {
      if (!isMalformed(item))
        ctx.report("wrong-type", { attribute: "except", expected: "a CIDR", found: describeValue(item) }, { span: ctx.span(item) });
      return null;
    }
    const range = cidrOrAddress(ctx, item);
    if (range === null) return null;
    if (!containsCidr(cidr, range) || range.prefix === cidr.prefix) {
      ctx.report("except-outside", { except: formatCidr(range), cidr: formatCidr(cidr) }, { span: ctx.span(item) });
      return null;
    }
    out.push(range);
  }
  return out;
}

export function policyPorts(
  ctx: CheckContext,
  value: ValueNode,
  offering: readonly Selectable[] | null,
  index: PodIndex,
): readonly PolicyPortDeclaration[] | null {
  const span = ctx.span(value);
  if (value.kind === "scalar" && (value.form === "string" || (value.form === "word" && !isTransport(value.text)))) {
    return namedPorts(ctx, value, offering, index);
  }
  const range = portRange(ctx, value);
  if (range === null) return null;
  if (range.first === 0) return [{ protocol: range.protocol, port: null, endPort: null, span }];
  const ports = (offering ?? []).flatMap((pod) => pod.ports);
  if (
    ports.length > 0 &&
    !ctx.podsInDoubt &&
    !ports.some((port) => port.protocol === range.protocol && range.first <= port.port && port.port <= range.last)
  ) {
    const offered = [...new Set(ports.map((port) => `${port.port}/${port.protocol}`))].sort();
    ctx.report("policy-port-unoffered", { port: `\`${ctx.text(value)}\`` }, { span, help: `they offer ${offered.slice(0, 6).join(", ")}` });
  }
  return [{ protocol: range.protocol, port: range.first, endPort: range.last === range.first ? null : range.last, span }];
}

/** A port name stands for the protocol under which the pods offer it. */
function namedPorts(
  ctx: CheckContext,
  value: NodeBase & { readonly text: string },
  offering: readonly Selectable[] | null,
  index: PodIndex,
): readonly PolicyPortDeclaration[] | null {
  const name = portName(ctx, value.text, value);
  if (name === null) return null;
  const span = ctx.span(value);
  const pods = offering ?? index.all;
  const protocols =
    offering === null
      ? index.protocolsOfName(name)
      : [...new Set(pods.flatMap((pod) => pod.ports.filter((port) => port.name === name).map((port) => port.protocol)))].sort();
  if (protocols.length === 0 && pods.length > 0 && !ctx.podsInDoubt) {
    const names = [...new Set(pods.flatMap((pod) => pod.ports.flatMap((port) => port.name ?? [])))].sort();
    const meant = nearest(name, names);
    ctx.report(
      "policy-port-unoffered",
      { port: `a port called \`${name}\`` },
      {
        span,
        help:
          meant !== null
            ? `did you mean \`${meant}\`?`
            : names.length === 0
              ? "their ports have no names"
              : `they offer ${names.slice(0, 6).join(", ")}`,
      },
    );
  }
  const chosen = protocols.length === 0 ? (["tcp"] as const) : protocols;
  return chosen.map((protocol) => ({ protocol, port: name, endPort: null, span }));
}
