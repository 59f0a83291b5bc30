/** Whether encapsulated packets fit through the smallest link between any two nodes. */
import { replace } from "../diagnostics/diagnostic.ts";
import type { Label } from "../diagnostics/diagnostic.ts";
import type { NetworkDeclaration, RouterDeclaration, SubnetDeclaration } from "../program/checked.ts";
import type { Family } from "../values/index.ts";
import type { LintContext } from "./context.ts";
import { prependMember } from "./edits.ts";

/** Outer Ethernet, IP, UDP and VXLAN headers, in bytes. */
const vxlanOverhead: Readonly<Record<Family, number>> = { 4: 50, 6: 70 };

/** What every IPv6 link carries at least (RFC 8200). */
const ipv6Minimum = 1280;

interface Path {
  readonly from: SubnetDeclaration;
  readonly to: SubnetDeclaration;
  /** The subnet on the way that carries least. */
  readonly narrowest: SubnetDeclaration;
}

export function lintMtu(ctx: LintContext): void {
  const { cluster, networks, nodes } = ctx.program;
  const encapsulated = cluster.cni.pools.filter((pool) => pool.encapsulation.value.startsWith("vxlan"));
  if (encapsulated.length === 0) return;
  const overhead = Math.max(...encapsulated.map((pool) => vxlanOverhead[pool.cidr.value.ip.family]));
  const always = encapsulated.some((pool) => pool.encapsulation.value === "vxlan");
  const used = new Map<string, number>();
  for (const node of nodes) used.set(node.subnet.value, (used.get(node.subnet.value) ?? 0) + 1);
  const declared = networks.flatMap((network) => network.subnets).filter((subnet) => used.has(subnet.name));
  const paths = networks.flatMap((network) => pathsOf(network, used));
  const within = declared.filter((subnet) => (used.get(subnet.name) ?? 0) > 1).map((subnet): Path => ({ from: subnet, to: subnet, narrowest: subnet }));
  const tunnelled = always ? [...within, ...paths] : paths;
  const given = cluster.cni.vxlanMtu.value;
  if (given === null) derived(ctx, tunnelled, overhead);
  else explicit(ctx, given, overhead, tunnelled, always ? [] : within);
  if (cluster.cni.pools.some((pool) => pool.cidr.value.ip.family === 6)) tooSmallForIpv6(ctx, given, overhead, declared);
}

/** `vxlan-mtu` is said: the same inner size on every node. */
function explicit(ctx: LintContext, inner: number, overhead: number, tunnelled: readonly Path[], direct: readonly Path[]): void {
  const { span } = ctx.program.cluster.cni.vxlanMtu;
  const room = Math.min(...tunnelled.map((path) => path.narrowest.mtu.value - overhead), ...direct.map((path) => path.narrowest.mtu.value));
  if (inner <= room) return;
  const narrow = narrowestOf(tunnelled);
  const path = narrow !== null && narrow.narrowest.mtu.value - overhead === room ? narrow : narrowestOf(direct);
  if (path === null) return;
  const size = path.narrowest.mtu.value === room ? inner : inner + overhead;
  ctx.report(
    "mtu-too-large",
    { size, path: describe(path), mtu: path.narrowest.mtu.value },
    {
      span,
      related: mtuLabel(path),
      help: `VXLAN adds ${overhead} bytes; small packets pass, large ones are cut or lost`,
      fixes: span.expansion === undefined ? [replace(span, `vxlan-mtu = ${room}`, `write \`vxlan-mtu = ${room}\``)] : [],
    },
  );
}

/** Without it each node fills the MTU of its own subnet, which another subnet on the way may not carry. */
function derived(ctx: LintContext, paths: readonly Path[], overhead: number): void {
  const wide = paths.filter((path) => Math.max(path.from.mtu.value, path.to.mtu.value) > path.narrowest.mtu.value);
  const path = narrowestOf(wide);
  if (path === null) return;
  const { cni } = ctx.program.cluster;
  const mtu = path.narrowest.mtu.value - overhead;
  const edit = prependMember(ctx.textOf(cni.span.file), cni.span, cni.header, `vxlan-mtu = ${mtu}`);
  ctx.report(
    "mtu-too-large",
    { size: Math.max(path.from.mtu.value, path.to.mtu.value), path: describe(path), mtu: path.narrowest.mtu.value },
    {
      span: cni.header,
      related: mtuLabel(path),
      help: `every node fills the MTU of its own subnet; \`vxlan-mtu = ${mtu}\` fits all of them`,
      fixes: edit === null ? [] : [{ title: `add \`vxlan-mtu = ${mtu}\``, edits: [edit], safe: true }],
    },
  );
}

function tooSmallForIpv6(ctx: LintContext, given: number | null, overhead: number, subnets: readonly SubnetDeclaration[]): void {
  if (given !== null) {
    if (given < ipv6Minimum) ctx.report("mtu-below-ipv6", { mtu: given, overhead: 0 }, { span: ctx.program.cluster.cni.vxlanMtu.span });
    return;
  }
  for (const { mtu } of subnets) {
    if (mtu.value - overhead >= ipv6Minimum) continue;
    ctx.report("mtu-below-ipv6", { mtu: mtu.value - overhead, overhead }, { span: mtu.span, help: `the subnet must carry ${ipv6Minimum + overhead} bytes` });
  }
}

function narrowestOf(paths: readonly Path[]): Path | null {
  return paths.reduce<Path | null>((best, path) => (best === null || path.narrowest.mtu.value < best.narrowest.mtu.value ? path : best), null);
}

function describe({ from, to, narrowest }: Path): string {
  if (from === to) return `subnet \`${from.name}\``;
  const by = narrowest === from || narrowest === to ? "" : ` by \`${narrowest.name}\``;
  return `the path from subnet \`${from.name}\` to \`${to.name}\`${by}`;
}

function mtuLabel({ narrowest: { name, mtu } }: Path): readonly Label[] {
  return [{ span: mtu.span, text: `subnet \`${name}\` carries ${mtu.value}` }];
}

/** The paths between subnets with nodes: by the fewest routers, of equals by the first declared. */
function pathsOf(network: NetworkDeclaration, used: ReadonlyMap<string, number>): readonly Path[] {
  const byName = new Map(network.subnets.map((subnet) => [subnet.name, subnet]));
  const routersOf = new Map<string, RouterDeclaration[]>();
  for (const router of network.routers) for (const name of router.joins.value) routersOf.set(name, [...(routersOf.get(name) ?? []), router]);
  const out: Path[] = [];
  for (const from of network.subnets) {
    if (!used.has(from.name)) continue;
    const narrowest = new Map<string, SubnetDeclaration>([[from.name, from]]);
    const crossed = new Set<RouterDeclaration>();
    let frontier: readonly SubnetDeclaration[] = [from];
    while (frontier.length > 0) {
      const next: SubnetDeclaration[] = [];
      for (const subnet of frontier) {
        const soFar = narrowest.get(subnet.name) ?? subnet;
        for (const router of routersOf.get(subnet.name) ?? []) {
          if (crossed.has(router)) continue;
          crossed.add(router);
          for (const name of router.joins.value) {
            const joined = byName.get(name);
            if (joined === undefined || narrowest.has(name)) continue;
            narrowest.set(name, joined.mtu.value < soFar.mtu.value ? joined : soFar);
            next.push(joined);
            if (used.has(name)) out.push({ from, to: joined, narrowest: narrowest.get(name) ?? joined });
          }
        }
      }
      frontier = next;
    }
  }
  return out;
}
