/** How much of each range is taken: what is nearly full today is full when the next machine or service comes. */
import type { PoolDeclaration, ServiceDeclaration } from "../program/checked.ts";
import { bitsOf, formatCidr, sizeOf, transports } from "../values/index.ts";
import type { Cidr, Family } from "../values/index.ts";
import type { Span } from "../text/span.ts";
import type { LintContext } from "./context.ts";

/** Of a hundred: from here on a range is nearly full. */
const nearly = 80n;

export function lintCapacity(ctx: LintContext): void {
  serviceRanges(ctx);
  nodePorts(ctx);
  subnets(ctx);
  for (const family of [4, 6] as const) pools(ctx, family);
}

/** Nothing is said of a range that is more than full: that is an error, which the allocation reports. */
function warnNearlyFull(ctx: LintContext, what: string, used: bigint, size: bigint, unit: string, span: Span, help: string): boolean {
  if (size <= 0n || used > size || used * 100n < size * nearly) return false;
  const left = size - used;
  ctx.report(
    "nearly-full",
    { what, used: String(used), size: String(size), unit },
    { span, notes: [left === 0n ? "none is left" : `${left} ${left === 1n ? "is" : "are"} left`], help },
  );
  return true;
}

function serviceRanges(ctx: LintContext): void {
  const { cluster, namespaces } = ctx.program;
  const services = namespaces.flatMap((namespace) => namespace.services);
  for (const [index, cidr] of cluster.serviceCidrs.value.entries()) {
    // The API server and CoreDNS have an address each; the range's own address and the last of an IPv4 range go to nobody.
    const used = 2 + services.filter((service) => hasAddressIn(service, cidr, index)).length;
    const size = sizeOf(cidr) - (cidr.ip.family === 4 ? 2n : 1n);
    warnNearlyFull(
      ctx,
      `service range ${formatCidr(cidr)}`,
      BigInt(used),
      size,
      "cluster IPs",
      cluster.serviceCidrs.span,
      "the range of a running cluster is hard to change: choose a wider one now",
    );
  }
}

/** Whether a service gets a cluster IP of a service range. */
function hasAddressIn(service: ServiceDeclaration, { ip: { family } }: Cidr, index: number): boolean {
  if (service.headless.value || service.type.value === "ExternalName") return false;
  if (service.families.value.length > 0) return service.families.value.includes(family);
  if (service.familyPolicy.value === "PreferDualStack" || service.familyPolicy.value === "RequireDualStack") return true;
  const pinned = service.clusterIps.value;
  return pinned.length === 0 ? index === 0 : pinned.some((ip) => ip.family === family);
}

/** Of the protocol that has the most: each has all the numbers for itself. */
function nodePorts(ctx: LintContext): void {
  const { cluster, namespaces } = ctx.program;
  const ports = namespaces
    .flatMap((namespace) => namespace.services)
    .filter(hasNodePorts)
    .flatMap((service) => service.ports);
  const { first, last } = cluster.nodePorts.value;
  let most = 0;
  let busiest = "tcp";
  for (const transport of transports) {
    const taken = ports.filter((port) => port.protocol === transport).length;
    if (taken <= most) continue;
    most = taken;
    busiest = transport;
  }
  warnNearlyFull(
    ctx,
    `the node port range ${first}..${last}`,
    BigInt(most),
    BigInt(last - first + 1),
    `${busiest} ports`,
    cluster.nodePorts.span,
    "widen `node-ports`, and open the new ports where firewalls open the old ones",
  );
}

/** A load balancer has node ports too unless it does without. */
export function hasNodePorts({ type, allocateNodePorts }: ServiceDeclaration): boolean {
  return type.value === "NodePort" || (type.value === "LoadBalancer" && allocateNodePorts.value);
}

function subnets(ctx: LintContext): void {
  const { networks, nodes } = ctx.program;
  for (const { subnets: declared, routers } of networks) {
    for (const { name, cidrs } of declared) {
      const machines = nodes.filter((node) => node.subnet.value === name).length;
      // A subnet of routers alone is as small as can be on purpose.
      if (machines === 0) continue;
      const used = machines + routers.filter((router) => router.joins.value.includes(name)).length;
      for (const cidr of cidrs.value) {
        const size = sizeOf(cidr) - (cidr.ip.family === 4 ? 2n : 1n);
        warnNearlyFull(ctx, `subnet \`${name}\` (${formatCidr(cidr)})`, BigInt(used), size, "addresses", cidrs.span, "routers and nodes take one each");
      }
    }
  }
}

/** Each node owns at least one block of each family: one for its tunnel's and its pods' addresses. */
function pools(ctx: LintContext, family: Family): void {
  const { cluster, nodes } = ctx.program;
  const all = cluster.cni.pools.filter((pool) => pool.cidr.value.ip.family === family && !pool.disabled.value);
  // Which nodes a pool is for is known when its selector is asked.
  if (all.some((pool) => pool.nodeSelector.value.trim() !== "all()" || pool.assignmentMode.value === "Manual" || pool.allowedUses.value.length < 2)) return;
  const [first] = all;
  if (first === undefined) return;
  const what = all.length === 1 ? `pool \`${first.name}\` (${formatCidr(first.cidr.value)})` : `the ${all.length} IPv${family} pools together`;
  const blocks = all.reduce((sum, pool) => sum + blocksOf(pool), 0n);
  const machines = BigInt(nodes.length);
  const sizes = [...new Set(all.map((pool) => `/${pool.blockSize.value}`))].join(", ");
  if (machines > blocks) {
    ctx.report(
      "too-few-blocks",
      { nodes: nodes.length, what, blocks: `${blocks} of ${sizes}` },
      {
        span: first.cidr.span,
        related: first.blockSize.explicit ? [{ span: first.blockSize.span, text: "the size of a block" }] : [],
        help: "a node without a block borrows single addresses of others, each of which is a route of its own on every node; widen the pool or make `block-size` a longer prefix",
      },
    );
    return;
  }
  const help = "widen the pool, or add another one";
  if (warnNearlyFull(ctx, what, machines, blocks, `blocks of ${sizes}`, first.cidr.span, help)) return;
  const tunnels = all.some((pool) => pool.encapsulation.value.startsWith("vxlan")) ? nodes.length : 0;
  const pods = ctx.pods.all.reduce((sum, pod) => sum + (pod.hostNetwork ? 0 : pod.pods), 0);
  const size = all.reduce((sum, pool) => sum + sizeOf(pool.cidr.value), 0n);
  warnNearlyFull(ctx, what, BigInt(tunnels + pods), size, "addresses", first.cidr.span, help);
}

function blocksOf(pool: PoolDeclaration): bigint {
  const { ip, prefix } = pool.cidr.value;
  return 1n << BigInt(Math.min(pool.blockSize.value, bitsOf(ip.family)) - prefix);
}
