/** Columns: the `=`, the types and the braces of members on consecutive lines stand below each other. */
import { flatten } from "./pieces.ts";
import type { Flat, Member } from "./pieces.ts";

interface Edge {
  /** Edges of one name on consecutive lines are one column. */
  readonly column: string;
  /** Index of the piece that is moved; null: it counts for the width only. */
  readonly at: number | null;
  /** Columns of what is before it. */
  readonly width: number;
}

/** Blocks that stand together; those of any other kind stand with their own kind only. */
const families: ReadonlyMap<string, string> = new Map([
  ["subnet", "network"],
  ["router", "network"],
  ["pod", "workload"],
  ["service", "workload"],
]);

/**
 * The members of one body that stand on one line each, with their columns set; null for the others.
 * @param room columns that a line of the body has
 */
export function alignedLines(members: readonly Member[], room: number): readonly (Flat | null)[] {
  const out: (Flat | null)[] = members.map((member) => (member.flat !== null && member.flat.columns <= room ? member.flat : null));
  let run: { readonly index: number; readonly edge: Edge }[] = [];
  const end = (): void => {
    setColumn(members, out, run, room);
    run = [];
  };
  for (const [index, member] of members.entries()) {
    const edge = out[index] === null ? null : edgeOf(member);
    const apart = member.blank || member.comments.some((comment) => comment.blank);
    if (apart || edge === null || run[0]?.edge.column !== edge.column) end();
    if (edge !== null) run.push({ index, edge });
  }
  end();
  return out;
}

/** A column that makes a line too long is not set. */
function setColumn(
  members: readonly Member[],
  lines: (Flat | null)[],
  run: readonly { readonly index: number; readonly edge: Edge }[],
  room: number,
): void {
  if (run.length < 2) return;
  const width = Math.max(...run.map(({ edge }) => edge.width));
  const set = run.map(({ index, edge }) => {
    const member = members[index];
    return member === undefined || edge.at === null ? null : flatten(member.pieces, edge.at, width - edge.width);
  });
  if (set.some((line) => line !== null && line.columns > room)) return;
  for (const [i, { index }] of run.entries()) lines[index] = set[i] ?? lines[index] ?? null;
}

function edgeOf(member: Member): Edge | null {
  const { node, pieces } = member;
  switch (node.kind) {
    case "attribute":
    case "const":
    case "port-statement": {
      const at = pieces.findIndex((piece) => piece.kind === "text" && piece.text === "=");
      // What `port 80/tcp node-port = 30080` assigns is no name's.
      if (at < 0 || at !== (node.kind === "attribute" ? 1 : 2)) return null;
      return { column: "=", at, width: widthBefore(member, at) };
    }
    case "param":
      return node.type === null || pieces.length < 3 ? null : { column: "param", at: 2, width: widthBefore(member, 2) };
    case "block":
    case "failure":
    case "for":
    case "if":
    case "template":
    case "use": {
      const last = pieces.length - 1;
      const bodies = pieces.filter((piece) => piece.kind === "body").length;
      const column = node.kind === "block" ? (families.get(node.keyword.value) ?? node.keyword.value) : node.kind;
      if (bodies === 0) return node.kind === "block" ? { column, at: null, width: widthBefore(member, pieces.length) } : null;
      return bodies > 1 || pieces[last]?.kind !== "body" ? null : { column, at: last, width: widthBefore(member, last) };
    }
    default:
      return null;
  }
}

function widthBefore(member: Member, at: number): number {
  return flatten(member.pieces.slice(0, at))?.columns ?? 0;
}
