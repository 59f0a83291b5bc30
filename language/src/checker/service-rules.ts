/** Which attributes of a service go together: what the API server refuses, each with its own message. */
import type { BlockNode, PortNode } from "../ast/nodes.ts";
import type { ServiceDeclaration, ServiceTypeName, Sourced } from "../program/checked.ts";
import { attributeOf, isNumber } from "./values.ts";
import type { Transport } from "../values/index.ts";
import type { Span } from "../text/span.ts";
import type { ClusterFacts } from "./cluster.ts";
import type { CheckContext } from "./context.ts";
import type { ServiceOwners } from "./service.ts";
import { serviceTypes } from "./service-settings.ts";
import type { ServiceSettings } from "./service-settings.ts";
import { checkUsable } from "./special-addresses.ts";
import { describe } from "./structure.ts";

/** A service as far as it could be read. */
export interface ServiceFacts {
  readonly namespace: string;
  readonly name: string;
  /** `service \`shop/web\``. */
  readonly who: string;
  readonly block: BlockNode;
  readonly type: Sourced<ServiceTypeName>;
  /** The first port with a node port. */
  readonly opened: PortNode | null;
  readonly statements: readonly PortNode[];
  readonly settings: ServiceSettings;
  readonly selector: ServiceDeclaration["selector"] | null;
  /** Its `endpoints` blocks. */
  readonly slices: readonly BlockNode[];
}

/** The kubelet's API: a load balancer in front of it would open every node. */
const kubeletPort = 10_250;

/** What only services of type `load-balancer` have. */
const balancerAttributes = [
  "load-balancer-addresses",
  "ip-mode",
  "source-ranges",
  "load-balancer-class",
  "allocate-node-ports",
  "health-check-node-port",
] as const;

/** What an alias has no use for, because no traffic goes to a service of this type. */
const trafficAttributes = [
  "cluster-ip",
  "families",
  "family-policy",
  "headless",
  "publish-not-ready",
  "external-ips",
  "session-affinity",
  "session-timeout",
  "internal-traffic-policy",
  "external-traffic-policy",
  "traffic-distribution",
] as const;

export function checkServiceRules(ctx: CheckContext, service: ServiceFacts, cluster: ClusterFacts, owners: ServiceOwners): void {
  checkType(ctx, service);
  if (service.type.value === "ExternalName") {
    checkAlias(ctx, service);
    return;
  }
  checkHeadless(ctx, service);
  checkEndpointsPlace(ctx, service);
  checkPolicies(ctx, service);
  checkHealthCheck(ctx, service, cluster, owners);
  const { block, settings, type } = service;
  for (const ip of settings.externalIps?.value ?? []) checkUsable(ctx, block, "external-ips", ip);
  for (const ip of settings.loadBalancerAddresses?.value ?? []) checkUsable(ctx, block, "load-balancer-addresses", ip);
  const mode = attributeOf(block, "ip-mode");
  if (mode !== null && type.value === "LoadBalancer" && settings.loadBalancerAddresses?.explicit === false) {
    ctx.report("missing-member", { what: "`ip-mode`", missing: "`load-balancer-addresses`, which it is about" }, { span: ctx.span(mode) });
  }
  if (type.value !== "LoadBalancer") return;
  for (const statement of service.statements) {
    const { port } = statement;
    const number = port?.kind === "scalar" && (port.form === "port" || isNumber(port)) ? Number(port.text.split("/")[0]) : null;
    if (number === kubeletPort && port !== null) ctx.report("kubelet-port", {}, { span: ctx.span(port) });
  }
}

/** Attributes that belong to another type. */
function checkType(ctx: CheckContext, { block, type, opened }: ServiceFacts): void {
  const found = Object.keys(serviceTypes).find((word) => serviceTypes[word] === type.value) ?? "";
  const belongs = (name: string, wanted: ServiceTypeName, word: string): void => {
    const attribute = attributeOf(block, name);
    if (attribute === null || type.value === wanted) return;
    ctx.report(
      "wrong-service-type",
      { attribute: name, wanted: word, found },
      { span: ctx.span(attribute), ...(type.explicit ? { related: [{ span: type.span, text: "its type" }] } : { help: `say \`type = ${word}\`` }) },
    );
  };
  for (const name of balancerAttributes) belongs(name, "LoadBalancer", "load-balancer");
  belongs("external-name", "ExternalName", "external-name");
  if (type.value === "ClusterIP" && opened?.nodePort != null) {
    ctx.report(
      "misplaced-clause",
      { clause: "node-port", what: "a service of type `cluster-ip`" },
      { span: ctx.span(opened.nodePort), related: [{ span: type.span, text: "the type" }] },
    );
  }
}

/** `type = external-name`. */
function checkAlias(ctx: CheckContext, { block, type, opened, selector, slices, settings }: ServiceFacts): void {
  const related = [{ span: type.span, text: "it is only a name in DNS" }];
  const conflict = (what: string, span: Span): void => ctx.report("external-name-conflict", { what }, { span, related });
  for (const name of trafficAttributes) {
    const attribute = attributeOf(block, name);
    if (attribute !== null) conflict(`\`${name}\``, ctx.span(attribute));
  }
  if (opened?.nodePort != null) conflict("node port", ctx.span(opened.nodePort));
  if (selector?.explicit === true) conflict("pods to select", selector.span);
  for (const slice of slices) conflict("endpoints", ctx.header(slice));
  if (attributeOf(block, "external-name") === null) {
    ctx.report("missing-member", { what: describe(block), missing: '`external-name = "…"`, the name it is an alias of' }, { span: type.span });
  }
  const alias = settings.externalName;
  if (alias?.value != null && /^[0-9.]+$/.test(alias.value)) {
    ctx.report(
      "no-effect",
      { what: `an alias of \`${alias.value}\`` },
      { span: alias.span, help: "CoreDNS resolves names only; a service with `endpoints` stands for an address" },
    );
  }
}

function checkHeadless(ctx: CheckContext, { block, type, opened, settings }: ServiceFacts): void {
  const { headless } = settings;
  if (headless?.value !== true) return;
  if (type.value === "NodePort" || type.value === "LoadBalancer") {
    const span = opened?.nodePort == null ? type.span : ctx.span(opened.nodePort);
    const what = type.value === "NodePort" ? "node port" : "load balancer";
    ctx.report("headless-conflict", { what }, { span, related: [{ span: headless.span, text: "headless" }] });
  }
  for (const name of ["external-ips", "session-affinity", "internal-traffic-policy", "traffic-distribution"]) {
    const attribute = attributeOf(block, name);
    if (attribute === null) continue;
    ctx.report(
      "no-effect",
      { what: `\`${name}\` of a headless service` },
      { span: ctx.span(attribute), related: [{ span: headless.span, text: "headless" }], help: "clients of a headless service talk to its pods themselves" },
    );
  }
}

function checkEndpointsPlace(ctx: CheckContext, { selector, slices }: ServiceFacts): void {
  const [slice] = slices;
  if (slice === undefined || selector === null || selector.value === null) return;
  ctx.report("endpoints-conflict", {}, { span: ctx.header(slice), related: [{ span: selector.span, text: "it selects pods here" }] });
}

function checkPolicies(ctx: CheckContext, { block, type, settings }: ServiceFacts): void {
  const external = attributeOf(block, "external-traffic-policy");
  if (external !== null && type.value === "ClusterIP" && settings.externalIps?.value.length === 0) {
    ctx.report(
      "not-external",
      {},
      { span: ctx.span(external), help: "services of type `node-port` and `load-balancer` are open to the outside, and those with `external-ips`" },
    );
  }
  const timeout = attributeOf(block, "session-timeout");
  if (timeout !== null && settings.sessionAffinity?.value === "None") {
    ctx.report("timeout-without-affinity", {}, { span: ctx.span(timeout), help: "say `session-affinity = client-ip`" });
  }
}

function checkHealthCheck(ctx: CheckContext, service: ServiceFacts, cluster: ClusterFacts, owners: ServiceOwners): void {
  const { settings, type, who } = service;
  const port = settings.healthCheckNodePort;
  if (port?.value == null || type.value !== "LoadBalancer") return;
  if (settings.externalTrafficPolicy?.value === "Cluster") {
    ctx.report("health-check-without-local", {}, { span: port.span, help: "say `external-traffic-policy = local`" });
  }
  claimNodePort(ctx, port.value, "tcp", port.span, cluster, who, owners);
}

/** Takes a node port for a service; false after a message when it is outside the range or taken. */
export function claimNodePort(
  ctx: CheckContext,
  port: number,
  protocol: Transport,
  span: Span,
  cluster: ClusterFacts,
  who: string,
  owners: ServiceOwners,
): boolean {
  const range = cluster.nodePorts;
  if (range !== null && (port < range.first || port > range.last)) {
    ctx.report("outside-node-ports", { port, ...range }, { span, help: "the range is `node-ports` of the cluster" });
    return false;
  }
  const key = `${port}/${protocol}`;
  const owner = owners.nodePorts.get(key);
  if (owner === undefined) {
    owners.nodePorts.set(key, { who, span });
    return true;
  }
  ctx.report(
    "duplicate-port",
    { port: `node port ${key}`, one: owner.who, other: who },
    { span, related: [{ span: owner.span, text: "first here" }] },
  );
  return false;
}
