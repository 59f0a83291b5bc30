/** Which pools give addresses to which nodes. */
import { matchesSelector, parseSelector } from "@knet/language/values";
import type { Selector } from "@knet/language/values";
import type { IpPool, Labels, PoolUse } from "../../model/types.ts";

/** Selectors are parsed once per pool; a selector that does not parse has been refused before. */
export class PoolSelection {
  readonly #labels: ReadonlyMap<string, Labels>;
  readonly #selectors = new Map<IpPool, Selector>();

  /** @param labels of every node, by its name */
  constructor(labels: ReadonlyMap<string, Labels>) {
    this.#labels = labels;
  }

  /** A pool without any restriction, as most are. */
  isOrdinary(pool: IpPool): boolean {
    return (
      pool.disabled !== true &&
      pool.assignmentMode !== "Manual" &&
      (pool.allowedUses === undefined || pool.allowedUses.length === 2) &&
      (pool.nodeSelector === undefined || pool.nodeSelector === "all()")
    );
  }

  /** Whether new addresses of the pool are given to the node without being asked for. Tunnels name their pools, manual ones too. */
  serves(pool: IpPool, node: string, use: PoolUse): boolean {
    if (pool.disabled === true || (use === "Workload" && pool.assignmentMode === "Manual") || !this.#allows(pool, use)) return false;
    const labels = this.#labels.get(node) ?? {};
    return matchesSelector(this.#selectorOf(pool), (key) => (Object.hasOwn(labels, key) ? labels[key] : undefined));
  }

  /** Whether a pod may ask for an address of the pool, on whatever node. */
  takesRequests(pool: IpPool): boolean {
    return pool.disabled !== true && this.#allows(pool, "Workload");
  }

  #allows(pool: IpPool, use: PoolUse): boolean {
    return pool.allowedUses === undefined || pool.allowedUses.includes(use);
  }

  #selectorOf(pool: IpPool): Selector {
    let selector = this.#selectors.get(pool);
    if (selector === undefined) {
      selector = parseSelector(pool.nodeSelector ?? "all()");
      this.#selectors.set(pool, selector);
    }
    return selector;
  }
}
