/** Which of its addresses a machine puts on a packet when nothing of the device that it leaves by settles it. */
import type { Ip } from "@knet/language/values";

/**
 * `candidates`: those of the machine that are not its loopback's, the wire's first, all of the family of `towards`. IPv4 has no
 * preference beyond the device, and Linux then takes the first; IPv6 goes by RFC 6724, of which rule 6 (label) and rule 8
 * (longest common prefix) can tell addresses of one machine apart here.
 */
export function preferredSource(candidates: readonly Ip[], towards: Ip): Ip | undefined {
  if (towards.family === 4) return candidates[0];
  const rank = (ip: Ip): number => (label(ip) === label(towards) ? 1000 : 0) + commonBits(ip, towards);
  return candidates.toSorted((x, y) => rank(y) - rank(x))[0];
}

/** Of the default policy table (RFC 6724, 2.1), as far as a cluster has such addresses: unique local, 6to4, Teredo, the rest. */
function label({ a }: Ip): number {
  if (a >>> 25 === 0xfc >>> 1) return 13;
  if (a >>> 16 === 0x2002) return 2;
  return a === 0x20010000 ? 5 : 1;
}

function commonBits(x: Ip, y: Ip): number {
  const bits = (left: number, right: number): number => Math.clz32(left ^ right);
  const words = [bits(x.a, y.a), bits(x.b, y.b), bits(x.c, y.c), bits(x.d, y.d)];
  const differing = words.findIndex((count) => count < 32);
  return differing < 0 ? 128 : 32 * differing + (words[differing] ?? 0);
}
