/** `assert`. */
import type { BlockNode, FailureNode, PeerNode, ReachNode, ScalarNode } from "../ast/nodes.ts";
import { blocksOf, builtInServices, nameOf } from "../binder/binder.ts";
import type { AssertDeclaration, EndpointExpression, FailureAssertion, ReachAssertion } from "../program/checked.ts";
import type { CheckContext } from "./context.ts";
import type { NamespacesFacts } from "./namespace.ts";
import { describePeer, wrongPeer } from "./peers.ts";
import { resolveNamespace, scopeOf } from "./policy.ts";
import { portRanges } from "./ports.ts";
import { selectorOf } from "./selectors.ts";
import { cidrOrAddress, inRange } from "./values.ts";

export function checkAsserts(ctx: CheckContext, namespaces: NamespacesFacts): readonly AssertDeclaration[] {
  return blocksOf(ctx.tree.root.members, "file")
    .filter((block) => block.keyword.value === "assert")
    .map((block) => assertOf(ctx, block, namespaces))
    .filter((assertion) => assertion !== null);
}

function assertOf(ctx: CheckContext, block: BlockNode, namespaces: NamespacesFacts): AssertDeclaration | null {
  const statements: (ReachAssertion | FailureAssertion)[] = [];
  let sound = true;
  const members = block.body?.members ?? [];
  for (const member of members) {
    if (member.kind !== "reach" && member.kind !== "failure") continue;
    const statement = member.kind === "reach" ? reachOf(ctx, member, namespaces) : failureOf(ctx, member, namespaces);
    if (statement === null) sound = false;
    else statements.push(statement);
  }
  if (block.body !== null && members.length === 0) ctx.report("asserts-nothing", {}, { span: ctx.header(block) });
  return sound ? { title: nameOf(block), header: ctx.header(block), span: ctx.span(block), statements } : null;
}

function failureOf(ctx: CheckContext, node: FailureNode, namespaces: NamespacesFacts): FailureAssertion | null {
  const count = failureCount(ctx, node, namespaces);
  const statements: ReachAssertion[] = [];
  let sound = true;
  const members = node.body?.members ?? [];
  for (const member of members) {
    if (member.kind !== "reach") {
      ctx.report(
        "misplaced-declaration",
        { what: member.kind === "failure" ? "a failure statement" : "this", where: "in a failure statement" },
        { span: ctx.span(member), help: "there stand statements such as `a reaches b`" },
      );
      sound = false;
      continue;
    }
    const statement = reachOf(ctx, member, namespaces);
    if (statement === null) sound = false;
    else statements.push(statement);
  }
  if (node.body !== null && members.length === 0) ctx.report("asserts-nothing", {}, { span: ctx.span(node) });
  if (!sound || count === null || node.what === null) return null;
  return { kind: "failure", when: node.when, count, what: node.what, statements, span: ctx.span(node) };
}

function failureCount(ctx: CheckContext, node: FailureNode, namespaces: NamespacesFacts): number | null {
  const value = node.count;
  if (value === null || node.what === null || value.kind !== "scalar" || value.form === "malformed") return null;
  if (value.form !== "number") {
    ctx.report("wrong-type", { attribute: "any", expected: "a number", found: `\`${ctx.text(value)}\`` }, { span: ctx.span(value) });
    return null;
  }
  const total = node.what === "node" ? ctx.symbols.nodes.size : namespaces.podCount;
  const count = inRange(ctx, "the number of failures", value.text, 1, 150_000, value);
  if (count === null) return null;
  const trusted =
    node.what === "node"
      ? total > 0 && !ctx.hasUnknown("node") && ctx.lostNames.size === 0 && !ctx.namelessKinds.has("node")
      : !ctx.podsInDoubt;
  if (count < total || !trusted) return count;
  ctx.report("too-many-failures", { count, noun: node.what, total }, { span: ctx.span(value) });
  return null;
}

function reachOf(ctx: CheckContext, node: ReachNode, namespaces: NamespacesFacts): ReachAssertion | null {
  const negations = [...node.sources, ...node.targets].filter((peer) => peer.form === "nothing");
  const [negation] = negations;
  const never = node.never || negations.length > 0;
  let sound = true;
  if (negations.length + (node.never ? 1 : 0) > 1 && negation !== undefined) {
    ctx.report("double-negation", {}, { span: ctx.span(negation), help: "write `nothing reaches …` or `… never reaches …`" });
    sound = false;
  }
  for (const side of [node.sources, node.targets]) {
    const nothing = side.find((peer) => peer.form === "nothing");
    const other = side.find((peer) => peer !== nothing);
    if (nothing !== undefined && other !== undefined) {
      ctx.report(
        "wrong-peer",
        { peer: describePeer(ctx, other), where: "beside `nothing`" },
        { span: ctx.span(other), help: "`nothing` stands alone; exceptions follow `except`" },
      );
      sound = false;
    }
  }
  const sources = union(ctx, node.sources, "source", namespaces);
  const except = node.except.length === 0 ? undefined : union(ctx, node.except, "source", namespaces);
  const target = union(ctx, node.targets, "target", namespaces);
  const ports = node.ports === null ? undefined : portRanges(ctx, node.ports);
  if (node.someBackend && target !== null && target.kind !== "service") {
    ctx.report(
      "wrong-peer",
      { peer: "`some backend of`", where: "before anything but a service" },
      { span: target.span, help: "only services have backends" },
    );
    sound = false;
  }
  if (!sound || sources === null || except === null || target === null || ports === null) return null;
  return {
    kind: "reach",
    never,
    sources,
    except: except ?? null,
    target,
    ports: ports ?? null,
    someBackend: node.someBackend,
    span: ctx.span(node),
  };
}

type Side = "source" | "target";

function union(ctx: CheckContext, peers: readonly PeerNode[], side: Side, namespaces: NamespacesFacts): EndpointExpression | null {
  const members = peers.map((peer) => endpointOf(ctx, peer, side, namespaces));
  const [first, ...rest] = members;
  const last = peers.at(-1);
  if (first === undefined || first === null || last === undefined || rest.some((member) => member === null)) return null;
  if (rest.length === 0) return first;
  return { kind: "union", members: members.filter((member) => member !== null), span: { ...first.span, end: last.end } };
}

const endpointHelp =
  "it is `namespace/pod`, `namespace/*`, `pods …`, `all pods`, `service …`, `node …`, `nodes`, `internet`, `anything` or an address";

function endpointOf(ctx: CheckContext, peer: PeerNode, side: Side, namespaces: NamespacesFacts): EndpointExpression | null {
  const span = ctx.span(peer);
  switch (peer.form) {
    case "anything":
    case "nothing":
      return { kind: "all", span };
    case "internet":
      return { kind: "internet", span };
    case "nodes":
      return { kind: "nodes", nodes: [...ctx.symbols.nodes.keys()], span };
    case "node": {
      if (peer.name === null) return null;
      const symbol = ctx.resolve("node", ctx.symbols.nodes, peer.name.value, ctx.span(peer.name));
      return symbol === null ? null : { kind: "nodes", nodes: [symbol.name], span };
    }
    case "pods":
    case "all-pods":
      return selectOf(ctx, peer, namespaces);
    case "service":
      if (side === "source")
        return wrongPeer(ctx, peer, `\`${ctx.text(peer)}\``, "before `reaches`", null, "a service only receives; name the pods behind it");
      return serviceOf(ctx, peer);
    case "value":
      return valueOf(ctx, peer, namespaces);
    case "anyone":
    case "all-namespaces":
    case "namespaces":
    case "namespace":
    case "subnet": {
      const instead = peer.form === "anyone" ? "anything" : peer.form === "namespace" && peer.name !== null ? `${peer.name.value}/*` : null;
      return wrongPeer(ctx, peer, describePeer(ctx, peer), "in an assertion", instead, endpointHelp);
    }
  }
}

function selectOf(ctx: CheckContext, peer: PeerNode, { index }: NamespacesFacts): EndpointExpression | null {
  const span = ctx.span(peer);
  const pods = peer.selector === null ? null : selectorOf(ctx, peer.selector);
  if (peer.form === "pods" && pods === null) return null;
  const scope = scopeOf(ctx, peer, index);
  if (scope === undefined) return null;
  const named = peer.namespaces === null && !peer.everywhere && peer.name !== null ? peer.name.value : null;
  const searched = named !== null ? [named] : scope === null ? [...index.namespaces.keys()] : index.namespacesMatching(scope);
  if (searched.length > 0 && !ctx.podsInDoubt && !index.any(searched, pods)) {
    ctx.report("selects-nothing", { what: named === null ? "pod" : `pod of namespace \`${named}\`` }, { span: pods?.span ?? span });
  }
  return {
    kind: "select",
    pods,
    namespace: named,
    namespaces: named !== null || peer.everywhere ? null : scope,
    text: ctx.text(peer),
    span,
  };
}

/** The two halves of `namespace/name`, each with its place. */
function halves(value: ScalarNode): { readonly namespace: HalfPath; readonly name: HalfPath } {
  const slash = value.text.indexOf("/");
  return {
    namespace: { value: value.text.slice(0, slash), start: value.start, end: value.start + slash },
    name: { value: value.text.slice(slash + 1), start: value.start + slash + 1, end: value.end },
  };
}

interface HalfPath {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

function serviceOf(ctx: CheckContext, peer: PeerNode): EndpointExpression | null {
  const value = peer.value;
  if (value === null || value.kind !== "scalar" || value.form === "malformed") return null;
  if (value.form !== "path") {
    const homes = [...ctx.symbols.namespaces.values()]
      .filter((namespace) => namespace.services.has(value.text))
      .map((namespace) => namespace.name);
    return wrongPeer(
      ctx,
      peer,
      `\`${ctx.text(peer)}\``,
      "in an assertion",
      homes.length === 1 ? `service ${homes[0] ?? ""}/${value.text}` : null,
      "a service is named `service namespace/name`",
    );
  }
  const path = halves(value);
  if (!resolveNamespace(ctx, path.namespace)) return null;
  const builtIn = builtInServices.some((service) => service.namespace === path.namespace.value && service.name === path.name.value);
  const services = ctx.symbols.namespaces.get(path.namespace.value)?.services ?? new Map();
  if (!builtIn && ctx.resolve("service", services, path.name.value, ctx.span(path.name), path.namespace.value) === null) return null;
  return { kind: "service", namespace: path.namespace.value, name: path.name.value, span: ctx.span(peer) };
}

function valueOf(ctx: CheckContext, peer: PeerNode, namespaces: NamespacesFacts): EndpointExpression | null {
  const value = peer.value;
  const span = ctx.span(peer);
  if (value === null || value.kind !== "scalar" || value.form === "malformed") return null;
  if (value.form === "cidr" || value.form === "address") {
    const cidr = cidrOrAddress(ctx, value);
    return cidr === null ? null : { kind: "cidr", cidr, span };
  }
  if (value.form === "path") return podsOf(ctx, value, namespaces);
  const homes = [...ctx.symbols.namespaces.values()]
    .filter((namespace) => namespace.pods.has(value.text))
    .map((namespace) => namespace.name);
  const instead = ctx.symbols.nodes.has(value.text)
    ? `node ${value.text}`
    : homes.length === 1
      ? `${homes[0] ?? ""}/${value.text}`
      : ctx.symbols.namespaces.has(value.text)
        ? `${value.text}/*`
        : null;
  return wrongPeer(ctx, peer, `\`${ctx.text(value)}\``, "in an assertion", instead, endpointHelp);
}

function podsOf(ctx: CheckContext, value: ScalarNode, { index }: NamespacesFacts): EndpointExpression | null {
  const span = ctx.span(value);
  const { namespace, name } = halves(value);
  if (!resolveNamespace(ctx, namespace)) return null;
  const pods = ctx.symbols.namespaces.get(namespace.value)?.pods ?? new Map();
  if (name.value === "*") {
    if (!ctx.podsInDoubt && index.in(namespace.value).length === 0) {
      ctx.report("selects-nothing", { what: `pod of namespace \`${namespace.value}\`` }, { span });
    }
    return { kind: "pods", namespace: namespace.value, names: [...pods.keys()], text: value.text, span };
  }
  if (ctx.resolve("pod or workload", pods, name.value, ctx.span(name), namespace.value) === null) return null;
  return { kind: "pods", namespace: namespace.value, names: [name.value], text: value.text, span };
}
