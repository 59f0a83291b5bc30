/** Names that iptables has for numbers, and back. */
import type { ConntrackState } from "./types.ts";

/** IANA protocol numbers by the names that iptables takes. */
const protocolNumbers: ReadonlyMap<string, number> = new Map([
  ["all", 0],
  ["icmp", 1],
  ["igmp", 2],
  ["ipencap", 4],
  ["ipip", 4],
  ["tcp", 6],
  ["udp", 17],
  ["dccp", 33],
  ["ipv6", 41],
  ["gre", 47],
  ["esp", 50],
  ["ipv6-crypt", 50],
  ["ah", 51],
  ["ipv6-auth", 51],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["ospf", 89],
  ["ospfigp", 89],
  ["pim", 103],
  ["vrrp", 112],
  ["sctp", 132],
  ["udplite", 136],
]);

const protocolNames: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [2, "igmp"],
  [4, "ipencap"],
  [6, "tcp"],
  [17, "udp"],
  [33, "dccp"],
  [41, "ipv6"],
  [47, "gre"],
  [50, "esp"],
  [51, "ah"],
  [58, "ipv6-icmp"],
  [89, "ospf"],
  [103, "pim"],
  [112, "vrrp"],
  [132, "sctp"],
  [136, "udplite"],
]);

/** The number behind `tcp`, `TCP` or `6`; null when there is none. */
export function protocolNumber(word: string): number | null {
  const named = protocolNumbers.get(word.toLowerCase());
  if (named !== undefined) return named;
  const number = unsigned(word);
  return number !== null && number <= 255 ? number : null;
}

/** As `iptables-save` prints it: the name where it has one, else the number. */
export function protocolName(number: number): string {
  return protocolNames.get(number) ?? String(number);
}

/** The services of the IANA registry that host firewalls write by name. */
const services: ReadonlyMap<string, number> = new Map([
  ["ftp", 21],
  ["ssh", 22],
  ["telnet", 23],
  ["smtp", 25],
  ["domain", 53],
  ["bootps", 67],
  ["bootpc", 68],
  ["tftp", 69],
  ["http", 80],
  ["kerberos", 88],
  ["pop3", 110],
  ["sunrpc", 111],
  ["ntp", 123],
  ["imap2", 143],
  ["snmp", 161],
  ["bgp", 179],
  ["ldap", 389],
  ["https", 443],
  ["syslog", 514],
  ["submission", 587],
  ["ldaps", 636],
  ["imaps", 993],
  ["nfs", 2049],
  ["mysql", 3306],
  ["postgresql", 5432],
]);

/** A port by number or by the name of a well-known service. */
export function portNumber(word: string): number | null {
  const named = services.get(word);
  if (named !== undefined) return named;
  const number = decimal(word);
  return number !== null && number <= 65535 ? number : null;
}

/** Digits only, below 2^53. */
export function decimal(word: string): number | null {
  if (word.length === 0 || word.length > 15) return null;
  let value = 0;
  for (let i = 0; i < word.length; i++) {
    const digit = word.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value;
}

/** An unsigned 32-bit number the way strtoul reads it with base 0: `0x` hexadecimal, leading `0` octal, else decimal. */
export function unsigned(word: string): number | null {
  const hex = word.startsWith("0x") || word.startsWith("0X");
  const base = hex ? 16 : word.length > 1 && word.charCodeAt(0) === 48 ? 8 : 10;
  const start = hex ? 2 : 0;
  if (start === word.length || word.length > 20) return null;
  let value = 0;
  for (let i = start; i < word.length; i++) {
    const code = word.charCodeAt(i);
    const digit = code <= 57 ? code - 48 : (code | 32) - 87;
    if (digit < 0 || digit >= base || (code > 57 && (code | 32) < 97)) return null;
    value = value * base + digit;
  }
  return value <= 0xffffffff ? value : null;
}

/** Order of `iptables-save`. */
export const conntrackStates: readonly ConntrackState[] = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"];

/** Order of `iptables-save`; `ALL` stands for all of them, `NONE` for none. */
export const tcpFlags: readonly string[] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

/** syslog severities, most severe first: the index is the level. */
export const logLevels: ReadonlyMap<string, number> = new Map([
  ["emerg", 0],
  ["panic", 0],
  ["alert", 1],
  ["crit", 2],
  ["err", 3],
  ["error", 3],
  ["warn", 4],
  ["warning", 4],
  ["notice", 5],
  ["info", 6],
  ["debug", 7],
]);

const rejectNames4: readonly (readonly [string, string])[] = [
  ["icmp-net-unreachable", "net-unreach"],
  ["icmp-host-unreachable", "host-unreach"],
  ["icmp-port-unreachable", "port-unreach"],
  ["icmp-proto-unreachable", "proto-unreach"],
  ["icmp-net-prohibited", "net-prohib"],
  ["icmp-host-prohibited", "host-prohib"],
  ["tcp-reset", "tcp-rst"],
  ["icmp-admin-prohibited", "admin-prohib"],
];

const rejectNames6: readonly (readonly [string, string])[] = [
  ["icmp6-no-route", "no-route"],
  ["icmp6-adm-prohibited", "adm-prohibited"],
  ["icmp6-addr-unreachable", "addr-unreach"],
  ["icmp6-port-unreachable", "port-unreach"],
  ["tcp-reset", "tcp-reset"],
  ["icmp6-policy-fail", "policy-fail"],
  ["icmp6-reject-route", "reject-route"],
];

/** The full name of a `--reject-with` type given by its full or short name; null when the family has none. */
export function rejectName(family: 4 | 6, word: string): string | null {
  const names = family === 4 ? rejectNames4 : rejectNames6;
  return names.find(([full, short]) => full === word || short === word)?.[0] ?? null;
}

export interface IcmpType {
  /** 255 stands for any type of IPv4. */
  readonly type: number;
  /** Null: every code. */
  readonly code: number | null;
}

const icmp4: ReadonlyMap<string, readonly [number, number?]> = new Map<string, readonly [number, number?]>([
  ["any", [255]],
  ["echo-reply", [0]],
  ["pong", [0]],
  ["destination-unreachable", [3]],
  ["network-unreachable", [3, 0]],
  ["host-unreachable", [3, 1]],
  ["protocol-unreachable", [3, 2]],
  ["port-unreachable", [3, 3]],
  ["fragmentation-needed", [3, 4]],
  ["source-route-failed", [3, 5]],
  ["network-unknown", [3, 6]],
  ["host-unknown", [3, 7]],
  ["network-prohibited", [3, 9]],
  ["host-prohibited", [3, 10]],
  ["TOS-network-unreachable", [3, 11]],
  ["TOS-host-unreachable", [3, 12]],
  ["communication-prohibited", [3, 13]],
  ["host-precedence-violation", [3, 14]],
  ["precedence-cutoff", [3, 15]],
  ["source-quench", [4]],
  ["redirect", [5]],
  ["network-redirect", [5, 0]],
  ["host-redirect", [5, 1]],
  ["TOS-network-redirect", [5, 2]],
  ["TOS-host-redirect", [5, 3]],
  ["echo-request", [8]],
  ["ping", [8]],
  ["router-advertisement", [9]],
  ["router-solicitation", [10]],
  ["time-exceeded", [11]],
  ["ttl-exceeded", [11]],
  ["ttl-zero-during-transit", [11, 0]],
  ["ttl-zero-during-reassembly", [11, 1]],
  ["parameter-problem", [12]],
  ["ip-header-bad", [12, 0]],
  ["required-option-missing", [12, 1]],
  ["timestamp-request", [13]],
  ["timestamp-reply", [14]],
  ["address-mask-request", [17]],
  ["address-mask-reply", [18]],
]);

const icmp6: ReadonlyMap<string, readonly [number, number?]> = new Map<string, readonly [number, number?]>([
  ["destination-unreachable", [1]],
  ["no-route", [1, 0]],
  ["communication-prohibited", [1, 1]],
  ["beyond-scope", [1, 2]],
  ["address-unreachable", [1, 3]],
  ["port-unreachable", [1, 4]],
  ["failed-policy", [1, 5]],
  ["reject-route", [1, 6]],
  ["packet-too-big", [2]],
  ["time-exceeded", [3]],
  ["ttl-exceeded", [3]],
  ["ttl-zero-during-transit", [3, 0]],
  ["ttl-zero-during-reassembly", [3, 1]],
  ["parameter-problem", [4]],
  ["bad-header", [4, 0]],
  ["unknown-header-type", [4, 1]],
  ["unknown-option", [4, 2]],
  ["echo-request", [128]],
  ["ping", [128]],
  ["echo-reply", [129]],
  ["pong", [129]],
  ["mld-listener-query", [130]],
  ["mld-listener-report", [131]],
  ["mld-listener-done", [132]],
  ["mld-listener-reduction", [132]],
  ["router-solicitation", [133]],
  ["router-advertisement", [134]],
  ["neighbour-solicitation", [135]],
  ["neighbor-solicitation", [135]],
  ["neighbour-advertisement", [136]],
  ["neighbor-advertisement", [136]],
  ["redirect", [137]],
]);

/** `echo-request`, `3`, `3/4`; null when malformed. */
export function icmpType(family: 4 | 6, word: string): IcmpType | null {
  const named = (family === 4 ? icmp4 : icmp6).get(word);
  if (named !== undefined) return { type: named[0], code: named[1] ?? null };
  const slash = word.indexOf("/");
  const type = decimal(slash < 0 ? word : word.slice(0, slash));
  const code = slash < 0 ? null : decimal(word.slice(slash + 1));
  if (type === null || type > 255 || (slash >= 0 && (code === null || code > 255))) return null;
  return { type, code };
}
