/** Orders that do not depend on the machine. */

/** Code-unit order, for `sort`: the same on every machine, whatever its locale. */
export function compareText(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}
