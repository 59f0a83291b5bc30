/** Names to addresses of one prefix: the part that service ranges and subnets share. */
import { addToIp, contains, ipToBigInt, maskCidr } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import type { AddressProblem } from "./problems.ts";
import { probe } from "./probe.ts";
import type { Band } from "./probe.ts";

export interface AddressClaim {
  /** Also what is hashed. */
  readonly key: string;
  readonly pinned: Ip | null;
}

export interface AddressAllocation {
  readonly addresses: ReadonlyMap<string, Ip>;
  readonly problems: readonly AddressProblem[];
}

/** `bands` and `usable` are offsets from the prefix's base. */
export function allocateAddresses(
  cidr: Cidr,
  usable: Band,
  bands: readonly Band[],
  reserved: readonly Ip[],
  claims: readonly AddressClaim[],
  held: ReadonlyMap<string, Ip>,
): AddressAllocation {
  const range = maskCidr(cidr);
  const base = ipToBigInt(range.ip);
  const offset = (ip: Ip): bigint | null => {
    if (!contains(range, ip)) return null;
    const index = ipToBigInt(ip) - base;
    return index >= usable.first && index <= usable.last ? index : null;
  };
  const problems: AddressProblem[] = [];
  const probed = probe(
    claims.flatMap(({ key, pinned }) => {
      const heldIp = held.get(key);
      const index = pinned === null ? null : offset(pinned);
      if (pinned !== null && index === null) {
        problems.push({ kind: "outside-range", key, address: pinned, range });
        return [];
      }
      return [{ key, seed: key, pinned: index, held: heldIp === undefined ? null : offset(heldIp) }];
    }),
    bands,
    reserved.flatMap((ip) => offset(ip) ?? []),
  );
  for (const { key, index, holder } of probed.conflicts)
    problems.push({ kind: "already-taken", key, address: addToIp(range.ip, index), holder });
  for (const key of probed.unplaced) problems.push({ kind: "range-full", key, range });
  return { addresses: new Map([...probed.indices].map(([key, index]) => [key, addToIp(range.ip, index)])), problems };
}
