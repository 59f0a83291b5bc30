/** How members of two classes can stand to each other, and a pair for each way. */
import type { EndpointClass, Member, Relation } from "./classes.ts";

/** In the order of {@link relationsBetween}'s bits. */
export const relations: readonly Relation[] = ["node", "subnet", "routed", "outside"];

/** The ways in which there is a pair: one bit each, the lowest that of the first relation. */
export function relationsBetween(a: EndpointClass, b: EndpointClass): number {
  if (a.kind === "external" || b.kind === "external") {
    const inside = a.kind === "external" ? b : a;
    return a.kind !== b.kind && inside.byNode.size > 0 ? 8 : 0;
  }
  return (shareNode(a, b) ? 1 : 0) | (shareSubnet(a, b) ? 2 : 0) | (areApart(a, b) ? 4 : 0);
}

function shareNode(a: EndpointClass, b: EndpointClass): boolean {
  if (a === b) return a.byNode.size < a.members.length;
  const [few, many] = a.byNode.size < b.byNode.size ? [a, b] : [b, a];
  for (const node of few.byNode.keys()) if (many.byNode.has(node)) return true;
  return false;
}

/** On two nodes of one subnet. */
function shareSubnet(a: EndpointClass, b: EndpointClass): boolean {
  const [few, many] = a.bySubnet.size < b.bySubnet.size ? [a, b] : [b, a];
  for (const [subnet, nodes] of few.bySubnet) {
    const others = many.bySubnet.get(subnet);
    if (others !== undefined && (nodes.length > 1 || others.length > 1 || nodes[0] !== others[0])) return true;
  }
  return false;
}

function areApart(a: EndpointClass, b: EndpointClass): boolean {
  if (a.bySubnet.size === 0 || b.bySubnet.size === 0) return false;
  if (a.bySubnet.size > 1 || b.bySubnet.size > 1) return true;
  const [subnet] = a.bySubnet.keys();
  return subnet !== undefined && !b.bySubnet.has(subnet);
}

/**
 * One pair of members for each way in which members of the two classes can stand to each other, the farthest first.
 * @param known nodes to be preferred, since what they hold is at hand
 */
export function representativePairs(
  a: EndpointClass,
  b: EndpointClass,
  known: ReadonlySet<string>,
): readonly (readonly [Relation, Member, Member])[] {
  const [from] = a.members;
  const [to] = b.members;
  if (from === undefined || to === undefined) return [];
  const best = (nodes: readonly string[]): string => nodes.find((node) => known.has(node)) ?? nodes[0] ?? "";
  const on = (node: string, other: string): readonly [Member, Member] | null => pairOf(a.byNode.get(node) ?? [], b.byNode.get(other) ?? []);
  if (a.kind === "external" || b.kind === "external") {
    if (a.kind === b.kind) return [];
    const inside = a.kind === "external" ? b : a;
    const member = inside.byNode.get(best([...inside.byNode.keys()]))?.[0];
    if (member === undefined) return [];
    return [a.kind === "external" ? ["outside", from, member] : ["outside", member, to]];
  }
  const pairs: [Relation, Member, Member][] = [];
  const apart = firstOf(a.bySubnet, (subnet, nodes) =>
    firstOf(b.bySubnet, (other, others) => (other === subnet ? null : on(best(nodes), best(others)))),
  );
  if (apart !== null) pairs.push(["routed", ...apart]);
  const beside = firstOf(a.bySubnet, (subnet, nodes) => {
    const others = b.bySubnet.get(subnet) ?? [];
    const node = best(nodes);
    const other = best(others.filter((name) => name !== node));
    // The only one there may be the one just chosen.
    return on(node, other) ?? on(best(nodes.filter((name) => name !== best(others))), best(others));
  });
  if (beside !== null) pairs.push(["subnet", ...beside]);
  const shared = [...a.byNode.keys()].filter((node) => b.byNode.has(node) && on(node, node) !== null);
  const together = shared.length === 0 ? null : on(best(shared), best(shared));
  if (together !== null) pairs.push(["node", ...together]);
  return pairs;
}

function firstOf<K, V, T>(map: ReadonlyMap<K, V>, find: (key: K, value: V) => T | null): T | null {
  for (const [key, value] of map) {
    const found = find(key, value);
    if (found !== null) return found;
  }
  return null;
}

/** Two that are not the same. */
function pairOf(froms: readonly Member[], tos: readonly Member[]): readonly [Member, Member] | null {
  for (const from of froms.slice(0, 2)) for (const to of tos.slice(0, 2)) if (from.host !== to.host) return [from, to];
  return null;
}
