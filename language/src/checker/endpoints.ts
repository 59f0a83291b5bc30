/** `endpoints`: EndpointSlices written by hand. */
import type { BlockNode, PortNode } from "../ast/nodes.ts";
import { nameOf } from "../binder/binder.ts";
import type { ContainerPortDeclaration, EndpointsDeclaration, ServicePortDeclaration, Sourced } from "../program/checked.ts";
import { contains, formatIp } from "../values/index.ts";
import type { Ip } from "../values/index.ts";
import type { ClusterFacts } from "./cluster.ts";
import type { CheckContext } from "./context.ts";
import { addressListOf } from "./lists.ts";
import { containerPorts } from "./ports.ts";
import type { ServiceOwners } from "./service.ts";
import type { ServiceFacts } from "./service-rules.ts";
import { checkUsable } from "./special-addresses.ts";
import { describe } from "./structure.ts";
import { dnsLabelOf, labelValueOf, referenceOf } from "./texts.ts";
import { booleanOf, nodeOfAddress, read } from "./values.ts";

/** `endpoints` of an EndpointSlice: the API server takes no more. */
const mostEndpoints = 1000;

/** Null when a part of it is wrong. */
export function checkEndpoints(
  ctx: CheckContext,
  block: BlockNode,
  service: ServiceFacts,
  servicePorts: readonly ServicePortDeclaration[] | null,
  cluster: ClusterFacts,
  owners: ServiceOwners,
): EndpointsDeclaration | null {
  const addresses = read(ctx, block, "addresses", addressListOf(mostEndpoints));
  const usable = addresses === null || checkAddresses(ctx, block, addresses.value, cluster);
  const serving = read(ctx, block, "serving", booleanOf, true);
  const terminating = read(ctx, block, "terminating", booleanOf, false);
  const ready = read(ctx, block, "ready", booleanOf, serving?.value !== false && terminating?.value !== true);
  const reference = read(ctx, block, "node", referenceOf);
  const symbol = reference === null ? null : ctx.resolve("node", ctx.symbols.nodes, reference.value.text, ctx.span(reference.value));
  const zone = read<string | null>(ctx, block, "zone", labelValueOf, null);
  const hostname = read<string | null>(ctx, block, "hostname", dnsLabelOf, null);
  const statements = (block.body?.members ?? []).filter((member): member is PortNode => member.kind === "port-statement");
  const ports = containerPorts(ctx, statements, "endpoints block");
  // Endpoints that have no place here are told once.
  const misplaced = service.selector?.value != null || service.type.value === "ExternalName";
  const joined = misplaced || servicePorts === null || checkPorts(ctx, block, service, ports, statements.length, servicePorts);
  const name = nameOf(block);
  claimName(ctx, block, service, owners);
  if (addresses === null || !usable || !joined || serving === null || terminating === null || ready === null) return null;
  if (zone === null || hostname === null || ports.length < statements.length || (reference !== null && symbol === null)) return null;
  const header = ctx.header(block);
  const node: Sourced<string | null> =
    symbol === null || reference === null
      ? { value: null, span: header, explicit: false }
      : { value: symbol.name, span: reference.span, explicit: true };
  return { name, header, span: ctx.span(block), addresses, ports, ready, serving, terminating, node, zone, hostname };
}

/** A slice has one family, and the addresses of real machines. */
function checkAddresses(ctx: CheckContext, block: BlockNode, addresses: readonly Ip[], cluster: ClusterFacts): boolean {
  const [first] = addresses;
  if (first === undefined) {
    ctx.report("missing-member", { what: describe(block), missing: "an address" }, { span: ctx.header(block) });
    return false;
  }
  const other = addresses.find((ip) => ip.family !== first.family);
  if (other !== undefined) {
    ctx.report(
      "endpoints-family",
      { one: formatIp(first), other: formatIp(other) },
      { span: ctx.span(nodeOfAddress(block, "addresses", other) ?? block), help: "write a second `endpoints` block for the other family" },
    );
    return false;
  }
  let sound = true;
  for (const ip of addresses) {
    if (!checkUsable(ctx, block, "addresses", ip)) sound = false;
    else if (cluster.serviceCidrs?.some((cidr) => contains(cidr, ip)) === true) {
      ctx.report(
        "special-address",
        { attribute: "addresses", address: formatIp(ip), reason: "it is in a service range, and kube-proxy does not translate twice" },
        { span: ctx.span(nodeOfAddress(block, "addresses", ip) ?? block) },
      );
      sound = false;
    }
  }
  return sound;
}

/** Ports join those of the service by name and protocol; without any, the service's own targets must be numbers. */
function checkPorts(
  ctx: CheckContext,
  block: BlockNode,
  { name: service }: ServiceFacts,
  ports: readonly ContainerPortDeclaration[],
  written: number,
  servicePorts: readonly ServicePortDeclaration[],
): boolean {
  if (written === 0) {
    const named = servicePorts.find((port) => typeof port.targetPort === "string");
    if (named === undefined) return true;
    ctx.report(
      "missing-member",
      { what: describe(block), missing: `a port: \`port ${named.name === null ? "" : `${named.name} = `}8080/${named.protocol}\`` },
      { span: ctx.header(block), related: [{ span: named.span, text: `the target \`${named.targetPort}\` is a name, and only pods have names for ports` }] },
    );
    return false;
  }
  const unknown = ports.filter((port) => !servicePorts.some((other) => other.name === port.name && other.protocol === port.protocol));
  for (const port of unknown) {
    const wanted = port.name === null ? `${port.protocol} port without a name` : `${port.protocol} port \`${port.name}\``;
    ctx.report("endpoints-port", { service, port: wanted }, { span: port.span, help: "ports are joined by name and protocol" });
  }
  return unknown.length === 0;
}

/** EndpointSlices of a namespace share their names. */
function claimName(ctx: CheckContext, block: BlockNode, service: ServiceFacts, owners: ServiceOwners): void {
  const name = nameOf(block);
  if (name === "" || block.name === null) return;
  const key = `${service.namespace}/${name}`;
  const first = owners.slices.get(key);
  const span = ctx.span(block.name);
  if (first === undefined) owners.slices.set(key, span);
  else ctx.report("duplicate-name", { what: "endpoints", name }, { span, related: [{ span: first, text: "first here" }] });
}
