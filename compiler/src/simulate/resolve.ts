/** A host's name lookup as glibc does it: from a name and the resolver settings to questions and addresses. */
import { parseIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { DnsRecord, DnsZone } from "../fabric/types.ts";
import type { Resolver } from "../dataplane/types.ts";
import { answerQuery, canonicalName } from "./dns.ts";
import type { DnsAnswer } from "./dns.ts";

export interface ResolvedQuery {
  /** Without a trailing dot, lower case. */
  readonly name: string;
  readonly type: "A" | "AAAA";
  readonly status: DnsAnswer["status"];
  readonly records: readonly DnsRecord[];
}

export interface Resolution {
  /** In the order they are sent; A before AAAA. */
  readonly queries: readonly ResolvedQuery[];
  /** Of the first candidate that has any; IPv4 before IPv6 as asked. */
  readonly addresses: readonly Ip[];
  /** The names that CNAMEs led through, the answered candidate first; empty when it needed none. */
  readonly aliases: readonly string[];
  /** The upstream servers that would decide, when a question was forwarded and nothing before it had an answer. */
  readonly forwardTo: readonly Ip[] | null;
}

/** `ndots` above this counts as this. */
const maxNdots = 15;
/** Characters of a name as written, without the trailing dot. */
const maxNameLength = 253;
const maxLabelLength = 63;

/**
 * The absolute names that a lookup of `name` asks for, in order, without trailing dots. A name with a trailing dot is
 * asked as it is; one with fewer dots than `ndots` goes through the search list first, another one last. Names that no
 * DNS message can hold are left out.
 */
export function candidateNames(name: string, resolver: Pick<Resolver, "search" | "ndots">): readonly string[] {
  const plain = canonicalName(name);
  if (plain === "") return [];
  const searched = resolver.search.map(canonicalName).map((domain) => (domain === "" ? plain : `${plain}.${domain}`));
  const dots = plain.split(".").length - 1;
  const all = name.endsWith(".") ? [plain] : dots >= Math.min(resolver.ndots, maxNdots) ? [plain, ...searched] : [...searched, plain];
  return [...new Set(all)].filter(isName);
}

function isName(name: string): boolean {
  return name.length <= maxNameLength && name.split(".").every((label) => label !== "" && label.length <= maxLabelLength);
}

/**
 * Asks each candidate for all the families, and stops at the first one that has an address or is decided upstream. NXDOMAIN and
 * NODATA both go on. An address literal of one of the families is its own answer and asks nothing.
 */
export function resolve(
  zones: readonly DnsZone[],
  resolver: Pick<Resolver, "search" | "ndots">,
  name: string,
  families: readonly Family[],
): Resolution {
  const literal = parseIp(name);
  if (literal !== null) {
    return { queries: [], addresses: families.includes(literal.family) ? [literal] : [], aliases: [], forwardTo: null };
  }
  const types = ([4, 6] as const).filter((family) => families.includes(family)).map((family) => (family === 4 ? "A" : "AAAA"));
  const queries: ResolvedQuery[] = [];
  for (const candidate of candidateNames(name, resolver)) {
    const answers = types.map((type) => answerQuery(zones, candidate, type));
    for (const [index, type] of types.entries()) {
      const answer = answers[index];
      if (answer !== undefined) queries.push({ name: candidate, type, status: answer.status, records: answer.records });
    }
    const records = answers.flatMap((answer) => answer.records);
    const addresses = records.flatMap((record) => (record.type === "A" || record.type === "AAAA" ? [record.address] : []));
    const forwarded = answers.find((answer) => answer.status === "FORWARDED");
    if (addresses.length === 0 && forwarded === undefined) continue;
    const targets = records.flatMap((record) => (record.type === "CNAME" ? [canonicalName(record.target)] : []));
    const aliases = targets.length === 0 ? [] : [...new Set([candidate, ...targets])];
    return { queries, addresses, aliases, forwardTo: addresses.length === 0 ? (forwarded?.forwardTo ?? null) : null };
  }
  return { queries, addresses: [], aliases: [], forwardTo: null };
}
