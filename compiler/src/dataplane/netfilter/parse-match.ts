/** From the options given to a match extension to the matches they mean. */
import { conntrackStates, decimal, icmpType, portNumber, tcpFlags, unsigned } from "./numbers.ts";
import type { Extension, GivenOption, RuleContext } from "./parse-rule.ts";
import type { ConntrackState, Match } from "./types.ts";
import { RuleSyntaxError } from "./words.ts";

type AddressType = Extract<Match, { kind: "addrtype" }>["type"];

const addressTypes: readonly AddressType[] = ["LOCAL", "UNICAST", "BROADCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE"];
const needsProtocol: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmp6: 58 };
const portProtocols: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/**
 * Appends the matches of one extension to `out`, in the order in which `iptables-save` prints them.
 * `-m tcp` without options stays visible as a destination port range of 0..65535.
 */
export function matchesOf(extension: Extension, context: RuleContext, out: Match[]): void {
  const fail = (word: string, reason: string): never => {
    throw new RuleSyntaxError(context.text, word, reason);
  };
  const needed = needsProtocol[extension.name];
  if (needed !== undefined && context.protocol !== needed)
    fail(extension.name, "the match needs its protocol: -p is missing or another one");
  switch (extension.name) {
    case "tcp":
    case "udp":
    case "sctp":
      transportMatches(extension, context, out);
      return;
    case "multiport":
      if (context.protocol === null || !portProtocols.has(context.protocol))
        fail(extension.name, "the match needs a protocol that has ports");
      out.push(multiport(only(extension, context), context));
      return;
    case "comment": {
      const text = only(extension, context).value;
      if (Buffer.byteLength(text) > 255) fail(text, "a comment has at most 255 bytes");
      out.push({ kind: "comment", text });
      return;
    }
    case "mark": {
      const given = only(extension, context);
      out.push({ kind: "mark", ...valueAndMask(given.value, context), negated: given.negated });
      return;
    }
    case "conntrack":
    case "state": {
      const given = only(extension, context);
      out.push({ kind: "conntrack", states: states(given.value, extension.name, context), negated: given.negated });
      return;
    }
    case "addrtype":
      addressTypeMatches(extension, context, out);
      return;
    case "set": {
      const given = only(extension, context);
      if (given.value === "" || given.value.length > 31) fail(given.value, "a set name has 1 to 31 characters");
      const sides = given.second
        .split(",")
        .map((side) => (side === "src" || side === "dst" ? side : fail(given.second, "the sides of a set are src and dst")));
      if (sides.length > 6) fail(given.second, "a set has at most six sides");
      out.push({ kind: "set", set: given.value, sides, negated: given.negated });
      return;
    }
    case "statistic":
      out.push(statistic(extension, context));
      return;
    case "recent":
      out.push(recent(extension, context));
      return;
    case "icmp":
    case "icmp6": {
      const given = only(extension, context);
      const family = extension.name === "icmp" ? 4 : 6;
      const type = icmpType(family, given.value) ?? fail(given.value, "unknown ICMP type");
      out.push({ kind: "icmp", family, ...type, negated: given.negated });
      return;
    }
    case "rpfilter": {
      const has = (name: string): boolean => extension.options.some((option) => option.name === name);
      out.push({
        kind: "rpfilter",
        loose: has("loose"),
        validMark: has("validmark"),
        acceptLocal: has("accept-local"),
        invert: has("invert"),
      });
      return;
    }
    default:
      fail(extension.name, "unknown match");
  }
}

/** The one option that the extension takes. */
function only(extension: Extension, context: RuleContext): GivenOption {
  const [first, second] = extension.options;
  if (first === undefined) throw new RuleSyntaxError(context.text, extension.name, "the match lacks its option");
  if (second !== undefined) throw new RuleSyntaxError(context.text, `--${second.name}`, "the match takes one option");
  return first;
}

function find(extension: Extension, name: string): GivenOption | undefined {
  return extension.options.find((option) => option.name === name);
}

function portRange(word: string, context: RuleContext): { readonly first: number; readonly last: number } {
  const colon = word.indexOf(":");
  const low = colon < 0 ? word : word.slice(0, colon);
  const high = colon < 0 ? word : word.slice(colon + 1);
  const first = low === "" && colon >= 0 ? 0 : portNumber(low);
  const last = high === "" && colon >= 0 ? 65535 : portNumber(high);
  if (first === null || last === null) throw new RuleSyntaxError(context.text, word, "not a port or a range of ports");
  if (first > last) throw new RuleSyntaxError(context.text, word, "the range of ports ends before it starts");
  return { first, last };
}

function transportMatches(extension: Extension, context: RuleContext, out: Match[]): void {
  const before = out.length;
  for (const [name, side] of [
    ["sport", "source"],
    ["dport", "destination"],
  ] as const) {
    const given = find(extension, name);
    if (given === undefined) continue;
    const range = portRange(given.value, context);
    const isAll = range.first === 0 && range.last === 65535;
    if (!isAll || given.negated) out.push({ kind: "port", side, ...range, negated: given.negated });
  }
  const flags = find(extension, "tcp-flags");
  const syn = find(extension, "syn");
  if (flags !== undefined && syn !== undefined)
    throw new RuleSyntaxError(context.text, "--syn", "--syn and --tcp-flags exclude each other");
  if (flags !== undefined) {
    out.push({ kind: "tcp-flags", mask: flagList(flags.value, context), set: flagList(flags.second, context), negated: flags.negated });
  }
  if (syn !== undefined) out.push({ kind: "tcp-flags", mask: ["FIN", "SYN", "RST", "ACK"], set: ["SYN"], negated: syn.negated });
  if (out.length === before) out.push({ kind: "port", side: "destination", first: 0, last: 65535, negated: false });
}

function flagList(word: string, context: RuleContext): readonly string[] {
  if (word === "ALL") return tcpFlags;
  if (word === "NONE") return [];
  const given = word.split(",");
  const unknown = given.find((flag) => !tcpFlags.includes(flag));
  if (unknown !== undefined) throw new RuleSyntaxError(context.text, unknown, "unknown TCP flag");
  return tcpFlags.filter((flag) => given.includes(flag));
}

const multiportSides: Readonly<Record<string, "source" | "destination" | "either">> = {
  sports: "source",
  dports: "destination",
  ports: "either",
};

function multiport(given: GivenOption, context: RuleContext): Match {
  const ports = given.value.split(",").map((word) => portRange(word, context));
  const slots = ports.reduce((sum, range) => sum + (range.first === range.last ? 1 : 2), 0);
  if (slots > 15) throw new RuleSyntaxError(context.text, given.value, "multiport takes 15 ports, a range counting as two");
  return { kind: "multiport", side: multiportSides[given.name] ?? "either", ports, negated: given.negated };
}

/** `V` or `V/M`; without a mask all 32 bits count. */
export function valueAndMask(word: string, context: RuleContext): { readonly value: number; readonly mask: number } {
  const slash = word.indexOf("/");
  const value = unsigned(slash < 0 ? word : word.slice(0, slash));
  const mask = slash < 0 ? 0xffffffff : unsigned(word.slice(slash + 1));
  if (value === null || mask === null) throw new RuleSyntaxError(context.text, word, "a mark is VALUE or VALUE/MASK, 32 bits each");
  return { value, mask };
}

function states(word: string, extension: string, context: RuleContext): readonly ConntrackState[] {
  const given = word.split(",").map((state) => state.toUpperCase());
  for (const state of given) {
    const isKnown = conntrackStates.some((known) => known === state);
    if (!isKnown || (extension === "state" && (state === "SNAT" || state === "DNAT")))
      throw new RuleSyntaxError(context.text, state, "unknown connection state");
  }
  return conntrackStates.filter((state) => given.includes(state));
}

function addressTypeMatches(extension: Extension, context: RuleContext, out: Match[]): void {
  const isIn = find(extension, "limit-iface-in") !== undefined;
  const isOut = find(extension, "limit-iface-out") !== undefined;
  if (isIn && isOut) throw new RuleSyntaxError(context.text, "--limit-iface-out", "only one of the interface limits can be given");
  const limit = isIn ? "in" : isOut ? "out" : null;
  const before = out.length;
  for (const [name, side] of [
    ["src-type", "source"],
    ["dst-type", "destination"],
  ] as const) {
    const given = find(extension, name);
    if (given === undefined) continue;
    const type = addressTypes.find((known) => known === given.value.toUpperCase());
    if (type === undefined) {
      throw new RuleSyntaxError(
        context.text,
        given.value,
        given.value.includes(",") ? "knet reads one address type per match" : "unknown address type",
      );
    }
    out.push({ kind: "addrtype", side, type, negated: given.negated, limit });
  }
  if (out.length === before) throw new RuleSyntaxError(context.text, extension.name, "the match needs --src-type or --dst-type");
}

function statistic(extension: Extension, context: RuleContext): Match {
  const mode = find(extension, "mode")?.value;
  if (mode !== "random") throw new RuleSyntaxError(context.text, mode ?? extension.name, "knet reads --mode random only");
  const given = find(extension, "probability");
  if (given === undefined) throw new RuleSyntaxError(context.text, extension.name, "the match needs --probability");
  const probability = Number(given.value);
  if (given.value.trim() === "" || !(probability >= 0 && probability <= 1)) {
    throw new RuleSyntaxError(context.text, given.value, "a probability lies between 0 and 1");
  }
  return { kind: "statistic", threshold: Math.round(probability * 0x80000000), negated: given.negated };
}

const recentActions = ["set", "rcheck", "update", "remove"] as const;

function recent(extension: Extension, context: RuleContext): Match {
  const fail = (word: string, reason: string): never => {
    throw new RuleSyntaxError(context.text, word, reason);
  };
  const actions = recentActions.filter((action) => find(extension, action) !== undefined);
  const [action, another] = actions;
  if (action === undefined) return fail(extension.name, "the match needs --set, --rcheck, --update or --remove");
  if (another !== undefined) fail(`--${another}`, "the match takes one action");
  const mask = find(extension, "mask")?.value;
  const wholeAddress = context.family === 4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  if (mask !== undefined && mask !== wholeAddress) fail(mask, "knet reads lists of whole addresses only");
  const given = find(extension, "seconds");
  const seconds = given === undefined ? null : decimal(given.value);
  if (given !== undefined && (seconds === null || seconds < 1)) fail(given.value, "not a number of seconds");
  const tests = action === "rcheck" || action === "update";
  if (seconds !== null && !tests) fail("--seconds", "only --rcheck and --update look at the age");
  const reap = find(extension, "reap") !== undefined;
  if (reap && seconds === null) fail("--reap", "the option needs --seconds");
  const name = find(extension, "name")?.value ?? "DEFAULT";
  if (name === "" || name.length > 199) fail(name, "a list name has 1 to 199 characters");
  return { kind: "recent", name, action, seconds, reap, negated: find(extension, action)?.negated ?? false };
}
