/** Node firewalls that drop what the cluster itself sends. */
import { join } from "../diagnostics/suggest.ts";
import type { FirewallDeclaration, FirewallRuleDeclaration, NodeDeclaration, SubnetDeclaration } from "../program/checked.ts";
import { contains, formatPortRange, overlaps } from "../values/index.ts";
import type { Family, PortRange } from "../values/index.ts";
import type { LintContext } from "./context.ts";
import { hasNodePorts } from "./capacity.ts";
import { appendMember } from "./edits.ts";

/** Where the kubelet listens: the API server asks it for logs, shells and figures. */
const kubelet: PortRange = { protocol: "tcp", first: 10_250, last: 10_250 };

/** Nodes that the same firewalls apply to. */
interface Guarded {
  readonly firewalls: readonly FirewallDeclaration[];
  readonly rules: readonly FirewallRuleDeclaration[];
  readonly nodes: readonly NodeDeclaration[];
}

export function lintFirewalls(ctx: LintContext): void {
  const subnets = new Map(ctx.program.networks.flatMap((network) => network.subnets).map((subnet) => [subnet.name, subnet]));
  const groups = guardedNodes(ctx);
  for (const guarded of groups) neededFlows(ctx, guarded, subnets);
  nodePorts(ctx, groups);
}

/** Nodes by the firewalls that apply to them; those without any are left out. */
function guardedNodes({ program }: LintContext): readonly Guarded[] {
  const listed = program.firewalls.map((firewall) => (firewall.nodes === null ? null : new Set(firewall.nodes)));
  const groups = new Map<string, { firewalls: FirewallDeclaration[]; nodes: NodeDeclaration[] }>();
  for (const node of program.nodes) {
    const firewalls = program.firewalls.filter((_, i) => listed[i]?.has(node.name) ?? true);
    if (firewalls.length === 0) continue;
    const key = firewalls.map((firewall) => firewall.name).join("\n");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { firewalls, nodes: [node] });
    else group.nodes.push(node);
  }
  return [...groups.values()].map((group) => ({ ...group, rules: group.firewalls.flatMap((firewall) => firewall.rules) }));
}

function neededFlows(ctx: LintContext, guarded: Guarded, subnets: ReadonlyMap<string, SubnetDeclaration>): void {
  const flows: string[] = [];
  const ports: PortRange[] = [];
  const notes: string[] = [];
  const overlay = closedOverlay(ctx, guarded, subnets);
  if (overlay !== null) {
    const over = overlay.families.length === 1 && overlay.families[0] === 6 ? "VXLAN over IPv6" : "VXLAN";
    flows.push(`${formatPortRange(overlay.port)} (${over}) from node \`${overlay.from}\` to node \`${overlay.to}\``);
    ports.push(overlay.port);
    if (overlay.more > 0) notes.push(`VXLAN is closed between ${overlay.more} more pair${overlay.more === 1 ? "" : "s"} of nodes`);
  }
  if (!guarded.rules.some((rule) => opens(rule, kubelet))) {
    flows.push(`${formatPortRange(kubelet)} (kubelet) from anyone to node \`${guarded.nodes[0]?.name ?? ""}\``);
    ports.push(kubelet);
  }
  const [first, ...others] = guarded.firewalls;
  if (flows.length === 0 || first === undefined) return;
  const rule = `allow ingress from nodes on ${ports.map(formatPortRange).join(", ")}`;
  const edit = appendMember(ctx.textOf(first.span.file), first.span, rule);
  const names = guarded.firewalls.map((firewall) => `\`${firewall.name}\``);
  ctx.report(
    "firewall-closes",
    { firewalls: `firewall${names.length === 1 ? "" : "s"} ${join(names, "and")} drop${names.length === 1 ? "s" : ""}`, flows: join(flows, "and") },
    {
      span: first.header,
      related: others.map((other) => ({ span: other.header, text: "applies too" })),
      notes,
      help: `\`${rule}\` opens it to all nodes`,
      fixes: edit === null ? [] : [{ title: `add \`${rule}\``, edits: [edit], safe: false }],
    },
  );
}

interface ClosedOverlay {
  readonly port: PortRange;
  readonly families: readonly Family[];
  readonly from: string;
  readonly to: string;
  /** Further pairs of nodes, in one direction. */
  readonly more: number;
}

/** Encapsulated packets go from each node to each other one; `cross-subnet` only to those of other subnets. */
function closedOverlay({ program }: LintContext, { rules, nodes }: Guarded, subnets: ReadonlyMap<string, SubnetDeclaration>): ClosedOverlay | null {
  const { pools, vxlanPort } = program.cluster.cni;
  const port: PortRange = { protocol: "udp", first: vxlanPort.value, last: vxlanPort.value };
  const opening = rules.filter((rule) => opens(rule, port));
  const targets = new Set(nodes.map((node) => node.name));
  const perSubnet = new Map<string, number>();
  for (const node of nodes) perSubnet.set(node.subnet.value, (perSubnet.get(node.subnet.value) ?? 0) + 1);
  const families: Family[] = [];
  let example: { readonly from: NodeDeclaration; readonly to: NodeDeclaration } | null = null;
  let pairs = 0;
  for (const family of [4, 6] as const) {
    const tunnels = pools.filter((pool) => pool.cidr.value.ip.family === family && pool.encapsulation.value.startsWith("vxlan"));
    if (tunnels.length === 0) continue;
    const always = tunnels.some((pool) => pool.encapsulation.value === "vxlan");
    let closed = 0;
    for (const from of program.nodes) {
      if (opening.some((rule) => admits(rule, from, subnets.get(from.subnet.value), family))) continue;
      const others = nodes.length - (always ? Number(targets.has(from.name)) : (perSubnet.get(from.subnet.value) ?? 0));
      if (others === 0) continue;
      closed += others;
      const to: NodeDeclaration | undefined =
        example === null ? nodes.find((node) => (always ? node.name !== from.name : node.subnet.value !== from.subnet.value)) : undefined;
      if (to !== undefined) example = { from, to };
    }
    if (closed > 0) families.push(family);
    pairs = Math.max(pairs, closed);
  }
  return example === null ? null : { port, families, from: example.from.name, to: example.to.name, more: pairs - 1 };
}

/** Whether a rule opens a port to anybody. */
function opens(rule: FirewallRuleDeclaration, { protocol, first }: PortRange): boolean {
  return rule.ports.length === 0 || rule.ports.some((port) => port.protocol === protocol && port.first <= first && first <= port.last);
}

/** Whether a rule lets a node in. An address that is still to be allocated gets the benefit of the doubt. */
function admits(rule: FirewallRuleDeclaration, from: NodeDeclaration, subnet: SubnetDeclaration | undefined, family: Family): boolean {
  if (rule.peers.length === 0) return true;
  const address = from.addresses.value.find((ip) => ip.family === family);
  const ranges = (subnet?.cidrs.value ?? []).filter((cidr) => cidr.ip.family === family);
  // A node without an address of the family sends nothing in it.
  if (address === undefined && ranges.length === 0) return true;
  return rule.peers.some((peer) => {
    switch (peer.kind) {
      case "any":
      case "nodes":
        return true;
      case "internet":
        return false;
      case "subnet":
        return peer.subnet === from.subnet.value;
      case "cidr":
        return address === undefined ? ranges.some((range) => overlaps(range, peer.cidr)) : contains(peer.cidr, address);
    }
  });
}

/** A node port that every node's firewall closes to everybody is open to nobody. */
function nodePorts({ program, report }: LintContext, groups: readonly Guarded[]): void {
  const guarded = groups.reduce((sum, group) => sum + group.nodes.length, 0);
  if (guarded < program.nodes.length || program.nodes.length === 0) return;
  const { first, last } = program.cluster.nodePorts.value;
  const isOpen = (range: PortRange): boolean =>
    groups.some(({ rules }) =>
      rules.some(
        (rule) =>
          rule.ports.length === 0 || rule.ports.some((port) => port.protocol === range.protocol && port.first <= range.last && range.first <= port.last),
      ),
    );
  for (const service of program.namespaces.flatMap((namespace) => namespace.services)) {
    if (!hasNodePorts(service)) continue;
    const closed = service.ports.filter(
      ({ protocol, nodePort }) => !isOpen(nodePort === null ? { protocol, first, last } : { protocol, first: nodePort, last: nodePort }),
    );
    const [port] = closed;
    if (port === undefined) continue;
    const pinned = closed.flatMap(({ protocol, nodePort }) => (nodePort === null ? [] : [`${nodePort}/${protocol}`]));
    report(
      "node-port-closed",
      { ports: pinned.length === 0 ? "the allocated node port" : `node port ${join(pinned, "and")}`, service: `${service.namespace}/${service.name}` },
      {
        span: port.span,
        related: groups.slice(0, 4).flatMap(({ firewalls: [firewall] }) => (firewall === undefined ? [] : [{ span: firewall.header, text: "closes it" }])),
        help: `open it to those who are meant: \`allow ingress from … on ${pinned[0] ?? `${first}..${last}/${port.protocol}`}\``,
      },
    );
  }
}
