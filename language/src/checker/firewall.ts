/** `firewall`. */
import type { BlockNode, PeerNode, RuleNode } from "../ast/nodes.ts";
import { nameOf } from "../binder/binder.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { FirewallDeclaration, FirewallPeerDeclaration, FirewallRuleDeclaration } from "../program/checked.ts";
import type { CheckContext } from "./context.ts";
import { describePeer, scalarPeer, wrongPeer } from "./peers.ts";
import { portRanges } from "./ports.ts";
import { describe, holdsUnknown } from "./structure.ts";
import { listedTwice } from "./values.ts";
import type { NamedReference } from "./values.ts";

export function checkFirewalls(ctx: CheckContext): readonly FirewallDeclaration[] {
  return ctx.members
    .filter((block) => block.keyword.value === "firewall" && nameOf(block) !== "")
    .map((block) => firewallOf(ctx, block))
    .filter((firewall) => firewall !== null);
}

function firewallOf(ctx: CheckContext, block: BlockNode): FirewallDeclaration | null {
  const nodes = appliesToNodes(ctx, block);
  const rules: FirewallRuleDeclaration[] = [];
  let sound = nodes !== undefined;
  for (const member of block.body?.members ?? []) {
    if (member.kind !== "allow") continue;
    const rule = ruleOf(ctx, member);
    if (rule === null) sound = false;
    else rules.push(rule);
  }
  return sound ? { name: nameOf(block), header: ctx.header(block), span: ctx.span(block), nodes: nodes ?? null, rules } : null;
}

/** Names of the nodes, null for all, undefined when it cannot be told. */
function appliesToNodes(ctx: CheckContext, block: BlockNode): readonly string[] | null | undefined {
  const statements = (block.body?.members ?? []).filter((member) => member.kind === "applies");
  const [first, second] = statements;
  if (first === undefined) {
    if (!block.damaged && !holdsUnknown(block))
      ctx.report(
        "missing-member",
        { what: describe(block), missing: "`applies to nodes` or `applies to node …`" },
        { span: ctx.header(block) },
      );
    return undefined;
  }
  if (second !== undefined) {
    ctx.report(
      "duplicate-attribute",
      { name: "applies to" },
      { span: ctx.span(second), related: [{ span: ctx.span(first), text: "first here" }] },
    );
  }
  if (first.to === "nodes") return null;
  if (first.to !== "node") {
    if (first.to !== null) {
      ctx.report(
        "wrong-peer",
        { peer: "a set of pods", where: "in a firewall" },
        { span: ctx.span(first), help: "write `applies to nodes` or `applies to node …`" },
      );
    }
    return undefined;
  }
  const seen: NamedReference[] = [];
  let sound = true;
  for (const node of first.nodes) {
    if (listedTwice(ctx, seen, node.value, node)) continue;
    seen.push({ name: node.value, node });
    if (ctx.resolve("node", ctx.symbols.nodes, node.value, ctx.span(node)) === null) sound = false;
  }
  return sound ? seen.map((entry) => entry.name) : undefined;
}

function ruleOf(ctx: CheckContext, rule: RuleNode): FirewallRuleDeclaration | null {
  if (rule.direction === null) return null;
  if (rule.direction.value !== "ingress") {
    ctx.report(
      "not-supported",
      { what: "`allow egress` in a firewall" },
      { span: ctx.span(rule.direction), help: "a firewall filters what comes in: `allow ingress …`" },
    );
    return null;
  }
  let sound = checkPreposition(ctx, rule) && checkNameless(ctx, rule, "a firewall");
  const peers: FirewallPeerDeclaration[] = [];
  for (const peer of rule.peers) {
    const typed = peerOf(ctx, peer);
    if (typed === null) sound = false;
    else peers.push(typed);
  }
  const ports = portRanges(ctx, rule.ports);
  return sound && ports !== null ? { direction: "ingress", peers, ports, span: ctx.span(rule) } : null;
}

/** Only rules of ClusterNetworkPolicies have names. */
export function checkNameless(ctx: CheckContext, rule: RuleNode, where: string): boolean {
  if (rule.name === null) return true;
  ctx.report(
    "misplaced-clause",
    { clause: ctx.text(rule.name), what: `a rule of ${where}` },
    { span: ctx.span(rule.name), help: "rules have names in an `admin-policy` or `baseline-policy` only; a comment says what this one is for" },
  );
  return false;
}

/** `from` belongs to ingress, `to` to egress. */
export function checkPreposition(ctx: CheckContext, rule: RuleNode): boolean {
  if (rule.direction === null || rule.preposition === null) return true;
  const right = rule.direction.value === "ingress" ? "from" : "to";
  const wrong = rule.preposition.value;
  if (wrong === right) return true;
  const span = ctx.span(rule.preposition);
  ctx.report(
    "wrong-preposition",
    { direction: rule.direction.value, right, wrong },
    { span, fixes: [replace(span, right, `write \`${right}\``, false)] },
  );
  return false;
}

function peerOf(ctx: CheckContext, peer: PeerNode): FirewallPeerDeclaration | null {
  const span = ctx.span(peer);
  switch (peer.form) {
    case "anyone":
      return { kind: "any", span };
    case "internet":
      return { kind: "internet", span };
    case "nodes":
      return { kind: "nodes", span };
    case "subnet": {
      if (peer.name === null) return null;
      const symbol = ctx.resolve("subnet", ctx.symbols.subnets, peer.name.value, ctx.span(peer.name));
      return symbol === null ? null : { kind: "subnet", subnet: symbol.name, span };
    }
    case "value": {
      const value = scalarPeer(ctx, peer, "in a firewall", ["subnet", "node"]);
      if (value?.cidr == null) return null;
      if (peer.except !== null) {
        ctx.report(
          "misplaced-clause",
          { clause: "except", what: "a firewall" },
          { span: ctx.span(peer.except), help: "list the ranges that are meant" },
        );
        return null;
      }
      return { kind: "cidr", cidr: value.cidr, span };
    }
    case "all-pods":
    case "pods":
    case "all-namespaces":
    case "namespaces":
    case "namespace":
    case "anything":
    case "nothing":
    case "node":
    case "service":
      return wrongPeer(
        ctx,
        peer,
        describePeer(ctx, peer),
        "in a firewall",
        peer.form === "anything" ? "anyone" : null,
        "a firewall lets in `subnet …`, `nodes`, `internet`, `anyone` or a CIDR",
      );
  }
}
