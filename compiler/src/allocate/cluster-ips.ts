/** Cluster IPs of one service range. */
import { sizeOf } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import { allocateAddresses } from "./addresses.ts";
import type { AddressAllocation, AddressClaim } from "./addresses.ts";
import type { Band } from "./probe.ts";

export interface ClusterIpRequest {
  readonly cidr: Cidr;
  /** Keys are `namespace/name`. */
  readonly services: readonly AddressClaim[];
  /** From the lock. */
  readonly held: ReadonlyMap<string, Ip>;
}

export interface ServiceBands {
  /** Offsets that may be handed out at all: not the base, nor the last of an IPv4 range. */
  readonly usable: Band;
  /** For addresses asked for; null in ranges of 16 addresses or fewer. */
  readonly static: Band | null;
  /** Where addresses are chosen first; null when the static band leaves none. */
  readonly dynamic: Band | null;
}

/** The bands of KEP-3070: the first min(max(16, size/16), 256) usable addresses are left to explicit requests. */
export function serviceBands(cidr: Cidr): ServiceBands {
  const size = sizeOf(cidr);
  const usable: Band = { first: 1n, last: cidr.ip.family === 4 ? size - 2n : size - 1n };
  const sixteenth = size / 16n;
  const atLeast = sixteenth < 16n ? 16n : sixteenth;
  const offset = size <= 16n ? 0n : atLeast > 256n ? 256n : atLeast;
  const band = (first: bigint, last: bigint): Band | null => (first <= last ? { first, last } : null);
  return { usable, static: band(1n, offset), dynamic: band(1n + offset, usable.last) };
}

/**
 * Pinned addresses stay; a name that the lock holds keeps its address; any other starts at the hash of
 * `namespace/name` in the dynamic band and probes upwards, wrapping at its end, then in the static band. (The API
 * server starts at a random address instead; everything else is its rule.)
 */
export function allocateClusterIps(request: ClusterIpRequest): AddressAllocation {
  const bands = serviceBands(request.cidr);
  const order = [bands.dynamic, bands.static].filter((band) => band !== null);
  return allocateAddresses(request.cidr, bands.usable, order, [], request.services, request.held);
}
