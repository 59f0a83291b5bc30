/**
 * The way of the answer. Every node on the way of the request that translated it must see the answer, in reverse order;
 * a node that did not may be passed by.
 */
import type { Ip } from "@knet/language/values";
import { formatIp } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { AddressBook } from "./addresses.ts";
import type { Crossings } from "./crossing.ts";
import type { Underlay } from "./underlay.ts";

/** One node that handled the request. */
export interface Passage {
  readonly node: string;
  /** The source as the packet arrived. */
  readonly source: Ip;
  /** Whether its source or destination was changed here. */
  readonly translated: boolean;
}

export interface LostReply {
  /** Continues "the answer is lost: ". */
  readonly reason: string;
  readonly causes: readonly Origin[];
}

export class Replies {
  readonly #book: AddressBook;
  readonly #underlay: Underlay;
  readonly #crossings: Crossings;

  constructor(book: AddressBook, underlay: Underlay, crossings: Crossings) {
    this.#book = book;
    this.#underlay = underlay;
    this.#crossings = crossings;
  }

  /** From a pod or process on the last node of the passages. Null: the answer reaches the client. */
  fromNode(passages: readonly Passage[]): LostReply | null {
    const last = passages.at(-1);
    return last === undefined ? null : this.#back(last.node, last.source, passages, passages.length - 1);
  }

  /** From a router or a machine outside that sees `source`, before the outside translation, as the client. */
  fromBeyond(source: Ip, passages: readonly Passage[]): LostReply | null {
    return this.#back(null, source, passages, passages.length);
  }

  /** The answer is at `from` (null: beyond the nodes), bound for `target`; the first `left` passages are still to be undone. */
  #back(from: string | null, target: Ip, passages: readonly Passage[], left: number): LostReply | null {
    const place = this.#book.at(target);
    if (place.kind === "external") {
      if (passages.slice(0, left).some((passage) => passage.translated)) return otherAddress(passages, left);
      if (from === null) return null;
      const subnet = this.#book.node(from)?.subnet ?? "";
      return this.#underlay.exits(subnet, target.family).length > 0 ? null : { reason: `${from} has no way outside`, causes: [] };
    }
    // The client is on the first node, or is it.
    if (left === 0) return null;
    const landing = place.kind === "pod" ? place.pod.node : place.kind === "node" ? place.node.name : null;
    if (landing === null) return { reason: `nobody has ${formatIp(target)}`, causes: [] };
    if (from === null) {
      const pool = this.#book.pool(target);
      if (pool !== undefined)
        return {
          reason: `routers have no route to pod address ${formatIp(target)}, and pool ${pool.name} did not translate it`,
          causes: [pool.origin],
        };
    } else if (from !== landing) {
      const crossing = this.#crossings.between(from, landing, target);
      if (crossing.kind === "failed") return { reason: crossing.reason, causes: crossing.causes };
    }
    let known = left - 1;
    while (known >= 0 && passages[known]?.node !== landing) known--;
    const passage = passages[known];
    if (passage === undefined || passages.slice(known + 1, left).some((passed) => passed.translated)) return otherAddress(passages, left);
    return this.#back(landing, passage.source, passages, known);
  }
}

function otherAddress(passages: readonly Passage[], left: number): LostReply {
  const passed = passages.slice(0, left).findLast((passage) => passage.translated);
  return { reason: `it goes straight to the client and not through ${passed?.node ?? "the node"} that translated the request`, causes: [] };
}
