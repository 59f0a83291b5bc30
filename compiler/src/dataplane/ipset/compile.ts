/** Membership in an IP set, fast for sets of any size. */
import { maskIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import { parseMember } from "./member.ts";
import type { IpSet } from "./types.ts";

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
    addresses.add(keyOf(ip));
  }

  has(ip: Ip): boolean {
    if (ip.family !== this.#family) return false;
    for (const [prefix, addresses] of this.#byLength) if (addresses.has(keyOf(maskIp(ip, prefix)))) return true;
    return false;
  }
}

function keyOf(ip: Ip): number | string {
  return ip.family === 4 ? ip.d : `${ip.a}:${ip.b}:${ip.c}:${ip.d}`;
}

/**
 * Since a member only ever admits, the longest matching prefix decides nothing that a shorter one would not: any
 * prefix that holds the address is enough. `0.0.0.0/0` holds every address of its family, as its two halves do.
 *
 * @throws {IpSetError} for a member that `ipset` would refuse.
 */
export function compileIpSet(set: IpSet): CompiledIpSet {
  if (set.type !== "hash:ip,port") {
    const table = new PrefixTable(set.family);
    for (const member of set.members) {
      const { cidr } = parseMember(set, member.text);
      table.add(cidr.ip, cidr.prefix);
    }
    return { has: (ip) => table.has(ip) };
  }
  const byPort = new Map<number, PrefixTable>();
  for (const member of set.members) {
    const { cidr, ports } = parseMember(set, member.text);
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
