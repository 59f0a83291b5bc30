/** One pool cut into blocks: who owns which, and which addresses are left in each. */
import { addToIp, bitsOf, contains, formatCidr, ip4, ip6, ipToBigInt, maskCidr } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { IpPool } from "../../model/types.ts";
import { NextFree } from "../next-free.ts";

export class Block {
  readonly pool: PoolState;
  readonly index: bigint;
  readonly cidr: Cidr;
  /** The CIDR with `.`, `:` and `/` as `-`: what the datastore sorts a node's blocks by. */
  readonly name: string;
  /** The node that has affinity. */
  owner: string;
  /** Ordinals below it are gone. */
  #cursor = 0;
  /** Ordinals that pinned and held addresses have. */
  readonly #taken: ReadonlySet<number>;
  free: number;

  constructor(pool: PoolState, index: bigint, owner: string, taken: ReadonlySet<number>) {
    this.pool = pool;
    this.index = index;
    this.owner = owner;
    this.#taken = taken;
    this.free = pool.blockLength - taken.size;
    this.cidr = { ip: addToIp(pool.cidr.ip, index * BigInt(pool.blockLength)), prefix: pool.blockSize };
    this.name = formatCidr(this.cidr).replaceAll(/[.:/]/g, "-");
  }

  /** Nobody has an address in it. */
  get empty(): boolean {
    return this.free === this.pool.blockLength;
  }

  /** The next address of the queue: ordinals in order, without those that are taken. The block has one. */
  pop(): Ip {
    while (this.#taken.has(this.#cursor)) this.#cursor++;
    const ordinal = this.#cursor++;
    this.free--;
    if (this.free === 0) this.pool.fill(this);
    const { ip } = this.cidr;
    // Blocks have at most 4,096 addresses and are aligned, so the last word never carries.
    return ip.family === 4 ? ip4(ip.d + ordinal) : ip6(ip.a, ip.b, ip.c, ip.d + ordinal);
  }
}

export class PoolState {
  readonly pool: IpPool;
  readonly cidr: Cidr;
  readonly family: Family;
  readonly blockSize: number;
  /** Addresses in a block. */
  readonly blockLength: number;
  readonly blockCount: bigint;
  readonly #blocks = new Map<bigint, Block>();
  /** Taken: blocks that exist. */
  readonly #claimed: NextFree;
  /** Taken: blocks without a free address. */
  readonly #full: NextFree;
  readonly #taken = new Map<bigint, Set<number>>();
  readonly #holders = new Map<bigint, string>();

  constructor(pool: IpPool) {
    this.pool = pool;
    this.cidr = maskCidr(pool.cidr);
    this.family = pool.cidr.ip.family;
    this.blockSize = pool.blockSize;
    this.blockLength = 2 ** (bitsOf(this.family) - pool.blockSize);
    this.blockCount = 1n << BigInt(pool.blockSize - pool.cidr.prefix);
    this.#claimed = new NextFree(this.blockCount);
    this.#full = new NextFree(this.blockCount);
  }

  has(ip: Ip): boolean {
    return contains(this.cidr, ip);
  }

  /** Block index and ordinal of an address of the pool. */
  place(ip: Ip): { readonly index: bigint; readonly ordinal: number } {
    const offset = ipToBigInt(ip) - ipToBigInt(this.cidr.ip);
    const index = offset / BigInt(this.blockLength);
    return { index, ordinal: Number(offset % BigInt(this.blockLength)) };
  }

  /** Takes an address out of the queue before its block exists; the name that has it already, or null. */
  reserve(ip: Ip, holder: string): string | null {
    const offset = ipToBigInt(ip) - ipToBigInt(this.cidr.ip);
    const there = this.#holders.get(offset);
    if (there !== undefined) return there;
    this.#holders.set(offset, holder);
    const { index, ordinal } = this.place(ip);
    const taken = this.#taken.get(index);
    if (taken === undefined) this.#taken.set(index, new Set([ordinal]));
    else taken.add(ordinal);
    return null;
  }

  block(index: bigint): Block | undefined {
    return this.#blocks.get(index);
  }

  /** Makes the block at the index, which does not exist. All reservations are known by then. */
  create(index: bigint, owner: string): Block {
    const block = new Block(this, index, owner, this.#taken.get(index) ?? new Set());
    this.#blocks.set(index, block);
    this.#claimed.take(index);
    if (block.free === 0) this.#full.take(index);
    return block;
  }

  /** The first index at or behind `start`, wrapping, where no block exists. */
  unclaimed(start: bigint): bigint | null {
    return this.#claimed.find(start);
  }

  /** The first block at or behind `start`, wrapping, with a free address; to be asked when every block exists. */
  borrowable(start: bigint): Block | null {
    const index = this.#full.find(start);
    return index === null ? null : (this.#blocks.get(index) ?? null);
  }

  fill(block: Block): void {
    this.#full.take(block.index);
  }
}
