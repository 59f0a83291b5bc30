/** Bits of the packet mark that Felix uses, with the default mask 0xffff0000 and neither WireGuard nor IPVS (3.30 and later). */
export const accept = "0x10000";
export const pass = "0x20000";
export const verdict = "0x30000";
/** A match with alternatives: all blocks so far hold. */
export const allBlocks = "0x80000";
/** A match with alternatives: both bits that its blocks use. */
export const blockBits = "0x180000";
/** accept, pass and both scratch bits. */
export const all = "0x1b0000";
/** The same without accept. */
export const allButAccept = "0x1a0000";

export function setMark(bit: string): string {
  return `--jump MARK --set-mark ${bit}/${bit}`;
}

export function clearMark(bits: string): string {
  return `--jump MARK --set-mark 0/${bits}`;
}

export function markSet(bit: string): string {
  return `-m mark --mark ${bit}/${bit}`;
}

export function markClear(bits: string): string {
  return `-m mark --mark 0/${bits}`;
}
