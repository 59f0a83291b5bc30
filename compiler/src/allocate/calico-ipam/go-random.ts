/**
 * Go's math/rand source: an additive lagged Fibonacci generator (length 607, lag 273, modulo 2^64) seeded by a
 * Lehmer generator. Calico draws from it where a node starts looking for a block.
 */
const length = 607;
const lag = 273;
const modulus = 0x7fffffff;

/** x · 48271 mod 2^31 − 1 by Schrage's method, which stays within 32 bits. */
function lehmer(x: number): number {
  const high = Math.floor(x / 44488);
  const next = 48271 * (x - high * 44488) - 3399 * high;
  return next < 0 ? next + modulus : next;
}

/** Calls `store` with three successive numbers for each of the 607 words, as Go's Seed draws them. */
function seedWords(seed: bigint, store: (index: number, x: number, y: number, z: number) => void): void {
  let x = Number(((seed % BigInt(modulus)) + BigInt(modulus)) % BigInt(modulus));
  if (x === 0) x = 89482311;
  for (let i = 0; i < 20; i++) x = lehmer(x);
  for (let i = 0; i < length; i++) {
    const first = lehmer(x);
    const second = lehmer(first);
    x = lehmer(second);
    store(i, first, second, x);
  }
}

/** How far Go's authors ran the generator from srand(1) before they printed its state as the table. */
const tableSteps = 7_800_000_000_000;

type Words = BigUint64Array<ArrayBuffer>;

/** a · b modulo x^607 − x^334 − 1 with coefficients modulo 2^64. */
function multiply(a: Words, b: Words): Words {
  const product = new BigUint64Array(2 * length - 1);
  for (let i = 0; i < length; i++) {
    const factor = a[i] ?? 0n;
    if (factor === 0n) continue;
    for (let j = 0; j < length; j++)
      product[i + j] = BigInt.asUintN(64, (product[i + j] ?? 0n) + BigInt.asUintN(64, factor * (b[j] ?? 0n)));
  }
  return reduce(product);
}

function reduce(product: Words): Words {
  for (let i = product.length - 1; i >= length; i--) {
    const value = product[i] ?? 0n;
    product[i - length] = BigInt.asUintN(64, (product[i - length] ?? 0n) + value);
    product[i - lag] = BigInt.asUintN(64, (product[i - lag] ?? 0n) + value);
  }
  return product.slice(0, length);
}

function timesX(a: Words): Words {
  const shifted = new BigUint64Array(length + 1);
  shifted.set(a, 1);
  return reduce(shifted);
}

/**
 * Go's constant table `rngCooked`, computed instead of copied: it is the state of this generator, seeded with shifts
 * 20 and 10 and no table, after 7.8·10^12 steps. The jump is a power of x modulo the characteristic polynomial.
 */
function computeTable(): Words {
  const seeded = new BigUint64Array(length);
  seedWords(1n, (i, x, y, z) => {
    seeded[i] = (BigInt(x) << 20n) ^ (BigInt(y) << 10n) ^ BigInt(z);
  });
  const slot = (k: number): number => (length - lag - k + 2 * length) % length;
  const state = new BigUint64Array(2 * length);
  for (let k = 1; k <= length; k++) state[k - 1] = seeded[slot(k)] ?? 0n;
  for (let n = length; n < 2 * length; n++) state[n] = BigInt.asUintN(64, (state[n - length] ?? 0n) + (state[n - lag] ?? 0n));

  let power = new BigUint64Array(length);
  power[0] = 1n;
  for (const bit of tableSteps.toString(2)) {
    power = multiply(power, power);
    if (bit === "1") power = timesX(power);
  }
  const table = new BigUint64Array(length);
  const remainder = tableSteps % length;
  for (let i = 0; i < length; i++) {
    let sum = 0n;
    for (let j = 0; j < length; j++) sum = BigInt.asUintN(64, sum + BigInt.asUintN(64, (power[j] ?? 0n) * (state[i + j] ?? 0n)));
    table[slot((((remainder - length + 1 + i) % length) + length) % length)] = sum;
  }
  return table;
}

interface Table {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

let table: Table | null = null;

/** Split into halves once: seeding then needs no big integers. */
function cooked(): Table {
  if (table === null) {
    const words = computeTable();
    table = {
      high: Uint32Array.from(words, (word) => Number(word >> 32n)),
      low: Uint32Array.from(words, (word) => Number(word & 0xffffffffn)),
    };
  }
  return table;
}

/** Entry of Go's table as the signed 64-bit number that its source shows. */
export function cookedEntry(index: number): bigint {
  const { high, low } = cooked();
  return BigInt.asIntN(64, (BigInt(high[index] ?? 0) << 32n) | BigInt(low[index] ?? 0));
}

/** `rand.New(rand.NewSource(seed))`. */
export class GoRandom {
  readonly #high = new Uint32Array(length);
  readonly #low = new Uint32Array(length);
  #tap = 0;
  #feed = length - lag;

  constructor(seed: bigint) {
    const { high, low } = cooked();
    seedWords(seed, (i, x, y, z) => {
      // x << 40 ^ y << 20 ^ z, in halves of 32 bits.
      this.#high[i] = (x << 8) ^ (y >>> 12) ^ (high[i] ?? 0);
      this.#low[i] = (y << 20) ^ z ^ (low[i] ?? 0);
    });
  }

  /** Bits 31 to 62 of the next 64-bit word. */
  uint32(): number {
    this.#tap = this.#tap === 0 ? length - 1 : this.#tap - 1;
    this.#feed = this.#feed === 0 ? length - 1 : this.#feed - 1;
    const low = (this.#low[this.#feed] ?? 0) + (this.#low[this.#tap] ?? 0);
    const high = (this.#high[this.#feed] ?? 0) + (this.#high[this.#tap] ?? 0) + (low > 0xffffffff ? 1 : 0);
    this.#low[this.#feed] = low;
    this.#high[this.#feed] = high;
    return (((high << 1) | ((low >>> 0) >>> 31)) & 0xffffffff) >>> 0;
  }

  /** `big.Int.Rand`: uniform below `limit` (at least 1), by drawing whole words and rejecting. */
  below(limit: bigint): bigint {
    const bits = limit.toString(2).length;
    const words = Math.ceil(bits / 64);
    for (;;) {
      let value = 0n;
      for (let word = 0; word < words; word++) {
        const low = this.uint32();
        const high = this.uint32();
        value |= ((BigInt(high) << 32n) | BigInt(low)) << BigInt(64 * word);
      }
      value = BigInt.asUintN(bits, value);
      if (value < limit) return value;
    }
  }
}
