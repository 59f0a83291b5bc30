/** What kube-proxy feeds to iptables-restore in iptables mode, byte for byte. */
import { compareIp, contains, formatIp, parseCidr } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { ChainLine, IptablesFile, IptablesTable, RuleLine } from "../../../dataplane/netfilter/types.ts";
import { restrictedNodePorts, servesLocalhost } from "./options.ts";
import type { PayloadOptions } from "./options.ts";
import { append, serviceRules } from "./service-rules.ts";
import type { ServiceRules } from "./service-rules.ts";
import { distinctEndpoints } from "./select-endpoints.ts";
import type { ProxyServicePort } from "./service-port.ts";

/** The comment of the rules that drop packets from outside to 127.0.0.0/8, which `route_localnet` would let in. */
export const localnetComment = "block incoming localnet connections";

/**
 * The payload of a full sync. Services are written in the order given; kube-proxy's own order is random, so callers sort
 * by namespace, name, port name and protocol.
 */
export function payload(services: readonly ProxyServicePort[], options: PayloadOptions): IptablesFile {
  const isLarge = isLargeCluster(services, options);
  return payloadOf(
    services.map((service) => serviceRules(service, options, isLarge)),
    options,
  );
}

/** Whether the endpoints of all services together, each `ip:port` of a service port once, exceed the threshold. */
export function isLargeCluster(services: readonly ProxyServicePort[], options: Pick<PayloadOptions, "largeClusterEndpoints">): boolean {
  let count = 0;
  for (const service of services) {
    // Repetitions only matter near the threshold: counting them costs a sort.
    if (count + service.endpoints.length > options.largeClusterEndpoints) count += distinctEndpoints(service.endpoints).length;
    else count += service.endpoints.length;
    if (count > options.largeClusterEndpoints) break;
  }
  return count > options.largeClusterEndpoints;
}

/** The payload around the services' contributions. */
export function payloadOf(services: readonly ServiceRules[], options: PayloadOptions): IptablesFile {
  return { owner: "kube-proxy", family: options.family, tables: [filterTable(services, options), natTable(services, options)] };
}

function chains(names: readonly string[], origin: Origin): readonly ChainLine[] {
  return names.map((name) => ({ name, policy: "-", origin }));
}

function filterTable(services: readonly ServiceRules[], options: PayloadOptions): IptablesTable {
  const { origin, masqueradeMarkText: mark } = options;
  const hasLocalhost = servesLocalhost(options);
  const rules: RuleLine[] = [];
  if (hasLocalhost) {
    rules.push(
      append(
        "KUBE-FIREWALL",
        `-m comment --comment "${localnetComment}" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`,
        origin,
      ),
    );
  }
  for (const service of services) for (const rule of service.filter) rules.push(rule);
  if (!options.tcpBeLiberal) rules.push(append("KUBE-FORWARD", "-m conntrack --ctstate INVALID -j DROP", origin));
  rules.push(
    append("KUBE-FORWARD", `-m comment --comment "kubernetes forwarding rules" -m mark --mark ${mark}/${mark} -j ACCEPT`, origin),
    append(
      "KUBE-FORWARD",
      '-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      origin,
    ),
  );
  const fixed = ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL"];
  return { name: "filter", chains: chains(hasLocalhost ? [...fixed, "KUBE-FIREWALL"] : fixed, origin), rules };
}

function natTable(services: readonly ServiceRules[], options: PayloadOptions): IptablesTable {
  const { origin, masqueradeMarkText: mark, staleChains } = options;
  const lines: ChainLine[] = [...chains(["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"], origin)];
  const rules: RuleLine[] = [
    append("KUBE-POSTROUTING", `-m mark ! --mark ${mark}/${mark} -j RETURN`, origin),
    // Unmarked here, so that the packet is not translated again when a tunnel sends it through the stack once more.
    append("KUBE-POSTROUTING", `-j MARK --xor-mark ${mark}`, origin),
    append(
      "KUBE-POSTROUTING",
      `-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE${options.randomFully ? " --random-fully" : ""}`,
      origin,
    ),
    append("KUBE-MARK-MASQ", `-j MARK --or-mark ${mark}`, origin),
  ];
  for (const service of services) {
    for (const line of service.natChains) lines.push(line);
    for (const rule of service.nat) rules.push(rule);
  }
  lines.push(...chains(staleChains, origin));
  rules.push(...staleChains.map((chain): RuleLine => ({ operation: "delete-chain", chain, text: "", origin })), ...nodePortJumps(options));
  return { name: "nat", chains: lines, rules };
}

/** The last rules of nat KUBE-SERVICES: one for every local address, or one per address that serves node ports. */
function nodePortJumps(options: PayloadOptions): readonly RuleLine[] {
  const comment = '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"';
  const { origin, family } = options;
  const hasLocalhost = servesLocalhost(options);
  const restricted = restrictedNodePorts(options);
  if (restricted.length === 0) {
    const except = family === 6 ? " ! -d ::1/128" : hasLocalhost ? "" : " ! -d 127.0.0.0/8";
    return [append("KUBE-SERVICES", `${comment} -m addrtype --dst-type LOCAL${except} -j KUBE-NODEPORTS`, origin)];
  }
  const addresses = (options.node?.addresses ?? []).filter(
    (ip) => restricted.some((cidr) => contains(cidr, ip)) && (hasLocalhost || !isLoopback(ip)),
  );
  return [...addresses].sort(compareIp).map((ip) => append("KUBE-SERVICES", `${comment} -d ${formatIp(ip)} -j KUBE-NODEPORTS`, origin));
}

const loopbacks = [parseCidr("127.0.0.0/8"), parseCidr("::1/128")];

function isLoopback(ip: Ip): boolean {
  return loopbacks.some((cidr) => cidr !== null && contains(cidr, ip));
}
