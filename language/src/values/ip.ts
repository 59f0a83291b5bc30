/** IPv4 and IPv6 addresses and prefixes: one representation for both families. */

export type Family = 4 | 6;

/**
 * An address as four unsigned 32-bit words, most significant first. An IPv4 address
 * uses only `d`; comparing and masking therefore never branch on the family and never allocate.
 */
export interface Ip {
  readonly family: Family;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** An address with a prefix length. `ip` may carry host bits; {@link hasHostBits} tells. */
export interface Cidr {
  readonly ip: Ip;
  readonly prefix: number;
}

export function ip4(value: number): Ip {
  return { family: 4, a: 0, b: 0, c: 0, d: value >>> 0 };
}

export function ip6(a: number, b: number, c: number, d: number): Ip {
  return { family: 6, a: a >>> 0, b: b >>> 0, c: c >>> 0, d: d >>> 0 };
}

/** Bits of an address of the family: 32 or 128. */
export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

const octet = /^(?:0|[1-9][0-9]{0,2})$/;

/** The address that `text` spells, or null. Leading zeros in an IPv4 octet are refused: they read as octal elsewhere. */
export function parseIp(text: string): Ip | null {
  return text.includes(":") ? parseIp6(text) : parseIp4(text);
}

function parseIp4(text: string): Ip | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!octet.test(part)) return null;
    const n = Number(part);
    if (n > 255) return null;
    value = value * 256 + n;
  }
  return ip4(value);
}

function parseIp6(text: string): Ip | null {
  let source = text;
  const dotted = /^(.*:)([0-9.]+\.[0-9.]+)$/.exec(source);
  if (dotted !== null) {
    const low = parseIp4(dotted[2] ?? "");
    if (low === null) return null;
    source = `${dotted[1] ?? ""}${(low.d >>> 16).toString(16)}:${(low.d & 0xffff).toString(16)}`;
  }
  const halves = source.split("::");
  if (halves.length > 2) return null;
  const groups = (half: string): number[] | null => {
    if (half === "") return [];
    const out: number[] = [];
    for (const group of half.split(":")) {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
      out.push(Number.parseInt(group, 16));
    }
    return out;
  };
  const head = groups(halves[0] ?? "");
  const tail = halves.length === 2 ? groups(halves[1] ?? "") : [];
  if (head === null || tail === null) return null;
  const given = head.length + tail.length;
  if (halves.length === 1 ? given !== 8 : given > 7) return null;
  const all = [...head, ...Array.from({ length: 8 - given }, () => 0), ...tail];
  const word = (i: number): number => (((all[i] ?? 0) << 16) | (all[i + 1] ?? 0)) >>> 0;
  return ip6(word(0), word(2), word(4), word(6));
}

/** Canonical text: dotted quad, or RFC 5952 for IPv6. */
export function formatIp(ip: Ip): string {
  if (ip.family === 4) return `${ip.d >>> 24}.${(ip.d >>> 16) & 255}.${(ip.d >>> 8) & 255}.${ip.d & 255}`;
  if (ip.a === 0 && ip.b === 0 && ip.c === 0xffff) return `::ffff:${formatIp(ip4(ip.d))}`;
  const groups = [ip.a, ip.b, ip.c, ip.d].flatMap((w) => [w >>> 16, w & 0xffff]);
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8;) {
    let j = i;
    while (j < 8 && groups[j] === 0) j++;
    if (j - i > bestLength) {
      best = i;
      bestLength = j - i;
    }
    i = j === i ? i + 1 : j;
  }
  const hex = (part: number[]): string => part.map((g) => g.toString(16)).join(":");
  if (best < 0) return hex(groups);
  return `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
}

/** `address/prefix`, masked or not as it was written; null when either half is malformed or the prefix is too long. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf("/");
  if (slash < 0) return null;
  const ip = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (ip === null || !/^(?:0|[1-9][0-9]{0,2})$/.test(length)) return null;
  const prefix = Number(length);
  return prefix > bitsOf(ip.family) ? null : { ip, prefix };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.ip)}/${cidr.prefix}`;
}

/** A /32 or /128 of one address. */
export function hostCidr(ip: Ip): Cidr {
  return { ip, prefix: bitsOf(ip.family) };
}

/** Address without `/32` or `/128`, prefix otherwise: the way `ip route` and ipset write hosts. */
export function formatCidrShort(cidr: Cidr): string {
  return cidr.prefix === bitsOf(cidr.ip.family) ? formatIp(cidr.ip) : formatCidr(cidr);
}

function wordMask(prefix: number, word: number): number {
  const bits = Math.min(32, Math.max(0, prefix - word * 32));
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

/** The address with all bits behind `prefix` cleared. */
export function maskIp(ip: Ip, prefix: number): Ip {
  if (ip.family === 4) return ip4(ip.d & wordMask(prefix, 0));
  return ip6(ip.a & wordMask(prefix, 0), ip.b & wordMask(prefix, 1), ip.c & wordMask(prefix, 2), ip.d & wordMask(prefix, 3));
}

export function maskCidr(cidr: Cidr): Cidr {
  return { ip: maskIp(cidr.ip, cidr.prefix), prefix: cidr.prefix };
}

export function hasHostBits(cidr: Cidr): boolean {
  return !equalIp(maskIp(cidr.ip, cidr.prefix), cidr.ip);
}

export function equalIp(x: Ip, y: Ip): boolean {
  return x.d === y.d && x.c === y.c && x.b === y.b && x.a === y.a && x.family === y.family;
}

export function equalCidr(x: Cidr, y: Cidr): boolean {
  return x.prefix === y.prefix && equalIp(x.ip, y.ip);
}

/** IPv4 before IPv6, then numerically. */
export function compareIp(x: Ip, y: Ip): number {
  return x.family - y.family || x.a - y.a || x.b - y.b || x.c - y.c || x.d - y.d;
}

export function compareCidr(x: Cidr, y: Cidr): number {
  return compareIp(x.ip, y.ip) || x.prefix - y.prefix;
}

/** Whether the prefix holds the address; false across families. */
export function contains(cidr: Cidr, ip: Ip): boolean {
  return cidr.ip.family === ip.family && equalIp(maskIp(ip, cidr.prefix), maskIp(cidr.ip, cidr.prefix));
}

/** Whether `inner` lies wholly in `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return inner.prefix >= outer.prefix && contains(outer, inner.ip);
}

export function overlaps(x: Cidr, y: Cidr): boolean {
  return x.prefix <= y.prefix ? contains(x, y.ip) : contains(y, x.ip);
}

/** The address as one integer. For arithmetic off the hot paths. */
export function ipToBigInt(ip: Ip): bigint {
  return (BigInt(ip.a) << 96n) | (BigInt(ip.b) << 64n) | (BigInt(ip.c) << 32n) | BigInt(ip.d);
}

/** The address with that integer value; bits beyond the family's width are cut. */
export function ipFromBigInt(family: Family, value: bigint): Ip {
  if (family === 4) return ip4(Number(value & 0xffffffffn));
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn);
  return ip6(word(96n), word(64n), word(32n), word(0n));
}

/** `ip + offset`, wrapping inside the family. */
export function addToIp(ip: Ip, offset: number | bigint): Ip {
  return ipFromBigInt(ip.family, BigInt.asUintN(bitsOf(ip.family), ipToBigInt(ip) + BigInt(offset)));
}

/** How many addresses a prefix holds. */
export function sizeOf(cidr: Cidr): bigint {
  return 1n << BigInt(bitsOf(cidr.ip.family) - cidr.prefix);
}

/** `0.0.0.0/0` or `::/0`. */
export function everyAddress(family: Family): Cidr {
  return { ip: family === 4 ? ip4(0) : ip6(0, 0, 0, 0), prefix: 0 };
}

/** First and last address of a prefix. */
export function rangeOf(cidr: Cidr): { readonly first: Ip; readonly last: Ip } {
  const first = maskIp(cidr.ip, cidr.prefix);
  return { first, last: addToIp(first, sizeOf(cidr) - 1n) };
}

/** 127.0.0.0/8, ::1, 169.254.0.0/16, fe80::/10, multicast, or the unspecified address: never a host on a wire. */
export function isSpecial(ip: Ip): boolean {
  if (ip.family === 4) {
    const first = ip.d >>> 24;
    return first === 0 || first === 127 || ip.d >>> 16 === 0xa9fe || first >= 224;
  }
  if (ip.a === 0 && ip.b === 0 && ip.c === 0 && ip.d <= 1) return true;
  return ip.a >>> 22 === 0x3fa || ip.a >>> 24 === 0xff;
}
