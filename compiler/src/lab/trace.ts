/** What the rules did with traced packets, from the events of nf_tables. */
import { ip4, ip6 } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { RawEvent, RawTrace } from "./answers.ts";
import { tcpFlagNames } from "./decode.ts";

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
  /** IANA number. */
  readonly protocol: number;
  /** Null for protocols without ports. */
  readonly sport: number | null;
  readonly dport: number | null;
  /** Whole IP packet in bytes. */
  readonly size: number;
  /** `syn`, `ack`, …; null unless TCP. */
  readonly tcp: readonly string[] | null;
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
      /** As iptables-save spells it: `-A CHAIN …`; null when the rule is gone. */
      readonly text: string | null;
      /** The kernel shows a REJECT as `drop` and an address translation as `accept`. */
      readonly verdict: TraceVerdict;
    }
  /** The end of a built-in chain. */
  | { readonly kind: "policy"; readonly table: string; readonly chain: string; readonly verdict: TraceVerdict };

/** The table that switches tracing on. */
const sideTable = "knet_trace";

/** Packets in the order of their first event. */
export function tracedPackets(events: readonly RawEvent[], rules: RawTrace["rules"]): readonly TracedPacket[] {
  const packets = new Map<string, { readonly packet: TracedPacket; readonly steps: TraceStep[] }>();
  for (const event of events) {
    let entry = packets.get(event.id);
    if (entry === undefined) {
      const header = parseHeader(event);
      if (header === null) continue;
      const steps: TraceStep[] = [];
      entry = { packet: { id: event.id, family: event.family, in: event.in, out: event.out, ...header, steps }, steps };
      packets.set(event.id, entry);
    }
    const { kind, table, chain, verdict } = event;
    if (table === sideTable || verdict === null) continue;
    if (kind === "policy") entry.steps.push({ kind, table, chain, verdict });
    // The kernel reports the end of a user chain as a rule without a handle: nothing matched there.
    if (kind !== "rule" || event.handle === null) continue;
    const known = rules[`${event.family === 4 ? "ip" : "ip6"} ${table} ${chain}`] ?? [];
    const position = known.findIndex(([handle]) => handle === event.handle);
    entry.steps.push({ kind, table, chain, number: position < 0 ? null : position + 1, text: known[position]?.[1] ?? null, verdict });
  }
  return [...packets.values()].map(({ packet }) => packet);
}

type Header = Pick<TracedPacket, "src" | "dst" | "protocol" | "sport" | "dport" | "size" | "tcp">;

function parseHeader({ family, network, transport }: RawEvent): Header | null {
  const head = viewOf(network);
  if (head.byteLength < (family === 4 ? 20 : 40)) return null;
  const address6 = (at: number): Ip => ip6(head.getUint32(at), head.getUint32(at + 4), head.getUint32(at + 8), head.getUint32(at + 12));
  const protocol = head.getUint8(family === 4 ? 9 : 6);
  const above = viewOf(transport);
  const hasPorts = [6, 17, 132].includes(protocol) && above.byteLength >= 4;
  return {
    src: family === 4 ? ip4(head.getUint32(12)) : address6(8),
    dst: family === 4 ? ip4(head.getUint32(16)) : address6(24),
    protocol,
    size: family === 4 ? head.getUint16(2) : head.getUint16(4) + 40,
    sport: hasPorts ? above.getUint16(0) : null,
    dport: hasPorts ? above.getUint16(2) : null,
    tcp: protocol === 6 && above.byteLength >= 14 ? tcpFlagNames(above.getUint8(13)) : null,
  };
}

function viewOf(hex: string): DataView {
  const bytes = Buffer.from(hex, "hex");
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
