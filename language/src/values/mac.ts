/** Ethernet addresses. */

/** Six lower-case hex pairs joined by colons, or null. */
export function parseMac(text: string): string | null {
  return /^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/.test(text) ? text.toLowerCase() : null;
}
