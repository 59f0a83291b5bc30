/** Membership in an IP set, fast for sets of any size. */
import { maskIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import { ipKey } from "../ip-key.ts";
import { parseMember } from "./member.ts";
import type { ParsedMember } from "./member.ts";
import type { IpSet, IpSetMember } from "./types.ts";

/** The packet's protocol by IANA number and the port that the `-m set` sides select. */
export interface SetPort {
  readonly protocol: number;
  readonly port: number;
}

export interface CompiledIpSet {
  /**
   * Whether the set holds the address, or for a set with ports the pair. False across families, and for a set with
   * ports when the packet has none.
   */
  has(ip: Ip, port?: SetPort): boolean;
}

/** One hash per prefix length, as the kernel's hash:net keeps them. */
class PrefixTable {
  readonly #family: Family;
  readonly #byLength = new Map<number, Set<number | string>>();

  constructor(family: Family) {
    this.#family = family;
  }

  add(ip: Ip, prefix: number): void {
    let addresses = this.#byLength.get(prefix);
    if (addresses === undefined) {
      addresses = new Set();
      this.#byLength.set(prefix, addresses);
    }
    addresses.add(ipKey(ip));
  }

  has(ip: Ip): boolean {
    if (ip.family !== this.#family) return false;
    for (const [prefix, addresses] of this.#byLength) if (addresses.has(ipKey(maskIp(ip, prefix)))) return true;
    return false;
  }
}

/** Members that many nodes' sets of one name share are read once. */
const parsed = new WeakMap<IpSetMember, { readonly set: string; readonly type: IpSet["type"]; readonly family: Family; readonly member: ParsedMember }>();

function parsedMember(set: IpSet, member: IpSetMember): ParsedMember {
  const known = parsed.get(member);
  if (known !== undefined && known.set === set.name && known.type === set.type && known.family === set.family) return known.member;
  const read = parseMember(set, member.text);
  parsed.set(member, { set: set.name, type: set.type, family: set.family, member: read });
  return read;
}

const compiled = new WeakMap<IpSet, CompiledIpSet>();

/**
 * Since a member only ever admits, the longest matching prefix decides nothing that a shorter one would not: any
 * prefix that holds the address is enough. `0.0.0.0/0` holds every address of its family, as its two halves do.
 *
 * @throws {IpSetError} for a member that `ipset` would refuse.
 */
export function compileIpSet(set: IpSet): CompiledIpSet {
  let known = compiled.get(set);
  if (known === undefined) {
    known = compile(set);
    compiled.set(set, known);
  }
  return known;
}

function compile(set: IpSet): CompiledIpSet {
  if (set.type !== "hash:ip,port") {
    const table = new PrefixTable(set.family);
    for (const member of set.members) {
      const { cidr } = parsedMember(set, member);
      table.add(cidr.ip, cidr.prefix);
    }
    return { has: (ip) => table.has(ip) };
  }
  const byPort = new Map<number, PrefixTable>();
  for (const member of set.members) {
    const { cidr, ports } = parsedMember(set, member);
    if (ports === null) continue;
    for (let port = ports.first; port <= ports.last; port++) {
      const key = ports.protocol * 65_536 + port;
      let table = byPort.get(key);
      if (table === undefined) {
        table = new PrefixTable(set.family);
        byPort.set(key, table);
      }
      table.add(cidr.ip, cidr.prefix);
    }
  }
  return { has: (ip, port) => port !== undefined && byPort.get(port.protocol * 65_536 + port.port)?.has(ip) === true };
}
