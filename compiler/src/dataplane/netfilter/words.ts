/** Words of a rule, split as iptables-restore splits them. */

const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const BACKSLASH = 92;

/** A rule, or one word of it, that knet cannot read. `word` is the offending word, `rule` the whole text. */
export class RuleSyntaxError extends Error {
  readonly word: string;
  readonly rule: string;

  constructor(rule: string, word: string, reason: string) {
    super(`${reason}: ${word === "" ? "(end of rule)" : word} in "${rule}"`);
    this.name = "RuleSyntaxError";
    this.word = word;
    this.rule = rule;
  }
}

/**
 * Splits at blanks. A double quote opens a quoted word, in which a backslash protects the next character;
 * the closing quote ends the word. Outside quotes a backslash is an ordinary character.
 *
 * @throws {RuleSyntaxError} when a quote is left open.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const length = text.length;
  let at = 0;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code === SPACE || code === TAB) {
      at++;
      continue;
    }
    const start = at;
    let end = at;
    while (end < length) {
      const inner = text.charCodeAt(end);
      if (inner === SPACE || inner === TAB || inner === QUOTE) break;
      end++;
    }
    if (end === length || text.charCodeAt(end) !== QUOTE) {
      words.push(text.slice(start, end));
      at = end;
      continue;
    }
    let word = text.slice(start, end);
    let piece = end + 1;
    let cursor = piece;
    for (;;) {
      if (cursor >= length) throw new RuleSyntaxError(text, text.slice(start), "the quote is never closed");
      const inner = text.charCodeAt(cursor);
      if (inner === QUOTE) break;
      if (inner === BACKSLASH) {
        word += text.slice(piece, cursor) + text.charAt(cursor + 1);
        cursor += 2;
        piece = cursor;
      } else {
        cursor++;
      }
    }
    words.push(word + text.slice(piece, cursor));
    at = cursor + 1;
  }
  return words;
}

/** The word as `iptables-save` writes a string: bare when only letters, digits, `_` and `-`; otherwise quoted. */
export function quoteWord(word: string): string {
  if (word !== "" && /^[A-Za-z0-9_-]+$/.test(word)) return word;
  return `"${word.replace(/["\\']/g, "\\$&")}"`;
}
