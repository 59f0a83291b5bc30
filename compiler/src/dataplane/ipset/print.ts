/** IP sets as `ipset restore` takes them. */
import type { PrintedLine } from "../printed.ts";
import type { IpSet } from "./types.ts";

/**
 * Each set's `create` line followed by its `add` lines. A set of networks cannot hold the prefix length 0, so
 * `0.0.0.0/0` and `::/0` are written as their two halves. A member that is there already is not written again,
 * since `ipset restore` would stop at it.
 */
export function printIpSets(sets: readonly IpSet[]): readonly PrintedLine[] {
  const lines: PrintedLine[] = [];
  for (const set of sets) {
    const family = set.family === 4 ? "inet" : "inet6";
    lines.push({ text: `create ${set.name} ${set.type} family ${family} maxelem ${set.maxElements}`, item: set, origin: set.origin });
    const written = new Set<string>();
    for (const member of set.members) {
      for (const text of halvesOfEverything(member.text)) {
        if (written.has(text)) continue;
        written.add(text);
        lines.push({ text: `add ${set.name} ${text}`, item: member, origin: member.origin });
      }
    }
  }
  return lines;
}

function halvesOfEverything(member: string): readonly string[] {
  if (member === "0.0.0.0/0") return ["0.0.0.0/1", "128.0.0.0/1"];
  if (member === "::/0") return ["::/1", "8000::/1"];
  return [member];
}
