/** Cutting a string with `${…}` into its pieces. */
import type { IToken } from "chevrotain";

/** A piece of a string token: text without escapes, or the tokens between `${` and `}`. */
export type TokenPiece = string | { readonly start: number; readonly end: number; readonly tokens: readonly IToken[] };

/** `text` as written. */
export type RawPiece =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "value"; readonly start: number; readonly text: string };

export interface Pieces {
  readonly pieces: readonly RawPiece[];
  /** Offset of a `${` without its `}`; what follows it is text. */
  readonly unclosed: number | null;
}

/**
 * @param image a string token with its quotes; the closing one may be missing
 * @param offset where it begins
 */
export function piecesOf(image: string, offset: number): Pieces {
  const end = image.length > 1 && image.endsWith(image.charAt(0)) ? image.length - 1 : image.length;
  const pieces: RawPiece[] = [];
  let text = 1;
  let at = 1;
  let unclosed: number | null = null;
  while (at < end) {
    if (image.startsWith("\\", at)) {
      at += 2;
      continue;
    }
    if (!image.startsWith("${", at)) {
      at++;
      continue;
    }
    const close = image.indexOf("}", at);
    if (close < 0 || close >= end) {
      unclosed = offset + at;
      break;
    }
    if (at > text) pieces.push({ kind: "text", text: image.slice(text, at) });
    pieces.push({ kind: "value", start: offset + at + 2, text: image.slice(at + 2, close) });
    at = close + 1;
    text = at;
  }
  if (text < end) pieces.push({ kind: "text", text: image.slice(text, end) });
  return { pieces, unclosed };
}

/** The same of a name without quotes, in which `$a` stands for `${a}`. */
export function bareWordPieces(image: string, offset: number): readonly RawPiece[] {
  return [...image.matchAll(/\$\{([^}]*)\}|\$([A-Za-z_]\w*)|[^$]+/g)].map((match): RawPiece => {
    const value = match[1] ?? match[2];
    if (value === undefined) return { kind: "text", text: match[0] };
    return { kind: "value", start: offset + match.index + (match[1] === undefined ? 1 : 2), text: value };
  });
}
