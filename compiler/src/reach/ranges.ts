/** External addresses in the fewest ranges that rules tell apart. */
import { addToIp, bitsOf, compareIp, contains, ipFromBigInt, ipToBigInt, rangeOf } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { AddressRange } from "./types.ts";

/**
 * One family's addresses as ranges with the group each belongs to, in order. Declared ranges and addresses without a
 * group are nobody's: a range runs over them when both its sides are of one group, and up to the ends of the space.
 * @param told prefixes that rules compare with
 * @param inside declared subnets, pools and service ranges
 * @param groupOf the group of an external address, equal for all addresses between two prefixes; null: none
 */
export function externalRanges<G>(
  family: Family,
  told: readonly Cidr[],
  inside: readonly Cidr[],
  groupOf: (ip: Ip) => G | null,
): readonly { readonly group: G; readonly range: AddressRange }[] {
  const closed = inside.filter((cidr) => cidr.ip.family === family);
  const limit = 1n << BigInt(bitsOf(family));
  const cuts = new Set<bigint>([0n]);
  for (const cidr of [...told, ...closed]) {
    if (cidr.ip.family !== family) continue;
    const { first, last } = rangeOf(cidr);
    cuts.add(ipToBigInt(first));
    if (ipToBigInt(last) + 1n < limit) cuts.add(ipToBigInt(last) + 1n);
  }
  const starts = [...cuts].toSorted((x, y) => (x < y ? -1 : 1));
  const runs: { group: G; first: bigint; last: bigint }[] = [];
  for (const [index, start] of starts.entries()) {
    const last = (starts[index + 1] ?? limit) - 1n;
    const ip = ipFromBigInt(family, start);
    const group = closed.some((cidr) => contains(cidr, ip)) ? null : groupOf(ip);
    if (group === null) continue;
    const open = runs.at(-1);
    if (open !== undefined && open.group === group) open.last = last;
    else runs.push({ group, first: open === undefined ? 0n : start, last });
  }
  const end = runs.at(-1);
  if (end !== undefined) end.last = limit - 1n;
  return runs.map(({ group, first, last }) => {
    const range = { first: ipFromBigInt(family, first), last: ipFromBigInt(family, last) };
    return { group, range: { ...range, cidrs: cidrsOf(range.first, range.last) } };
  });
}

/** The fewest CIDRs from the first address to the last, in order. */
export function cidrsOf(first: Ip, last: Ip): readonly Cidr[] {
  const out: Cidr[] = [];
  const bits = bitsOf(first.family);
  const end = ipToBigInt(last);
  for (let at = ipToBigInt(first); at <= end;) {
    let host = 0;
    while (host < bits && (at & ((1n << BigInt(host + 1)) - 1n)) === 0n && at + (1n << BigInt(host + 1)) - 1n <= end) host++;
    out.push({ ip: addToIp(first, at - ipToBigInt(first)), prefix: bits - host });
    at += 1n << BigInt(host);
  }
  return out;
}

export function compareRanges(x: AddressRange, y: AddressRange): number {
  return x.first.family - y.first.family || compareIp(x.first, y.first);
}
