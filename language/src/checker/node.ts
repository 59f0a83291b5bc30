/** `node`. */
import type { BlockNode } from "../ast/nodes.ts";
import { blocksOf, nameOf } from "../binder/binder.ts";
import type { NodeDeclaration } from "../program/checked.ts";
import { addToIp, bitsOf, contains, equalIp, formatCidr, formatIp, isSpecial, maskIp, sizeOf } from "../values/index.ts";
import type { Ip } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { labelsOf } from "./labels.ts";
import type { NetworkFacts, SubnetFacts } from "./network.ts";
import { subnetSpan } from "./network.ts";
import { addressesOf, nodeOfAddress, read } from "./values.ts";

/** Who owns an address, so that a second owner can be told. */
export type AddressOwners = Map<string, { readonly who: string; readonly span: ReturnType<CheckContext["span"]> }>;

/** Claims an address; reports a second owner. */
export function claim(ctx: CheckContext, owners: AddressOwners, address: Ip, who: string, span: ReturnType<CheckContext["span"]>): void {
  const text = formatIp(address);
  const owner = owners.get(text);
  if (owner === undefined) owners.set(text, { who, span });
  else {
    ctx.report(
      "duplicate-address",
      { address: text, one: owner.who, other: who },
      { span, related: [{ span: owner.span, text: `${owner.who} has it` }] },
    );
  }
}

/** @param owners of the addresses of all clusters' nodes */
export function checkNodes(
  ctx: CheckContext,
  networks: NetworkFacts,
  doubtful: ReadonlySet<string>,
  owners: AddressOwners,
): readonly NodeDeclaration[] {
  const out: NodeDeclaration[] = [];
  const beside = ctx.symbols.clusters.length > 1 ? ` of cluster \`${ctx.cluster?.name ?? ""}\`` : "";
  for (const block of ctx.members) {
    if (block.keyword.value !== "node") continue;
    const labels = read(ctx, block, "labels", labelsOf(["kubernetes.io/hostname"]), {});
    const addresses = read(ctx, block, "address", addressesOf, []);
    const clause = block.clauses.find((candidate) => candidate.keyword.value === "in");
    const reference = clause?.value?.kind === "scalar" ? clause.value : null;
    const symbol =
      reference === null || reference.form === "malformed"
        ? null
        : ctx.resolve("subnet", ctx.symbols.subnets, reference.text, ctx.span(reference));
    const subnet = symbol === null ? undefined : networks.subnets.get(symbol.name);
    for (const address of addresses?.value ?? []) {
      const span = ctx.span(nodeOfAddress(block, "address", address) ?? block);
      if (subnet !== undefined && !doubtful.has(subnet.name)) checkNodeAddress(ctx, address, subnet, span);
      claim(ctx, owners, address, `node \`${nameOf(block)}\`${beside}`, span);
    }
    if (labels === null || addresses === null || symbol === null || reference === null) continue;
    out.push({
      name: nameOf(block),
      header: ctx.header(block),
      span: ctx.span(block),
      subnet: { value: symbol.name, span: ctx.span(reference), explicit: true },
      addresses,
      labels,
    });
  }
  const { cluster } = ctx;
  const around = [...ctx.root.members, ...(cluster?.block.body?.members ?? [])];
  const misnamed = around.some((member) => member.kind === "block" && (member.keyword.value === "node" || !isKnown(member)));
  if (cluster !== null && ctx.symbols.nodes.size === 0 && !misnamed) {
    ctx.report("no-nodes", { cluster: cluster.name }, { span: ctx.header(cluster.block), help: "declare machines: `node NAME in SUBNET`" });
  }
  return out;
}

function isKnown(block: BlockNode): boolean {
  return blocksOf([block], "file").length > 0 || blocksOf([block], "cluster").length > 0;
}

function checkNodeAddress(ctx: CheckContext, address: Ip, subnet: SubnetFacts, span: ReturnType<CheckContext["span"]>): void {
  if (subnet.cidrs === null) return;
  const text = formatIp(address);
  const cidr = subnet.cidrs.find((candidate) => contains(candidate, address));
  if (cidr === undefined) {
    ctx.report(
      "outside-subnet",
      { address: text, subnet: subnet.name },
      { span, related: [{ span: subnetSpan(ctx, subnet), text: `the subnet is ${subnet.cidrs.map(formatCidr).join(" and ")}` }] },
    );
    return;
  }
  const base = maskIp(cidr.ip, cidr.prefix);
  const hostBits = bitsOf(cidr.ip.family) - cidr.prefix;
  const gateway = subnet.gateways.find((candidate) => equalIp(candidate.address, address));
  let holder: string | null = null;
  if (isSpecial(address)) holder = "never a host on a wire";
  else if (hostBits > 1 && equalIp(address, base)) holder = `the network address of subnet \`${subnet.name}\``;
  else if (hostBits > 1 && cidr.ip.family === 4 && equalIp(address, addToIp(base, sizeOf(cidr) - 1n)))
    holder = `the broadcast address of subnet \`${subnet.name}\``;
  else if (gateway !== undefined) holder = `the address of router \`${gateway.router}\` in subnet \`${subnet.name}\``;
  if (holder === null) return;
  ctx.report(
    "address-reserved",
    { address: text, holder },
    { span, ...(gateway === undefined ? {} : { related: [{ span: ctx.header(gateway.block), text: "the router" }] }) },
  );
}
