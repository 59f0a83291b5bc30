/** `assert`. */
import type { BlockNode, ConnectivityNode, FailureNode, NameNode, NodeBase, PeerNode, ReachNode, ResolveNode, ScalarNode } from "../ast/nodes.ts";
import { builtInServices, nameOf } from "../binder/binder.ts";
import { domainFault } from "../binder/names.ts";
import type {
  AssertDeclaration,
  AssertStatement,
  ConnectivityAssertion,
  EndpointExpression,
  FailureAssertion,
  ReachAssertion,
  ResolveAssertion,
  ResolveTarget,
} from "../program/checked.ts";
import { parseIp } from "../values/index.ts";
import type { Ip } from "../values/index.ts";
import { misplacedCluster, misplacedNamespace } from "./cluster-paths.ts";
import type { CheckContext } from "./context.ts";
import type { NamespacesFacts } from "./namespace.ts";
import type { NetworkFacts } from "./network.ts";
import { pathConditions } from "./path-conditions.ts";
import { describePeer, wrongPeer } from "./peers.ts";
import { resolveNamespace, scopeOf } from "./policy.ts";
import { portRanges } from "./ports.ts";
import { selectorOf } from "./selectors.ts";
import { cidrOrAddress, inRange, isMalformed } from "./values.ts";

export function assertFacts(ctx: CheckContext, namespaces: NamespacesFacts, networks: NetworkFacts): AssertFacts {
  return { ...namespaces, linkCount: linkCount(ctx, networks), resolution: null };
}

/** The assertions among what belongs to one cluster. */
export function checkAsserts(ctx: CheckContext, facts: AssertFacts): readonly AssertDeclaration[] {
  return ctx.members
    .filter((block) => block.keyword.value === "assert")
    .map((block) => assertOf(ctx, block, facts))
    .filter((assertion) => assertion !== null);
}

export interface AssertFacts extends NamespacesFacts {
  /** Wires between a subnet and a node or router. */
  readonly linkCount: number;
  /** Of which cluster parties and namespaces are; null: all of the one that is checked. */
  readonly resolution: Resolution | null;
}

/** Both report what they give null for. */
export interface Resolution {
  readonly party: (peer: PeerNode) => Party | null;
  readonly namespace: (name: NameNode) => { readonly ctx: CheckContext; readonly name: NameNode } | null;
}

/** A party as its own cluster names it. */
export interface Party {
  readonly ctx: CheckContext;
  readonly facts: AssertFacts;
  readonly peer: PeerNode;
}

function linkCount(ctx: CheckContext, networks: NetworkFacts): number {
  const routers = networks.declarations.flatMap((network) => network.routers);
  return ctx.symbols.nodes.size + routers.reduce((sum, router) => sum + router.joins.value.length, 0);
}

export function assertOf(ctx: CheckContext, block: BlockNode, facts: AssertFacts): AssertDeclaration | null {
  const statements: AssertStatement[] = [];
  let sound = true;
  const members = block.body?.members ?? [];
  for (const member of members) {
    if (member.kind !== "reach" && member.kind !== "resolve" && member.kind !== "connectivity" && member.kind !== "failure") continue;
    const statement = statementOf(ctx, member, facts);
    if (statement === null) sound = false;
    else statements.push(statement);
  }
  if (block.body !== null && members.length === 0) ctx.report("asserts-nothing", {}, { span: ctx.header(block) });
  return sound ? { title: nameOf(block), header: ctx.header(block), span: ctx.span(block), statements } : null;
}

function statementOf(ctx: CheckContext, node: ReachNode | ResolveNode | ConnectivityNode | FailureNode, facts: AssertFacts): AssertStatement | null {
  switch (node.kind) {
    case "reach":
      return reachOf(ctx, node, facts);
    case "resolve":
      return resolveOf(ctx, node, facts);
    case "connectivity":
      return connectivityOf(ctx, node, facts);
    case "failure":
      return failureOf(ctx, node, facts);
  }
}

function failureOf(ctx: CheckContext, node: FailureNode, facts: AssertFacts): FailureAssertion | null {
  const count = failureCount(ctx, node, facts);
  const statements: (ReachAssertion | ResolveAssertion)[] = [];
  let sound = true;
  const members = node.body?.members ?? [];
  for (const member of members) {
    if (member.kind !== "reach" && member.kind !== "resolve") {
      ctx.report(
        "misplaced-declaration",
        { what: member.kind === "failure" ? "a failure statement" : member.kind === "connectivity" ? "a `connectivity` statement" : "this", where: "in a failure statement" },
        { span: ctx.span(member), help: "there stand statements such as `a reaches b`" },
      );
      sound = false;
      continue;
    }
    const statement = member.kind === "reach" ? reachOf(ctx, member, facts) : resolveOf(ctx, member, facts);
    if (statement === null) sound = false;
    else statements.push(statement);
  }
  if (node.body !== null && members.length === 0) ctx.report("asserts-nothing", {}, { span: ctx.span(node) });
  if (!sound || count === null || node.what === null) return null;
  return { kind: "failure", when: node.when, count, what: node.what, statements, span: ctx.span(node) };
}

/** An empty body is a statement too: nobody talks to the namespace, and it to nobody. */
function connectivityOf(ctx: CheckContext, node: ConnectivityNode, facts: AssertFacts): ConnectivityAssertion | null {
  const statements: ReachAssertion[] = [];
  const named = node.namespace === null ? null : facts.resolution === null ? { ctx, name: node.namespace } : facts.resolution.namespace(node.namespace);
  let sound = named !== null && misplacedNamespace(named.ctx, named.name) === null && resolveNamespace(named.ctx, named.name);
  for (const member of node.body?.members ?? []) {
    if (member.kind !== "reach") {
      ctx.report(
        "misplaced-declaration",
        { what: "this", where: "in a `connectivity` statement" },
        { span: ctx.span(member), help: "there stand statements such as `a reaches b on 80/tcp`" },
      );
      sound = false;
      continue;
    }
    const statement = reachOf(ctx, member, facts);
    if (statement?.never === true) {
      ctx.report(
        "misplaced-clause",
        { clause: "never", what: "a `connectivity` statement" },
        { span: statement.span, help: "what it does not list is forbidden already" },
      );
    }
    if (statement === null || statement.never) sound = false;
    else statements.push(statement);
  }
  if (!sound || named === null || node.body === null) return null;
  return { kind: "connectivity", namespace: named.name.value, statements, span: ctx.span(node) };
}

function resolveOf(ctx: CheckContext, node: ResolveNode, facts: AssertFacts): ResolveAssertion | null {
  const sources = union(ctx, node.sources, "asker", facts);
  const except = node.except.length === 0 ? undefined : union(ctx, node.except, "asker", facts);
  const target = resolveTarget(ctx, node.targets, facts);
  const name = node.name === null ? null : queryName(ctx, node.name);
  if (sources === null || except === null || target === null || name === null) return null;
  return { kind: "resolve", sources, except: except ?? null, name, target, span: ctx.span(node) };
}

/** A name as a program asks for it; with a dot at its end it is asked for as it stands. */
function queryName(ctx: CheckContext, node: NameNode): string | null {
  const { value } = node;
  const rule = value === "" ? "a name needs a letter" : domainFault(value.endsWith(".") ? value.slice(0, -1) : value);
  if (rule === null) return value;
  ctx.report("invalid-name", { what: "a host", name: value, rule }, { span: ctx.span(node) });
  return null;
}

const targetHelp = "a name resolves to `service namespace/name`, to addresses or to `nothing`";

function resolveTarget(ctx: CheckContext, targets: readonly PeerNode[], facts: AssertFacts): ResolveTarget | null {
  const [first, ...more] = targets;
  if (first === undefined) return null;
  const [other] = more;
  if (first.form === "service" || first.form === "nothing") {
    if (other !== undefined) return wrongPeer(ctx, other, describePeer(ctx, other), `beside ${describePeer(ctx, first)}`, null, targetHelp);
    if (first.form === "nothing") return { kind: "nothing" };
    const party = facts.resolution === null ? { ctx, peer: first } : facts.resolution.party(first);
    const service = party === null ? null : serviceOf(party.ctx, party.peer);
    return service?.kind === "service" ? { kind: "service", namespace: service.namespace, name: service.name } : null;
  }
  const addresses: Ip[] = [];
  let sound = true;
  for (const peer of targets) {
    const { value } = peer;
    const ip = peer.form === "value" && value?.kind === "scalar" && value.form === "address" ? parseIp(value.text) : null;
    if (ip !== null) addresses.push(ip);
    else {
      sound = false;
      if (!isMalformed(value)) wrongPeer(ctx, peer, describePeer(ctx, peer), "behind `resolves`", null, targetHelp);
    }
  }
  return sound ? { kind: "addresses", addresses } : null;
}

function failureCount(ctx: CheckContext, node: FailureNode, facts: AssertFacts): number | null {
  const value = node.count;
  if (value === null || node.what === null || value.kind !== "scalar" || value.form === "malformed") return null;
  if (value.form !== "number") {
    ctx.report("wrong-type", { attribute: "any", expected: "a number", found: `\`${ctx.text(value)}\`` }, { span: ctx.span(value) });
    return null;
  }
  const total = node.what === "node" ? ctx.symbols.nodes.size : node.what === "link" ? facts.linkCount : facts.podCount;
  const count = inRange(ctx, "the number of failures", value.text, 1, 150_000, value);
  if (count === null) return null;
  const trusted =
    node.what !== "pod"
      ? total > 0 && !ctx.hasUnknown("node") && ctx.lostNames.size === 0 && !ctx.namelessKinds.has("node")
      : !ctx.podsInDoubt;
  if (count < total || !trusted) return count;
  ctx.report("too-many-failures", { count, noun: node.what, total }, { span: ctx.span(value) });
  return null;
}

function reachOf(ctx: CheckContext, node: ReachNode, facts: AssertFacts): ReachAssertion | null {
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
  const sources = union(ctx, node.sources, "source", facts);
  const except = node.except.length === 0 ? undefined : union(ctx, node.except, "source", facts);
  const target = union(ctx, node.targets, "target", facts);
  const ports = node.ports === null ? undefined : portRanges(ctx, node.ports);
  const path = pathConditions(ctx, node, never, target);
  if (node.someBackend && target !== null && target.kind !== "service") {
    ctx.report(
      "wrong-peer",
      { peer: "`some backend of`", where: "before anything but a service" },
      { span: target.span, help: "only services have backends" },
    );
    sound = false;
  }
  if (!sound || sources === null || except === null || target === null || ports === null || path === null) return null;
  return {
    kind: "reach",
    never,
    sources,
    except: except ?? null,
    target,
    ports: ports ?? null,
    someBackend: node.someBackend,
    path,
    span: ctx.span(node),
  };
}

/** Who reaches, who resolves, or who is reached. */
type Side = "source" | "asker" | "target";

function union(ctx: CheckContext, peers: readonly PeerNode[], side: Side, facts: AssertFacts): EndpointExpression | null {
  const members = peers.map((peer) => {
    const party = facts.resolution === null ? { ctx, facts, peer } : facts.resolution.party(peer);
    return party === null ? null : endpointOf(party.ctx, party.peer, side, party.facts);
  });
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
  // Of a service it is asked behind `resolves`, too.
  if (peer.form !== "service" && misplacedCluster(ctx, peer) !== null) return null;
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
      if (side !== "target") {
        const verb = side === "source" ? "reaches" : "resolves";
        return wrongPeer(ctx, peer, `\`${ctx.text(peer)}\``, `before \`${verb}\``, null, "a service only receives; name the pods behind it");
      }
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
    namespace: { value: value.text.slice(0, slash), start: value.start, end: value.start + slash, source: value.source },
    name: { value: value.text.slice(slash + 1), start: value.start + slash + 1, end: value.end, source: value.source },
  };
}

interface HalfPath extends NodeBase {
  readonly value: string;
}

function serviceOf(ctx: CheckContext, peer: PeerNode): EndpointExpression | null {
  const value = peer.value;
  if (value === null || value.kind !== "scalar" || value.form === "malformed") return null;
  if (misplacedCluster(ctx, peer) !== null) return null;
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
