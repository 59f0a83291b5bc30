/** Which flows a statement is about. */
import type { PortClass } from "./ports.ts";
import type { Destination, Endpoint, Flow } from "./types.ts";

/** The first of each class. */
export function representatives<T extends { readonly classKey: string }>(items: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const item of items) if (!first.has(item.classKey)) first.set(item.classKey, item);
  return [...first.values()];
}

/** Sources × destinations × ports, without a host about itself and without mixed families. */
export class FlowSpace {
  readonly sources: readonly Endpoint[];
  readonly destinations: readonly Destination[];
  readonly #ports: (destination: Destination) => readonly PortClass[];

  constructor(sources: readonly Endpoint[], destinations: readonly Destination[], ports: (destination: Destination) => readonly PortClass[]) {
    this.sources = sources;
    this.destinations = destinations;
    this.#ports = ports;
  }

  get size(): number {
    return this.sources.length * this.destinations.reduce((sum, destination) => sum + this.#ports(destination).length, 0);
  }

  /** Ports that the destination offers come first, so that the first witness is one that a reader can use. */
  *flows(): Generator<Flow> {
    for (const offered of [true, false]) {
      for (const from of this.sources) {
        for (const to of this.destinations) {
          if (!comparable(from, to)) continue;
          for (const { protocol, port } of this.#ports(to)) {
            if (to.offers.some((offer) => offer.protocol === protocol && offer.port === port) === offered) yield { from, to, protocol, port };
          }
        }
      }
    }
  }

  at(source: number, destination: number, port: number): Flow | null {
    const from = this.sources[source];
    const to = this.destinations[destination];
    if (from === undefined || to === undefined || !comparable(from, to)) return null;
    const ports = this.#ports(to);
    const chosen = ports[port % ports.length];
    return chosen === undefined ? null : { from, to, ...chosen };
  }
}

function comparable(from: Endpoint, to: Destination): boolean {
  return from.host !== to.host && from.addresses.some((ip) => ip.family === to.address.family);
}
