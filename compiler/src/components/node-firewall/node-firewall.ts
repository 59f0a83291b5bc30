/**
 * The node's own firewall: what may come in from the wire to the node's own addresses.
 *
 * It stands in mangle PREROUTING, behind conntrack and before NAT, so that it sees node ports and encapsulated
 * packets as they arrive; packets that are only passed on (`--dst-type LOCAL` fails) are not its business.
 */
import { formatCidr } from "@knet/language/values";
import type { Family, PortRange, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { IpSet } from "../../dataplane/ipset/types.ts";
import type { IptablesFile, RuleLine } from "../../dataplane/netfilter/types.ts";
import type { DataplanePart } from "../../dataplane/types.ts";
import type { Firewall, FirewallPeer, FirewallRule, NetworkModel } from "../../model/types.ts";
import { insideRanges } from "../../model/ranges.ts";
import type { Component } from "../types.ts";

const chain = "KNET-NODE-FIREWALL";

export const nodeFirewall: Component = {
  name: "node-firewall",
  shared: () => ({}),
  local(model, node) {
    const firewalls = model.firewalls.filter((firewall) => firewall.nodes.includes(node.name));
    if (firewalls.length === 0) return {};
    const families = [...new Set(node.addresses.map((ip) => ip.family))];
    return merge(families.map((family) => forFamily(model, node.device, firewalls, family)));
  },
  manifests: () => [],
};

function merge(parts: readonly DataplanePart[]): DataplanePart {
  return { iptables: parts.flatMap((part) => part.iptables ?? []), ipsets: parts.flatMap((part) => part.ipsets ?? []) };
}

/** Name of the set of everything declared inside; `internet` is whatever is not in it. */
export function insideSetName(family: Family): string {
  return `knet${family}-inside`;
}

function forFamily(model: NetworkModel, device: string, firewalls: readonly Firewall[], family: Family): DataplanePart {
  const [first] = firewalls;
  if (first === undefined) return {};
  const frame = first.origin;
  const rules: RuleLine[] = [];
  const rule = (onChain: string, text: string, origin: Origin): void => {
    rules.push({ operation: "append", chain: onChain, text, origin });
  };
  rule("PREROUTING", `-i ${device} -m addrtype --dst-type LOCAL -m comment --comment "node firewall" -j ${chain}`, frame);
  rule(chain, `-m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "replies" -j ACCEPT`, frame);
  // Path MTU discovery and, in IPv6, neighbour discovery live in ICMP: without it the network itself fails.
  rule(chain, `-p ${family === 4 ? "icmp" : "ipv6-icmp"} -m comment --comment "errors and neighbour discovery" -j ACCEPT`, frame);
  let usesInside = false;
  for (const firewall of firewalls) {
    for (const allowed of firewall.rules) {
      for (const text of allowTexts(allowed, family, firewall.name)) {
        usesInside ||= text.includes(insideSetName(family));
        rule(chain, text, allowed.origin);
      }
    }
  }
  rule(chain, `-m comment --comment "firewall ${first.name}: nothing else" -j DROP`, frame);
  const file: IptablesFile = {
    owner: "node-firewall",
    family,
    tables: [{ name: "mangle", chains: [{ name: chain, policy: "-", origin: frame }], rules }],
  };
  return { iptables: [file], ipsets: usesInside ? [insideSet(model, family, frame)] : [] };
}

function allowTexts(rule: FirewallRule, family: Family, firewall: string): readonly string[] {
  const texts: string[] = [];
  for (const peer of rule.peers.length === 0 ? [{ kind: "any" } as const] : rule.peers) {
    const source = sourceWords(peer, family);
    if (source === null) continue;
    for (const port of portWords(rule.ports)) {
      texts.push([...source.before, ...port, ...source.after, `-m comment --comment "firewall ${firewall}"`, "-j ACCEPT"].join(" "));
    }
  }
  return texts;
}

/** `-s` stands before the protocol, a set match behind it; null when the peer has no address of the family. */
function sourceWords(peer: FirewallPeer, family: Family): { readonly before: readonly string[]; readonly after: readonly string[] } | null {
  switch (peer.kind) {
    case "any":
      return { before: [], after: [] };
    case "internet":
      return { before: [], after: [`-m set ! --match-set ${insideSetName(family)} src`] };
    case "cidr":
      return peer.cidr.ip.family === family ? { before: [`-s ${formatCidr(peer.cidr)}`], after: [] } : null;
  }
}

/** One match per protocol and up to fifteen port slots, as `-m multiport` takes them; a range takes two. */
function portWords(ports: readonly PortRange[]): readonly (readonly string[])[] {
  if (ports.length === 0) return [[]];
  const words: string[][] = [];
  for (const protocol of new Set(ports.map((range) => range.protocol))) words.push(...wordsOfProtocol(protocol, ports));
  return words;
}

function wordsOfProtocol(protocol: Transport, ports: readonly PortRange[]): readonly string[][] {
  const ranges = ports.filter((range) => range.protocol === protocol);
  if (ranges.some((range) => range.first === 0 && range.last === 65535)) return [[`-p ${protocol}`]];
  const words: string[][] = [];
  let slots: string[] = [];
  let used = 0;
  const flush = (): void => {
    if (slots.length > 0) words.push([`-p ${protocol}`, `-m multiport --dports ${slots.join(",")}`]);
    slots = [];
    used = 0;
  };
  for (const { first, last } of ranges) {
    const width = first === last ? 1 : 2;
    if (used + width > 15) flush();
    slots.push(first === last ? `${first}` : `${first}:${last}`);
    used += width;
  }
  flush();
  return words;
}

function insideSet(model: NetworkModel, family: Family, origin: Origin): IpSet {
  return {
    name: insideSetName(family),
    type: "hash:net",
    family,
    maxElements: 65536,
    members: insideRanges(model)
      .filter(({ cidr }) => cidr.ip.family === family)
      .map(({ cidr, origin: cause }) => ({ text: formatCidr(cidr), origin: cause })),
    owner: "node-firewall",
    origin,
  };
}
