/** Functions of addresses, ranges of addresses and ports. */
import {
  addToIp,
  bitsOf,
  contains,
  containsCidr,
  formatCidr,
  formatIp,
  ipFromBigInt,
  ipToBigInt,
  isTransport,
  maskCidr,
  overlaps,
  parseCidr,
  parseIp,
  rangeOf,
  sizeOf,
  transports,
} from "../../values/index.ts";
import type { Cidr, Ip } from "../../values/index.ts";
import { booleanValue, numberValue } from "../value.ts";
import type { Value } from "../value.ts";
import { cidrOf, ipOf, itemsOf, numberOf, portOf, stringOf } from "./arguments.ts";
import { fault, row } from "./types.ts";
import type { FunctionRow, Outcome } from "./types.ts";

const ipValue = (ip: Ip): Value => ({ kind: "ip", ip });
const cidrValue = (cidr: Cidr): Value => ({ kind: "cidr", cidr });

/** A count of addresses as a number; a fault when it is beyond 2^53 - 1. */
export function countOf(value: bigint): Outcome {
  const number = Number(value);
  return Number.isSafeInteger(number) ? numberValue(number) : fault(`${value} is beyond the largest number, 2^53 - 1`);
}

/** How many subnets `bits` longer fit into a range; a fault when none does. */
function fitting(
  cidr: Cidr,
  bits: number,
): { readonly kind: "room"; readonly many: bigint; readonly prefix: number } | ReturnType<typeof fault> {
  const prefix = cidr.prefix + bits;
  const most = bitsOf(cidr.ip.family);
  if (bits < 0) return fault(`${bits} bits are less than none`);
  if (prefix > most) return fault(`a /${cidr.prefix} has no room for ${bits} more bits: /${most} is the longest prefix`);
  return { kind: "room", many: 1n << BigInt(bits), prefix };
}

function subnetAt(cidr: Cidr, prefix: number, index: bigint): Value {
  const { family } = cidr.ip;
  const width = BigInt(bitsOf(family) - prefix);
  return cidrValue({ ip: ipFromBigInt(family, ipToBigInt(maskCidr(cidr).ip) + (index << width)), prefix });
}

function hostAt(cidr: Cidr, n: number): Outcome {
  const size = sizeOf(cidr);
  const index = n < 0 ? size + BigInt(n) : BigInt(n);
  if (index < 0n || index >= size) return fault(`\`${formatCidr(cidr)}\` has ${size} addresses, 0 to ${size - 1n}`);
  return ipValue(addToIp(maskCidr(cidr).ip, index));
}

function netmask({ ip, prefix }: Cidr): Ip {
  const all = (1n << BigInt(bitsOf(ip.family))) - 1n;
  return ipFromBigInt(ip.family, all ^ ((1n << BigInt(bitsOf(ip.family) - prefix)) - 1n));
}

export const addressFunctions: readonly FunctionRow[] = [
  row(
    "subnet(cidr: cidr; bits: number; index: number)",
    "cidr",
    "The subnet with that index, from 0, of those whose prefix is `bits` longer.",
    ["subnet(10.0.0.0/16, 8, 3)", "10.0.3.0/24"],
    ([cidr, bits, index]) => {
      const room = fitting(cidrOf(cidr), numberOf(bits));
      if (room.kind === "fault") return room;
      const at = numberOf(index);
      if (at < 0 || BigInt(at) >= room.many) return fault(`there are ${room.many} subnets, 0 to ${room.many - 1n}, and no subnet ${at}`);
      return subnetAt(cidrOf(cidr), room.prefix, BigInt(at));
    },
  ),
  row(
    "subnets(cidr: cidr; bits: number)",
    "list of cidr",
    "All subnets whose prefix is `bits` longer.",
    ["subnets(fd00::/62, 2)", "[fd00::/64, fd00:0:0:1::/64, fd00:0:0:2::/64, fd00:0:0:3::/64]"],
    ([cidr, bits], tools) => {
      const room = fitting(cidrOf(cidr), numberOf(bits));
      if (room.kind === "fault") return room;
      tools.made(Number(room.many));
      return {
        kind: "list",
        items: Array.from({ length: Number(room.many) }, (_, index) => subnetAt(cidrOf(cidr), room.prefix, BigInt(index))),
      };
    },
  ),
  row(
    "host(cidr: cidr; n: number)",
    "ip",
    "The address with that number, from 0; negative numbers count from the end, -1 being the last address.",
    ["host(10.0.0.0/24, 10)", "10.0.0.10"],
    ([cidr, n]) => hostAt(cidrOf(cidr), numberOf(n)),
  ),
  row("network(cidr: cidr)", "ip", "The first address of a range.", ["network(10.0.3.0/24)", "10.0.3.0"], ([cidr]) =>
    ipValue(maskCidr(cidrOf(cidr)).ip),
  ),
  row("broadcast(cidr: cidr)", "ip", "The last address of an IPv4 range.", ["broadcast(10.0.3.0/24)", "10.0.3.255"], ([cidr]) =>
    cidrOf(cidr).ip.family === 6 ? fault("IPv6 has no broadcast addresses") : ipValue(rangeOf(cidrOf(cidr)).last),
  ),
  row("netmask(cidr: cidr)", "ip", "The mask of a range, as an address.", ["netmask(10.0.0.0/20)", "255.255.240.0"], ([cidr]) =>
    ipValue(netmask(cidrOf(cidr))),
  ),
  row("prefix(cidr: cidr)", "number", "The prefix length.", ["prefix(10.0.0.0/20)", "20"], ([cidr]) => numberValue(cidrOf(cidr).prefix)),
  row("size(cidr: cidr)", "number", "How many addresses a range has.", ["size(10.0.0.0/20)", "4096"], ([cidr]) =>
    countOf(sizeOf(cidrOf(cidr))),
  ),
  row(
    "first(range: cidr or list)",
    "ip, or an item",
    "The first address of a range, or the first item of a list.",
    ["first([west, east])", "west"],
    ([range], tools) => {
      if (range?.kind === "cidr") return ipValue(rangeOf(range.cidr).first);
      return itemsOf(range, tools)[0] ?? fault("the list is empty");
    },
  ),
  row(
    "last(range: cidr or list)",
    "ip, or an item",
    "The last address of a range, or the last item of a list.",
    ["last(fd00::/120)", "fd00::ff"],
    ([range], tools) => {
      if (range?.kind === "cidr") return ipValue(rangeOf(range.cidr).last);
      return itemsOf(range, tools).at(-1) ?? fault("the list is empty");
    },
  ),
  row(
    "contains(cidr: cidr; inner: ip or cidr)",
    "boolean",
    "Whether an address or all of a range lies in a range.",
    ["contains(10.0.0.0/8, 10.1.0.0/16)", "true"],
    ([outer, inner]) =>
      booleanValue(inner?.kind === "cidr" ? containsCidr(cidrOf(outer), inner.cidr) : contains(cidrOf(outer), ipOf(inner))),
  ),
  row(
    "overlaps(a: cidr; b: cidr)",
    "boolean",
    "Whether two ranges share an address.",
    ["overlaps(10.0.0.0/8, 192.168.0.0/16)", "false"],
    ([a, b]) => booleanValue(overlaps(cidrOf(a), cidrOf(b))),
  ),
  row(
    "offset(cidr: cidr; ip: ip)",
    "number",
    "The number of an address in a range: what `host` takes.",
    ["offset(10.0.0.0/24, 10.0.0.10)", "10"],
    ([cidr, ip]) => {
      if (!contains(cidrOf(cidr), ipOf(ip))) return fault(`\`${formatIp(ipOf(ip))}\` does not lie in \`${formatCidr(cidrOf(cidr))}\``);
      return countOf(ipToBigInt(ipOf(ip)) - ipToBigInt(maskCidr(cidrOf(cidr)).ip));
    },
  ),
  row("family(x: ip or cidr)", "number", "4 or 6.", ["family(fd00::1)", "6"], ([x]) =>
    numberValue(x?.kind === "cidr" ? x.cidr.ip.family : ipOf(x).family),
  ),
  row("ip(text: string)", "ip", "The address that a string spells.", ['ip("10.0.0.1")', "10.0.0.1"], ([text]) => {
    const ip = parseIp(stringOf(text));
    return ip === null ? fault("the string is not an address") : ipValue(ip);
  }),
  row(
    "cidr(x: string or ip; prefix?: number)",
    "cidr",
    "The range that a string spells, or that an address lies in with that prefix length.",
    ["cidr(10.0.3.7, 24)", "10.0.3.0/24"],
    ([x, prefix]) => {
      const ip = x?.kind === "ip" ? x.ip : parseIp(stringOf(x));
      if (prefix === undefined) {
        const cidr = x?.kind === "ip" ? { ip: x.ip, prefix: bitsOf(x.ip.family) } : parseCidr(stringOf(x));
        return cidr === null ? fault("the string is not a CIDR") : cidrValue(maskCidr(cidr));
      }
      if (ip === null) return fault("the string is not an address");
      const length = numberOf(prefix);
      if (length < 0 || length > bitsOf(ip.family)) return fault(`a prefix length is 0 to ${bitsOf(ip.family)}, not ${length}`);
      return cidrValue(maskCidr({ ip, prefix: length }));
    },
  ),
  row(
    "port(number: number; protocol: string)",
    "port",
    "The port with that number and protocol.",
    ["port(8000 + 80, tcp)", "8080/tcp"],
    ([number, protocol]) => {
      const [port, name] = [numberOf(number), stringOf(protocol)];
      if (!isTransport(name)) return fault(`a protocol is ${transports.join(", ")}, not \`${name}\``);
      return port < 1 || port > 65_535 ? fault(`a port is 1 to 65535, not ${port}`) : { kind: "port", port, protocol: name };
    },
  ),
  row("number-of(port: port)", "number", "The number of a port.", ["number-of(80/tcp)", "80"], ([port]) => numberValue(portOf(port).port)),
  row("protocol-of(port: port)", "name", "The protocol of a port.", ["protocol-of(80/tcp)", "tcp"], ([port]) => ({
    kind: "name",
    text: portOf(port).protocol,
  })),
];
