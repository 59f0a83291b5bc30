/** From a device to the chains of its pod: one level, or two when names share a first character behind their common prefix. */
import { compareText } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { chainName } from "./object-names.ts";
import type { FelixChain, FelixRule } from "./rule.ts";

export interface DispatchedInterface {
  readonly name: string;
  readonly origin: Origin;
}

export type EndpointDirection = "to" | "from";

/** `cali-tw-…` (to the pod, ingress policy) or `cali-fw-…` (from it, egress policy). */
export function endpointChainName(direction: EndpointDirection, device: string): string {
  return chainName(direction === "to" ? "cali-tw-" : "cali-fw-", device);
}

function commonPrefix(names: readonly string[]): string {
  const first = names[0] ?? "";
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

/** The dispatch chain first, then its children by character. `frame` is the origin of what no single pod causes. */
export function dispatchChains(
  direction: EndpointDirection,
  interfaces: readonly DispatchedInterface[],
  frame: Origin,
): readonly FelixChain[] {
  const sorted = interfaces.toSorted((x, y) => compareText(x.name, y.name));
  const root = `cali-${direction}-wl-dispatch`;
  const match = direction === "to" ? "--out-interface" : "--in-interface";
  const unknown: FelixRule = { comments: ["Unknown interface"], match: "", action: "--jump DROP", origin: frame };
  const leaf = ({ name, origin }: DispatchedInterface): FelixRule => ({
    match: `${match} ${name}`,
    action: `--goto ${endpointChainName(direction, name)}`,
    origin,
  });

  const prefix = commonPrefix(sorted.map(({ name }) => name));
  const groups = new Map<string, DispatchedInterface[]>();
  for (const entry of sorted) {
    const next = entry.name.charAt(prefix.length);
    const group = groups.get(next);
    if (group === undefined) groups.set(next, [entry]);
    else group.push(entry);
  }
  const children: FelixChain[] = [];
  const rules = [...groups].map(([character, group]): FelixRule => {
    const only = group[0];
    if (group.length === 1 && only !== undefined) return leaf(only);
    const name = chainName(`${root}-`, character);
    children.push({ name, rules: [...group.map(leaf), unknown], origin: frame });
    return { match: `${match} ${prefix}${character}+`, action: `--goto ${name}`, origin: frame };
  });
  return [{ name: root, rules: [...rules, unknown], origin: frame }, ...children];
}
