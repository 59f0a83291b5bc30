/** The outside: one machine for each class of external addresses that some rule tells apart. */
import { addToIp, bitsOf, compareIp, contains, formatCidr, formatIp, ipFromBigInt, ipToBigInt, isSpecial, overlaps, parseCidr, rangeOf } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { ExternalHost } from "../model/types.ts";

/** Documentation ranges (RFC 5737, RFC 3849): nobody's real addresses. The first that no declared range overlaps is the wire outside. */
const candidates: Readonly<Record<Family, readonly string[]>> = {
  4: ["203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"],
  6: ["2001:db8:ffff::/64", "2001:db8:fffe::/64", "2001:db8:fffd::/64"],
};

/** The segment outside the routers, one prefix per family that some subnet has. */
export function outsidePrefixes(families: ReadonlySet<Family>, inside: readonly Cidr[]): readonly Cidr[] {
  return [...families].toSorted((x, y) => x - y).flatMap((family) => {
    const parsed = candidates[family].flatMap((text) => parseCidr(text) ?? []);
    const free = parsed.find((cidr) => !inside.some((range) => range.ip.family === family && overlaps(range, cidr))) ?? parsed[0];
    return free === undefined ? [] : [free];
  });
}

/** The tenth address of the outside wire: where "the internet" answers unless a rule singles it out. */
const favourite = 10;

/**
 * External address space cut at every prefix in `told`; addresses with the same memberships are one class, and each
 * class that is not empty gets one machine. The first machine is the class of the outside wire itself.
 */
export function externalHosts(prefixes: readonly Cidr[], inside: readonly Cidr[], told: readonly Cidr[], origin: Origin): readonly ExternalHost[] {
  const classes = prefixes.map((prefix) => classesOf(prefix, inside, told));
  const count = Math.max(0, ...classes.map((list) => list.length));
  return Array.from({ length: count }, (_unused, index): ExternalHost => {
    const members = classes.flatMap((list) => list[index] ?? []);
    const [first] = members;
    return {
      name: index === 0 ? "internet" : `internet-${formatIp(first?.ip ?? ipFromBigInt(4, 0n)).replaceAll(/[.:]+/g, "-")}`,
      addresses: members.map((member) => member.ip),
      represents: members.map((member) => member.represents).join(", "),
      origin,
    };
  });
}

interface ExternalClass {
  readonly ip: Ip;
  readonly represents: string;
}

function classesOf(prefix: Cidr, inside: readonly Cidr[], told: readonly Cidr[]): readonly ExternalClass[] {
  const { family } = prefix.ip;
  // Every policy about the internet tells the same ranges: by identity first, as that is cheap.
  const blocks = [...new Map([...new Set(told)].filter((cidr) => cidr.ip.family === family).map((cidr) => [formatCidr(cidr), cidr])).values()];
  const closed = inside.filter((cidr) => cidr.ip.family === family);
  const usable = (ip: Ip): boolean => !isSpecial(ip) && !closed.some((cidr) => contains(cidr, ip)) && !isRouterAddress(prefix, ip);
  const cuts = new Set<bigint>([0n]);
  const limit = 1n << BigInt(bitsOf(family));
  for (const cidr of [...blocks, ...closed, prefix]) {
    const { first, last } = rangeOf(cidr);
    cuts.add(ipToBigInt(first));
    cuts.add(ipToBigInt(last) + 1n);
  }
  const starts = [addToIp(prefix.ip, favourite), ...[...cuts].filter((cut) => cut < limit).toSorted((x, y) => (x < y ? -1 : x > y ? 1 : 0)).map((cut) => ipFromBigInt(family, cut))];
  const found = new Map<string, ExternalClass>();
  for (const start of starts) {
    const key = blocks.map((cidr) => (contains(cidr, start) ? "1" : "0")).join("");
    if (found.has(key)) continue;
    const ip = firstUsable(start, cuts, usable);
    if (ip === null) continue;
    const names = blocks.filter((cidr) => contains(cidr, ip)).map((cidr) => `${formatIp(cidr.ip)}/${cidr.prefix}`);
    found.set(key, { ip, represents: names.length === 0 ? "every other external address" : `external addresses in ${names.join(" and ")}` });
  }
  const [first, ...rest] = found.values();
  return first === undefined ? [] : [first, ...rest.toSorted((x, y) => compareIp(x.ip, y.ip))];
}

/** The routers' own addresses are the first of the outside wire. */
function isRouterAddress(prefix: Cidr, ip: Ip): boolean {
  if (!contains(prefix, ip)) return false;
  const offset = ipToBigInt(ip) - ipToBigInt(prefix.ip);
  return offset < BigInt(favourite) || ip.d === rangeOf(prefix).last.d;
}

/** The first address at or behind `start`, before the next cut, that a machine can have. */
function firstUsable(start: Ip, cuts: ReadonlySet<bigint>, usable: (ip: Ip) => boolean): Ip | null {
  // Network-looking addresses are legal hosts outside, but `.0` reads like a mistake: begin one further where there is room.
  const base = ipToBigInt(start);
  for (const offset of start.d % 256 === favourite ? [0n, 1n] : [1n, 2n, 0n, BigInt(favourite), BigInt(favourite) + 1n]) {
    const ip = ipFromBigInt(start.family, base + offset);
    if (offset > 0n && [...cuts].some((cut) => cut > base && cut <= base + offset)) continue;
    if (usable(ip)) return ip;
  }
  return null;
}
