/** Reads one rule in any spelling that iptables-restore takes and iptables-save prints. */
import { bitsOf, maskIp, parseIp } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import { extensionOption, matchExtension, targetExtensions } from "./options.ts";
import type { ExtensionOption } from "./options.ts";
import { matchesOf } from "./parse-match.ts";
import { decimal, protocolNumber } from "./numbers.ts";
import { targetOf } from "./parse-target.ts";
import { RuleSyntaxError, splitWords } from "./words.ts";
import type { Match, Target } from "./types.ts";

export { RuleSyntaxError } from "./words.ts";

export interface ParsedRule {
  /** In kernel order: source, destination, interfaces, protocol, then the extensions as written. */
  readonly matches: readonly Match[];
  readonly target: Target | null;
}

/** An option as given to an extension. */
export interface GivenOption {
  readonly name: string;
  readonly negated: boolean;
  /** The words that follow it; empty when it takes none. */
  readonly value: string;
  readonly second: string;
}

export interface Extension {
  readonly name: string;
  readonly options: GivenOption[];
}

/** What the parts of a rule need to know about the whole. */
export interface RuleContext {
  readonly text: string;
  readonly family: Family;
  /** Of the `-p` match when it is not negated; null otherwise. */
  readonly protocol: number | null;
}

const protocolExtensions: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmp6"],
  [132, "sctp"],
]);

/**
 * The matches and the target of the text behind `-A CHAIN `. Every word is understood or refused.
 *
 * @throws {RuleSyntaxError} with the first word that knet does not understand or iptables would refuse.
 */
export function parseRule(text: string, family: Family): ParsedRule {
  const words = splitWords(text);
  let source: Match | null = null;
  let destination: Match | null = null;
  let inInterface: Match | null = null;
  let outInterface: Match | null = null;
  let protocol: Match | null = null;
  const seen = new Set<string>();
  const extensions: Extension[] = [];
  let target: string | null = null;
  let isGoto = false;
  const targetOptions: GivenOption[] = [];
  let negated = false;

  const fail = (word: string, reason: string): never => {
    throw new RuleSyntaxError(text, word, reason);
  };
  const once = (what: string, word: string): void => {
    if (seen.has(what)) fail(word, "the option is given twice");
    seen.add(what);
  };
  let at = 0;
  const next = (option: string): string => words[at++] ?? fail(option, "the option lacks its value");

  const extend = (option: string, known: ExtensionOption): void => {
    if (negated && !known.invertible) fail(option, "the option cannot be negated");
    const given: GivenOption = {
      name: known.name,
      negated,
      value: known.arity > 0 ? next(option) : "",
      second: known.arity > 1 ? next(option) : "",
    };
    if (known.scope === "target") {
      if (target === null || !known.extensions.includes(target)) fail(option, `the option belongs to -j ${known.extensions.join(" or ")}`);
      if (targetOptions.some((other) => other.name === given.name)) fail(option, "the option is given twice");
      targetOptions.push(given);
      return;
    }
    let extension = extensions.findLast((candidate) => known.extensions.includes(candidate.name));
    if (extension === undefined) {
      const implied =
        protocol !== null && protocol.kind === "protocol" && !protocol.negated ? protocolExtensions.get(protocol.protocol) : undefined;
      if (implied === undefined || !known.extensions.includes(implied)) {
        throw new RuleSyntaxError(text, option, `the option needs -m ${known.extensions.join(", ")} or the protocol before it`);
      }
      extension = { name: implied, options: [] };
      extensions.push(extension);
    }
    if (extension.options.some((other) => other.name === given.name)) fail(option, "the option is given twice");
    extension.options.push(given);
  };

  while (at < words.length) {
    let option = words[at++] ?? "";
    if (option === "!") {
      if (negated || at === words.length) fail(option, "the negation stands before nothing that can be negated");
      negated = true;
      continue;
    }
    // getopt takes `--dport=80` for `--dport 80`.
    const equals = option.startsWith("--") ? option.indexOf("=") : -1;
    if (equals > 0) {
      words[--at] = option.slice(equals + 1);
      option = option.slice(0, equals);
    }
    switch (option) {
      case "-m":
      case "--match": {
        const word = next(option);
        if (negated) fail(option, "the option cannot be negated");
        if (word === "nfacct") fail(word, "accounting objects are not part of a dataplane, so -m nfacct cannot be read");
        extensions.push({ name: matchExtension(word) ?? fail(word, "unknown match"), options: [] });
        break;
      }
      case "-p":
      case "--protocol": {
        once("protocol", option);
        const word = next(option);
        const number = protocolNumber(word) ?? fail(word, "unknown protocol");
        if (number === 0 && negated) fail(word, "no packet can match the negation of every protocol");
        if (number !== 0) protocol = { kind: "protocol", protocol: number, negated };
        break;
      }
      case "-s":
      case "--source":
      case "--src":
        once("source", option);
        source = addressMatch("source", next(option), negated, text, family);
        break;
      case "-d":
      case "--destination":
      case "--dst":
        once("destination", option);
        destination = addressMatch("destination", next(option), negated, text, family);
        break;
      case "-i":
      case "--in-interface":
        once("in", option);
        inInterface = interfaceMatch("in-interface", next(option), negated, text);
        break;
      case "-o":
      case "--out-interface":
        once("out", option);
        outInterface = interfaceMatch("out-interface", next(option), negated, text);
        break;
      case "-j":
      case "--jump":
      case "-g":
      case "--goto":
        once("target", option);
        if (negated) fail(option, "the option cannot be negated");
        target = next(option);
        isGoto = option === "-g" || option === "--goto";
        break;
      case "-c":
      case "--set-counters":
        if (negated) fail(option, "the option cannot be negated");
        for (let i = 0; i < 2; i++) {
          const word = next(option);
          if (decimal(word) === null) fail(word, "a counter is a number");
        }
        break;
      default: {
        const known = extensionOption(option);
        if (known === null) throw new RuleSyntaxError(text, option, option.startsWith("-") ? "unknown option" : "unexpected word");
        extend(option, known);
      }
    }
    negated = false;
  }
  if (negated) fail("!", "the negation stands before nothing that can be negated");

  const given: Match | null = protocol;
  const context: RuleContext = {
    text,
    family,
    protocol: given !== null && given.kind === "protocol" && !given.negated ? given.protocol : null,
  };
  const matches: Match[] = [];
  for (const match of [source, destination, inInterface, outInterface, protocol]) if (match !== null) matches.push(match);
  for (const extension of extensions) matchesOf(extension, context, matches);
  if (target === null) return { matches, target: null };
  const isExtension = targetExtensions.has(target) && !isGoto;
  return { matches, target: isExtension ? targetOf({ name: target, options: targetOptions }, context) : verdict(target, isGoto) };
}

function verdict(word: string, isGoto: boolean): Target {
  if (isGoto) return { kind: "goto", chain: word };
  if (word === "ACCEPT") return { kind: "accept" };
  if (word === "DROP") return { kind: "drop" };
  if (word === "RETURN") return { kind: "return" };
  return { kind: "jump", chain: word };
}

/** Null for `-s 0.0.0.0/0`, which the kernel does not keep as a match. */
function addressMatch(kind: "source" | "destination", word: string, negated: boolean, text: string, family: Family): Match | null {
  const slash = word.indexOf("/");
  const address = slash < 0 ? word : word.slice(0, slash);
  const ip = parseIp(address) ?? parseShortIp4(address, slash >= 0);
  if (ip === null) throw new RuleSyntaxError(text, word, word.includes(",") ? "a list of addresses is several rules" : "not an address");
  if (ip.family !== family) throw new RuleSyntaxError(text, word, `not an IPv${family} address`);
  const prefix = slash < 0 ? bitsOf(family) : prefixOf(word.slice(slash + 1), family);
  if (prefix === null) throw new RuleSyntaxError(text, word, "not a prefix length or a contiguous mask");
  if (prefix === 0 && !negated) return null;
  const cidr: Cidr = { ip: maskIp(ip, prefix), prefix };
  return { kind, cidr, negated };
}

/** iptables takes `10/8` and `0/0`: missing octets are zero. */
function parseShortIp4(word: string, hasPrefix: boolean): Ip | null {
  if (!hasPrefix || word.includes(":")) return null;
  const octets = word.split(".");
  return octets.length >= 4 ? null : parseIp([...octets, "0", "0", "0"].slice(0, 4).join("."));
}

function prefixOf(word: string, family: Family): number | null {
  const length = decimal(word);
  if (length !== null) return length <= bitsOf(family) ? length : null;
  const mask = parseIp(word);
  if (mask === null || mask.family !== family) return null;
  const bits = [mask.a, mask.b, mask.c, mask.d]
    .slice(family === 4 ? 3 : 0)
    .map((part) => part.toString(2).padStart(32, "0"))
    .join("");
  const zero = bits.indexOf("0");
  if (zero < 0) return bits.length;
  return bits.includes("1", zero) ? null : zero;
}

/** Null for the wildcard `+` alone, which the kernel does not keep as a match. */
function interfaceMatch(kind: "in-interface" | "out-interface", name: string, negated: boolean, text: string): Match | null {
  if (name === "") throw new RuleSyntaxError(text, name, "an interface has a name");
  if (name.length > 15) throw new RuleSyntaxError(text, name, "an interface name has at most 15 characters");
  if (/[\s/]/.test(name)) throw new RuleSyntaxError(text, name, "an interface name has no blank or slash");
  return name === "+" && !negated ? null : { kind, name, negated };
}
