/** A printed artifact, line by line, so that every line can be traced to the record behind it. */
import type { Origin } from "@knet/language";

export interface PrintedLine {
  /** One line without its line feed. */
  readonly text: string;
  /** The very record that the line prints (compared by identity), or null for framing such as `COMMIT`. */
  readonly item: object | null;
  /** What in the program caused the line, or null for framing. */
  readonly origin: Origin | null;
}

/** The file: every line ended by a line feed. No lines give an empty file. */
export function printedText(lines: readonly PrintedLine[]): string {
  return lines.length === 0 ? "" : `${lines.map((line) => line.text).join("\n")}\n`;
}
