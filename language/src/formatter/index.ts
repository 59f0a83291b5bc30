/** The one style of `.knet` files. */
export { defaultFormat } from "./options.ts";
export type { FormatOptions } from "./options.ts";
export { format } from "./format.ts";
export type { Formatted } from "./format.ts";
export { formatTree } from "./document.ts";
export { coveringDeclarations, formatEdits, formatRange } from "./range.ts";
export { unprintable } from "./printable.ts";
export { sameProgram } from "./same.ts";
