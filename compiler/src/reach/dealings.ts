/** Which rules of policies are about two classes. Most pairs are named by no rule, so only those that are get looked at. */
import type { Family } from "@knet/language/values";
import type { EndpointClass, EndpointClasses } from "./classes.ts";
import { addressIn } from "./classes.ts";

/** Lists of rules by number, of requests of one class to another: what lets them out there and in there. */
export interface Dealing {
  readonly out: number;
  readonly into: number;
}

const families = [4, 6] as const;
const noPeers: ReadonlySet<number> = new Set();

export class Dealings {
  readonly #rules: EndpointClasses["rules"];
  readonly #all: readonly EndpointClass[];
  /** Equal lists have one number. */
  readonly #lists: (readonly number[])[] = [];
  readonly #numbers = new Map<string, number>();
  /** What each class is to rules, in each family. */
  readonly #peers: Readonly<Record<Family, readonly ReadonlySet<number>[]>>;
  /** Classes by the peers of rules that they are, and that their own ingress rules name. */
  readonly #being: Readonly<Record<Family, ReadonlyMap<number, readonly number[]>>>;
  readonly #naming: ReadonlyMap<number, readonly number[]>;

  /** @param all every class, each at the position that is its id */
  constructor(rules: EndpointClasses["rules"], all: readonly EndpointClass[]) {
    this.#rules = rules;
    this.#all = all;
    const peersIn = (family: Family): readonly ReadonlySet<number>[] => all.map((entry) => entry.peers?.get(family) ?? this.#peersOfMachine(entry, family));
    this.#peers = { 4: peersIn(4), 6: peersIn(6) };
    this.#being = { 4: inverted(this.#peers[4]), 6: inverted(this.#peers[6]) };
    this.#naming = inverted(all.map((entry) => new Set(entry.subject.ingress.flatMap((rule) => rules.peersOf(rule)))));
  }

  /** A machine is asked under the address of its wire. */
  #peersOfMachine(entry: EndpointClass, family: Family): ReadonlySet<number> {
    const [member] = entry.members;
    if (entry.peers !== null || member === undefined || !entry.families.includes(family)) return noPeers;
    return new Set(this.#rules.peersByAddress(addressIn(member, family)));
  }

  list(number: number): readonly number[] {
    return this.#lists[number] ?? [];
  }

  /** What holds for anyone who is no peer of a rule, in and out. */
  ofAnyone(entry: EndpointClass): Dealing {
    return { out: this.#numberOf(this.#rules.between(entry.subject.egress, noPeers)), into: this.#numberOf(this.#rules.between(entry.subject.ingress, noPeers)) };
  }

  /** Ids of the classes to which requests of `a` may meet rules that name one of the two. */
  named(a: EndpointClass): ReadonlySet<number> {
    const found = new Set<number>();
    for (const family of families) {
      for (const rule of a.subject.egress) {
        for (const peer of this.#rules.peersOf(rule)) for (const id of this.#being[family].get(peer) ?? []) found.add(id);
      }
      for (const peer of this.#peers[family][a.id] ?? noPeers) for (const id of this.#naming.get(peer) ?? []) found.add(id);
    }
    if (a.peers === null) for (const entry of this.#all) found.add(entry.id);
    return found;
  }

  between(a: EndpointClass, b: EndpointClass, family: Family): Dealing {
    const out = this.#rules.between(a.subject.egress, this.#peers[family][b.id] ?? noPeers);
    // What a machine looks like to a pod depends on the way; then every rule may be about it.
    const into = a.peers === null ? b.subject.ingress : this.#rules.between(b.subject.ingress, this.#peers[family][a.id] ?? noPeers);
    return { out: this.#numberOf(out), into: this.#numberOf(into) };
  }

  #numberOf(list: readonly number[]): number {
    const text = list.join();
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#lists.length;
      this.#lists.push(list);
      this.#numbers.set(text, number);
    }
    return number;
  }
}

/** From the members of each position's set to the positions. */
function inverted(sets: readonly ReadonlySet<number>[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  for (const [position, set] of sets.entries()) {
    for (const member of set) {
      const there = found.get(member);
      if (there === undefined) found.set(member, [position]);
      else there.push(position);
    }
  }
  return found;
}
