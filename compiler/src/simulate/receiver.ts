/** Who on a segment takes a frame: the device that answers ARP or ND for the next hop, or has the MAC that is known for it. */
import { equalIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Attachment, Segment } from "../fabric/types.ts";
import { ipKey } from "../dataplane/ip-key.ts";
import { forwards, isLinkLocal6, linkLocalOf } from "./host.ts";
import type { PreparedHost } from "./host.ts";
import { decideRoute } from "./routing.ts";
import type { World } from "./world.ts";

/**
 * The first attachment that answers for `nextHop`, those that are known to carry it before the others.
 * @param permanent the MAC of a permanent neighbour entry for it, or null
 */
export function receiverOf(world: World, segment: Segment, from: Attachment, nextHop: Ip, permanent: string | null): Attachment | undefined {
  if (world.isCut(from.host, from.link)) return undefined;
  const answers = (end: Attachment): boolean => {
    if (end.host === from.host && end.link === from.link) return false;
    if (world.down.has(end.host) || world.isCut(end.host, end.link)) return false;
    const other = world.prepared(end.host);
    const link = other.links.get(end.link);
    if (link?.isDown === true) return false;
    return permanent === null ? answersFor(other, end.link, nextHop) : link?.mac === permanent;
  };
  if (segment.attachments.length <= scanned) {
    return segment.attachments.find((end) => carries(end, nextHop) && answers(end)) ?? segment.attachments.find(answers);
  }
  const likely = carriersOf(segment).get(ipKey(nextHop))?.find(answers);
  if (likely !== undefined) return likely;
  const others = permanent === null ? mayAnswer(world, segment, nextHop) : segment.attachments;
  return others.find(answers);
}

/** Attachments of a segment that are looked at one by one. */
const scanned = 8;

function carries(end: Attachment, ip: Ip): boolean {
  return end.addresses?.some((own) => equalIp(own, ip)) === true;
}

type ByAddress = ReadonlyMap<number | string, readonly Attachment[]>;

const carriers = new WeakMap<Segment, ByAddress>();

function carriersOf(segment: Segment): ByAddress {
  let known = carriers.get(segment);
  if (known === undefined) {
    known = byAddress(segment.attachments, (end) => end.addresses ?? []);
    carriers.set(segment, known);
  }
  return known;
}

/** Everybody on the segment by the addresses of its host, and those that also answer for others. */
interface Holders {
  readonly byAddress: ByAddress;
  readonly proxies: readonly Attachment[];
}

const holders = new WeakMap<Segment, Holders>();

/** In the order of the segment, at least those that would answer; made once for a segment from the dataplanes of all on it. */
function mayAnswer(world: World, segment: Segment, ip: Ip): readonly Attachment[] {
  if (isLoopback(ip)) return segment.attachments;
  let known = holders.get(segment);
  if (known === undefined) {
    known = {
      byAddress: byAddress(segment.attachments, ({ host, link }) => {
        const prepared = world.prepared(host);
        const device = prepared.links.get(link);
        const own = device === undefined ? null : linkLocalOf(device);
        return [...prepared.addresses.map(({ address }) => address.ip), ...(own === null ? [] : [own])];
      }),
      proxies: segment.attachments.filter(({ host, link }) => isProxy(world.prepared(host), link)),
    };
    holders.set(segment, known);
  }
  const owners = known.byAddress.get(ipKey(ip)) ?? [];
  if (known.proxies.length === 0) return owners;
  const some = new Set([...owners, ...known.proxies]);
  return segment.attachments.filter((end) => some.has(end));
}

function byAddress(ends: readonly Attachment[], addressesOf: (end: Attachment) => readonly Ip[]): ByAddress {
  const found = new Map<number | string, Attachment[]>();
  for (const end of ends) {
    for (const key of new Set(addressesOf(end).map(ipKey))) {
      const there = found.get(key);
      if (there === undefined) found.set(key, [end]);
      else there.push(end);
    }
  }
  return found;
}

function isLoopback(ip: Ip): boolean {
  return ip.family === 4 ? ip.d >>> 24 === 127 : ip.a === 0 && ip.b === 0 && ip.c === 0 && ip.d === 1;
}

function isProxy(host: PreparedHost, link: string): boolean {
  return host.sysctl(`net/ipv4/conf/${link}/proxy_arp`) === "1";
}

/** Whether the device answers ARP or ND for the address: its own, or by proxy when it routes it elsewhere. */
function answersFor(host: PreparedHost, link: string, ip: Ip): boolean {
  const device = host.links.get(link);
  if (ip.family === 6) {
    if (isLinkLocal6(ip) && device !== undefined) {
      const own = linkLocalOf(device);
      if (own !== null && equalIp(own, ip)) return true;
    }
    return host.localLink(ip) === link;
  }
  if (host.localLink(ip) !== undefined) return true;
  if (!isProxy(host, link) || !forwards(host, 4, link)) return false;
  const decision = decideRoute(host, ip, 0, null, link);
  return decision.kind === "unicast" && decision.link !== link;
}
