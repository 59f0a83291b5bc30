/** `network`, `subnet`, `router`. */
import type { BlockNode } from "../ast/nodes.ts";
import { blocksOf, nameOf } from "../binder/binder.ts";
import type { NetworkDeclaration, RouterDeclaration, SubnetDeclaration } from "../program/checked.ts";
import { addToIp, formatCidr, maskIp, sizeOf } from "../values/index.ts";
import type { Cidr, Ip } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { attributeOf, cidrsOf, enumOf, integerOf, namesIn, read } from "./values.ts";

/** What nodes need to know of a subnet. */
export interface SubnetFacts {
  readonly name: string;
  /** Null: the ranges could not be read. */
  readonly cidrs: readonly Cidr[] | null;
  readonly block: BlockNode;
  /** Addresses that routers take, with the router's name. */
  readonly gateways: { readonly address: Ip; readonly router: string; readonly block: BlockNode }[];
}

export interface NetworkFacts {
  readonly declarations: readonly NetworkDeclaration[];
  readonly subnets: ReadonlyMap<string, SubnetFacts>;
}

export function checkNetworks(ctx: CheckContext): NetworkFacts {
  const declarations: NetworkDeclaration[] = [];
  const subnets = new Map<string, SubnetFacts>();
  for (const block of blocksOf(ctx.root.members, "file")) {
    if (block.keyword.value !== "network") continue;
    const inner = blocksOf(block.body?.members, "network");
    const routers = inner.filter((member) => member.keyword.value === "router");
    const declared = inner
      .filter((member) => member.keyword.value === "subnet")
      .map((member) => subnetOf(ctx, member, subnets))
      .filter((subnet) => subnet !== null);
    declarations.push({
      name: nameOf(block),
      header: ctx.header(block),
      span: ctx.span(block),
      subnets: declared,
      routers: routers.map((router) => routerOf(ctx, router, nameOf(block), subnets)).filter((router) => router !== null),
    });
  }
  return { declarations, subnets };
}

function subnetOf(ctx: CheckContext, block: BlockNode, subnets: Map<string, SubnetFacts>): SubnetDeclaration | null {
  const name = nameOf(block);
  const cidrs = read(ctx, block, "cidr", cidrsOf);
  const mtu = read(ctx, block, "mtu", integerOf, 1500);
  const six = cidrs?.value.some((cidr) => cidr.ip.family === 6) === true;
  if (six && mtu !== null && mtu.value < 1280) {
    ctx.report(
      "out-of-range",
      { what: "the MTU of an IPv6 subnet", value: String(mtu.value), first: 1280, last: 65_535 },
      { span: mtu.span },
    );
  }
  if (!subnets.has(name)) subnets.set(name, { name, cidrs: cidrs?.value ?? null, block, gateways: [] });
  return cidrs === null || mtu === null ? null : { name, header: ctx.header(block), span: ctx.span(block), cidrs, mtu };
}

function routerOf(
  ctx: CheckContext,
  block: BlockNode,
  network: string,
  subnets: ReadonlyMap<string, SubnetFacts>,
): RouterDeclaration | null {
  const name = nameOf(block);
  const nat = read<string | null>(ctx, block, "nat", enumOf, null);
  const joins = read(ctx, block, "joins", (ctx, row, value) => {
    const names = namesIn(ctx, row.name, row.type, value);
    if (names === null) return null;
    const out: string[] = [];
    for (const { name: subnet, node } of names) {
      const symbol = ctx.resolve("subnet", ctx.symbols.subnets, subnet, ctx.span(node));
      if (symbol === null) continue;
      if (symbol.scope !== network) {
        ctx.report(
          "misplaced-declaration",
          {
            what: `subnet \`${subnet}\` of network \`${symbol.scope ?? ""}\``,
            where: `among the subnets that a router of network \`${network}\` joins`,
          },
          {
            span: ctx.span(node),
            related: [{ span: symbol.span, text: "declared here" }],
            help: "a router joins subnets of its own network",
          },
        );
      } else out.push(subnet);
    }
    return out;
  });
  for (const subnet of joins?.value ?? []) {
    const facts = subnets.get(subnet);
    if (facts === undefined) continue;
    const nth = new Set(facts.gateways.map((gateway) => gateway.router)).size + 1;
    for (const cidr of facts.cidrs ?? []) {
      if (BigInt(nth) >= hostsOf(cidr)) {
        const needs = `with its network address${cidr.ip.family === 4 ? ", broadcast address" : ""} and routers no address is left for a node`;
        ctx.report("range-too-small", { what: "subnet", cidr: formatCidr(cidr), needs }, { span: subnetSpan(ctx, facts) });
        continue;
      }
      facts.gateways.push({ address: addToIp(maskIp(cidr.ip, cidr.prefix), nth), router: `${network}/${name}`, block });
    }
  }
  if (joins === null || nat === null || (nat.value !== null && nat.value !== "internet")) return null;
  return { name, header: ctx.header(block), span: ctx.span(block), joins, nat: { ...nat, value: nat.value } };
}

/** Addresses that a subnet can give to routers and nodes. */
function hostsOf(cidr: Cidr): bigint {
  return sizeOf(cidr) - (cidr.ip.family === 4 ? 2n : 1n);
}

/** Where the range of a subnet is written. */
export function subnetSpan(ctx: CheckContext, subnet: SubnetFacts): ReturnType<CheckContext["span"]> {
  const attribute = attributeOf(subnet.block, "cidr");
  return attribute === null ? ctx.header(subnet.block) : ctx.span(attribute);
}
