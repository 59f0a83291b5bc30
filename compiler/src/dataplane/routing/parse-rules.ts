/** Policy rules as `ip -j rule` prints them. */
import type { Cidr, Family } from "@knet/language/values";
import { deviceName, entryReader, flag, record, text, unsigned } from "../dump/entries.ts";
import type { Place } from "../dump/entries.ts";
import { kernelOwner, ownerOfRoute, unknownOwner } from "../dump/owners.ts";
import { protocolNumber, tableNumber } from "./names.ts";
import type { RoutingRule } from "./types.ts";

interface RawRule {
  readonly priority: number;
  readonly not?: null | boolean;
  /** `all`, or an address whose prefix length stands beside it unless it is the whole. */
  readonly src?: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly fwmark?: string;
  readonly fwmask?: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly tos?: string;
  readonly action?: string;
  readonly goto?: number | string;
  readonly l3mdev?: null | boolean;
  readonly ipproto?: string;
  readonly sport?: number;
  readonly sport_start?: number;
  readonly sport_end?: number;
  readonly dport?: number;
  readonly dport_start?: number;
  readonly dport_end?: number;
  readonly uid_start?: number;
  readonly uid_end?: number;
  readonly tun_id?: number | string;
  readonly suppress_prefixlen?: number;
  readonly suppress_ifgroup?: string;
  readonly realms?: string;
}

const length = { type: "integer", minimum: 0, maximum: 128 };
const port = { type: "integer", minimum: 0, maximum: 65_535 };

const readRules = entryReader<RawRule>(
  record(
    { priority: unsigned },
    {
      not: flag,
      src: text,
      srclen: length,
      dst: text,
      dstlen: length,
      fwmark: text,
      fwmask: text,
      table: text,
      protocol: text,
      iif: deviceName,
      oif: deviceName,
      tos: text,
      action: text,
      goto: { type: ["integer", "string"] },
      l3mdev: flag,
      ipproto: text,
      sport: port,
      sport_start: port,
      sport_end: port,
      dport: port,
      dport_start: port,
      dport_end: port,
      uid_start: unsigned,
      uid_end: unsigned,
      tun_id: { type: ["integer", "string"] },
      suppress_prefixlen: unsigned,
      suppress_ifgroup: text,
      realms: text,
    },
  ),
);

/** The rules that every network namespace starts with. IPv6 has none for the table `default`. */
const kernelRules: readonly { readonly priority: number; readonly table: number; readonly families: readonly Family[] }[] = [
  { priority: 0, table: 255, families: [4, 6] },
  { priority: 32_766, table: 254, families: [4, 6] },
  { priority: 32_767, table: 253, families: [4] },
];

/** The rules of a fresh kernel as records. */
export function rulesOfKernel(family: Family): readonly RoutingRule[] {
  return kernelRules
    .filter(({ families }) => families.includes(family))
    .map(({ priority, table }) => ({
      priority,
      family,
      from: null,
      to: null,
      mark: null,
      invert: false,
      table,
      owner: kernelOwner,
      origin: { name: "the kernel's own rule", span: null },
    }));
}

/**
 * The rules of `ip -j rule` (IPv4) or `ip -6 -j rule`, in the order of the dump; the kernel's own with the owner `kernel`.
 *
 * @throws {DumpError}
 */
export function parseRules(source: string, family: Family, file = family === 4 ? "ip -j rule" : "ip -6 -j rule"): readonly RoutingRule[] {
  return readRules(file, source).map(({ value, place }) => {
    const qualifiers = qualifiersOf(value);
    const rule: RoutingRule = {
      priority: value.priority,
      family,
      from: prefixOf(place, family, "src", value.src, value.srclen),
      to: prefixOf(place, family, "dst", value.dst, value.dstlen),
      mark: markOf(value, place),
      invert: value.not !== undefined && value.not !== false,
      table: value.table === undefined ? 0 : tableNumber(place, value.table),
      ...(qualifiers.length === 0 ? {} : { qualifiers }),
      owner: value.protocol === undefined ? unknownOwner : ownerOfRoute(protocolNumber(place, value.protocol), null),
      origin: place.origin,
    };
    if (rule.table === 0 && qualifiers.length === 0) throw place.error("table", "missing");
    return isOfKernel(rule) ? { ...rule, owner: kernelOwner } : rule;
  });
}

function isOfKernel(rule: RoutingRule): boolean {
  const isPlain = rule.from === null && rule.to === null && rule.mark === null && !rule.invert && rule.qualifiers === undefined;
  return (
    isPlain &&
    kernelRules.some(
      ({ priority, table, families }) => priority === rule.priority && table === rule.table && families.includes(rule.family),
    )
  );
}

function prefixOf(place: Place, family: Family, field: "src" | "dst", name: string | undefined, length: number | undefined): Cidr | null {
  if (name === undefined || name === "all" || name === "default" || length === 0) return null;
  const ip = place.ipOf(family, field, name);
  return place.prefix(`${field}len`, ip, length ?? (family === 4 ? 32 : 128));
}

function markOf({ fwmark, fwmask }: RawRule, place: Place): RoutingRule["mark"] {
  if (fwmark === undefined && fwmask === undefined) return null;
  return { value: place.word("fwmark", fwmark ?? "0"), mask: place.word("fwmask", fwmask ?? "0xffffffff") };
}

/** Conditions and actions that a rule of knet has no place for, as `ip rule` takes them. */
function qualifiersOf(value: RawRule): readonly string[] {
  const words: string[] = [];
  const add = (name: string, given: string | number | undefined): void => {
    if (given !== undefined) words.push(`${name} ${given}`);
  };
  const range = (name: string, one: number | undefined, first: number | undefined, last: number | undefined): void => {
    if (one !== undefined) words.push(`${name} ${one}`);
    else if (first !== undefined) words.push(`${name} ${first}-${last ?? first}`);
  };
  add("tos", value.tos);
  add("iif", value.iif);
  add("oif", value.oif);
  range("uidrange", undefined, value.uid_start, value.uid_end);
  add("ipproto", value.ipproto);
  range("sport", value.sport, value.sport_start, value.sport_end);
  range("dport", value.dport, value.dport_start, value.dport_end);
  add("tun_id", value.tun_id);
  add("suppress_prefixlength", value.suppress_prefixlen);
  add("suppress_ifgroup", value.suppress_ifgroup);
  add("realms", value.realms);
  if (value.l3mdev !== undefined && value.l3mdev !== false) words.push("l3mdev");
  add("goto", value.goto);
  if (value.action !== undefined) words.push(value.action);
  return words;
}
