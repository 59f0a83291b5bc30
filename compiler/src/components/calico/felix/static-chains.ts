/** The frame of Felix's ruleset: jumps from the kernel's chains and the chains that do not depend on pods or policies. */
import type { Family } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { RuleLine, TableName } from "../../../dataplane/netfilter/types.ts";
import { vxlanDevice, workloadPrefix } from "../names.ts";
import { accept, all, allBlocks, allButAccept, clearMark, markClear, markSet, setMark } from "./marks.ts";
import { ipSetName } from "./object-names.ts";
import { renderAppends, renderChain, renderInserts } from "./rule.ts";
import type { FelixRule, RenderedChain } from "./rule.ts";

export interface FrameOptions {
  readonly family: Family;
  /** Null: no pool of the family is VXLAN. */
  readonly vxlan: { readonly port: number; /** The node has a tunnel address. */ readonly tunnel: boolean } | null;
  /** Some pool of the family is masqueraded. */
  readonly natOutgoing: boolean;
  readonly origin: Origin;
}

export interface TableFrame {
  readonly chains: readonly RenderedChain[];
  /** Rules of kernel chains. */
  readonly kernel: readonly RuleLine[];
}

const workloads = `${workloadPrefix}+`;

/** ICMPv6 that a node must take from its pods: multicast listener reports, router and neighbour discovery. */
const icmpv6FromWorkloads = [130, 131, 132, 133, 135, 136];

type Rules = (...rules: readonly (readonly [match: string, action: string, comment?: string] | null)[]) => readonly FelixRule[];

export function frame(options: FrameOptions): Readonly<Record<TableName, TableFrame>> {
  const { origin } = options;
  const rules: Rules = (...list) =>
    list.flatMap((entry) =>
      entry === null ? [] : [{ match: entry[0], action: entry[1], origin, ...(entry[2] === undefined ? {} : { comments: [entry[2]] }) }],
    );
  const chains = (list: Readonly<Record<string, readonly FelixRule[]>>): readonly RenderedChain[] =>
    Object.entries(list).map(([name, of]) => renderChain({ name, rules: of, origin }));
  const jump = (chain: string): readonly FelixRule[] => rules(["", `--jump cali-${chain}`]);
  const inserts = (...names: readonly string[]): readonly RuleLine[] => names.flatMap((name) => renderInserts(name, jump(name)));

  return {
    raw: { chains: chains(rawChains(options, rules)), kernel: inserts("PREROUTING", "OUTPUT") },
    mangle: { chains: chains(mangleChains(options, rules)), kernel: inserts("PREROUTING", "POSTROUTING") },
    nat: {
      chains: chains(natChains(options, rules)),
      kernel: [...inserts("PREROUTING", "OUTPUT"), ...renderAppends("POSTROUTING", jump("POSTROUTING"))],
    },
    filter: {
      chains: chains(filterChains(options, rules)),
      kernel: [
        ...inserts("INPUT", "FORWARD", "OUTPUT"),
        ...renderAppends("FORWARD", rules([markSet(accept), "--jump ACCEPT", "Policy explicitly accepted packet."], ["", setMark(accept)])),
      ],
    },
  };
}

const hostAccepted = [markSet(accept), "--jump ACCEPT", "Host endpoint policy accepted packet."] as const;

function filterChains({ family, vxlan }: FrameOptions, rules: Rules): Readonly<Record<string, readonly FelixRule[]>> {
  const peers = ipSetName(family, "all-vxlan-net");
  const toVxlan = `-p 17 -m multiport --destination-ports ${vxlan?.port ?? 0}`;
  return {
    "cali-INPUT": rules(
      vxlan && [
        `${toVxlan} -m set --match-set ${peers} src -m addrtype --dst-type LOCAL`,
        "--jump ACCEPT",
        `Allow IPv${family} VXLAN packets from allowed hosts`,
      ],
      vxlan && [`${toVxlan} -m addrtype --dst-type LOCAL`, "--jump DROP", `Drop IPv${family} VXLAN packets from non-allowed hosts`],
      [`--in-interface ${workloads}`, "--goto cali-wl-to-host"],
      [markSet(accept), "--jump ACCEPT"],
      ["", clearMark(all)],
      ["", "--jump cali-from-host-endpoint"],
      hostAccepted,
    ),
    "cali-wl-to-host": rules(
      ...(family === 6 ? icmpv6FromWorkloads.map((type) => [`-p 58 -m icmp6 --icmpv6-type ${type}`, "--jump ACCEPT"] as const) : []),
      ["", "--jump cali-from-wl-dispatch"],
      ["", "--jump ACCEPT", "Configured DefaultEndpointToHostAction"],
    ),
    "cali-FORWARD": rules(
      ["", clearMark(allButAccept)],
      [markClear(accept), "--jump cali-from-hep-forward"],
      [`--in-interface ${workloads}`, "--jump cali-from-wl-dispatch"],
      [`--out-interface ${workloads}`, "--jump cali-to-wl-dispatch"],
      ["", "--jump cali-to-hep-forward"],
      ["", "--jump cali-cidr-block"],
    ),
    "cali-OUTPUT": rules(
      [markSet(accept), "--jump ACCEPT"],
      [`--out-interface ${workloads}`, "--jump RETURN"],
      vxlan && [
        `${toVxlan} -m addrtype --src-type LOCAL -m set --match-set ${peers} dst`,
        "--jump ACCEPT",
        `Allow IPv${family} VXLAN packets to other allowed hosts`,
      ],
      ["", clearMark(all)],
      ["-m conntrack ! --ctstate DNAT", "--jump cali-to-host-endpoint"],
      hostAccepted,
    ),
    "cali-from-host-endpoint": [],
    "cali-to-host-endpoint": [],
    "cali-from-hep-forward": [],
    "cali-to-hep-forward": [],
    "cali-cidr-block": [],
  };
}

function natChains({ family, vxlan, natOutgoing }: FrameOptions, rules: Rules): Readonly<Record<string, readonly FelixRule[]>> {
  const masquerade = "--jump MASQUERADE --random-fully";
  return {
    "cali-PREROUTING": rules(["", "--jump cali-fip-dnat"]),
    "cali-OUTPUT": rules(["", "--jump cali-fip-dnat"]),
    "cali-POSTROUTING": rules(
      ["", "--jump cali-fip-snat"],
      ["", "--jump cali-nat-outgoing"],
      vxlan?.tunnel === true
        ? [
            `--out-interface ${vxlanDevice(family)} -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL`,
            masquerade,
          ]
        : null,
    ),
    "cali-fip-dnat": [],
    "cali-fip-snat": [],
    "cali-nat-outgoing": rules(
      natOutgoing
        ? [
            `-m set --match-set ${ipSetName(family, "masq-ipam-pools")} src -m set ! --match-set ${ipSetName(family, "network-ip-pools")} dst`,
            masquerade,
          ]
        : null,
    ),
  };
}

function mangleChains({ family }: FrameOptions, rules: Rules): Readonly<Record<string, readonly FelixRule[]>> {
  const set = (id: string): string => ipSetName(family, id);
  const hostReturned = [markSet(accept), "--jump RETURN", "Host endpoint policy accepted packet."] as const;
  return {
    "cali-PREROUTING": rules(
      ["-m conntrack --ctstate RELATED,ESTABLISHED", "--jump ACCEPT"],
      [markSet(accept), "--jump ACCEPT"],
      ["", "--jump cali-from-host-endpoint"],
      hostAccepted,
    ),
    "cali-POSTROUTING": rules(
      [
        `-m set --match-set ${set("dscp-src-net")} src -m set ! --match-set ${set("network-ip-pools")} dst -m set ! --match-set ${set("this-host")} dst`,
        "--jump cali-egress-dscp",
        "set dscp for traffic leaving cluster.",
      ],
      [markSet(accept), "--jump RETURN"],
      ["", clearMark(all)],
      ["-m conntrack --ctstate DNAT", "--jump cali-to-host-endpoint"],
      hostReturned,
    ),
    "cali-from-host-endpoint": [],
    "cali-to-host-endpoint": [],
    "cali-egress-dscp": [],
  };
}

function rawChains({ vxlan }: FrameOptions, rules: Rules): Readonly<Record<string, readonly FelixRule[]>> {
  const untracked = vxlan && ([`-p udp --dport ${vxlan.port}`, "--jump NOTRACK"] as const);
  return {
    "cali-PREROUTING": rules(
      ["", clearMark(all)],
      untracked,
      [`--in-interface ${workloads}`, setMark(allBlocks)],
      [markSet(allBlocks), "--jump cali-rpf-skip"],
      // Drops packets of a pod whose source address is not routed back to it.
      [`${markSet(allBlocks)} -m rpfilter --invert --validmark`, "--jump DROP"],
      [markClear(allBlocks), "--jump cali-from-host-endpoint"],
      [markSet(accept), "--jump ACCEPT"],
    ),
    "cali-OUTPUT": rules(["", clearMark(all)], ["", "--jump cali-to-host-endpoint"], untracked, [markSet(accept), "--jump ACCEPT"]),
    "cali-from-host-endpoint": [],
    "cali-to-host-endpoint": [],
    "cali-rpf-skip": [],
  };
}
