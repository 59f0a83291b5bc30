/** The output of `xtables-monitor --trace` as data. */
import { parseIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";

/** One packet in one network namespace: every rule that matched it, hook after hook. */
export interface TracedPacket {
  /** The kernel's number for it, as hexadecimal digits. */
  readonly id: string;
  readonly family: Family;
  /** Devices of the first hook; null on the own side. */
  readonly in: string | null;
  readonly out: string | null;
  /** As it was at the first hook. */
  readonly src: Ip;
  readonly dst: Ip;
  /** Null for protocols without ports. */
  readonly sport: number | null;
  readonly dport: number | null;
  /** Whole IP packet in bytes. */
  readonly size: number;
  /** `SYN`, `ACK`, …; empty unless TCP. */
  readonly flags: readonly string[];
  readonly steps: readonly TraceStep[];
}

export type TraceVerdict = "accept" | "drop" | "continue" | "return" | "jump" | "goto" | "queue";

export type TraceStep =
  | {
      readonly kind: "rule";
      readonly table: string;
      readonly chain: string;
      /** 1-based position in its chain; null when the rule is gone. */
      readonly number: number | null;
      /** As iptables-save spells it: `-A CHAIN …`. A REJECT shows as `drop`, an address translation as `accept`. */
      readonly text: string;
      readonly verdict: TraceVerdict;
    }
  /** The end of a built-in chain. */
  | { readonly kind: "policy"; readonly table: string; readonly chain: string; readonly verdict: TraceVerdict };

/** The table that switches tracing on. */
const sideTable = "knet_trace";
const packetLine = /^PACKET: (\d+) ([0-9a-f]+) (.*)$/;
const traceLine = /^ ?TRACE: (\d+) ([0-9a-f]+) ([^:]+):([^:]+):(rule:0x([0-9a-f]+)|policy|return):(\S+)\s*(?:-[46] -t \S+ (.*))?$/;

/**
 * Packets in the order of their first line. `handles`: rule handles of a chain in rule order, by `ip nat PREROUTING`.
 * A line that is neither packet nor rule is skipped: newer tools may say more.
 */
export function parseTrace(text: string, handles: Readonly<Record<string, readonly number[]>>): readonly TracedPacket[] {
  const packets = new Map<string, { readonly packet: TracedPacket; readonly steps: TraceStep[] }>();
  for (const line of text.split("\n")) {
    const header = packetLine.exec(line);
    if (header !== null) {
      const [, family = "", id = "", words = ""] = header;
      const packet = packets.has(id) ? null : parsePacket(id, family === "2" ? 4 : 6, words);
      if (packet !== null) packets.set(id, packet);
      continue;
    }
    const traced = traceLine.exec(line);
    if (traced === null) continue;
    const [, family = "", id = "", table = "", chain = "", kind = "", handle, word = "", rule = ""] = traced;
    const entry = packets.get(id);
    const verdict = parseVerdict(word);
    if (entry === undefined || table === sideTable || verdict === null) continue;
    if (kind === "policy") entry.steps.push({ kind: "policy", table, chain, verdict });
    if (handle === undefined) continue;
    const position = handles[`${family === "2" ? "ip" : "ip6"} ${table} ${chain}`]?.indexOf(Number.parseInt(handle, 16)) ?? -1;
    entry.steps.push({ kind: "rule", table, chain, number: position < 0 ? null : position + 1, text: rule.trimEnd(), verdict });
  }
  return [...packets.values()].map(({ packet }) => packet);
}

function parsePacket(id: string, family: Family, text: string): { readonly packet: TracedPacket; readonly steps: TraceStep[] } | null {
  const words = text.trim().split(/\s+/);
  const fields = new Map(words.flatMap((word) => (word.includes("=") ? [[word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)] as const] : [])));
  const number = (key: string): number | null => (fields.has(key) ? Number(fields.get(key)) : null);
  const src = parseIp(fields.get("SRC") ?? "");
  const dst = parseIp(fields.get("DST") ?? "");
  if (src === null || dst === null) return null;
  const steps: TraceStep[] = [];
  const packet: TracedPacket = {
    id,
    family,
    in: fields.get("IN") || null,
    out: fields.get("OUT") || null,
    src,
    dst,
    sport: number("SPORT"),
    dport: number("DPORT"),
    size: number("LEN") ?? 0,
    flags: words.filter((word) => ["SYN", "ACK", "FIN", "RST", "PSH", "URG"].includes(word)),
    steps,
  };
  return { packet, steps };
}

/** Verdicts below zero are printed as unsigned numbers where the tool has no word: -5 is the return of nf_tables. */
const verdicts: ReadonlyMap<string, TraceVerdict> = new Map([
  ["ACCEPT", "accept"],
  ["DROP", "drop"],
  ["CONTINUE", "continue"],
  ["RETURN", "return"],
  ["0xfffffffb", "return"],
  ["JUMP", "jump"],
  ["GOTO", "goto"],
  ["QUEUE", "queue"],
]);

/** `JUMP:CHAIN` names the chain too, which the rule's text says as well. */
function parseVerdict(word: string): TraceVerdict | null {
  return verdicts.get(word.split(":")[0] ?? "") ?? null;
}
