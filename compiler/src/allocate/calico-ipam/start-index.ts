/** Where a node begins to look for a free block in a pool. */
import { GoRandom } from "./go-random.ts";

/** FNV-1, 32 bit (multiply, then xor), of the UTF-8 bytes. */
export function fnv1(text: string): number {
  let hash = 2166136261;
  for (const byte of Buffer.from(text, "utf8")) hash = Math.imul(hash, 16777619) ^ byte;
  return hash >>> 0;
}

/**
 * Index of the first block that the node tries, of `blockCount` blocks. Calico seeds by the clock when blocks hold a
 * single address; those start at index 0 here, as any choice is as good.
 */
export function startIndex(node: string, blockCount: bigint, singleAddressBlocks: boolean): bigint {
  if (singleAddressBlocks) return 0n;
  return new GoRandom(BigInt(fnv1(node))).below(blockCount);
}
