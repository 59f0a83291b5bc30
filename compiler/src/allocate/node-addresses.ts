/** Addresses of nodes in one prefix of a subnet. */
import { bitsOf, sizeOf } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import { allocateAddresses } from "./addresses.ts";
import type { AddressAllocation, AddressClaim } from "./addresses.ts";
import type { Band } from "./probe.ts";

export interface NodeAddressRequest {
  readonly cidr: Cidr;
  /** Router and other addresses of the subnet that no node may have. */
  readonly reserved: readonly Ip[];
  /** Keys are node names. */
  readonly nodes: readonly AddressClaim[];
  /** From the lock. */
  readonly held: ReadonlyMap<string, Ip>;
}

/**
 * Offsets of the hosts of a prefix. IPv4 leaves out network and broadcast address, IPv6 the subnet-router anycast
 * address; point-to-point prefixes (/31, RFC 3021; /127, RFC 6164) and single addresses have no such ones.
 */
export function usableHosts(cidr: Cidr): Band {
  const size = sizeOf(cidr);
  if (cidr.prefix >= bitsOf(cidr.ip.family) - 1) return { first: 0n, last: size - 1n };
  return { first: 1n, last: cidr.ip.family === 4 ? size - 2n : size - 1n };
}

/** Pinned addresses stay, the lock's stay, any other starts at the hash of the node's name and probes upwards, wrapping. */
export function allocateNodeAddresses(request: NodeAddressRequest): AddressAllocation {
  const usable = usableHosts(request.cidr);
  return allocateAddresses(request.cidr, usable, [usable], request.reserved, request.nodes, request.held);
}
