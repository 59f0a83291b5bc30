/** Sets of ports as bits, one for each class of ports that no rule tells apart. */
import type { Family, PortRange, Transport } from "@knet/language/values";
import { transports } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";
import { portClasses } from "../verify/ports.ts";
import type { AllowedPorts, PortInterval } from "./types.ts";

export interface PortClassRange extends PortRange {
  /** Its position, and that of its bit. */
  readonly index: number;
  /** The overlay's own port, which nobody is asked about. */
  readonly overlay: boolean;
}

/** The whole port space in classes: TCP, UDP, SCTP, each in order. */
export class PortSpace {
  readonly classes: readonly PortClassRange[];
  /** Every bit that is asked about. */
  readonly all: bigint;
  readonly #index = new Map<string, number>();

  constructor(model: NetworkModel) {
    const starts = portClasses(model);
    const { pools, vxlanPort } = model.cluster.cni;
    const usesVxlan = pools.some((pool) => pool.encapsulation.startsWith("vxlan"));
    this.classes = starts.map(({ protocol, port }, index): PortClassRange => {
      const next = starts[index + 1];
      const last = next !== undefined && next.protocol === protocol ? next.port - 1 : 65535;
      return { index, protocol, first: port, last, overlay: usesVxlan && protocol === "udp" && port === vxlanPort };
    });
    this.all = this.classes.reduce((mask, entry) => (entry.overlay ? mask : mask | bit(entry.index)), 0n);
    for (const entry of this.classes) this.#index.set(`${entry.first}/${entry.protocol}`, entry.index);
  }

  /** The class that begins at the port; a container, service or node port always begins one. */
  at(protocol: Transport, port: number): number | null {
    return this.#index.get(`${port}/${protocol}`) ?? null;
  }

  /** What a set of bits allows in each family, in words of ranges. */
  allowed(masks: ReadonlyMap<Family, bigint>): readonly AllowedPorts[] {
    const values = [...masks.values()];
    const [first] = values;
    if (first === undefined) return [];
    const common = values.reduce((both, mask) => both & mask, first);
    const own = [...masks].toSorted(([x], [y]) => x - y).map(([family, mask]) => [family, mask & ~common] as const);
    return transports.flatMap((protocol) =>
      [[null, common] as const, ...own].flatMap(([family, mask]) => {
        const ports = this.#intervals(protocol, mask);
        return ports.length === 0 ? [] : [{ protocol, ports, family }];
      }),
    );
  }

  /** The overlay's port belongs to whatever surrounds it: it splits no range. */
  #intervals(protocol: Transport, mask: bigint): readonly PortInterval[] {
    const out: [number, number][] = [];
    let gap = false;
    for (const entry of this.classes) {
      if (entry.protocol !== protocol) continue;
      if (entry.overlay) continue;
      if ((mask & bit(entry.index)) === 0n) {
        gap = true;
        continue;
      }
      const open = out.at(-1);
      if (open !== undefined && !gap) open[1] = entry.last;
      else out.push([entry.first, entry.last]);
      gap = false;
    }
    return out;
  }
}

export function bit(index: number): bigint {
  return 1n << BigInt(index);
}

/** `TCP 80,443,UDP 53`, or `All Connections`: what is allowed in some family. */
export function portsText(allowed: readonly AllowedPorts[]): string {
  const merged = transports.flatMap((protocol) => {
    const ports = mergedIntervals(allowed.filter((entry) => entry.protocol === protocol).flatMap((entry) => entry.ports));
    return ports.length === 0 ? [] : [{ protocol, ports }];
  });
  const everything =
    merged.length === transports.length && merged.every(({ ports }) => ports.length === 1 && ports[0]?.[0] === 1 && ports[0][1] === 65535);
  if (everything) return "All Connections";
  return merged
    .map(
      ({ protocol, ports }) =>
        `${protocol.toUpperCase()} ${ports.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",")}`,
    )
    .join(",");
}

function mergedIntervals(intervals: readonly PortInterval[]): readonly PortInterval[] {
  const out: [number, number][] = [];
  for (const [first, last] of intervals.toSorted(([x], [y]) => x - y)) {
    const open = out.at(-1);
    if (open !== undefined && first <= open[1] + 1) open[1] = Math.max(open[1], last);
    else out.push([first, last]);
  }
  return out;
}
