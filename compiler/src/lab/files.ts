/** Which printed file is loaded how, and in which order. */
import { printAddresses, printFdb, printLinks, printNeighbours } from "../dataplane/links/print.ts";
import { printIpSets } from "../dataplane/ipset/print.ts";
import { printIptablesFile } from "../dataplane/netfilter/print.ts";
import { printedText } from "../dataplane/printed.ts";
import type { PrintedLine } from "../dataplane/printed.ts";
import { printRoutes, printRules } from "../dataplane/routing/print.ts";
import { printSysctls } from "../dataplane/sysctl/print.ts";
import type { Dataplane } from "../dataplane/types.ts";

/** The tool that reads a file; `ip6` is `ip -6`. */
export type Loader = "ip" | "ip6" | "bridge" | "sysctl" | "ipset" | "iptables" | "ip6tables";

export interface LabFile {
  /** As in the artifact tree: `links.ip`, `kube-proxy.iptables`. */
  readonly name: string;
  readonly loader: Loader;
  readonly text: string;
}

/** The files of one host in the order in which they are loaded; those without a line are left out. */
export function hostFiles(dataplane: Dataplane): readonly LabFile[] {
  const file = (name: string, loader: Loader, lines: readonly PrintedLine[]): LabFile => ({ name, loader, text: printedText(lines) });
  const rules = (family: 4 | 6) => dataplane.rules.filter((rule) => rule.family === family);
  return [
    file("links.ip", "ip", printLinks(dataplane.links)),
    file("addresses.ip", "ip", printAddresses(dataplane.addresses)),
    file("sysctl.conf", "sysctl", printSysctls(dataplane.sysctls)),
    file("routes.ip", "ip", printRoutes(dataplane.routes)),
    file("rules.ip", "ip", printRules(rules(4))),
    file("rules6.ip", "ip6", printRules(rules(6))),
    file("neighbours.ip", "ip", printNeighbours(dataplane.neighbours)),
    file("fdb.bridge", "bridge", printFdb(dataplane.fdb)),
    // Before the rules: a rule that names a missing set is refused.
    file("ipset.restore", "ipset", printIpSets(dataplane.ipsets)),
    ...dataplane.iptables.map((payload) =>
      payload.family === 4
        ? file(`${payload.owner}.iptables`, "iptables", printIptablesFile(payload))
        : file(`${payload.owner}.ip6tables`, "ip6tables", printIptablesFile(payload)),
    ),
  ].filter(({ text }) => text !== "");
}
