/** Node ports: unique per protocol in the whole cluster. */
import { transports } from "@knet/language/values";
import type { Transport } from "@knet/language/values";
import type { PortBand, PortProblem } from "./problems.ts";
import { probe } from "./probe.ts";
import type { Band } from "./probe.ts";

export interface NodePortClaim {
  /** `namespace/name`. */
  readonly service: string;
  readonly port: number;
  readonly protocol: Transport;
  readonly pinned: number | null;
}

export interface NodePortRequest {
  readonly range: PortBand;
  readonly ports: readonly NodePortClaim[];
  /** From the lock, by {@link nodePortKey}. */
  readonly held: ReadonlyMap<string, number>;
}

export interface NodePortAllocation {
  /** By {@link nodePortKey}. */
  readonly nodePorts: ReadonlyMap<string, number>;
  readonly problems: readonly PortProblem[];
}

/** `namespace/name:80/tcp`: a service has each port of a protocol once. */
export function nodePortKey(port: Pick<NodePortClaim, "service" | "port" | "protocol">): string {
  return `${port.service}:${port.port}/${port.protocol}`;
}

/** The bands of KEP-3668: the first min(max(16, size/32), 128) ports are left to explicit requests. */
export function nodePortBands(range: PortBand): { readonly static: PortBand | null; readonly dynamic: PortBand | null } {
  const size = range.last - range.first + 1;
  const offset = size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128);
  const band = (first: number, last: number): PortBand | null => (first <= last ? { first, last } : null);
  return { static: band(range.first, range.first + offset - 1), dynamic: band(range.first + offset, range.last) };
}

/**
 * As cluster IPs are chosen. The hash is of service and port without the protocol, so that 53/udp and 53/tcp of one
 * service get the same number where both are free, as the API server gives them.
 */
export function allocateNodePorts(request: NodePortRequest): NodePortAllocation {
  const { range } = request;
  const { dynamic, static: reserved } = nodePortBands(range);
  const bands = [dynamic, reserved].flatMap((band): Band[] =>
    band === null ? [] : [{ first: BigInt(band.first), last: BigInt(band.last) }],
  );
  const problems: PortProblem[] = [];
  const nodePorts = new Map<string, number>();
  for (const protocol of transports) {
    const claims = request.ports
      .filter((port) => port.protocol === protocol)
      .flatMap((port) => {
        const key = nodePortKey(port);
        if (port.pinned !== null && (port.pinned < range.first || port.pinned > range.last)) {
          problems.push({ kind: "outside-range", key, port: port.pinned, range });
          return [];
        }
        const held = request.held.get(key);
        return [
          {
            key,
            seed: `${port.service}:${port.port}`,
            pinned: port.pinned === null ? null : BigInt(port.pinned),
            held: held === undefined ? null : BigInt(held),
          },
        ];
      });
    const probed = probe(claims, bands);
    for (const [key, index] of probed.indices) nodePorts.set(key, Number(index));
    for (const { key, index, holder } of probed.conflicts) problems.push({ kind: "already-taken", key, port: Number(index), holder });
    for (const key of probed.unplaced) problems.push({ kind: "range-full", key, range });
  }
  return { nodePorts, problems };
}
