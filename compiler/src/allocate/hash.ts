/** The hash that unpinned names are placed by. */
import { createHash } from "node:crypto";

/** First eight bytes of SHA-256 of the text, as an unsigned integer. */
export function hash64(text: string): bigint {
  return createHash("sha256").update(text).digest().readBigUInt64BE(0);
}
