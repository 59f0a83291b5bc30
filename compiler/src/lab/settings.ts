/**
 * Kernel parameters that the laboratory sets of its own accord. They are no part of any artifact: they make a
 * namespace start as a fresh Linux machine does, and take away limits and delays that only blur what is observed.
 */

export interface LabSetting {
  /** In the slash form, below `net/`. */
  readonly key: string;
  readonly value: string;
  /** Before any device but `lo` exists, or once the wires are there and before the first file is loaded. */
  readonly stage: "before" | "after";
  /** Kernels without it are fine. */
  readonly optional: boolean;
}

function setting(key: string, value: string, stage: "before" | "after" = "before", optional = false): LabSetting {
  return { key, value, stage, optional };
}

/**
 * A new network namespace copies the IPv4 settings of the machine's first one, which may forward (Docker) or
 * filter by reverse path (distributions). These are the kernel's own defaults.
 */
const kernelDefaults: readonly LabSetting[] = [
  setting("net/ipv4/ip_forward", "0"),
  ...["all", "default", "lo"].flatMap((scope) =>
    [
      "rp_filter",
      "accept_local",
      "route_localnet",
      "src_valid_mark",
      "proxy_arp",
      "arp_ignore",
      "arp_announce",
      "arp_filter",
      "log_martians",
    ].map((name) => setting(`net/ipv4/conf/${scope}/${name}`, "0")),
  ),
  setting("net/ipv4/conf/all/send_redirects", "1"),
  setting("net/ipv4/conf/default/send_redirects", "1"),
  setting("net/ipv6/conf/all/disable_ipv6", "0"),
  setting("net/ipv6/conf/default/disable_ipv6", "0"),
  setting("net/ipv6/conf/lo/disable_ipv6", "0"),
  setting("net/ipv6/conf/all/forwarding", "0"),
];

/** Of a host, before its devices exist. */
export const hostSettings: readonly LabSetting[] = [
  ...kernelDefaults,
  // Else the second ICMP error to a peer within a second is not sent, and a REJECT looks like a DROP.
  setting("net/ipv4/icmp_ratelimit", "0"),
  setting("net/ipv6/icmp/ratelimit", "0"),
  // The machine-wide budget of ICMP errors; a namespace has its own since Linux 6.11, and none to set before.
  setting("net/ipv4/icmp_msgs_per_sec", "1000000", "before", true),
  setting("net/ipv4/icmp_msgs_burst", "100000", "before", true),
  // Link-local addresses are usable at once instead of after duplicate address detection.
  setting("net/ipv6/conf/all/accept_dad", "0"),
  setting("net/ipv6/conf/default/accept_dad", "0"),
  // No host asks for routers: what it knows is in its files.
  setting("net/ipv6/conf/default/router_solicitations", "0"),
];

/**
 * Of a device: answers by proxy ARP and proxy NDP come at once instead of within 0.8 s, and nobody is waited for longer than 0.3 s,
 * three questions 0.1 s apart instead of 1 s. Neighbours here are namespaces of one kernel, which answer within microseconds.
 */
export function linkSettings(link: string): readonly LabSetting[] {
  return (["ipv4", "ipv6"] as const).flatMap((version) => [
    setting(`net/${version}/neigh/${link}/proxy_delay`, "0", "after"),
    setting(`net/${version}/neigh/${link}/retrans_time_ms`, "100", "after"),
  ]);
}

/** Of a namespace that only holds bridges: it sends nothing of its own. */
export const wireSettings: readonly LabSetting[] = [
  setting("net/ipv6/conf/all/disable_ipv6", "1"),
  setting("net/ipv6/conf/default/disable_ipv6", "1"),
];
