/** Text measured in columns of a fixed-pitch font: terminals, and pictures that use one. */

/** Characters that move a cursor, hide text or turn its direction. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;
const zeroWidth = /^[\p{Mn}\p{Me}\u200B-\u200D]$/u;
/** East Asian Wide and Fullwidth, and emoji, by block (Unicode Standard Annex 11). */
const wide =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1FAFF}\u{20000}-\u{3FFFD}]$/u;

/**
 * One line that is safe on a terminal: line breaks and tabs become blanks, every other control or direction character
 * and every lone surrogate the replacement character.
 */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n|[\n\r\t]/gu, " ")
    .replaceAll(unsafe, "\uFFFD");
}

/** Columns that the text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

function columnsOfCharacter(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** The text, or its beginning and `…`, in at most `width` columns. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  return width < 1 ? "" : `${takeColumns(text, width - 1).trimEnd()}…`;
}

function takeColumns(text: string, width: number): string {
  let out = "";
  let columns = 0;
  for (const character of text) {
    columns += columnsOfCharacter(character);
    if (columns > width) return out;
    out += character;
  }
  return out;
}

/**
 * A rule or command in at most `width` columns: what it does (`-j DNAT …`) stays, and what it matches is cut before it.
 */
export function cutRule(text: string, width: number): string {
  const jump = text.search(/ (?:-j|-g|--jump|--goto) /u);
  const action = jump < 0 ? "" : text.slice(jump);
  const room = width - columnsOf(action);
  // A beginning that is too short to recognise the chain helps nobody.
  if (columnsOf(text) <= width || jump < 0 || room < 40) return cut(text, width);
  return cut(text.slice(0, jump), room) + action;
}

/** Lines of at most `width` columns, broken at blanks; a longer word is broken where it must. Never empty. */
export function wrap(text: string, width: number): readonly string[] {
  const room = Math.max(2, width);
  if (columnsOf(text) <= room) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((part) => part !== "")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (columnsOf(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (columnsOf(line) > room) {
      const all = takeColumns(line, room);
      // Names and addresses are best broken behind their own signs.
      const behind = (signs: readonly string[]): number => Math.max(...signs.map((sign) => all.lastIndexOf(sign) + 1));
      const [slash, other] = [behind(["/"]), behind(["-", ".", ":"])];
      const head = slash > all.length / 3 ? all.slice(0, slash) : other > all.length / 3 ? all.slice(0, other) : all;
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

export function padColumns(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columnsOf(text)));
}
