/** Columns that text takes in a fixed-pitch font. */
// oxlint-disable-next-line no-control-regex
const plain = /^[\x20-\x7E]*$/;
const zeroWidth = /^[\p{Mn}\p{Me}\u200B-\u200D]$/u;
/** East Asian Wide and Fullwidth, and emoji, by block (Unicode Standard Annex 11). */
const wide =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1FAFF}\u{20000}-\u{3FFFD}]$/u;

export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += zeroWidth.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}
