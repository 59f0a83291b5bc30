export type { Origin, Span } from "./text/span.ts";
export type * from "./program/checked.ts";
