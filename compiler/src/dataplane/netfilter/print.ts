/** iptables as text: the payload that iptables-restore takes, and rules as iptables-save spells them. */
import { compareText, formatCidr, formatIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { PrintedLine } from "../printed.ts";
import { protocolName, tcpFlags } from "./numbers.ts";
import { builtInChains, tableNames } from "./tables.ts";
import type { IptablesFile, Match, Rule, RuleLine, Ruleset, Target } from "./types.ts";
import { quoteWord } from "./words.ts";

/** The file for `iptables-restore --noflush`, or `ip6tables-restore` for IPv6. */
export function printIptablesFile(file: IptablesFile): readonly PrintedLine[] {
  const lines: PrintedLine[] = [];
  for (const table of file.tables) {
    lines.push({ text: `*${table.name}`, item: null, origin: null });
    for (const chain of table.chains) lines.push({ text: `:${chain.name} ${chain.policy} [0:0]`, item: chain, origin: chain.origin });
    for (const rule of table.rules) lines.push({ text: ruleLineText(rule), item: rule, origin: rule.origin });
    lines.push({ text: "COMMIT", item: null, origin: null });
  }
  return lines;
}

function ruleLineText(rule: RuleLine): string {
  switch (rule.operation) {
    case "delete-chain":
      return `-X ${rule.chain}`;
    case "append":
      return rule.text === "" ? `-A ${rule.chain}` : `-A ${rule.chain} ${rule.text}`;
    default:
      return rule.text === "" ? `-I ${rule.chain} 1` : `-I ${rule.chain} 1 ${rule.text}`;
  }
}

/**
 * The ruleset as `iptables-save` prints it, without its comment lines: built-in chains in hook order, then user
 * chains by name, then the rules chain by chain.
 */
export function printSave(ruleset: Ruleset): readonly PrintedLine[] {
  const lines: PrintedLine[] = [];
  for (const name of tableNames) {
    const table = ruleset.tables.get(name);
    if (table === undefined) continue;
    lines.push({ text: `*${name}`, item: null, origin: null });
    const builtIn = builtInChains(name);
    const own = [...table.keys()].filter((chain) => !builtIn.includes(chain)).sort(compareText);
    const chains = [...builtIn, ...own].flatMap((chain) => table.get(chain) ?? []);
    for (const chain of chains) lines.push({ text: `:${chain.name} ${chain.policy ?? "-"} [0:0]`, item: null, origin: null });
    for (const chain of chains) {
      for (const rule of chain.rules) {
        const text = saveRule(rule, ruleset.family);
        lines.push({
          text: text === "" ? `-A ${chain.name}` : `-A ${chain.name} ${text}`,
          item: rule.line,
          origin: rule.line?.origin ?? null,
        });
      }
    }
    lines.push({ text: "COMMIT", item: null, origin: null });
  }
  return lines;
}

/** What `iptables-save` prints behind `-A CHAIN `; empty for a rule without match and target. */
export function saveRule(rule: Pick<Rule, "matches" | "target">, family: Family): string {
  const words: string[] = [];
  const protocol = rule.matches.find((match) => match.kind === "protocol");
  const transport = protocol?.kind === "protocol" ? protocolName(protocol.protocol) : "tcp";
  /** The extension that the next match may still join, and the rank of the last option printed in it. */
  let open = "";
  let rank = 0;
  for (const match of rule.matches) {
    const place = joinable(match);
    if (place === null || place.extension !== open || place.rank <= rank) {
      const extension = extensionOf(match, transport);
      if (extension !== null) words.push(`-m ${extension}`);
    }
    open = place?.extension ?? "";
    rank = place?.rank ?? 0;
    const text = optionsOf(match, family);
    if (text !== "") words.push(text);
    if (match.kind === "addrtype" && match.limit !== null && !limitFollows(rule.matches, match)) words.push(`--limit-iface-${match.limit}`);
  }
  if (rule.target !== null) words.push(saveTarget(rule.target));
  return words.join(" ");
}

/** Matches that share one `-m` are printed in the order of their rank. */
function joinable(match: Match): { readonly extension: string; readonly rank: number } | null {
  if (match.kind === "port") return isEveryPort(match) ? null : { extension: "transport", rank: match.side === "source" ? 1 : 2 };
  if (match.kind === "tcp-flags") return { extension: "transport", rank: 3 };
  if (match.kind === "addrtype") return { extension: `addrtype ${match.limit ?? ""}`, rank: match.side === "source" ? 1 : 2 };
  return null;
}

/** The limit stands once behind the last option of its `-m addrtype`. */
function limitFollows(matches: readonly Match[], match: Extract<Match, { kind: "addrtype" }>): boolean {
  const following = matches[matches.indexOf(match) + 1];
  return match.side === "source" && following?.kind === "addrtype" && following.side === "destination" && following.limit === match.limit;
}

function isEveryPort(match: Extract<Match, { kind: "port" }>): boolean {
  return match.first === 0 && match.last === 65535 && !match.negated;
}

function extensionOf(match: Match, transport: string): string | null {
  switch (match.kind) {
    case "protocol":
    case "source":
    case "destination":
    case "in-interface":
    case "out-interface":
      return null;
    case "port":
    case "tcp-flags":
      return transport;
    case "icmp":
      return match.family === 4 ? "icmp" : "icmp6";
    default:
      return match.kind;
  }
}

const addressOptions = { source: "-s", destination: "-d" } as const;
const interfaceOptions = { "in-interface": "-i", "out-interface": "-o" } as const;
const portOptions = { source: "--sport", destination: "--dport" } as const;
const multiportOptions = { source: "--sports", destination: "--dports", either: "--ports" } as const;
const typeOptions = { source: "--src-type", destination: "--dst-type" } as const;

function optionsOf(match: Match, family: Family): string {
  const not = "negated" in match && match.negated ? "! " : "";
  switch (match.kind) {
    case "source":
    case "destination":
      return `${not}${addressOptions[match.kind]} ${formatCidr(match.cidr)}`;
    case "in-interface":
    case "out-interface":
      return `${not}${interfaceOptions[match.kind]} ${match.name}`;
    case "protocol":
      return `${not}-p ${protocolName(match.protocol)}`;
    case "comment":
      return `--comment ${quoteWord(match.text)}`;
    case "port":
      return isEveryPort(match) ? "" : `${not}${portOptions[match.side]} ${range(match)}`;
    case "multiport":
      return `${not}${multiportOptions[match.side]} ${match.ports.map(range).join(",")}`;
    case "mark":
      return `${not}--mark ${hex(match.value)}${match.mask === 0xffffffff ? "" : `/${hex(match.mask)}`}`;
    case "conntrack":
      return `${not}--ctstate ${match.states.join(",")}`;
    case "addrtype":
      return `${not}${typeOptions[match.side]} ${match.type}`;
    case "set":
      return `${not}--match-set ${match.set} ${match.sides.join(",")}`;
    case "statistic":
      return `--mode random ${not}--probability ${probabilityText(match.threshold)}`;
    case "recent": {
      const seconds = match.seconds === null ? "" : ` --seconds ${match.seconds}`;
      const mask = family === 4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
      return `${not}--${match.action}${seconds}${match.reap ? " --reap" : ""} --name ${match.name} --mask ${mask} --rsource`;
    }
    case "icmp": {
      const option = match.family === 4 ? "--icmp-type" : "--icmpv6-type";
      if (match.family === 4 && match.type === 255) return `${not}${option} any`;
      return `${not}${option} ${match.type}${match.code === null ? "" : `/${match.code}`}`;
    }
    case "rpfilter":
      return [
        match.loose ? "--loose" : "",
        match.validMark ? "--validmark" : "",
        match.acceptLocal ? "--accept-local" : "",
        match.invert ? "--invert" : "",
      ]
        .filter((word) => word !== "")
        .join(" ");
    default:
      return `${not}--tcp-flags ${flags(match.mask)} ${flags(match.set)}`;
  }
}

function flags(names: readonly string[]): string {
  return names.length === 0 ? "NONE" : tcpFlags.filter((flag) => names.includes(flag)).join(",");
}

function range(ports: { readonly first: number; readonly last: number }): string {
  return ports.first === ports.last ? String(ports.first) : `${ports.first}:${ports.last}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Eleven decimals of `threshold / 2^31`, a tie going to the even digit as in C's printf. */
function probabilityText(threshold: number): string {
  const scaled = BigInt(threshold) * 100_000_000_000n;
  const whole = scaled >> 31n;
  const rest = scaled - (whole << 31n);
  const half = 1n << 30n;
  const rounded = rest > half || (rest === half && (whole & 1n) === 1n) ? whole + 1n : whole;
  const digits = rounded.toString().padStart(12, "0");
  return `${digits.slice(0, -11)}.${digits.slice(-11)}`;
}

function saveTarget(target: Target): string {
  switch (target.kind) {
    case "accept":
    case "drop":
    case "return":
      return `-j ${target.kind.toUpperCase()}`;
    case "notrack":
      return "-j CT --notrack";
    case "jump":
      return `-j ${target.chain}`;
    case "goto":
      return `-g ${target.chain}`;
    case "reject":
      return `-j REJECT --reject-with ${target.with}`;
    case "mark":
      return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
    case "dnat":
      return `-j DNAT --to-destination ${endpoint(target.to, target.port === null ? null : String(target.port))}`;
    case "snat":
      return `-j SNAT --to-source ${endpoint(target.to, target.ports === null ? null : dashed(target.ports))}`;
    case "masquerade":
      return `-j MASQUERADE${target.ports === null ? "" : ` --to-ports ${dashed(target.ports)}`}${target.randomFully ? " --random-fully" : ""}`;
    default:
      return `-j LOG${target.prefix === "" ? "" : ` --log-prefix ${quoteWord(target.prefix)}`}${target.level === 4 ? "" : ` --log-level ${target.level}`}`;
  }
}

function dashed(ports: { readonly first: number; readonly last: number }): string {
  return ports.first === ports.last ? String(ports.first) : `${ports.first}-${ports.last}`;
}

function endpoint(ip: Ip, port: string | null): string {
  if (port === null) return formatIp(ip);
  return ip.family === 4 ? `${formatIp(ip)}:${port}` : `[${formatIp(ip)}]:${port}`;
}
