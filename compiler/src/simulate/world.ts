/** Hosts, wires and what they remember between the packets of one journey. */
import type { Fabric, Segment } from "../fabric/types.ts";
import { ConntrackTable } from "./conntrack.ts";
import { prepareHost } from "./host.ts";
import type { PreparedHost } from "./host.ts";
import type { Choose, RecentLists } from "./netfilter.ts";

export class World {
  readonly fabric: Fabric;
  readonly choose: Choose;
  /** Hosts that do not answer. */
  readonly down: ReadonlySet<string>;
  readonly #cut: ReadonlySet<string>;
  readonly #segments: ReadonlyMap<string, ReadonlyMap<string, Segment>>;
  readonly #conntrack = new Map<string, ConntrackTable>();
  readonly #recent: Map<string, RecentLists>;

  constructor(fabric: Fabric, choose: Choose, down: ReadonlySet<string> = new Set(), recent: Map<string, RecentLists> = new Map(), cut: ReadonlySet<string> = new Set()) {
    this.fabric = fabric;
    this.choose = choose;
    this.down = down;
    this.#cut = cut;
    this.#recent = recent;
    this.#segments = segmentIndex(fabric);
  }

  /** The host whose network namespace `id` lives in. */
  namespaceOf(id: string): string {
    const host = this.fabric.host(id);
    return host !== undefined && host.sharesParent && host.parent !== null ? host.parent : id;
  }

  /** As a reader says it. */
  nameOf(id: string): string {
    return this.fabric.host(id)?.name ?? id;
  }

  prepared(id: string): PreparedHost {
    return prepareHost(this.fabric.dataplane(this.namespaceOf(id)));
  }

  /** Whether nothing passes between the device and its wire. */
  isCut(host: string, link: string): boolean {
    return this.#cut.size > 0 && this.#cut.has(linkKey(host, link));
  }

  segment(host: string, link: string): Segment | undefined {
    return this.#segments.get(host)?.get(link);
  }

  conntrack(host: string): ConntrackTable {
    return lazily(this.#conntrack, host, () => new ConntrackTable());
  }

  recent(host: string): RecentLists {
    return lazily(this.#recent, host, () => new Map<string, Set<string>>());
  }
}

/** A device of a host, as sets of cut links hold it. */
export function linkKey(host: string, link: string): string {
  return `${host} ${link}`;
}

function lazily<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const segmentIndexes = new WeakMap<Fabric, ReadonlyMap<string, ReadonlyMap<string, Segment>>>();

/** By host, then link. */
function segmentIndex(fabric: Fabric): ReadonlyMap<string, ReadonlyMap<string, Segment>> {
  let index = segmentIndexes.get(fabric);
  if (index === undefined) {
    const built = new Map<string, Map<string, Segment>>();
    for (const segment of fabric.segments) {
      for (const { host, link } of segment.attachments) lazily(built, host, () => new Map<string, Segment>()).set(link, segment);
    }
    index = built;
    segmentIndexes.set(fabric, index);
  }
  return index;
}
