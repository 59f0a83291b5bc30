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

/** Lines that stand together. The same list, by identity, may stand in files of many hosts. */
export type PrintedBlock = readonly PrintedLine[];

/** Prints a record once, and gives the very same line every time: most routes and neighbours are records that all nodes share. */
export function lineOnce<T extends object>(print: (record: T) => PrintedLine): (record: T) => PrintedLine {
  const lines = new WeakMap<T, PrintedLine>();
  return (record) => {
    let line = lines.get(record);
    if (line === undefined) {
      line = print(record);
      lines.set(record, line);
    }
    return line;
  };
}

/** The file: every line ended by a line feed. No lines give an empty file. */
export function printedText(lines: readonly PrintedLine[]): string {
  return lines.length === 0 ? "" : `${lines.map((line) => line.text).join("\n")}\n`;
}
