/** The long options of match and target extensions that knet reads, and which extension each belongs to. */

export interface ExtensionOption {
  readonly scope: "match" | "target";
  /** Extensions that have the option. */
  readonly extensions: readonly string[];
  /** One name for all spellings of the option. */
  readonly name: string;
  /** How many words follow it. */
  readonly arity: 0 | 1 | 2;
  readonly invertible: boolean;
}

const table = new Map<string, ExtensionOption>();

function define(
  scope: "match" | "target",
  extensions: readonly string[],
  spellings: readonly string[],
  arity: 0 | 1 | 2,
  invertible = false,
): void {
  const name = spellings[0] ?? "";
  for (const spelling of spellings) table.set(`--${spelling}`, { scope, extensions, name, arity, invertible });
}

const transports = ["tcp", "udp", "sctp"];
define("match", transports, ["sport", "source-port"], 1, true);
define("match", transports, ["dport", "destination-port"], 1, true);
define("match", ["tcp"], ["tcp-flags"], 2, true);
define("match", ["tcp"], ["syn"], 0, true);
define("match", ["comment"], ["comment"], 1);
define("match", ["multiport"], ["sports", "source-ports"], 1, true);
define("match", ["multiport"], ["dports", "destination-ports"], 1, true);
define("match", ["multiport"], ["ports"], 1, true);
define("match", ["mark"], ["mark"], 1, true);
define("match", ["conntrack"], ["ctstate"], 1, true);
define("match", ["state"], ["state"], 1, true);
define("match", ["addrtype"], ["src-type"], 1, true);
define("match", ["addrtype"], ["dst-type"], 1, true);
define("match", ["addrtype"], ["limit-iface-in"], 0);
define("match", ["addrtype"], ["limit-iface-out"], 0);
define("match", ["set"], ["match-set"], 2, true);
define("match", ["statistic"], ["mode"], 1);
define("match", ["statistic"], ["probability"], 1, true);
define("match", ["recent"], ["set"], 0, true);
define("match", ["recent"], ["rcheck"], 0, true);
define("match", ["recent"], ["update"], 0, true);
define("match", ["recent"], ["remove"], 0, true);
define("match", ["recent"], ["name"], 1);
define("match", ["recent"], ["seconds"], 1);
define("match", ["recent"], ["reap"], 0);
define("match", ["recent"], ["rsource"], 0);
define("match", ["recent"], ["mask"], 1);
define("match", ["icmp"], ["icmp-type"], 1, true);
define("match", ["icmp6"], ["icmpv6-type"], 1, true);
define("match", ["rpfilter"], ["loose"], 0);
define("match", ["rpfilter"], ["validmark"], 0);
define("match", ["rpfilter"], ["accept-local"], 0);
define("match", ["rpfilter"], ["invert"], 0);
define("target", ["MARK"], ["set-xmark"], 1);
define("target", ["MARK"], ["set-mark"], 1);
define("target", ["MARK"], ["and-mark"], 1);
define("target", ["MARK"], ["or-mark"], 1);
define("target", ["MARK"], ["xor-mark"], 1);
define("target", ["REJECT"], ["reject-with"], 1);
define("target", ["DNAT"], ["to-destination"], 1);
define("target", ["SNAT"], ["to-source"], 1);
define("target", ["MASQUERADE"], ["random-fully"], 0);
define("target", ["MASQUERADE"], ["to-ports"], 1);
define("target", ["LOG"], ["log-prefix"], 1);
define("target", ["LOG"], ["log-level"], 1);
define("target", ["CT"], ["notrack"], 0);

/** Null: knet knows no such option. */
export function extensionOption(word: string): ExtensionOption | null {
  return table.get(word) ?? null;
}

const matchNames: ReadonlyMap<string, string> = new Map([
  ...[
    "tcp",
    "udp",
    "sctp",
    "comment",
    "multiport",
    "mark",
    "conntrack",
    "state",
    "addrtype",
    "set",
    "statistic",
    "recent",
    "icmp",
    "icmp6",
    "rpfilter",
  ].map((name): [string, string] => [name, name]),
  ["icmpv6", "icmp6"],
  ["ipv6-icmp", "icmp6"],
]);

/** The one name of a match extension; null when knet does not model it. */
export function matchExtension(word: string): string | null {
  return matchNames.get(word) ?? null;
}

/** Targets that are extensions; any other word behind `-j` is a verdict or a chain. */
export const targetExtensions: ReadonlySet<string> = new Set(["MARK", "REJECT", "DNAT", "SNAT", "MASQUERADE", "LOG", "NOTRACK", "CT"]);
