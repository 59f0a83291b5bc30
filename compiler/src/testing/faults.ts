/** Deliberate faults in generated dataplanes: one rule, route or set member that is missing, misplaced or wrong. */
import {
  addToIp,
  bitsOf,
  contains,
  formatCidr,
  formatCidrShort,
  formatIp,
  maskCidr,
  parseCidr,
  parseIp,
  sizeOf,
} from "@knet/language/values";
import type { Cidr } from "@knet/language/values";
import type { IpSet, IpSetMember } from "../dataplane/ipset/types.ts";
import type { IptablesFile, Rule, RuleLine, TableName } from "../dataplane/netfilter/types.ts";
import { ruleOfLine } from "../dataplane/netfilter/ruleset.ts";
import type { Route } from "../dataplane/routing/types.ts";
import type { Dataplane } from "../dataplane/types.ts";
import type { Fabric } from "../fabric/types.ts";
import { isLinkLocal6, prepareHost } from "../simulate/host.ts";
import type { Random } from "./random.ts";

export const faultKinds = ["drop", "swap", "port", "address", "mask", "verdict", "mark", "next-hop"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What a fault is in, and where. */
export type FaultSite =
  | {
      readonly of: "rule";
      readonly host: string;
      readonly file: IptablesFile;
      readonly table: TableName;
      readonly line: RuleLine;
      readonly next: RuleLine | null;
    }
  | { readonly of: "route"; readonly host: string; readonly route: Route }
  | { readonly of: "set member"; readonly host: string; readonly set: IpSet; readonly member: IpSetMember };

export interface Fault {
  readonly kind: FaultKind;
  readonly site: FaultSite;
  /** `node/node-a, filter cali-tw-…: … → …`. */
  readonly text: string;
  readonly fabric: Fabric;
  /** The rule instead of the old one; null when the fault is none of one rule's value. */
  readonly changed: Rule | null;
}

/** Every place of a fabric where a fault can be, one for each rule, route and set member. */
export function faultSites(fabric: Fabric): readonly FaultSite[] {
  return fabric.hosts
    .filter((host) => !host.sharesParent)
    .flatMap(({ id: host }) => {
      const dataplane = fabric.dataplane(host);
      const rules = dataplane.iptables.flatMap((file) =>
        file.tables.flatMap((table) =>
          table.rules.flatMap((line, at): readonly FaultSite[] => {
            if (line.operation === "delete-chain") return [];
            const next =
              table.rules.slice(at + 1).find((other) => other.chain === line.chain && other.operation === line.operation) ?? null;
            return [{ of: "rule", host, file, table: table.name, line, next }];
          }),
        ),
      );
      return [
        ...rules,
        ...dataplane.routes.map((route): FaultSite => ({ of: "route", host, route })),
        ...dataplane.ipsets.flatMap((set) => set.members.map((member): FaultSite => ({ of: "set member", host, set, member }))),
      ];
    });
}

/** A fault at the site, every kind that is possible there being equally likely; null when the kernel would refuse what was drawn. */
export function drawFault(fabric: Fabric, site: FaultSite, random: Random): Fault | null {
  const variants = variantsOf(site).filter((kind) => kind.changes.length > 0);
  if (variants.length === 0) return null;
  const { kind, changes } = random.pick(variants);
  const change = random.pick(changes);
  const mutant = withDataplane(fabric, site.host, change.apply(fabric.dataplane(site.host)));
  try {
    const prepared = prepareHost(mutant.dataplane(site.host));
    for (const family of [4, 6] as const) prepared.ruleset(family);
    if (site.of === "route" && !hasGateways(mutant.dataplane(site.host))) return null;
    const changed = change.line === null || site.of !== "rule" ? null : ruleOfLine(change.line, site.file.family);
    return { kind, site, text: `${site.host}, ${change.text}`, fabric: mutant, changed };
  } catch {
    return null;
  }
}

/** Whether each gateway is on a link, as the kernel demands of a route without `onlink`. */
function hasGateways(dataplane: Dataplane): boolean {
  return dataplane.routes.every((route) => {
    const { via } = route;
    if (via === null || route.onlink || isLinkLocal6(via)) return true;
    const connected = dataplane.addresses.some(({ link, address }) => link === route.link && contains(address, via));
    return (
      connected ||
      dataplane.routes.some(
        (other) => other !== route && other.via === null && other.link === route.link && contains(other.destination, via),
      )
    );
  });
}

/** The fabric with another dataplane in one host's place. */
export function withDataplane(fabric: Fabric, host: string, dataplane: Dataplane): Fabric {
  return {
    ...fabric,
    dataplane: (id) => {
      const asked = fabric.host(id);
      const place = asked !== undefined && asked.sharesParent && asked.parent !== null ? asked.parent : id;
      return place === host ? dataplane : fabric.dataplane(id);
    },
  };
}

interface Change {
  readonly text: string;
  readonly line: RuleLine | null;
  apply(dataplane: Dataplane): Dataplane;
}

interface Variants {
  readonly kind: FaultKind;
  readonly changes: readonly Change[];
}

function variantsOf(site: FaultSite): readonly Variants[] {
  switch (site.of) {
    case "rule":
      return ruleVariants(site);
    case "route":
      return routeVariants(site.route);
    case "set member":
      return memberVariants(site.set, site.member);
  }
}

// Rules ---------------------------------------------------------------------------------------------

function ruleVariants(site: FaultSite & { readonly of: "rule" }): readonly Variants[] {
  const { line, next, table } = site;
  const place = `${table} ${line.chain}`;
  const rewrite =
    (edit: (rules: readonly RuleLine[]) => readonly RuleLine[]) =>
    (dataplane: Dataplane): Dataplane => ({
      ...dataplane,
      iptables: dataplane.iptables.map((file) =>
        file === site.file
          ? {
              ...file,
              tables: file.tables.map((block) =>
                block.name === table && block.rules.includes(line) ? { ...block, rules: edit(block.rules) } : block,
              ),
            }
          : file,
      ),
    });
  const becomes = (text: string): Change => {
    const other: RuleLine = { ...line, text };
    return {
      text: `${place}: ${line.text} → ${text}`,
      line: other,
      apply: rewrite((rules) => rules.map((each) => (each === line ? other : each))),
    };
  };
  const spelled = (kind: FaultKind, texts: readonly string[]): Variants => ({
    kind,
    changes: texts.filter((text) => text !== line.text).map(becomes),
  });
  return [
    {
      kind: "drop",
      changes: [{ text: `${place}: without ${line.text}`, line: null, apply: rewrite((rules) => rules.filter((each) => each !== line)) }],
    },
    {
      kind: "swap",
      changes:
        next === null
          ? []
          : [
              {
                text: `${place}: ${line.text} ⇄ ${next.text}`,
                line: null,
                apply: rewrite((rules) => rules.map((each) => (each === line ? next : each === next ? line : each))),
              },
            ],
    },
    spelled("port", [
      ...eachNumber(line.text, /--(?:dports?|sports?|destination-ports?|source-ports?) (\S+)/),
      ...eachNumber(line.text, /--to-destination \S*?:(\d+)$/),
    ]),
    spelled("address", [...eachCidr(line.text, shifted), ...eachTarget(line.text)]),
    spelled("mask", eachCidr(line.text, resized)),
    spelled("verdict", otherVerdicts(line.text)),
    spelled("mark", otherMarks(line.text)),
  ];
}

/** The text once for each number in the group that the pattern finds, one more and one less. */
function eachNumber(text: string, pattern: RegExp): readonly string[] {
  const found = pattern.exec(text);
  const group = found?.[1];
  if (found === null || group === undefined) return [];
  const start = found.index + found[0].lastIndexOf(group);
  return [...group.matchAll(/\d+/g)].flatMap((number) => {
    const at = start + number.index;
    return [1, -1].flatMap((by) => {
      const value = Number(number[0]) + by;
      return value < 0 || value > 65535 ? [] : [text.slice(0, at) + String(value) + text.slice(at + number[0].length)];
    });
  });
}

/** The text once for each other CIDR behind `-s` or `-d`. */
function eachCidr(text: string, others: (cidr: Cidr) => readonly Cidr[]): readonly string[] {
  return [...text.matchAll(/(?:^| )(?:-s|-d|--source|--destination) (\S+)/g)].flatMap((found) => {
    const word = found[1] ?? "";
    const cidr = cidrOf(word);
    if (cidr === null) return [];
    const start = found.index + found[0].length - word.length;
    return others(cidr).map(
      (other) => text.slice(0, start) + (word.includes("/") ? formatCidr(other) : formatCidrShort(other)) + text.slice(start + word.length),
    );
  });
}

/** `--to-destination` with a neighbouring address. */
function eachTarget(text: string): readonly string[] {
  const found = /--to-destination (?:\[([^\]]+)\]|([\d.]+))/.exec(text);
  const word = found?.[1] ?? found?.[2];
  const ip = word === undefined ? null : parseIp(word);
  if (word === undefined || ip === null) return [];
  return [1, -1].map((by) => text.replace(word, formatIp(addToIp(ip, by))));
}

function cidrOf(word: string): Cidr | null {
  const ip = parseIp(word);
  return ip === null ? parseCidr(word) : { ip, prefix: bitsOf(ip.family) };
}

/** The ranges of the same size before and behind. */
function shifted(cidr: Cidr): readonly Cidr[] {
  return cidr.prefix === 0 ? [] : [sizeOf(cidr), -sizeOf(cidr)].map((by) => ({ ip: addToIp(cidr.ip, by), prefix: cidr.prefix }));
}

/** One bit wider and one narrower. */
function resized(cidr: Cidr): readonly Cidr[] {
  return [cidr.prefix - 1, cidr.prefix + 1]
    .filter((prefix) => prefix >= 0 && prefix <= bitsOf(cidr.ip.family))
    .map((prefix) => maskCidr({ ip: cidr.ip, prefix }));
}

function otherVerdicts(text: string): readonly string[] {
  const found = /^(.*(?:^| )(?:-j|--jump|-g|--goto) )(\S+)(.*)$/.exec(text);
  if (found === null) return [];
  const [, head = "", verdict = ""] = found;
  switch (verdict) {
    case "ACCEPT":
      return [`${head}DROP`];
    case "DROP":
    case "REJECT":
      return [`${head}ACCEPT`];
    case "RETURN":
      return [`${head}ACCEPT`, `${head}DROP`];
    // Without its effect.
    default:
      return [`${head}RETURN`];
  }
}

/** Another bit: the value's, or the mask's where the value is 0. */
function otherMarks(text: string): readonly string[] {
  const found = /--(?:mark|set-mark|set-xmark|or-mark|xor-mark|and-mark) (\S+)/.exec(text);
  const word = found?.[1];
  if (word === undefined) return [];
  const [value = "", mask] = word.split("/");
  const twice = (number: string): string => `0x${(Number(number) * 2).toString(16)}`;
  const put = (other: string): string => text.replace(word, other);
  if (mask === undefined) return [put(twice(value))];
  return Number(value) === 0 ? [put(`${value}/${twice(mask)}`)] : [put(`${twice(value)}/${twice(mask)}`), put(`0/${mask}`)];
}

// Routes --------------------------------------------------------------------------------------------

function routeVariants(route: Route): readonly Variants[] {
  const place = `route ${formatCidr(route.destination)}`;
  const becomes = (text: string, other: Route | null): Change => ({
    text: `${place} ${text}`,
    line: null,
    apply: (dataplane) => ({ ...dataplane, routes: dataplane.routes.flatMap((each) => (each === route ? (other ?? []) : each)) }),
  });
  const to = (cidr: Cidr): Change => becomes(`to ${formatCidr(cidr)}`, { ...route, destination: cidr });
  const { via } = route;
  return [
    { kind: "drop", changes: [becomes("missing", null)] },
    { kind: "address", changes: shifted(route.destination).map(to) },
    { kind: "mask", changes: resized(route.destination).map(to) },
    {
      kind: "next-hop",
      changes: via === null ? [] : [1, -1].map((by) => becomes(`via ${formatIp(addToIp(via, by))}`, { ...route, via: addToIp(via, by) })),
    },
    {
      kind: "verdict",
      changes: route.type === "unicast" ? [becomes("as a blackhole", { ...route, type: "blackhole", via: null, link: null })] : [],
    },
  ];
}

// Set members ---------------------------------------------------------------------------------------

function memberVariants(set: IpSet, member: IpSetMember): readonly Variants[] {
  const becomes = (text: string | null): Change => ({
    text: `set ${set.name}: ${member.text} ${text === null ? "missing" : `→ ${text}`}`,
    line: null,
    apply: (dataplane) => ({
      ...dataplane,
      ipsets: dataplane.ipsets.map((each) =>
        each === set
          ? { ...each, members: each.members.flatMap((other) => (other !== member ? other : text === null ? [] : { ...other, text })) }
          : each,
      ),
    }),
  });
  const comma = member.text.indexOf(",");
  const [word, rest] = comma < 0 ? [member.text, ""] : [member.text.slice(0, comma), member.text.slice(comma)];
  const cidr = cidrOf(word);
  const to = (other: Cidr): Change => becomes(formatCidrShort(other) + rest);
  return [
    { kind: "drop", changes: [becomes(null)] },
    { kind: "address", changes: cidr === null ? [] : shifted(cidr).map(to) },
    { kind: "mask", changes: cidr === null || set.type !== "hash:net" ? [] : resized(cidr).map(to) },
    { kind: "port", changes: eachNumber(member.text, /,\w+:(\d+)$/).map(becomes) },
  ];
}
