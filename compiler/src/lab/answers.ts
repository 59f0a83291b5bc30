/** What the booting process answers, checked before it is believed. */
import { Ajv } from "ajv";
import type { SchemaObject } from "ajv";

export type Check<Answer> = (value: unknown) => value is Answer;

/** A problem as the booting process knows it: by namespace, not yet by host. */
export interface NamedProblem {
  readonly namespace: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly text: string | null;
  readonly message: string;
}

export interface BootReport {
  readonly problems: readonly NamedProblem[];
  readonly skipped: readonly { readonly what: string; readonly reason: string }[];
  /** Inode. */
  readonly pidNamespace: number;
}

/** `id` is the place in the batch. */
export interface RawResult {
  readonly id: number;
  readonly verdict: string;
  readonly server: string | null;
  readonly source: string | null;
  readonly sourcePort: number | null;
  readonly error: string | null;
}

/** One message of nf_tables about a traced packet. */
export interface RawEvent {
  readonly family: 4 | 6;
  readonly id: string;
  readonly kind: "policy" | "return" | "rule";
  readonly table: string;
  readonly chain: string;
  readonly handle: number | null;
  readonly verdict: "accept" | "drop" | "continue" | "return" | "jump" | "goto" | "queue" | null;
  readonly in: string | null;
  readonly out: string | null;
  /** The first bytes of the IP header and of what follows it, as hexadecimal digits; empty when not told again. */
  readonly network: string;
  readonly transport: string;
}

export interface RawTrace {
  readonly namespace: string;
  readonly events: readonly RawEvent[];
  /** Handle and text of each rule of a chain in rule order, by `ip nat PREROUTING`. */
  readonly rules: Readonly<Record<string, readonly (readonly [number, string])[]>>;
}

/** What the kernel holds for one host, as the tools print it. */
export interface HostDump {
  /** iptables-save, ip6tables-save, ipset save. */
  readonly iptables: string;
  readonly ip6tables: string;
  readonly ipset: string;
  /** JSON of `ip -j route show table all`, `ip -j rule`, `ip -j address`, `ip -j neighbour`, `ip -j -d link`, `bridge -j fdb`. */
  readonly routes: string;
  readonly routes6: string;
  readonly rules: string;
  readonly rules6: string;
  readonly addresses: string;
  readonly neighbours: string;
  readonly links: string;
  readonly fdb: string;
}

export interface RawPacket {
  readonly direction: "in" | "out";
  readonly hex: string;
}

export interface SupportReport {
  readonly missing: readonly string[];
  readonly tracing: readonly string[];
}

const ajv = new Ajv({ allowUnionTypes: true });
const text = { type: "string" };
const whole = { type: "integer" };
const textOrNull = { type: ["string", "null"] };
const wholeOrNull = { type: ["integer", "null"] };

function list(items: SchemaObject): SchemaObject {
  return { type: "array", items };
}

function record(properties: Readonly<Record<string, SchemaObject>>): SchemaObject {
  return { type: "object", properties, required: Object.keys(properties) };
}

const result = record({ id: whole, verdict: text, server: textOrNull, source: textOrNull, sourcePort: wholeOrNull, error: textOrNull });

const event = record({
  family: { enum: [4, 6] },
  id: text,
  kind: { enum: ["policy", "return", "rule"] },
  table: text,
  chain: text,
  handle: wholeOrNull,
  verdict: { enum: ["accept", "drop", "continue", "return", "jump", "goto", "queue", null] },
  in: textOrNull,
  out: textOrNull,
  network: text,
  transport: text,
});
const numberedRule: SchemaObject = { type: "array", items: [whole, text], minItems: 2, maxItems: 2 };

/** An answer of any command, by its number; `failed` holds the reason when there is no other. */
export const isNumbered: Check<{ readonly sequence?: number; readonly failed?: string }> = ajv.compile<{
  readonly sequence?: number;
  readonly failed?: string;
}>({ type: "object", properties: { sequence: whole, failed: text } });

export const isAny: Check<object> = ajv.compile<object>({ type: "object" });

export const isBootReport: Check<BootReport> = ajv.compile<BootReport>(
  record({
    problems: list(record({ namespace: textOrNull, file: textOrNull, line: wholeOrNull, text: textOrNull, message: text })),
    skipped: list(record({ what: text, reason: text })),
    pidNamespace: whole,
  }),
);

export const isResults: Check<{ readonly results: readonly RawResult[] }> = ajv.compile<{ readonly results: readonly RawResult[] }>(
  record({ results: list(result) }),
);

export const isSaved: Check<{ readonly saved: HostDump }> = ajv.compile<{ readonly saved: HostDump }>(
  record({
    saved: record({
      iptables: text,
      ip6tables: text,
      ipset: text,
      routes: text,
      routes6: text,
      rules: text,
      rules6: text,
      addresses: text,
      neighbours: text,
      links: text,
      fdb: text,
    }),
  }),
);

export const isPackets: Check<{ readonly packets: readonly RawPacket[] }> = ajv.compile<{ readonly packets: readonly RawPacket[] }>(
  record({ packets: list(record({ direction: { enum: ["in", "out"] }, hex: text })) }),
);

export const isTraces: Check<{ readonly result: RawResult; readonly hosts: readonly RawTrace[] }> = ajv.compile<{
  readonly result: RawResult;
  readonly hosts: readonly RawTrace[];
}>(
  record({
    result,
    hosts: list(record({ namespace: text, events: list(event), rules: { type: "object", additionalProperties: list(numberedRule) } })),
  }),
);

export const isSupportReport: Check<SupportReport> = ajv.compile<SupportReport>(record({ missing: list(text), tracing: list(text) }));
