/** What a token that begins like a number or an address is, or why it is neither. */
import { isTransport, parseCidr, parseIp, parseMac, transports } from "../values/index.ts";
import { nearest } from "../diagnostics/suggest.ts";

export type Numeric =
  | { readonly kind: "number" | "port" | "address" | "cidr" | "mac" | "duration" | "size" }
  | {
      readonly kind: "malformed";
      readonly of: "address" | "number";
      readonly reason: string;
      readonly help: string | null;
      /** What the user most likely meant to write. */
      readonly replacement: string | null;
    };

/** Classifies the text of a token that begins with a digit or holds two colons. */
export function classifyNumeric(text: string): Numeric {
  if (/^[0-9]+$/.test(text)) return { kind: "number" };
  if (parseMac(text) !== null) return { kind: "mac" };
  if (text.includes("/")) {
    if (parseCidr(text) !== null) return { kind: "cidr" };
  } else if (parseIp(text) !== null) return { kind: "address" };
  if (text.includes(":")) return text.includes(".") && !text.includes("::") ? withPort(text) : malformed6(text);
  const port = /^([0-9]+)\/([A-Za-z]\w*)$/.exec(text);
  if (port !== null) return portOf(port[1] ?? "", port[2] ?? "");
  const unit = classifyUnit(text);
  if (unit !== null) return unit;
  if (/^[0-9]+(?:\.\w*)*(?:\/\w*)?$/.test(text) && /[./]/.test(text)) return malformed4(text);
  const difference = /^([0-9]+)-([A-Za-z0-9]\w*)$/.exec(text);
  const help = difference === null ? null : `a difference is written with spaces: \`${difference[1] ?? ""} - ${difference[2] ?? ""}\``;
  return wrong("number", "a name that begins with a digit must be quoted", help, `"${text}"`);
}

const sizeUnits = ["B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"];

/** `1h30m`, `64KiB`; null: the text has no unit. */
function classifyUnit(text: string): Numeric | null {
  if (/^(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?$/.test(text)) return { kind: "duration" };
  const [, number = "", fraction = "", unit = ""] = /^([0-9]+)(\.[0-9]+)?([A-Za-z]+)$/.exec(text) ?? [];
  const size = sizeUnits.find((known) => known === unit) ?? sizeUnits.find((known) => known.toLowerCase() === unit.toLowerCase());
  const time = ["d", "h", "m", "s", "ms"].find((known) => known === unit);
  if (fraction !== "" && (size !== undefined || time !== undefined))
    return wrong("number", "durations and sizes are whole numbers of a unit");
  if (size === unit) return { kind: "size" };
  if (size !== undefined) return wrong("number", `sizes are written with ${sizeUnits.join(", ")}`, null, `${number}${size}`);
  if (/^(?:[0-9]+(?:ms|[dhms]))+$/.test(text))
    return wrong("number", "the parts of a duration stand from the greatest unit to the smallest, each once: `1h30m`");
  return null;
}

function wrong(of: "address" | "number", reason: string, help: string | null = null, replacement: string | null = null): Numeric {
  return { kind: "malformed", of, reason, help, replacement };
}

function portOf(number: string, protocol: string): Numeric {
  if (isTransport(protocol)) return { kind: "port" };
  const lower = protocol.toLowerCase();
  const meant = isTransport(lower) ? lower : nearest(protocol, transports);
  return wrong(
    "number",
    `\`${protocol}\` is no transport protocol`,
    "ports are written `80/tcp`, `53/udp` or `9899/sctp`",
    meant === null ? null : `${number}/${meant}`,
  );
}

function withPort(text: string): Numeric {
  return wrong("address", "an address stands without a port here", `write the address \`${text.slice(0, text.indexOf(":"))}\` alone`);
}

const numbers = ["no number", "one", "two", "three", "four", "five", "six", "seven", "eight"];

function malformed4(text: string): Numeric {
  const [address = "", length] = text.split("/");
  const parts = address.split(".");
  if (parts.some((part) => !/^[0-9]+$/.test(part))) return wrong("address", "an IPv4 address holds digits and dots only");
  if (parts.length !== 4) {
    const given = numbers[parts.length] ?? String(parts.length);
    const version = parts.length < 4 && length === undefined;
    return wrong(
      "address",
      `an IPv4 address has four numbers, this has ${given}`,
      version ? `a version is a string: "${text}"` : null,
      version ? `"${text}"` : null,
    );
  }
  const big = parts.find((part) => Number(part) > 255);
  if (big !== undefined) return wrong("address", `${big} is greater than 255`);
  const zero = parts.find((part) => part.length > 1 && part.startsWith("0"));
  if (zero !== undefined) {
    const plain = `${parts.map(Number).join(".")}${length === undefined ? "" : `/${length}`}`;
    const good = plain.includes("/") ? parseCidr(plain) !== null : parseIp(plain) !== null;
    return wrong("address", `\`${zero}\` has a leading zero, which other programs read as octal`, null, good ? plain : null);
  }
  return wrong("address", prefixReason(length ?? "", 32));
}

function prefixReason(length: string, most: number): string {
  if (length === "") return "the prefix length behind `/` is missing";
  if (!/^[0-9]+$/.test(length)) return `\`${length}\` is not a prefix length`;
  if (Number(length) > most) return `the prefix length is at most ${most}, not ${length}`;
  return `the prefix length \`${length}\` has a leading zero`;
}

function malformed6(text: string): Numeric {
  if (text.includes("%")) return wrong("address", "a zone such as `%eth0` has no meaning in a cluster");
  const [address = "", length] = text.split("/");
  if (/[^0-9a-fA-F:.]/.test(address)) return wrong("address", "an IPv6 address holds hexadecimal digits and colons only");
  if (parseIp(address) !== null) return wrong("address", prefixReason(length ?? "", 128));
  if (address.split("::").length > 2 || address.includes(":::")) return wrong("address", "`::` may stand once");
  const groups = address.split(":").filter((group) => group !== "");
  const long = groups.find((group) => group.length > 4);
  if (long !== undefined && !long.includes(".")) return wrong("address", `the group \`${long}\` has more than four digits`);
  const dotted = groups.find((group) => group.includes("."));
  if (dotted !== undefined) return wrong("address", `\`${dotted}\` at its end is not an IPv4 address in the right place`);
  return wrong("address", `an IPv6 address has eight groups, this has ${numbers[groups.length] ?? String(groups.length)}`);
}
