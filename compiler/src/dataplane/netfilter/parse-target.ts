/** From the options given to a target extension to the target. */
import { parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { decimal, logLevels, portNumber, rejectName, unsigned } from "./numbers.ts";
import type { Extension, GivenOption, RuleContext } from "./parse-rule.ts";
import { valueAndMask } from "./parse-match.ts";
import type { Target } from "./types.ts";
import { RuleSyntaxError } from "./words.ts";

const portProtocols: ReadonlySet<number> = new Set([6, 17, 33, 132]);

export function targetOf(extension: Extension, context: RuleContext): Target {
  const find = (name: string): GivenOption | undefined => extension.options.find((option) => option.name === name);
  const fail = (word: string, reason: string): never => {
    throw new RuleSyntaxError(context.text, word, reason);
  };
  switch (extension.name) {
    case "MARK":
      return markTarget(extension, context);
    case "REJECT": {
      const given = find("reject-with")?.value;
      const name =
        rejectName(context.family, given ?? "port-unreach") ?? fail(given ?? extension.name, `IPv${context.family} has no such rejection`);
      if (name === "tcp-reset" && context.protocol !== 6) fail(name, "tcp-reset needs -p tcp");
      return { kind: "reject", with: name };
    }
    case "DNAT": {
      const given = find("to-destination")?.value ?? fail(extension.name, "the target needs --to-destination");
      const { to, port } = addressAndPort(given, context);
      if (port === null) return { kind: "dnat", to, port: null };
      const number = portNumber(port) ?? fail(given, "knet reads DNAT to one port");
      return { kind: "dnat", to, port: number === 0 ? fail(given, "port 0 cannot be translated to") : number };
    }
    case "SNAT": {
      const given = find("to-source")?.value ?? fail(extension.name, "the target needs --to-source");
      const { to, port } = addressAndPort(given, context);
      return { kind: "snat", to, ports: port === null ? null : portSpan(port, context) };
    }
    case "MASQUERADE": {
      const ports = find("to-ports");
      if (ports !== undefined) needPorts("--to-ports", context);
      return {
        kind: "masquerade",
        randomFully: find("random-fully") !== undefined,
        ports: ports === undefined ? null : portSpan(ports.value, context),
      };
    }
    case "LOG": {
      const prefix = find("log-prefix")?.value ?? "";
      if (Buffer.byteLength(prefix) > 29) fail(prefix, "a log prefix has at most 29 bytes");
      const level = find("log-level")?.value ?? "warning";
      const number = logLevels.get(level) ?? decimal(level);
      if (number === null || number > 7) return fail(level, "unknown log level");
      return { kind: "log", prefix, level: number };
    }
    case "NOTRACK":
      return { kind: "notrack" };
    case "CT":
      if (find("notrack") === undefined) fail(extension.name, "knet reads -j CT with --notrack only");
      return { kind: "notrack" };
    default:
      return fail(extension.name, "unknown target");
  }
}

function markTarget(extension: Extension, context: RuleContext): Target {
  const [given, second] = extension.options;
  if (given === undefined) throw new RuleSyntaxError(context.text, extension.name, "the target needs --set-mark or one of its kind");
  if (second !== undefined) throw new RuleSyntaxError(context.text, `--${second.name}`, "the target takes one option");
  if (given.name === "set-xmark" || given.name === "set-mark") {
    const { value, mask } = valueAndMask(given.value, context);
    return { kind: "mark", value, mask: given.name === "set-mark" ? (value | mask) >>> 0 : mask };
  }
  const bits = unsigned(given.value);
  if (bits === null) throw new RuleSyntaxError(context.text, given.value, "not a mark of 32 bits");
  if (given.name === "and-mark") return { kind: "mark", value: 0, mask: ~bits >>> 0 };
  return { kind: "mark", value: bits, mask: given.name === "or-mark" ? bits : 0 };
}

function needPorts(word: string, context: RuleContext): void {
  if (context.protocol === null || !portProtocols.has(context.protocol)) {
    throw new RuleSyntaxError(context.text, word, "a port needs -p tcp, udp, sctp or dccp");
  }
}

/** `IP`, `IP:PORT` or `[IP]:PORT`. */
function addressAndPort(word: string, context: RuleContext): { readonly to: Ip; readonly port: string | null } {
  let address = word;
  let port: string | null = null;
  if (word.startsWith("[")) {
    const close = word.indexOf("]");
    address = word.slice(1, close < 0 ? undefined : close);
    const rest = close < 0 ? "" : word.slice(close + 1);
    if (rest.startsWith(":")) port = rest.slice(1);
    else if (rest !== "" || close < 0) throw new RuleSyntaxError(context.text, word, "not an address with a port");
  } else if (context.family === 4 && word.includes(":")) {
    address = word.slice(0, word.indexOf(":"));
    port = word.slice(word.indexOf(":") + 1);
  }
  const to = parseIp(address);
  if (to === null)
    throw new RuleSyntaxError(context.text, word, address.includes("-") ? "knet reads translation to one address" : "not an address");
  if (to.family !== context.family) throw new RuleSyntaxError(context.text, word, `not an IPv${context.family} address`);
  if (port !== null) needPorts(word, context);
  return { to, port };
}

function portSpan(word: string, context: RuleContext): { readonly first: number; readonly last: number } {
  const dash = word.indexOf("-");
  const first = portNumber(dash < 0 ? word : word.slice(0, dash));
  const last = portNumber(dash < 0 ? word : word.slice(dash + 1));
  if (first === null || last === null || first === 0 || first > last)
    throw new RuleSyntaxError(context.text, word, "not a port or a range of ports");
  return { first, last };
}
