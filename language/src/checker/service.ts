/** `service`. */
import type { BlockNode, PortNode, SelectorNode } from "../ast/nodes.ts";
import { spanOf } from "../ast/place.ts";
import { blocksOf, nameOf } from "../binder/binder.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import { nearest } from "../diagnostics/suggest.ts";
import type { ServiceDeclaration, ServicePortDeclaration, ServiceTypeName, Sourced } from "../program/checked.ts";
import { formatIp } from "../values/index.ts";
import type { Ip, Transport } from "../values/index.ts";
import type { Span } from "../text/span.ts";
import { checkServiceAddress } from "./cluster.ts";
import type { ClusterFacts } from "./cluster.ts";
import type { CheckContext } from "./context.ts";
import type { Labels } from "./labels.ts";
import { checkEndpoints } from "./endpoints.ts";
import { claim } from "./node.ts";
import type { AddressOwners } from "./node.ts";
import { onePort, portName } from "./ports.ts";
import { selectorOf } from "./selectors.ts";
import type { PodIndex, Selectable } from "./selectors.ts";
import { checkFamilies, familiesIn } from "./service-families.ts";
import { checkServiceRules, claimNodePort } from "./service-rules.ts";
import { isComplete, readSettings, serviceTypes } from "./service-settings.ts";
import { describe, holdsUnknown } from "./structure.ts";
import { attributeOf, choiceOf, describeValue, inRange, isMalformed, nodeOfAddress, read } from "./values.ts";

/** What services share across the program: who has which cluster IP and node port. */
export interface ServiceOwners {
  readonly addresses: AddressOwners;
  readonly nodePorts: Map<string, { readonly who: string; readonly span: Span }>;
  /** Names of EndpointSlices by `namespace/name`. */
  readonly slices: Map<string, Span>;
}

export function serviceOwners(ctx: CheckContext, cluster: ClusterFacts): ServiceOwners {
  const addresses: AddressOwners = new Map();
  for (const address of cluster.dnsAddresses ?? []) {
    const block = cluster.dnsBlock ?? ctx.cluster?.block;
    if (block === undefined) continue;
    const node = nodeOfAddress(block, "address", address);
    addresses.set(formatIp(address), { who: "service `kube-system/kube-dns`", span: node === null ? ctx.header(block) : ctx.span(node) });
  }
  return { addresses, nodePorts: new Map(), slices: new Map() };
}

export function checkService(
  ctx: CheckContext,
  block: BlockNode,
  namespace: string,
  cluster: ClusterFacts,
  index: PodIndex,
  owners: ServiceOwners,
): ServiceDeclaration | null {
  const name = nameOf(block);
  const who = `service \`${namespace}/${name}\``;
  const given = read<ServiceTypeName | null>(ctx, block, "type", choiceOf(serviceTypes), null);
  const settings = readSettings(ctx, block);
  const { headless, clusterIps } = settings;
  const selector = selects(ctx, block);
  const selected = selector?.value == null ? null : index.select(namespace, { requirements: equalities(selector.value), span: selector.span });
  if (selector?.value != null && selected !== null && selected.length === 0 && !ctx.podsInDoubt) {
    ctx.report(
      "selects-nothing",
      { what: `pod of namespace \`${namespace}\`` },
      { span: selector.span, ...selectorHelp(selector.value, index, namespace) },
    );
  }
  const members = block.body?.members ?? [];
  const statements = members.filter((member): member is PortNode => member.kind === "port-statement");
  const opened = statements.find((statement) => statement.nodePort !== null) ?? null;
  const type: Sourced<ServiceTypeName> =
    given === null || given.value === null
      ? opened === null
        ? { value: "ClusterIP", span: ctx.header(block), explicit: false }
        : { value: "NodePort", span: ctx.span(opened), explicit: true }
      : { ...given, value: given.value };
  const isAlias = type.value === "ExternalName";
  if (!isAlias) {
    checkAddresses(ctx, block, clusterIps?.value ?? [], headless?.value === true, cluster, who, owners);
    checkFamilies(ctx, block, settings, cluster);
  }
  const ports = portsOf(ctx, statements, block, selected, cluster, who, owners);
  const slices = blocksOf(members, "service").filter((inner) => inner.keyword.value === "endpoints");
  const complete = !block.damaged && !holdsUnknown(block);
  if (statements.length === 0 && headless?.value === false && !isAlias && complete && given !== null) {
    ctx.report("missing-member", { what: describe(block), missing: "a port: `port 80/tcp -> 8080`" }, { span: ctx.header(block) });
  }
  if (selector !== null && selector.value === null && slices.length === 0 && !isAlias && complete && given !== null) {
    ctx.report(
      "missing-member",
      { what: describe(block), missing: '`selects …`, such as `selects app == "web"`' },
      { span: ctx.header(block), help: "a service that selects no pods has its endpoints by hand: `endpoints NAME { addresses = […] }`" },
    );
  }
  const service = { namespace, name, who, block, type, opened, statements, settings, selector, slices };
  checkServiceRules(ctx, service, cluster, owners);
  const endpoints = slices.map((slice) => checkEndpoints(ctx, slice, service, ports, cluster, owners));
  if (given === null || selector === null || ports === null || !isComplete(settings) || !endpoints.every((slice) => slice !== null)) return null;
  return {
    name,
    header: ctx.header(block),
    span: ctx.span(block),
    namespace,
    type,
    selector,
    ipFamilies: isAlias ? [] : familiesIn(service, settings, cluster),
    ports,
    ...settings,
    endpoints,
  };
}

function equalities(labels: Labels): { key: string; operator: "In"; values: string[] }[] {
  return Object.entries(labels).map(([key, value]) => ({ key, operator: "In", values: [value] }));
}

/** The nearest value that a pod of the namespace has for a key of the selector. */
function selectorHelp(labels: Labels, index: PodIndex, namespace: string): { readonly help?: string } {
  const pods = index.in(namespace);
  if (pods.length === 0) return { help: `namespace \`${namespace}\` has no pods` };
  for (const [key, value] of Object.entries(labels)) {
    const values = new Set(pods.flatMap((pod) => pod.labels[key] ?? []));
    if (values.has(value)) continue;
    const meant = nearest(value, [...values].sort());
    if (meant !== null) return { help: `did you mean \`${key} == "${meant}"\`?` };
    if (values.size === 0) {
      const keys = new Set(pods.flatMap((pod) => Object.keys(pod.labels)));
      const key2 = nearest(key, [...keys].sort());
      return { help: key2 === null ? `no pod there has a label \`${key}\`` : `did you mean the label \`${key2}\`?` };
    }
  }
  return {};
}

/** Null when it is wrong. */
function selects(ctx: CheckContext, block: BlockNode): ServiceDeclaration["selector"] | null {
  const statements = (block.body?.members ?? []).filter((member) => member.kind === "selects");
  const [first, second] = statements;
  if (first === undefined) return { value: null, span: ctx.header(block), explicit: false };
  if (second !== undefined) {
    ctx.report(
      "duplicate-attribute",
      { name: "selects" },
      { span: ctx.span(second), related: [{ span: ctx.span(first), text: "first here" }] },
    );
  }
  return first.selector === null ? null : equalitySelector(ctx, first.selector);
}

function equalitySelector(ctx: CheckContext, node: SelectorNode): ServiceDeclaration["selector"] | null {
  const other = node.requirements.find((requirement) => requirement.operator !== "==");
  if (other !== undefined) {
    ctx.report(
      "equality-only",
      {},
      { span: ctx.span(other), help: "policies and assertions take the other operators; the Service API has no field for them" },
    );
    return null;
  }
  const selector = selectorOf(ctx, node);
  if (selector === null) return null;
  const out: Record<string, string> = {};
  for (const [i, requirement] of node.requirements.entries()) {
    const key = requirement.key.value;
    const earlier = node.requirements.slice(0, i).find((candidate) => candidate.key.value === key);
    if (earlier !== undefined) {
      ctx.report(
        "contradicting-selector",
        { key },
        { span: ctx.span(requirement), related: [{ span: ctx.span(earlier), text: "first here" }] },
      );
      return null;
    }
    if (requirement.value?.kind === "scalar") out[key] = requirement.value.text;
  }
  return { value: out, span: ctx.span(node), explicit: true };
}

function checkAddresses(
  ctx: CheckContext,
  block: BlockNode,
  addresses: readonly Ip[],
  headless: boolean,
  cluster: ClusterFacts,
  who: string,
  owners: ServiceOwners,
): void {
  if (addresses.length === 0) return;
  const attribute = attributeOf(block, "cluster-ip");
  if (headless && attribute !== null) {
    const flag = attributeOf(block, "headless");
    ctx.report(
      "headless-conflict",
      { what: "address to pin" },
      { span: ctx.span(attribute), related: flag === null ? [] : [{ span: ctx.span(flag), text: "headless" }] },
    );
    return;
  }
  for (const address of addresses) {
    const span = ctx.span(nodeOfAddress(block, "cluster-ip", address) ?? block);
    if (cluster.serviceCidrs !== null && !checkServiceAddress(ctx, address, cluster.serviceCidrs, span)) continue;
    claim(ctx, owners.addresses, address, who, span);
  }
}

function portsOf(
  ctx: CheckContext,
  statements: readonly PortNode[],
  block: BlockNode,
  selected: readonly Selectable[] | null,
  cluster: ClusterFacts,
  who: string,
  owners: ServiceOwners,
): readonly ServicePortDeclaration[] | null {
  const out: ServicePortDeclaration[] = [];
  let sound = true;
  for (const statement of statements) {
    const span = ctx.span(statement);
    const numbered = statement.port === null ? null : onePort(ctx, statement.port);
    const name = statement.name === null ? null : portName(ctx, statement.name.value, statement.name);
    const nodePort = statement.nodePort === null ? null : nodePortOf(ctx, statement, numbered?.protocol ?? "tcp", cluster, who, owners);
    if (numbered === null) {
      sound = false;
      continue;
    }
    const target = statement.target === null ? numbered.port : targetOf(ctx, statement, numbered.protocol);
    if (target === null || (statement.nodePort !== null && nodePort === null) || (statement.name !== null && name === null)) sound = false;
    if (target !== null && selected !== null && selected.length > 0 && !ctx.podsInDoubt)
      checkOffered(ctx, block, statement, target, numbered.protocol, selected);
    const twin = out.find(
      (other) => (name !== null && other.name === name) || (other.port === numbered.port && other.protocol === numbered.protocol),
    );
    if (twin !== undefined) {
      const related = [{ span: twin.span, text: "first here" }];
      if (name !== null && twin.name === name) ctx.report("duplicate-name", { what: "port", name }, { span, related });
      else {
        ctx.report(
          "duplicate-port",
          {
            port: `${numbered.port}/${numbered.protocol}`,
            one: `port \`${twin.name ?? twin.port}\``,
            other: `port \`${name ?? numbered.port}\``,
          },
          { span, related },
        );
      }
      sound = false;
      continue;
    }
    out.push({ name, ...numbered, targetPort: target ?? numbered.port, nodePort, span });
  }
  const unnamed = statements.find((statement) => statement.name === null);
  if (statements.length > 1 && unnamed !== undefined) {
    const at = unnamed.start + "port ".length;
    ctx.report(
      "unnamed-port",
      { service: nameOf(block) },
      {
        span: ctx.span(unnamed),
        fixes: [{ title: "name it", edits: [{ span: spanOf(unnamed, at, at), text: freeName(out) }], safe: false }],
      },
    );
    sound = false;
  }
  return sound ? out : null;
}

function freeName(ports: readonly ServicePortDeclaration[]): string {
  const taken = new Set(ports.map((port) => port.name));
  for (let i = 1; ; i++) if (!taken.has(`port-${i}`)) return `port-${i} = `;
}

/** The target of a port: a number, or the name of a port of the selected pods. */
function targetOf(ctx: CheckContext, statement: PortNode, protocol: Transport): number | string | null {
  const target = statement.target;
  if (target === null || isMalformed(target)) return null;
  if (target.kind === "scalar") {
    if (target.form === "number") return inRange(ctx, "a port", target.text, 1, 65_535, target);
    if (target.form === "word" || target.form === "string") return portName(ctx, target.text, target);
    if (target.form === "port") {
      const [number = "", own = ""] = target.text.split("/");
      ctx.report(
        "wrong-type",
        { attribute: "->", expected: "a port number or a port name", found: describeValue(target) },
        {
          span: ctx.span(target),
          help: own === protocol ? "the protocol is that of the service port" : "a service cannot change the protocol",
          ...(own === protocol ? { fixes: [replace(ctx.span(target), number, `write \`${number}\``)] } : {}),
        },
      );
      return null;
    }
  }
  ctx.report(
    "wrong-type",
    { attribute: "->", expected: "a port number or a port name", found: describeValue(target) },
    { span: ctx.span(target) },
  );
  return null;
}

function nodePortOf(
  ctx: CheckContext,
  statement: PortNode,
  protocol: Transport,
  cluster: ClusterFacts,
  who: string,
  owners: ServiceOwners,
): number | null {
  const value = statement.nodePort;
  if (value === null || isMalformed(value)) return null;
  const span = ctx.span(value);
  if (value.kind !== "scalar" || value.form !== "number") {
    ctx.report("wrong-type", { attribute: "node-port", expected: "a port number such as `30080`", found: describeValue(value) }, { span });
    return null;
  }
  const port = inRange(ctx, "a port", value.text, 1, 65_535, value);
  if (port === null) return null;
  return claimNodePort(ctx, port, protocol, span, cluster, who, owners) ? port : null;
}

/** A target that no selected pod has makes a service whose connections are all refused. */
function checkOffered(
  ctx: CheckContext,
  block: BlockNode,
  statement: PortNode,
  target: number | string,
  protocol: Transport,
  selected: readonly Selectable[],
): void {
  const offers = (pod: Selectable): boolean =>
    pod.ports.some((port) => port.protocol === protocol && (typeof target === "string" ? port.name === target : port.port === target));
  if (selected.some(offers)) return;
  const at = statement.target ?? statement.port ?? statement;
  const ports = selected.flatMap((pod) => pod.ports);
  const names = [...new Set(ports.filter((port) => port.protocol === protocol).flatMap((port) => port.name ?? []))].sort();
  const offered = [...new Set(ports.map((port) => `${port.name === null ? "" : `${port.name} = `}${port.port}/${port.protocol}`))].sort();
  const meant = typeof target === "string" ? nearest(target, names) : null;
  const span = ctx.span(at);
  ctx.report(
    "port-not-offered",
    { port: typeof target === "string" ? `a ${protocol} port called \`${target}\`` : `\`${target}/${protocol}\``, service: nameOf(block) },
    {
      span,
      help:
        meant !== null
          ? `did you mean \`${meant}\`?`
          : offered.length === 0
            ? "the pods declare no ports"
            : `they offer ${offered.slice(0, 6).join(", ")}`,
      ...(meant === null ? {} : { fixes: [replace(span, meant, `write \`${meant}\``, false)] }),
    },
  );
}
