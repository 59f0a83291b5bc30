/** Reads what `ipset save` prints, and what `ipset restore` takes. */
import { compareText } from "@knet/language/values";
import type { Origin } from "@knet/language";
import { canonicalMembers, IpSetError, parseMember } from "./member.ts";
import type { IpSet, IpSetMember } from "./types.ts";

/** A dump that is not what `ipset save` prints, or holds what knet does not model. */
export class IpSetSyntaxError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, reason: string, options?: ErrorOptions) {
    super(`line ${line}: ${reason}`, options);
    this.name = "IpSetSyntaxError";
    this.line = line;
  }
}

const dumped: Origin = { name: "ipset save", span: null };
const types: readonly IpSet["type"][] = ["hash:net", "hash:ip", "hash:ip,port"];

interface SetInProgress extends Omit<IpSet, "members"> {
  readonly members: IpSetMember[];
}

/**
 * The sets in the order of the dump.
 *
 * @throws {IpSetSyntaxError} for a type or an option that knet does not model (`timeout`, `comment`, `nomatch`, …).
 */
export function parseIpSetSave(text: string): readonly IpSet[] {
  const sets = new Map<string, SetInProgress>();
  let number = 0;
  for (const raw of text.split("\n")) {
    number++;
    const words = raw.trim().split(/\s+/);
    const [command = "", name = "", ...rest] = words;
    if (command === "" || command.startsWith("#")) continue;
    try {
      if (command === "create") {
        if (sets.has(name)) throw new Error(`the set ${name} is created twice`);
        sets.set(name, createSet(name, rest));
      } else if (command === "add") {
        const set = sets.get(name);
        if (set === undefined) throw new Error(`there is no set ${name}`);
        const [member = "", option] = rest;
        if (option !== undefined) throw new Error(`knet does not model the option ${option}`);
        parseMember(set, member);
        set.members.push({ text: member, origin: dumped });
      } else {
        throw new Error(`unknown command ${command}`);
      }
    } catch (error) {
      throw new IpSetSyntaxError(number, error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
  return [...sets.values()];
}

function createSet(name: string, words: readonly string[]): SetInProgress {
  const [word = "", ...options] = words;
  const type = types.find((known) => known === word);
  if (type === undefined) throw new IpSetError(name, word, "knet does not model the type");
  if (name.length > 31) throw new IpSetError(name, name, "a set name has at most 31 characters");
  let family: 4 | 6 = 4;
  let maxElements = 65_536;
  for (let i = 0; i < options.length; i += 2) {
    const option = options[i] ?? "";
    const value = options[i + 1] ?? "";
    switch (option) {
      case "family":
        if (value !== "inet" && value !== "inet6") throw new IpSetError(name, value, "unknown family");
        family = value === "inet" ? 4 : 6;
        break;
      case "maxelem":
        maxElements = Number(value);
        if (!Number.isInteger(maxElements) || maxElements < 1) throw new IpSetError(name, value, "not a number of elements");
        break;
      case "hashsize":
      case "bucketsize":
      case "initval":
        break;
      default:
        throw new IpSetError(name, option, "knet does not model the option");
    }
  }
  return { name, type, family, maxElements, members: [], owner: "ipset", origin: dumped };
}

/**
 * The set with its members as `ipset save` spells them, sorted, each once: equal for the set that was written and the
 * one that the kernel lists.
 */
export function normaliseIpSet(set: IpSet): IpSet {
  const members = new Map<string, IpSetMember>();
  for (const member of set.members)
    for (const text of canonicalMembers(set, member.text)) if (!members.has(text)) members.set(text, { text, origin: member.origin });
  return { ...set, members: [...members.values()].sort((x, y) => compareText(x.text, y.text)) };
}
