/** Where nodes stand. */
import type { NodeBase } from "./nodes.ts";
import type { Span } from "../text/span.ts";

/** A stretch of the file that a node stands in, in the copy that the node belongs to. */
export function spanOf({ source }: NodeBase, start: number, end: number): Span {
  return source.expansion === null ? { file: source.path, start, end } : { file: source.path, start, end, expansion: source.expansion };
}
