/** One live Linux host from what its tools print. */
import type { Family } from "@knet/language/values";
import { IpSetSyntaxError, parseIpSetSave } from "../ipset/parse.ts";
import type { IpSet } from "../ipset/types.ts";
import { parseAddresses, parseFdb, parseLinks, parseNeighbours } from "../links/parse.ts";
import { parseIptablesSave, SaveSyntaxError } from "../netfilter/parse-save.ts";
import type { Ruleset } from "../netfilter/types.ts";
import { parseRules } from "../routing/parse-rules.ts";
import { parseRoutes } from "../routing/parse.ts";
import { parseSysctls } from "../sysctl/parse.ts";
import type { Sysctl } from "../sysctl/types.ts";
import type { Dataplane } from "../types.ts";
import { DumpError } from "./entries.ts";

/** The outputs of a host's tools. What is not given was not asked of the host and is not compared. */
export interface DumpFiles {
  /** `ip -d -j link`. */
  readonly links: string;
  /** `ip -j address`. */
  readonly addresses: string;
  /** `ip -j route show table all`; with or without `-4`. */
  readonly routes4: string;
  /** `ip -6 -j route show table all`. */
  readonly routes6: string;
  /** `ip -j rule`. */
  readonly rules4: string;
  /** `ip -6 -j rule`. */
  readonly rules6: string;
  /** `ip -j neighbour`. */
  readonly neighbours: string;
  /** `bridge -j fdb`. */
  readonly fdb: string;
  /** `sysctl -a`. */
  readonly sysctls?: string;
  /** `iptables-save`. */
  readonly iptables?: string;
  /** `ip6tables-save`. */
  readonly ip6tables?: string;
  /** `ipset save`. */
  readonly ipsets?: string;
}

/**
 * What a host holds, everything that the kernel adds by itself included. The rules are what the kernel keeps, of whatever files
 * they were loaded from. Null: not dumped.
 */
export interface DumpedHost extends Pick<Dataplane, "links" | "addresses" | "routes" | "rules" | "neighbours" | "fdb"> {
  readonly sysctls: readonly Sysctl[] | null;
  readonly iptables: Ruleset | null;
  readonly ip6tables: Ruleset | null;
  readonly ipsets: readonly IpSet[] | null;
}

/**
 * Reads the outputs of one host.
 *
 * @throws {DumpError} with the file, the entry or line and the field that cannot be read.
 */
export function parseDump(files: DumpFiles): DumpedHost {
  return {
    links: parseLinks(files.links),
    addresses: parseAddresses(files.addresses),
    routes: [...parseRoutes(files.routes4, 4), ...parseRoutes(files.routes6, 6)],
    rules: [...parseRules(files.rules4, 4), ...parseRules(files.rules6, 6)],
    neighbours: parseNeighbours(files.neighbours),
    fdb: parseFdb(files.fdb),
    sysctls: files.sysctls === undefined ? null : parseSysctls(files.sysctls),
    iptables: files.iptables === undefined ? null : ruleset(files.iptables, 4),
    ip6tables: files.ip6tables === undefined ? null : ruleset(files.ip6tables, 6),
    ipsets: files.ipsets === undefined ? null : withPlace("ipset save", files.ipsets, parseIpSetSave),
  };
}

function ruleset(source: string, family: Family): Ruleset {
  return withPlace(family === 4 ? "iptables-save" : "ip6tables-save", source, (text) => parseIptablesSave(text, family));
}

/** The parsers of rules and sets name the line at fault in errors of their own. */
function withPlace<T>(file: string, source: string, parse: (source: string) => T): T {
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof SaveSyntaxError) && !(error instanceof IpSetSyntaxError)) throw error;
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new DumpError(file, { unit: "line", number: error.line }, null, reason, { cause: error });
  }
}
