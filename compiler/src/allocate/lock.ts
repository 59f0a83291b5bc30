/**
 * knet.lock: the addresses and places that knet chose, so that they stay when the source changes. What it holds
 * stays, names that are gone leave it, new names are allocated around it: every allocator here takes the lock's part
 * as `held`, passes over names that are not asked for, and the lock written afterwards holds what was allocated.
 */
import { Ajv } from "ajv";
import type { ErrorObject } from "ajv";
import { compareCidr, compareText, formatIp, hasHostBits, parseCidr, parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { TunnelAddress } from "../model/ipam.ts";

/** All that is allocated; also what a lock holds. */
export interface Allocation {
  /** Node to addresses, at most one per family. */
  readonly nodes: ReadonlyMap<string, readonly Ip[]>;
  /** `namespace/name` to place and addresses; a host-network pod has none of its own. */
  readonly pods: ReadonlyMap<string, { readonly node: string; readonly addresses: readonly Ip[] }>;
  /** `namespace/name` to cluster IPs, at most one per family. */
  readonly services: ReadonlyMap<string, readonly Ip[]>;
  /** `namespace/name:80/tcp` to node port. */
  readonly nodePorts: ReadonlyMap<string, number>;
  /** Block CIDR to the node that owns it. */
  readonly blocks: ReadonlyMap<string, string>;
  /** Node to tunnel addresses. */
  readonly tunnels: ReadonlyMap<string, readonly TunnelAddress[]>;
}

export const emptyAllocation: Allocation = {
  nodes: new Map(),
  pods: new Map(),
  services: new Map(),
  nodePorts: new Map(),
  blocks: new Map(),
  tunnels: new Map(),
};

/** The file's own shape. */
interface LockFile {
  readonly version: 1;
  readonly blocks: Readonly<Record<string, string>>;
  readonly nodePorts: Readonly<Record<string, number>>;
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  readonly pods: Readonly<Record<string, { readonly addresses: readonly string[]; readonly node: string }>>;
  readonly services: Readonly<Record<string, readonly string[]>>;
  readonly tunnels: Readonly<Record<string, { readonly ipip?: string; readonly vxlan?: string; readonly "vxlan-v6"?: string }>>;
}

const addresses = { type: "array", items: { type: "string" }, maxItems: 2 } as const;
const section = (value: object): object => ({ type: "object", additionalProperties: value });

const schema = {
  type: "object",
  additionalProperties: false,
  required: ["version", "blocks", "nodePorts", "nodes", "pods", "services", "tunnels"],
  properties: {
    version: { const: 1 },
    blocks: section({ type: "string" }),
    nodePorts: section({ type: "integer", minimum: 1, maximum: 65535 }),
    nodes: section(addresses),
    pods: section({
      type: "object",
      additionalProperties: false,
      required: ["addresses", "node"],
      properties: { addresses, node: { type: "string" } },
    }),
    services: section(addresses),
    tunnels: section({
      type: "object",
      additionalProperties: false,
      properties: { ipip: { type: "string" }, vxlan: { type: "string" }, "vxlan-v6": { type: "string" } },
    }),
  },
} as const;

const validate = new Ajv({ strict: true }).compile<LockFile>(schema);

export type LockResult = { readonly ok: true; readonly allocation: Allocation } | { readonly ok: false; readonly message: string };

/** `/pods/shop~1web` as a reader says it: `pods › shop/web`. */
function describePath(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(" › ");
}

function describeError(error: ErrorObject | undefined): string {
  const where = describePath(error?.instancePath ?? "");
  const prefix = where === "" ? "" : `${where}: `;
  if (error?.keyword === "additionalProperties") return `${prefix}unknown entry ${JSON.stringify(error.params["additionalProperty"])}`;
  if (error?.keyword === "required") return `${prefix}${JSON.stringify(error.params["missingProperty"])} is missing`;
  if (error?.instancePath === "/version") return "version: this knet reads version 1 of the lock";
  return `${prefix}${error?.message ?? "is not a lock"}`;
}

class LockError extends Error {}

function readIp(text: string, where: string): Ip {
  const ip = parseIp(text);
  if (ip === null) throw new LockError(`${where}: ${JSON.stringify(text)} is no IP address`);
  return ip;
}

/** One address per family at most. */
function readIps(texts: readonly string[], where: string): readonly Ip[] {
  const ips = texts.map((text) => readIp(text, where));
  if (ips.length === 2 && ips[0]?.family === ips[1]?.family) throw new LockError(`${where}: two addresses of one family`);
  return ips;
}

/** The lock in a file's text, or what is wrong with it in one sentence without a full stop. */
export function parseLock(text: string): LockResult {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return { ok: false, message: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  // A lock of another version may have any shape, so that is what to say first.
  if (typeof data === "object" && data !== null && "version" in data && data.version !== 1) {
    return { ok: false, message: `version: this knet reads version 1 of the lock, not ${JSON.stringify(data.version)}` };
  }
  if (!validate(data)) return { ok: false, message: describeError(validate.errors?.[0]) };
  try {
    return { ok: true, allocation: readLock(data) };
  } catch (error) {
    if (error instanceof LockError) return { ok: false, message: error.message };
    throw error;
  }
}

function readLock(lock: LockFile): Allocation {
  const map = <V, R>(record: Readonly<Record<string, V>>, name: string, read: (value: V, where: string) => R): ReadonlyMap<string, R> =>
    new Map(Object.entries(record).map(([key, value]) => [key, read(value, `${name} › ${key}`)]));
  for (const text of Object.keys(lock.blocks)) {
    const cidr = parseCidr(text);
    if (cidr === null || hasHostBits(cidr)) throw new LockError(`blocks › ${text}: no CIDR without host bits`);
  }
  return {
    nodes: map(lock.nodes, "nodes", readIps),
    pods: map(lock.pods, "pods", ({ node, addresses }, where) => ({ node, addresses: readIps(addresses, where) })),
    services: map(lock.services, "services", readIps),
    nodePorts: new Map(Object.entries(lock.nodePorts)),
    blocks: new Map(Object.entries(lock.blocks)),
    tunnels: map(lock.tunnels, "tunnels", (tunnels, where) => {
      const read = (encapsulation: "ipip" | "vxlan", family: 4 | 6, text: string | undefined): readonly TunnelAddress[] => {
        if (text === undefined) return [];
        const address = readIp(text, where);
        if (address.family !== family) throw new LockError(`${where}: ${JSON.stringify(text)} is no IPv${family} address`);
        return [{ encapsulation, address }];
      };
      return [...read("ipip", 4, tunnels.ipip), ...read("vxlan", 4, tunnels.vxlan), ...read("vxlan", 6, tunnels["vxlan-v6"])];
    }),
  };
}

/** The file's text: keys in code-unit order (blocks by address), two blanks of indentation, a newline at the end. */
export function formatLock(allocation: Allocation): string {
  const record = <V, R>(map: ReadonlyMap<string, V>, write: (value: V) => R): Readonly<Record<string, R>> =>
    Object.fromEntries([...map].toSorted(([x], [y]) => compareText(x, y)).map(([key, value]) => [key, write(value)]));
  const ips = (addresses: readonly Ip[]): readonly string[] => addresses.map(formatIp);
  const blocks = [...allocation.blocks]
    .flatMap(([text, node]) => {
      const cidr = parseCidr(text);
      return cidr === null ? [] : [{ text, node, cidr }];
    })
    .toSorted((x, y) => compareCidr(x.cidr, y.cidr));
  const file: LockFile = {
    version: 1,
    blocks: Object.fromEntries(blocks.map(({ text, node }) => [text, node])),
    nodePorts: record(allocation.nodePorts, (port) => port),
    nodes: record(allocation.nodes, ips),
    pods: record(allocation.pods, ({ node, addresses }) => ({ addresses: ips(addresses), node })),
    services: record(allocation.services, ips),
    tunnels: record(allocation.tunnels, (tunnels) =>
      Object.fromEntries(
        tunnels
          .map(({ encapsulation, address }) => [address.family === 6 ? `${encapsulation}-v6` : encapsulation, formatIp(address)] as const)
          .toSorted(([x], [y]) => compareText(x, y)),
      ),
    ),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
