/** One member of an IP set, read from the text that `ipset add` takes. */
import { addToIp, bitsOf, formatCidrShort, formatIp, hasHostBits, hostCidr, maskCidr, parseCidr, parseIp } from "@knet/language/values";
import type { Cidr } from "@knet/language/values";
import type { IpSet } from "./types.ts";

/** A member that `ipset` would refuse for the type and family of its set. */
export class IpSetError extends Error {
  readonly set: string;
  readonly word: string;

  constructor(set: string, word: string, reason: string) {
    super(`set ${set}: ${reason}: ${word}`);
    this.name = "IpSetError";
    this.set = set;
    this.word = word;
  }
}

export interface ParsedMember {
  /** Without host bits. */
  readonly cidr: Cidr;
  /** Null unless the set has ports. */
  readonly ports: { readonly protocol: number; readonly first: number; readonly last: number } | null;
}

/** Protocols that `ipset` takes in a `proto:port` pair, with the number it keeps. */
const portProtocols: ReadonlyMap<string, number> = new Map([
  ["tcp", 6],
  ["udp", 17],
  ["sctp", 132],
  ["udplite", 136],
]);

/**
 * @throws {IpSetError} for a malformed member, one of the other family, or one that the type cannot hold.
 */
export function parseMember(set: Pick<IpSet, "name" | "type" | "family">, text: string): ParsedMember {
  const comma = text.indexOf(",");
  const address = comma < 0 ? text : text.slice(0, comma);
  const ip = parseIp(address);
  const cidr = ip === null ? parseCidr(address) : hostCidr(ip);
  if (cidr === null) throw new IpSetError(set.name, text, "not an address or a prefix");
  if (cidr.ip.family !== set.family) throw new IpSetError(set.name, text, `not of IPv${set.family}`);
  if (set.type !== "hash:ip,port") {
    if (comma >= 0) throw new IpSetError(set.name, text, `a ${set.type} set has no ports`);
  } else if (comma < 0) {
    throw new IpSetError(set.name, text, "a hash:ip,port set needs a port");
  }
  if (set.type !== "hash:net" && set.family === 6 && cidr.prefix !== 128)
    throw new IpSetError(set.name, text, `a ${set.type} set holds single IPv6 addresses`);
  return { cidr: hasHostBits(cidr) ? maskCidr(cidr) : cidr, ports: comma < 0 ? null : parsePorts(set.name, text, text.slice(comma + 1)) };
}

function parsePorts(set: string, text: string, word: string): NonNullable<ParsedMember["ports"]> {
  const colon = word.indexOf(":");
  const protocol = colon < 0 ? 6 : portProtocols.get(word.slice(0, colon).toLowerCase());
  if (protocol === undefined) throw new IpSetError(set, text, "knet reads ports of tcp, udp, sctp and udplite");
  const range = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(word.slice(colon + 1));
  const first = Number(range?.[1]);
  const last = Number(range?.[2] ?? range?.[1]);
  if (range === null || first > last || last > 65535) throw new IpSetError(set, text, "not a port or a range of ports");
  return { protocol, first, last };
}

const protocolNames: ReadonlyMap<number, string> = new Map([...portProtocols].map(([name, number]) => [number, name]));

/** More than this many members from one text would be a mistake, and too many for a set. */
const expansionLimit = 65_536n;

/**
 * The members as `ipset save` lists them: prefixes without host bits, hosts without their length, ranges of
 * addresses and ports written out where the type has no ranges.
 */
export function canonicalMembers(set: Pick<IpSet, "name" | "type" | "family">, text: string): readonly string[] {
  const { cidr, ports } = parseMember(set, text);
  if (set.type === "hash:net") {
    if (cidr.prefix > 0) return [formatCidrShort(cidr)];
    return set.family === 4 ? ["0.0.0.0/1", "128.0.0.0/1"] : ["::/1", "8000::/1"];
  }
  const count = 1n << BigInt(bitsOf(set.family) - cidr.prefix);
  const portCount = ports === null ? 1n : BigInt(ports.last - ports.first + 1);
  if (count * portCount > expansionLimit) throw new IpSetError(set.name, text, "the range has too many members");
  const out: string[] = [];
  for (let i = 0n; i < count; i++) {
    const ip = formatIp(addToIp(cidr.ip, i));
    if (ports === null) out.push(ip);
    else for (let port = ports.first; port <= ports.last; port++) out.push(`${ip},${protocolNames.get(ports.protocol) ?? ""}:${port}`);
  }
  return out;
}
