/** `cluster`: its service ranges, pools, proxy and DNS server. */
import type { BlockNode, NodeBase } from "../ast/nodes.ts";
import { blocksOf, nameOf } from "../binder/binder.ts";
import { blockRow } from "../schema/blocks.ts";
import type {
  ClusterDeclaration,
  CniDeclaration,
  DnsDeclaration,
  PoolDeclaration,
  PoolUse,
  ProxyDeclaration,
  Sourced,
} from "../program/checked.ts";
import { addToIp, bitsOf, contains, equalIp, formatCidr, formatIp, maskIp, parseIp } from "../values/index.ts";
import type { Cidr, Ip } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { domainFault } from "../binder/names.ts";
import { secondsOf } from "./durations.ts";
import { addressListOf, choicesOf } from "./lists.ts";
import { checkUsable } from "./special-addresses.ts";
import { describe } from "./structure.ts";
import { calicoSelectorOf } from "./texts.ts";
import {
  addressesOf,
  attributeOf,
  booleanOf,
  choiceOf,
  cidrOf,
  cidrsOf,
  describeValue,
  domainOf,
  enumOf,
  integerOf,
  isMalformed,
  itemsOf,
  nodeOfAddress,
  portNumbersOf,
  read,
  versionOf,
} from "./values.ts";

export interface ClusterFacts {
  readonly declaration: ClusterDeclaration | null;
  /** Null: not known, so nothing is checked against them. */
  readonly serviceCidrs: readonly Cidr[] | null;
  readonly pools: readonly Cidr[] | null;
  /** Those that pods may ask for addresses of. */
  readonly openPools: readonly Cidr[] | null;
  /** The range of each pool that has a sound one. */
  readonly poolRanges: ReadonlyMap<BlockNode, Cidr>;
  readonly nodePorts: { readonly first: number; readonly last: number } | null;
  /** Addresses of the DNS service, given or default; null: not known. */
  readonly dnsAddresses: readonly Ip[] | null;
  readonly dnsBlock: BlockNode | null;
}

const nothing: ClusterFacts = {
  declaration: null,
  serviceCidrs: null,
  pools: null,
  openPools: null,
  poolRanges: new Map(),
  nodePorts: null,
  dnsAddresses: null,
  dnsBlock: null,
};

export function checkCluster(ctx: CheckContext): ClusterFacts {
  if (ctx.cluster === null) {
    const declared = ctx.root.members.some(
      (member) => member.kind === "block" && (member.keyword.value === "cluster" || blockRow(member.keyword.value)?.parents.includes("file") !== true),
    );
    if (!declared) ctx.report("no-cluster", {}, { span: ctx.atStart, help: "begin with `cluster NAME { … }`" });
    return nothing;
  }
  return clusterOf(ctx, ctx.cluster.block);
}

/** The one block of a kind; a second one is reported. */
function only(ctx: CheckContext, block: BlockNode, keyword: string): BlockNode | null {
  const [first, second] = blocksOf(block.body?.members, block.keyword.value).filter((inner) => inner.keyword.value === keyword);
  if (first !== undefined && second !== undefined) {
    ctx.report(
      "duplicate-attribute",
      { name: keyword },
      { span: ctx.header(second), related: [{ span: ctx.header(first), text: "first here" }] },
    );
  }
  return first ?? null;
}

function clusterOf(ctx: CheckContext, block: BlockNode): ClusterFacts {
  const kubernetes = read(ctx, block, "kubernetes", versionOf, "1.34");
  const domain = read(ctx, block, "domain", domainOf, "cluster.local");
  const serviceCidrs = read(ctx, block, "service-cidr", cidrsOf);
  const nodePorts = read(ctx, block, "node-ports", portNumbersOf, { first: 30_000, last: 32_767 });
  const cniBlock = only(ctx, block, "cni");
  const proxyBlock = only(ctx, block, "proxy");
  const dnsBlock = only(ctx, block, "dns");
  if (cniBlock === null && !block.damaged && !hasUnknownBlock(block)) {
    ctx.report("missing-member", { what: describe(block), missing: "a network plug-in: `cni calico { … }`" }, { span: ctx.header(block) });
  }
  const usable = serviceCidrs === null ? null : usableRanges(ctx, block, serviceCidrs.value, dnsBlock);
  const cni = cniBlock === null || nameOf(cniBlock) !== "calico" ? null : cniOf(ctx, cniBlock);
  const pools = cni === null || cni.pools === null ? null : cni.pools;
  if (pools !== null && serviceCidrs !== null) checkFamilies(ctx, block, serviceCidrs, pools);
  const dns = dnsOf(ctx, block, dnsBlock, usable);
  const proxy: ProxyDeclaration | null =
    proxyBlock === null
      ? { name: "iptables", header: ctx.header(block), span: ctx.header(block), mode: "iptables" }
      : nameOf(proxyBlock) === "iptables"
        ? { name: "iptables", header: ctx.header(proxyBlock), span: ctx.span(proxyBlock), mode: "iptables" }
        : null;
  const declaration =
    kubernetes !== null &&
    domain !== null &&
    serviceCidrs !== null &&
    nodePorts !== null &&
    cni?.declaration != null &&
    proxy !== null &&
    dns !== null
      ? {
          name: nameOf(block),
          header: ctx.header(block),
          span: ctx.span(block),
          kubernetes,
          domain,
          serviceCidrs,
          nodePorts,
          cni: cni.declaration,
          proxy,
          dns,
        }
      : null;
  const given = dns?.addresses.value ?? null;
  return {
    declaration,
    serviceCidrs: usable,
    pools: pools?.map((pool) => pool.cidr.value) ?? null,
    openPools: pools?.filter((pool) => !pool.disabled.value && pool.allowedUses.value.includes("Workload")).map((pool) => pool.cidr.value) ?? null,
    poolRanges: cni?.ranges ?? new Map<BlockNode, Cidr>(),
    nodePorts: nodePorts?.value ?? null,
    dnsAddresses: given === null || usable === null ? null : given.length > 0 ? given : usable.map((cidr) => addToIp(cidr.ip, 10)),
    dnsBlock,
  };
}

/** A misspelt keyword may be the block that seems to be missing. */
function hasUnknownBlock(block: BlockNode): boolean {
  return (block.body?.members ?? []).some((member) => member.kind === "block" && blocksOf([member], "cluster").length === 0);
}

function usableRanges(ctx: CheckContext, block: BlockNode, cidrs: readonly Cidr[], dns: BlockNode | null): readonly Cidr[] | null {
  const dnsIsGiven = dns !== null && attributeOf(dns, "address") !== null;
  let sound = true;
  for (const cidr of cidrs) {
    const hostBits = bitsOf(cidr.ip.family) - cidr.prefix;
    if (hostBits >= 4 || (dnsIsGiven && hostBits >= 2)) continue;
    const items = attributeOf(block, "service-cidr")?.value ?? null;
    const at = items === null ? null : (itemsOf(items).find((item) => ctx.text(item) === formatCidr(cidr)) ?? items);
    ctx.report(
      "range-too-small",
      { what: "service range", cidr: formatCidr(cidr), needs: "its first address is the API server's and its tenth is CoreDNS'" },
      { span: at === null ? ctx.header(block) : ctx.span(at), help: `use at most /${bitsOf(cidr.ip.family) - 4}` },
    );
    sound = false;
  }
  return sound ? cidrs : null;
}

interface Cni {
  readonly declaration: CniDeclaration | null;
  readonly pools: readonly PoolDeclaration[] | null;
  readonly ranges: ReadonlyMap<BlockNode, Cidr>;
}

function cniOf(ctx: CheckContext, block: BlockNode): Cni {
  const version = read(ctx, block, "version", versionOf, "3.32");
  const vxlanPort = read(ctx, block, "vxlan-port", integerOf, 4789);
  const vxlanVni = read(ctx, block, "vxlan-vni", integerOf, 4096);
  const vxlanMtu = read<number | null>(ctx, block, "vxlan-mtu", integerOf, null);
  const blocks = blocksOf(block.body?.members, "cni");
  if (blocks.length === 0 && !block.damaged && !(block.body?.members ?? []).some((member) => member.kind === "block")) {
    ctx.report(
      "missing-member",
      { what: "`cni calico`", missing: "a pool that pods get their addresses from: `pool NAME { … }`" },
      { span: ctx.header(block) },
    );
  }
  const pools = blocks.map((pool) => poolOf(ctx, pool));
  const sound =
    pools.length > 0 && pools.every((pool) => pool.ranged) ? pools.flatMap((pool) => pool.declaration ?? pool.partial ?? []) : null;
  const complete = pools.flatMap((pool) => pool.declaration ?? []);
  const declaration: CniDeclaration | null =
    version !== null && vxlanPort !== null && vxlanVni !== null && vxlanMtu !== null && complete.length === pools.length
      ? {
          name: "calico",
          header: ctx.header(block),
          span: ctx.span(block),
          kind: "calico",
          version,
          vxlanPort,
          vxlanVni,
          vxlanMtu,
          pools: complete,
        }
      : null;
  const ranges = new Map(
    blocks.flatMap((pool, i) => {
      const checked = pools[i]?.partial;
      return checked == null ? [] : [[pool, checked.cidr.value] as const];
    }),
  );
  return { declaration, pools: sound, ranges };
}

interface Pool {
  readonly declaration: PoolDeclaration | null;
  /** With a range but without another part: enough for the checks of ranges. */
  readonly partial: PoolDeclaration | null;
  readonly ranged: boolean;
}

const uses: Readonly<Record<string, PoolUse>> = { workload: "Workload", tunnel: "Tunnel" };
const modes = { automatic: "Automatic", manual: "Manual" } as const;

function poolOf(ctx: CheckContext, block: BlockNode): Pool {
  const cidr = read(ctx, block, "cidr", cidrOf);
  const encapsulation = read(ctx, block, "encapsulation", enumOf);
  const natOutgoing = read(ctx, block, "nat-outgoing", booleanOf, false);
  const nodeSelector = read(ctx, block, "node-selector", calicoSelectorOf, "all()");
  const disabled = read(ctx, block, "disabled", booleanOf, false);
  const allowedUses = read<readonly PoolUse[]>(ctx, block, "allowed-uses", choicesOf(uses), ["Workload", "Tunnel"]);
  const assignmentMode = read<PoolDeclaration["assignmentMode"]["value"]>(ctx, block, "assignment-mode", choiceOf(modes), "Automatic");
  const family = cidr?.value.ip.family ?? 4;
  const given = read(ctx, block, "block-size", integerOf, family === 4 ? 26 : 122);
  if (cidr === null) return { declaration: null, partial: null, ranged: false };
  // A disabled pool gives nothing out, so it may be smaller than a block.
  const fits = given !== null && checkBlockSize(ctx, block, cidr.value, given, disabled?.value !== true);
  const blockSize = fits ? given : null;
  const base = { name: nameOf(block), header: ctx.header(block), span: ctx.span(block), cidr };
  const at = <T>(value: T): Sourced<T> => ({ value, span: base.header, explicit: false });
  const partial: PoolDeclaration = {
    ...base,
    blockSize: blockSize ?? at(26),
    encapsulation: at("vxlan"),
    natOutgoing: natOutgoing ?? at(false),
    nodeSelector: nodeSelector ?? at("all()"),
    disabled: disabled ?? at(false),
    allowedUses: allowedUses ?? at(["Workload", "Tunnel"]),
    assignmentMode: assignmentMode ?? at("Automatic"),
  };
  const mode = encapsulation?.value;
  const sound = natOutgoing !== null && nodeSelector !== null && disabled !== null && allowedUses !== null && assignmentMode !== null;
  if (blockSize === null || !sound || encapsulation === null || (mode !== "vxlan" && mode !== "vxlan-cross-subnet")) {
    return { declaration: null, partial, ranged: true };
  }
  const declaration: PoolDeclaration = { ...partial, blockSize, encapsulation: { ...encapsulation, value: mode } };
  return { declaration, partial, ranged: true };
}

function checkBlockSize(ctx: CheckContext, block: BlockNode, cidr: Cidr, size: Sourced<number>, isUsed: boolean): boolean {
  const family = cidr.ip.family;
  const [first, last] = family === 4 ? [20, 32] : [116, 128];
  const attribute = attributeOf(block, "block-size");
  const span = attribute?.value == null ? ctx.header(block) : ctx.span(attribute.value);
  if (size.value < first || size.value > last) {
    ctx.report("block-size", { size: size.value, reason: `Calico allows /${first} to /${last} in an IPv${family} pool` }, { span });
    return false;
  }
  if (size.value >= cidr.prefix || !isUsed) return true;
  const pool = attributeOf(block, "cidr");
  ctx.report(
    "block-size",
    { size: size.value, reason: `the pool itself is only a /${cidr.prefix}` },
    { span, related: pool === null ? [] : [{ span: ctx.span(pool), text: "the pool's range" }] },
  );
  return false;
}

/** Each family of the service ranges needs a pool, and each family of the pools a service range. */
function checkFamilies(ctx: CheckContext, block: BlockNode, services: Sourced<readonly Cidr[]>, pools: readonly PoolDeclaration[]): void {
  for (const family of [4, 6] as const) {
    const served = services.value.some((cidr) => cidr.ip.family === family);
    const pool = pools.find((candidate) => candidate.cidr.value.ip.family === family);
    if (
      served &&
      pool === undefined &&
      pools.some((candidate) => services.value.some((cidr) => cidr.ip.family === candidate.cidr.value.ip.family))
    ) {
      ctx.report("family-without-pool", { family }, { span: services.span, help: "pods of that family would have no address" });
    }
    if (!served && pool !== undefined) {
      ctx.report(
        "family-without-services",
        { family, pool: pool.name },
        { span: pool.cidr.span, related: [{ span: services.explicit ? services.span : ctx.header(block), text: "the service ranges" }] },
      );
    }
  }
}

/** CoreDNS' `forward` takes no more. */
const mostUpstreams = 15;

function dnsOf(ctx: CheckContext, cluster: BlockNode, block: BlockNode | null, ranges: readonly Cidr[] | null): DnsDeclaration | null {
  if (block === null) {
    const span = ctx.header(cluster);
    const at = <T>(value: T): Sourced<T> => ({ value, span, explicit: false });
    const settings = { addresses: at([]), ttl: at(30), cache: at(30), upstream: at([]), nodeLocal: at([]) };
    return { name: "coredns", header: span, span, kind: "coredns", ...settings, forwards: [] };
  }
  if (nameOf(block) !== "coredns") return null;
  const addresses = read(ctx, block, "address", addressesOf, []);
  if (addresses !== null && ranges !== null) {
    for (const address of addresses.value)
      checkServiceAddress(ctx, address, ranges, ctx.span(nodeOfAddress(block, "address", address) ?? block));
  }
  const ttl = read(ctx, block, "ttl", secondsOf, 30);
  const cache = read(ctx, block, "cache", secondsOf, 30);
  const upstream = read(ctx, block, "upstream", addressListOf(mostUpstreams), []);
  const nodeLocal = read(ctx, block, "node-local", addressesOf, []);
  for (const address of upstream?.value ?? []) checkUsable(ctx, block, "upstream", address);
  const forwards: DnsDeclaration["forwards"][number][] = [];
  let sound = true;
  const zones = new Map<string, NodeBase>();
  for (const member of block.body?.members ?? []) {
    if (member.kind !== "forward" || member.zone === null || member.servers === null) continue;
    const zone = member.zone.value;
    const fault = domainFault(zone);
    if (fault !== null) {
      ctx.report("invalid-name", { what: "a DNS zone", name: zone, rule: fault }, { span: ctx.span(member.zone) });
      sound = false;
    }
    const earlier = zones.get(zone);
    if (earlier !== undefined) {
      ctx.report(
        "listed-twice",
        { name: zone },
        { span: ctx.span(member.zone), related: [{ span: ctx.span(earlier), text: "first here" }] },
      );
    } else zones.set(zone, member.zone);
    const servers: Ip[] = [];
    const items = itemsOf(member.servers);
    for (const item of items) {
      const ip = item.kind === "scalar" && item.form === "address" ? parseIp(item.text) : null;
      if (ip !== null) servers.push(ip);
      else {
        sound = false;
        if (!isMalformed(item)) {
          ctx.report(
            "wrong-type",
            { attribute: "forward", expected: "addresses of DNS servers", found: describeValue(item) },
            { span: ctx.span(item) },
          );
        }
      }
    }
    if (items.length === 0) {
      ctx.report(
        "wrong-type",
        { attribute: "forward", expected: "addresses of DNS servers", found: "an empty list" },
        { span: ctx.span(member.servers) },
      );
      sound = false;
    }
    forwards.push({ zone, servers, span: ctx.span(member) });
  }
  if (!sound || addresses === null || ttl === null || cache === null || upstream === null || nodeLocal === null) return null;
  const settings = { addresses, ttl, cache, upstream, nodeLocal };
  return { name: "coredns", header: ctx.header(block), span: ctx.span(block), kind: "coredns", ...settings, forwards };
}

/**
 * Whether an address can be a service's: in a service range, and neither the range's first two addresses nor the last of an IPv4 range.
 * Reports and gives false otherwise.
 */
export function checkServiceAddress(
  ctx: CheckContext,
  address: Ip,
  ranges: readonly Cidr[],
  span: ReturnType<CheckContext["span"]>,
): boolean {
  const range = ranges.find((cidr) => contains(cidr, address));
  if (range === undefined) {
    ctx.outsideServiceRanges.push({
      address: formatIp(address),
      span,
      help: `the cluster's service ranges: ${ranges.map(formatCidr).join(", ")}`,
    });
    return false;
  }
  const base = maskIp(range.ip, range.prefix);
  const last = addToIp(base, (1n << BigInt(bitsOf(range.ip.family) - range.prefix)) - 1n);
  const holder = equalIp(address, base)
    ? `the first address of the service range ${formatCidr(range)}, which stands for the range itself`
    : equalIp(address, addToIp(base, 1))
      ? "the address of service `default/kubernetes`, the API server"
      : range.ip.family === 4 && equalIp(address, last)
        ? `the last address of the service range ${formatCidr(range)}`
        : null;
  if (holder === null) return true;
  ctx.report("address-reserved", { address: formatIp(address), holder }, { span });
  return false;
}
