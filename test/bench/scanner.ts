/**
 * The least that reading can cost: a scanner written by hand that finds where the words, numbers, strings, comments and marks of a text
 * begin and end, and nothing else. No tree, no messages, no lines. The floor that the parser is measured against.
 */

const kinds = { word: 1, number: 2, string: 3, comment: 4, mark: 5, lineBreak: 6 } as const;

export interface Scanned {
  readonly count: number;
  /** Kind, start and end of each token, one behind the other. */
  readonly tokens: Int32Array;
}

export function scan(text: string): Scanned {
  let tokens = new Int32Array(3 * 1024);
  let count = 0;
  let at = 0;
  const { length } = text;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 9 || code === 13) {
      at++;
      continue;
    }
    const start = at;
    let kind: number;
    if (code === 10) {
      kind = kinds.lineBreak;
      at++;
    } else if (isLetter(code)) {
      kind = kinds.word;
      at = endOf(text, at + 1, isWordPart);
    } else if (isDigit(code)) {
      kind = kinds.number;
      at = endOf(text, at + 1, isNumberPart);
    } else if (code === 34) {
      kind = kinds.string;
      at++;
      while (at < length && text.charCodeAt(at) !== 34 && text.charCodeAt(at) !== 10) at += text.charCodeAt(at) === 92 ? 2 : 1;
      at++;
    } else if (code === 47 && text.charCodeAt(at + 1) === 47) {
      kind = kinds.comment;
      while (at < length && text.charCodeAt(at) !== 10) at++;
    } else {
      kind = kinds.mark;
      at++;
    }
    if (3 * count + 3 > tokens.length) {
      const larger = new Int32Array(tokens.length * 2);
      larger.set(tokens);
      tokens = larger;
    }
    tokens[3 * count] = kind;
    tokens[3 * count + 1] = start;
    tokens[3 * count + 2] = at;
    count++;
  }
  return { count, tokens };
}

function endOf(text: string, from: number, inside: (code: number) => boolean): number {
  let at = from;
  while (at < text.length && inside(text.charCodeAt(at))) at++;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isWordPart(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === 45;
}

/** Addresses, CIDRs and ports are one token each. */
function isNumberPart(code: number): boolean {
  return isLetter(code) || (code >= 46 && code <= 58);
}
