/** What a live host lacks, has beyond its compiled dataplane, or has otherwise. */
import { formatCidr, formatIp } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { canonicalMembers } from "../ipset/member.ts";
import type { IpSet } from "../ipset/types.ts";
import { printAddresses, printFdb, printNeighbours } from "../links/print.ts";
import type { Address, FdbEntry, Link, Neighbour } from "../links/types.ts";
import { printRules, routeWords } from "../routing/print.ts";
import { rulesOfKernel } from "../routing/parse-rules.ts";
import type { Route, RoutingRule } from "../routing/types.ts";
import type { Sysctl } from "../sysctl/types.ts";
import type { Dataplane } from "../types.ts";
import { rulesetDifferences } from "./compare-rulesets.ts";
import type { DumpedHost } from "./dump.ts";
import { kernelOwner } from "./owners.ts";
import { unpaired } from "./pairs.ts";
import type { Comparison, Sourced } from "./pairs.ts";
import type { Difference, Facility } from "./types.ts";

/** By facility in the order in which a host is set up. Empty when the host holds what it should. Facilities that were not dumped are not compared. */
export function differences(expected: Dataplane, found: DumpedHost): readonly Difference[] {
  return [
    ...listDifferences("links", links(expected.links, found.links)),
    ...listDifferences("addresses", addresses(expected.addresses, found.addresses)),
    ...(found.sysctls === null ? [] : sysctlDifferences(expected.sysctls, found.sysctls)),
    ...listDifferences("routes", routes(expected.routes, found.routes)),
    ...listDifferences("rules", rules(expected.rules, found.rules)),
    ...listDifferences("neighbours", neighbours(expected.neighbours, found.neighbours)),
    ...listDifferences("fdb", fdb(expected.fdb, found.fdb)),
    ...(found.ipsets === null ? [] : ipsetDifferences(expected.ipsets, found.ipsets)),
    ...(found.iptables === null ? [] : rulesetDifferences("iptables", expected.iptables, found.iptables)),
    ...(found.ip6tables === null ? [] : rulesetDifferences("ip6tables", expected.iptables, found.ip6tables)),
  ];
}

function listDifferences<T extends Sourced>(facility: Facility, comparison: Comparison<T>): readonly Difference[] {
  return unpaired(comparison).map((pair) => {
    const { owner, origin } = pair.kind === "unexpected" ? pair.found : pair.expected;
    return {
      facility,
      kind: pair.kind,
      expected: pair.expected === null ? null : comparison.words(pair.expected, pair.expected),
      found: pair.found === null ? null : comparison.words(pair.found, pair.expected ?? pair.found),
      owner,
      origin,
    };
  });
}

function links(expected: readonly Link[], found: readonly Link[]): Comparison<Link> {
  return { expected, found, key: ({ name }) => name, words: linkWords, isOfKernel: isFallbackDevice };
}

/**
 * As `ip -d link` writes it. Three things are left to the machine: of a device that is there before any artifact, how it is attached (a
 * card, or a pair in a laboratory or a container); the other end of a pair, which a dump does not name; and a MAC
 * that nobody asked for, which the kernel draws at random.
 */
function linkWords(link: Link, like: Link): string {
  const words = [link.name];
  if (like.mac !== null) words.push(`address ${link.mac ?? "none"}`);
  words.push(`mtu ${link.mtu}`, link.isDown === true ? "down" : "up");
  const isAnyDevice = like.kind.type === "physical" && (link.kind.type === "veth" || link.kind.type === "physical");
  if (!isAnyDevice) words.push(kindWords(link));
  return words.join(" ");
}

function kindWords({ kind }: Link): string {
  switch (kind.type) {
    case "loopback":
    case "physical":
    case "veth":
      return kind.type;
    case "vxlan":
      return `vxlan id ${kind.id} local ${formatIp(kind.local)} dev ${kind.parent} dstport ${kind.port} ${kind.learning ? "learning" : "nolearning"}`;
    case "other":
      return kind.name;
  }
}

/** Devices that each tunnel module puts in every network namespace when it is loaded, by name and kind. */
const fallbackDevices: ReadonlyMap<string, string> = new Map([
  ["tunl0", "ipip"],
  ["sit0", "sit"],
  ["gre0", "gre"],
  ["gretap0", "gretap"],
  ["erspan0", "erspan"],
  ["ip_vti0", "vti"],
  ["ip6tnl0", "ip6tnl"],
  ["ip6gre0", "ip6gre"],
  ["ip6_vti0", "vti6"],
]);

/** Only as the kernel left them: one that is up is somebody's. */
function isFallbackDevice({ name, kind, isDown }: Link): boolean {
  return isDown === true && kind.type === "other" && fallbackDevices.get(name) === kind.name;
}

/** 127.0.0.1/8 and ::1/128 of `lo` and the link-local addresses of all devices come with the device. */
function addresses(expected: readonly Address[], found: readonly Address[]): Comparison<Address> {
  return {
    expected,
    found,
    key: ({ link, address }) => `${link} ${formatIp(address.ip)}`,
    // Duplicate address detection is over or was never asked for: `nodad` is no part of an address.
    words: (address) => onlyLine(printAddresses([address]), "address add ").replace(/ nodad$/, ""),
    isOfKernel,
  };
}

/**
 * The kernel makes routes of its own (protocol `kernel`): to its addresses in table `local`, to the networks and broadcast addresses that
 * follow from them, to link-local and multicast addresses of each device. Order never matters, and `linkdown` is not read.
 */
function routes(expected: readonly Route[], found: readonly Route[]): Comparison<Route> {
  return {
    expected: expected.map(asKept),
    found: found.map(asKept),
    key: ({ destination, table, metric }) => `${formatCidr(destination)} table ${table} metric ${metric}`,
    words: routeWords,
    isOfKernel,
  };
}

/** `IP6_RT_PRIO_USER`. */
const defaultMetric6 = 1024;

/** As the kernel keeps an IPv6 route: no metric is 1024, and routes that lead nowhere hang on `lo`. */
function asKept(route: Route): Route {
  if (route.destination.ip.family === 4) return route;
  const leadsNowhere = route.type === "blackhole" || route.type === "unreachable" || route.type === "prohibit" || route.type === "throw";
  return { ...route, metric: route.metric === 0 ? defaultMetric6 : route.metric, link: leadsNowhere ? null : route.link };
}

/** The kernel's own rules are expected: without them a host looks up nothing. A host without IPv6 has none of that family. */
function rules(expected: readonly RoutingRule[], found: readonly RoutingRule[]): Comparison<RoutingRule> {
  const families = ([4, 6] as const).filter((family) => family === 4 || [...expected, ...found].some((rule) => rule.family === family));
  return {
    expected: [...families.flatMap(rulesOfKernel), ...expected],
    found,
    key: ({ family, priority }) => `${family} ${priority}`,
    words: (rule) => `${rule.family === 6 ? "-6 " : ""}${onlyLine(printRules([rule]), "rule add ")}`,
    isOfKernel: () => false,
  };
}

/** Only permanent entries are read: what the kernel learns by ARP and neighbour discovery comes and goes. */
function neighbours(expected: readonly Neighbour[], found: readonly Neighbour[]): Comparison<Neighbour> {
  return {
    expected,
    found,
    key: ({ link, ip }) => `${link} ${formatIp(ip)}`,
    words: (neighbour) => onlyLine(printNeighbours([neighbour]), "neighbour replace "),
    isOfKernel: () => false,
  };
}

/** Only entries that lead to a tunnel end are read: devices list their own and multicast addresses too. */
function fdb(expected: readonly FdbEntry[], found: readonly FdbEntry[]): Comparison<FdbEntry> {
  return {
    expected,
    found,
    key: ({ link, mac }) => `${link} ${mac}`,
    words: (entry) => onlyLine(printFdb([entry]), "fdb add "),
    isOfKernel: () => false,
  };
}

function isOfKernel({ owner }: Sourced): boolean {
  return owner === kernelOwner;
}

function onlyLine(lines: readonly { readonly text: string }[], command: string): string {
  return lines.map(({ text }) => text.slice(command.length)).join("");
}

/** A kernel has over a thousand parameters with defaults of its own: only those that the dataplane sets are looked at. */
function sysctlDifferences(expected: readonly Sysctl[], found: readonly Sysctl[]): readonly Difference[] {
  const held = new Map(found.map(({ key, value }) => [key, value]));
  // Of a key that is set twice the last one holds.
  const wanted = new Map(expected.map((sysctl) => [sysctl.key, sysctl]));
  return [...wanted.values()].flatMap(({ key, value, owner, origin }): Difference[] => {
    const there = held.get(key);
    if (there === value.trim().replaceAll(/\s+/g, " ")) return [];
    const given = there === undefined ? null : `${key} = ${there}`;
    return [
      { facility: "sysctls", kind: given === null ? "missing" : "different", expected: `${key} = ${value}`, found: given, owner, origin },
    ];
  });
}

/** Sets by name; a set that is missing as a whole is one difference, otherwise each member is. */
function ipsetDifferences(expected: readonly IpSet[], found: readonly IpSet[]): readonly Difference[] {
  const facility = "ipsets";
  const heads = listDifferences(facility, { expected, found, key: ({ name }) => name, words: setWords, isOfKernel: () => false });
  const held = new Map(found.map((set) => [set.name, set]));
  const members = expected.flatMap((set) => {
    const other = held.get(set.name);
    if (other === undefined || other.type !== set.type || other.family !== set.family) return [];
    const wanted = membersOf(set);
    const given = membersOf(other);
    return [
      ...[...wanted].flatMap(([text, origin]): Difference[] =>
        given.has(text) ? [] : [{ facility, kind: "missing", expected: `add ${set.name} ${text}`, found: null, owner: set.owner, origin }],
      ),
      ...[...given].flatMap(([text, origin]): Difference[] =>
        wanted.has(text)
          ? []
          : [{ facility, kind: "unexpected", expected: null, found: `add ${set.name} ${text}`, owner: other.owner, origin }],
      ),
    ];
  });
  return [...heads, ...members];
}

function setWords({ name, type, family, maxElements }: IpSet): string {
  return `create ${name} ${type} family ${family === 4 ? "inet" : "inet6"} maxelem ${maxElements}`;
}

/** In the kernel's spelling. */
function membersOf(set: IpSet): ReadonlyMap<string, Origin> {
  return new Map(set.members.flatMap(({ text, origin }) => canonicalMembers(set, text).map((member) => [member, origin] as const)));
}
