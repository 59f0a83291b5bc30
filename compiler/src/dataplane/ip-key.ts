import type { Ip } from "@knet/language/values";

/** What a hash holds for an address; different for the two families. */
export function ipKey(ip: Ip): number | string {
  return ip.family === 4 ? ip.d : `${ip.a}:${ip.b}:${ip.c}:${ip.d}`;
}
