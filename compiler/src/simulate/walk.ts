/** One packet's way through hosts and wires, hook by hook, as the kernel would take it. */
import { compareIp, equalIp, formatIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Attachment, Fabric, Segment } from "../fabric/types.ts";
import type { TableName } from "../dataplane/netfilter/types.ts";
import type { Link } from "../dataplane/links/types.ts";
import { ConntrackTable, translate } from "./conntrack.ts";
import type { Tracked, Tracking } from "./conntrack.ts";
import { forwards, isLinkLocal6, linkLocalOf, prepareHost, sourceAddress } from "./host.ts";
import type { PreparedHost } from "./host.ts";
import { isBroadcast, walkTable } from "./netfilter.ts";
import type { Choose, Hook, MatchedRule, RecentLists, SocketBuffer } from "./netfilter.ts";
import { familyOf, formatDestination, formatSocket, formatSource, icmpTypeCode, ICMP, ICMP6, TCP, UDP } from "./packet.ts";
import type { IcmpErrorKind, Packet } from "./packet.ts";
import { decideRoute, mtuOf } from "./routing.ts";
import type { RouteDecision } from "./routing.ts";
import { acceptedBy, lineOf, routeBehind, wayTo } from "./step-items.ts";
import type { DropReason, End, Layer, Outcome, Step } from "./steps.ts";
import { UnsupportedError } from "./unsupported.ts";

/** Hosts, wires and what they remember between the packets of one journey. */
export class World {
  readonly fabric: Fabric;
  readonly choose: Choose;
  readonly down: ReadonlySet<string>;
  readonly #segments: ReadonlyMap<string, Segment>;
  readonly #conntrack = new Map<string, ConntrackTable>();
  readonly #recent = new Map<string, RecentLists>();

  constructor(fabric: Fabric, choose: Choose, down: ReadonlySet<string> = new Set(), recent?: Map<string, RecentLists>) {
    this.fabric = fabric;
    this.choose = choose;
    this.down = down;
    if (recent !== undefined) this.#recent = recent;
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

  segment(host: string, link: string): Segment | undefined {
    return this.#segments.get(`${host} ${link}`);
  }

  conntrack(host: string): ConntrackTable {
    return lazily(this.#conntrack, host, () => new ConntrackTable());
  }

  recent(host: string): RecentLists {
    return lazily(this.#recent, host, () => new Map<string, Set<string>>());
  }
}

function lazily<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const segmentIndexes = new WeakMap<Fabric, ReadonlyMap<string, Segment>>();

function segmentIndex(fabric: Fabric): ReadonlyMap<string, Segment> {
  let index = segmentIndexes.get(fabric);
  if (index === undefined) {
    const built = new Map<string, Segment>();
    for (const segment of fabric.segments) for (const end of segment.attachments) built.set(`${end.host} ${end.link}`, segment);
    index = built;
    segmentIndexes.set(fabric, index);
  }
  return index;
}

/** Beyond this the packet circles without losing TTL, which only broken imported dumps can do. */
const hopLimit = 128;

/** Bytes that VXLAN adds: outer IP, UDP 8, VXLAN 8, inner Ethernet 14. */
const vxlanOverhead = { 4: 50, 6: 70 } as const;

export class PacketWalk {
  readonly steps: Step[] = [];
  readonly #world: World;
  #hops = 0;
  #decapsulations = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** A local process of `host` sends. `attached` is the connection that an ICMP error inherits. */
  send(host: string, packet: Packet, attached: Tracked | null = null, mark = 0): End {
    return this.#output(host, packet, attached, mark);
  }

  #step(host: string, layer: Layer, hook: Hook | null, link: string | null, outcome: Outcome, did: string, packet: Packet, items: readonly object[] = [], matched: readonly MatchedRule[] = []): void {
    this.steps.push({ host, layer, hook, link, outcome, did, packet, items, matched });
  }

  #dropped(host: string, reason: DropReason, packet: Packet, did: string, by: MatchedRule | null = null, items: readonly object[] = []): End {
    this.#step(host, by === null ? "route" : "filter", by?.hook ?? null, null, "stopped", did, packet, items);
    return { kind: "dropped", host, reason, by, items };
  }

  // Local output ------------------------------------------------------------------------------------

  #output(host: string, sent: Packet, attached: Tracked | null, initialMark: number): End {
    const prepared = this.#world.prepared(host);
    if (isBroadcast(prepared, sent.dst) && sent.icmp === null) {
      // connect() fails: ENETUNREACH for TCP, and for UDP EACCES, since nobody set SO_BROADCAST.
      this.#step(host, "error", null, null, "stopped", `${formatIp(sent.dst)} is the broadcast address of its subnet: no connection can be made to it`, sent);
      return { kind: "local-error", host, error: sent.protocol === TCP ? "net-unreachable" : "host-unreachable", by: null };
    }
    let packet = sent;
    let decision = decideRoute(prepared, packet.dst, initialMark, packet.src, null);
    const failed = this.#localRouteError(host, packet, decision);
    if (failed !== null) return failed;
    this.#routed(host, prepared, packet, decision);
    const outLink = (): string | null => (decision.kind === "unicast" ? decision.link : "lo");
    let skb: SocketBuffer = { packet, mark: initialMark, tracked: "invalid", inLink: null, outLink: outLink() };

    const raw = this.#table(host, prepared, "raw", "OUTPUT", skb);
    if (raw.end !== null) return raw.end;
    skb = { ...skb, mark: raw.mark, tracked: attached ?? (raw.notrack ? "untracked" : this.#world.conntrack(host).track(packet)) };
    const mangle = this.#table(host, prepared, "mangle", "OUTPUT", skb);
    if (mangle.end !== null) return mangle.end;
    skb = { ...skb, mark: mangle.mark };
    const nat = this.#nat(host, prepared, "OUTPUT", "destination", skb);
    if (nat.end !== null) return nat.end;
    skb = nat.skb;
    const isRedirected = !equalIp(skb.packet.dst, packet.dst);
    if (isRedirected || skb.mark !== initialMark) {
      const before = decision;
      packet = skb.packet;
      decision = decideRoute(prepared, packet.dst, skb.mark, packet.src, null);
      const lost = this.#localRouteError(host, packet, decision);
      if (lost !== null) return lost;
      if (isRedirected || !leadsAlike(before, decision)) this.#routed(host, prepared, packet, decision);
      skb = { ...skb, outLink: outLink() };
    }
    const filter = this.#filter(host, prepared, "OUTPUT", skb);
    if (filter.end !== null) return filter.end;
    skb = { ...skb, mark: filter.mark };
    if (decision.kind === "unicast" && packet.size > mtuOf(prepared, decision) && packet.dontFragment) {
      this.#step(host, "error", null, decision.link, "stopped", `${packet.size} bytes do not fit the MTU ${mtuOf(prepared, decision)} of ${decision.link}`, skb.packet);
      return { kind: "local-error", host, error: "too-big", by: null };
    }
    return this.#postrouting(host, prepared, skb, decision, true);
  }

  /** The decision as a step, where the kernel makes it: before the hooks that the packet leaves by. */
  #routed(host: string, prepared: PreparedHost, packet: Packet, decision: RouteDecision): void {
    if (decision.kind !== "unicast") return;
    const hop = equalIp(decision.nextHop, packet.dst) ? "" : ` via ${formatIp(decision.nextHop)}`;
    const fragments = packet.size > mtuOf(prepared, decision) && !packet.dontFragment ? " in fragments" : "";
    this.#step(host, "route", null, decision.link, "passed", `routes ${formatIp(packet.dst)}${hop} out of ${decision.link}${fragments}`, packet, routeBehind(decision));
  }

  #localRouteError(host: string, packet: Packet, decision: RouteDecision): End | null {
    switch (decision.kind) {
      case "local":
      case "unicast":
        return null;
      case "no-route":
      case "unreachable":
      case "prohibit":
        this.#unroutable(host, packet, decision);
        return { kind: "local-error", host, error: decision.kind === "unreachable" ? "host-unreachable" : "net-unreachable", by: null };
      case "blackhole":
        this.#unroutable(host, packet, decision);
        return { kind: "local-error", host, error: "invalid", by: null };
    }
  }

  #unroutable(host: string, packet: Packet, decision: RouteDecision & { readonly kind: Unroutable }): void {
    this.#step(host, "route", null, null, "stopped", unroutableWords(decision.kind, packet.dst), packet, routeBehind(decision));
  }

  // Arrival -----------------------------------------------------------------------------------------

  /** A packet comes in by `inLink`; `loopback` carries its tracking from the output side of the same host. */
  #arrive(host: string, arrived: Packet, inLink: string, mark: number, carried: Tracked | null): End {
    if (++this.#hops > hopLimit) return this.#dropped(host, "too-many-hops", arrived, `gives up after ${hopLimit} hops`);
    const prepared = this.#world.prepared(host);
    let skb: SocketBuffer = { packet: arrived, mark, tracked: "invalid", inLink, outLink: null };
    const raw = this.#table(host, prepared, "raw", "PREROUTING", skb);
    if (raw.end !== null) return raw.end;
    skb = { ...skb, mark: raw.mark, tracked: carried ?? (raw.notrack ? "untracked" : this.#world.conntrack(host).track(arrived)) };
    const mangle = this.#table(host, prepared, "mangle", "PREROUTING", skb);
    if (mangle.end !== null) return mangle.end;
    skb = { ...skb, mark: mangle.mark };
    const nat = this.#nat(host, prepared, "PREROUTING", "destination", skb);
    if (nat.end !== null) return nat.end;
    skb = nat.skb;

    const martian = this.#martian(host, prepared, skb.packet, inLink);
    if (martian !== null) return martian;
    if (isBroadcast(prepared, skb.packet.dst)) {
      // Taken in, never passed on: TCP does not answer, a UDP answer would have another source, and no ICMP error is sent about it.
      return this.#dropped(host, "broadcast", skb.packet, `takes ${formatIp(skb.packet.dst)} for a broadcast of its subnet, which nobody answers`);
    }
    const decision = decideRoute(prepared, skb.packet.dst, skb.mark, skb.packet.src, inLink);
    if (decision.kind === "local") return this.#input(host, prepared, skb);
    return this.#forward(host, prepared, skb, decision, inLink);
  }

  /** Sources that no wire may carry, and the reverse-path filter of the receiving device. */
  #martian(host: string, prepared: PreparedHost, packet: Packet, inLink: string): End | null {
    if (inLink === "lo" || packet.src.family === 6) return null;
    const loopback = (ip: Ip): boolean => ip.d >>> 24 === 127;
    const routeLocalnet = ["all", inLink].some((name) => prepared.sysctl(`net/ipv4/conf/${name}/route_localnet`) === "1");
    if ((loopback(packet.src) || loopback(packet.dst)) && !routeLocalnet) {
      return this.#dropped(host, "martian", packet, `drops ${formatIp(packet.src)} → ${formatIp(packet.dst)}: loopback addresses do not come by ${inLink}`);
    }
    if (prepared.localLink(packet.src) !== undefined && !loopback(packet.src)) {
      return this.#dropped(host, "martian", packet, `drops it: ${formatIp(packet.src)} is this host's own address`);
    }
    const filter = Math.max(...["all", inLink].map((name) => Number(prepared.sysctl(`net/ipv4/conf/${name}/rp_filter`) ?? "0")));
    if (filter > 0) {
      const back = decideRoute(prepared, packet.src, 0, null, inLink);
      if (back.kind !== "unicast" || (filter === 1 && back.link !== inLink)) {
        return this.#dropped(host, "reverse-path", packet, `drops it: ${formatIp(packet.src)} is not reached by ${inLink} (rp_filter)`);
      }
    }
    return null;
  }

  #forward(host: string, prepared: PreparedHost, arrived: SocketBuffer, decision: RouteDecision, inLink: string): End {
    const { packet } = arrived;
    if (!forwards(prepared, familyOf(packet), inLink)) {
      return this.#dropped(host, "not-forwarding", packet, `drops it: ${formatIp(packet.dst)} is not its own and it does not forward`);
    }
    switch (decision.kind) {
      case "blackhole":
        return this.#dropped(host, "blackhole", packet, unroutableWords(decision.kind, packet.dst), null, routeBehind(decision));
      case "no-route":
        this.#unroutable(host, packet, decision);
        return this.#sendError(host, arrived, "net-unreachable", null, []);
      case "unreachable":
      case "prohibit":
        this.#unroutable(host, packet, decision);
        return this.#sendError(host, arrived, decision.kind === "prohibit" ? "admin-prohibited" : "host-unreachable", null, routeBehind(decision));
      case "local":
        return this.#input(host, prepared, arrived);
      case "unicast":
        break;
    }
    if (packet.ttl <= 1) {
      this.#step(host, "route", null, decision.link, "stopped", "does not pass it on: its time to live has run out", packet);
      return this.#sendError(host, arrived, "ttl-exceeded", null, []);
    }
    const mtu = mtuOf(prepared, decision);
    if (packet.size > mtu && (packet.dontFragment || packet.dst.family === 6)) {
      this.#step(host, "route", null, decision.link, "stopped", `${packet.size} bytes do not fit the MTU ${mtu} of ${decision.link} and must not be fragmented`, packet, routeBehind(decision));
      return this.#sendError(host, arrived, "too-big", mtu, routeBehind(decision));
    }
    let skb: SocketBuffer = { ...arrived, packet: { ...packet, ttl: packet.ttl - 1 }, outLink: decision.link };
    this.#routed(host, prepared, skb.packet, decision);
    const mangle = this.#table(host, prepared, "mangle", "FORWARD", skb);
    if (mangle.end !== null) return mangle.end;
    skb = { ...skb, mark: mangle.mark };
    const filter = this.#filter(host, prepared, "FORWARD", skb);
    if (filter.end !== null) return filter.end;
    skb = { ...skb, mark: filter.mark };
    return this.#postrouting(host, prepared, skb, decision, false);
  }

  #input(host: string, prepared: PreparedHost, arrived: SocketBuffer): End {
    const mangle = this.#table(host, prepared, "mangle", "INPUT", arrived);
    if (mangle.end !== null) return mangle.end;
    const filter = this.#filter(host, prepared, "INPUT", { ...arrived, mark: mangle.mark });
    if (filter.end !== null) return filter.end;
    const nat = this.#nat(host, prepared, "INPUT", "source", { ...arrived, mark: filter.mark });
    if (nat.end !== null) return nat.end;
    const { skb } = nat;
    this.#world.conntrack(host).confirm(skb.tracked);
    const tunnel = this.#tunnelFor(prepared, skb.packet);
    if (tunnel !== null) return this.#decapsulate(host, tunnel, skb);
    const what = errorName(skb.packet);
    this.#step(host, "deliver", "INPUT", skb.inLink, "passed", `delivers to ${formatDestination(skb.packet)}${what}`, skb.packet);
    return { kind: "delivered", host, packet: skb.packet };
  }

  // Tunnels -----------------------------------------------------------------------------------------

  #tunnelFor(prepared: PreparedHost, packet: Packet): Link | null {
    if (packet.inner === null || packet.protocol !== UDP) return null;
    for (const link of prepared.links.values()) {
      if (link.kind.type === "vxlan" && link.kind.port === packet.dport && link.kind.id === packet.inner.vni && equalIp(link.kind.local, packet.dst)) return link;
    }
    return null;
  }

  #decapsulate(host: string, link: Link, skb: SocketBuffer): End {
    const { inner } = skb.packet;
    if (inner === null) throw new Error("a VXLAN packet carries a packet");
    if (link.mac !== null && inner.destinationMac !== link.mac) {
      return this.#dropped(host, "wrong-mac", inner.packet, `drops it: the inner frame is for ${inner.destinationMac}, ${link.name} is ${link.mac}`, null, [link]);
    }
    this.#decapsulations++;
    this.#step(host, "decapsulate", null, link.name, "changed", `takes the packet out of VXLAN ${inner.vni} at ${link.name}`, inner.packet, [link]);
    // The mark stays on the packet: both sides are in one network namespace. Conntrack starts anew.
    return this.#arrive(host, inner.packet, link.name, skb.mark, null);
  }

  #encapsulate(host: string, prepared: PreparedHost, link: Link, skb: SocketBuffer, nextHop: Ip, local: boolean): End {
    if (link.kind.type !== "vxlan") throw new Error(`${link.name} is not a VXLAN device`);
    const neighbour = prepared.neighbours.get(`${link.name} ${formatIp(nextHop)}`);
    if (neighbour === undefined) {
      // Without learning there is no flood entry, so the ARP request itself goes nowhere and resolution fails.
      return this.#unresolved(host, skb, nextHop, link.name, local);
    }
    const entry = prepared.fdb.get(`${link.name} ${neighbour.mac}`);
    if (entry === undefined) {
      return this.#dropped(host, "no-fdb-entry", skb.packet, `drops it: ${link.name} has no forwarding entry for ${neighbour.mac}`, null, [neighbour]);
    }
    const [unknown] = entry.qualifiers ?? [];
    if (unknown !== undefined) throw new UnsupportedError(`the forwarding entry of ${entry.mac} on ${link.name} with ${unknown}`, entry);
    const { id, local: tunnelSource, port } = link.kind;
    const outer: Packet = {
      src: tunnelSource,
      dst: entry.destination,
      protocol: UDP,
      sport: tunnelSourcePort(skb.packet),
      dport: port,
      tcp: null,
      icmp: null,
      size: skb.packet.size + vxlanOverhead[tunnelSource.family],
      dontFragment: false,
      ttl: 64,
      inner: { packet: skb.packet, vni: id, destinationMac: neighbour.mac },
    };
    this.#step(host, "encapsulate", null, link.name, "changed", `wraps it in VXLAN ${id}, UDP ${formatSocket(outer.src, outer.sport)} → ${formatSocket(outer.dst, port)}`, outer, [entry, neighbour, link]);
    const before = this.#decapsulations;
    const end = this.#output(host, outer, null, skb.mark);
    return this.#decapsulations === before ? lostInTunnel(end) : end;
  }

  // Leaving -----------------------------------------------------------------------------------------

  #postrouting(host: string, prepared: PreparedHost, routed: SocketBuffer, decision: RouteDecision, local: boolean): End {
    const mangle = this.#table(host, prepared, "mangle", "POSTROUTING", routed);
    if (mangle.end !== null) return mangle.end;
    const nat = this.#nat(host, prepared, "POSTROUTING", "source", { ...routed, mark: mangle.mark });
    if (nat.end !== null) return nat.end;
    const { skb } = nat;
    this.#world.conntrack(host).confirm(skb.tracked);
    if (decision.kind === "local") return this.#arrive(host, skb.packet, "lo", skb.mark, skb.tracked);
    if (decision.kind !== "unicast") throw new Error(`a packet leaves by a route, not ${decision.kind}`);
    const link = prepared.links.get(decision.link);
    if (link === undefined) return this.#unresolved(host, skb, decision.nextHop, decision.link, local);
    if (link.kind.type === "vxlan") return this.#encapsulate(host, prepared, link, skb, decision.nextHop, local);
    if (link.kind.type === "other") throw new UnsupportedError(`a packet that leaves ${host} by ${link.name}, a device of kind ${link.kind.name}`, link);
    return this.#transmit(host, prepared, link, skb, decision.nextHop, local);
  }

  #transmit(host: string, prepared: PreparedHost, link: Link, skb: SocketBuffer, nextHop: Ip, local: boolean): End {
    const segment = this.#world.segment(host, link.name);
    const permanent = prepared.neighbours.get(`${link.name} ${formatIp(nextHop)}`);
    const answers = (end: Attachment): boolean => {
      if (end.host === host && end.link === link.name) return false;
      if (this.#world.down.has(end.host)) return false;
      const other = this.#world.prepared(end.host);
      if (other.links.get(end.link)?.isDown === true) return false;
      if (permanent !== undefined) return other.links.get(end.link)?.mac === permanent.mac;
      return answersFor(other, end.link, nextHop);
    };
    const likely = segment?.attachments.find((end) => end.addresses?.some((ip) => equalIp(ip, nextHop)) === true && answers(end));
    const receiver = likely ?? segment?.attachments.find(answers);
    if (segment === undefined || receiver === undefined) return this.#unresolved(host, skb, nextHop, link.name, local);
    this.#step(host, "wire", null, link.name, "passed", `${segment.name}: ${this.#world.nameOf(host)} → ${this.#world.nameOf(receiver.host)}`, skb.packet, [segment]);
    // The skb's mark does not leave the host.
    return this.#arrive(receiver.host, skb.packet, receiver.link, 0, null);
  }

  /** Nobody answers for the next hop: the kernel reports it after its ARP or ND attempts. */
  #unresolved(host: string, skb: SocketBuffer, nextHop: Ip, link: string, local: boolean): End {
    this.#step(host, "error", null, link, "stopped", `nobody on ${link} answers for ${formatIp(nextHop)}`, skb.packet);
    if (local) return { kind: "local-error", host, error: "host-unreachable", by: null };
    return this.#sendError(host, skb, "host-unreachable", null, []);
  }

  // Errors ------------------------------------------------------------------------------------------

  /** Sends an ICMP error about the packet back to its source; it inherits the packet's connection. */
  #sendError(host: string, skb: SocketBuffer, error: IcmpErrorKind, mtu: number | null, items: readonly object[], by: MatchedRule | null = null): End {
    const { packet } = skb;
    const prepared = this.#world.prepared(host);
    // No error is sent about an error (RFC 1122), nor to an address that nobody can answer from.
    const noticed = packet.icmp === null && this.#notify(host, prepared, skb, error, mtu);
    return { kind: "error", host, error, by, items, noticed };
  }

  #notify(host: string, prepared: PreparedHost, skb: SocketBuffer, error: IcmpErrorKind, mtu: number | null): boolean {
    const { packet } = skb;
    const { src, dst, protocol, sport, dport } = packet;
    const decision = decideRoute(prepared, src, 0, null, skb.inLink);
    const own = prepared.localLink(dst) !== undefined ? dst : decision.kind === "unicast" ? (decision.route?.source ?? sourceAddress(prepared, decision.link, src)) : decision.kind === "local" ? src : null;
    if (own === null) return false;
    const { type, code } = icmpTypeCode(error, src.family);
    const message: Packet = {
      src: own,
      dst: src,
      protocol: src.family === 4 ? ICMP : ICMP6,
      sport: type,
      dport: code,
      tcp: null,
      icmp: { kind: error, mtu, about: { src, dst, protocol, sport, dport } },
      size: 88,
      dontFragment: false,
      ttl: 64,
      inner: null,
    };
    const attached: Tracked =
      typeof skb.tracked === "string"
        ? skb.tracked
        : { connection: skb.tracked.connection, direction: skb.tracked.direction === "original" ? "reply" : "original", state: "RELATED" };
    this.#step(host, "error", null, null, "passed", `answers ${formatIp(src)} with ICMP ${error}`, message);
    const end = this.#output(host, message, attached, 0);
    return end.kind === "delivered";
  }

  // Netfilter ---------------------------------------------------------------------------------------

  #table(host: string, prepared: PreparedHost, table: TableName, hook: Hook, skb: SocketBuffer): { end: End | null; mark: number; notrack: boolean } {
    const context = { host: prepared, choose: this.#world.choose, recent: this.#world.recent(host) };
    const result = walkTable(context, table, hook, skb);
    const { verdict, matched } = result;
    const quiet = { end: null, mark: result.mark, notrack: result.notrack };
    if (verdict.kind === "accept") {
      if (result.notrack) {
        const by = matched.findLast((entry) => entry.verdict === "notrack");
        this.#step(host, "track", hook, skb.inLink ?? skb.outLink, "passed", "does not track it", skb.packet, lineOf(by), matched);
      } else if (matched.length > 0) {
        this.#step(host, "filter", hook, skb.inLink ?? skb.outLink, "passed", `${table} ${hook} lets it pass`, skb.packet, acceptedBy(matched), matched);
      }
      return quiet;
    }
    if (verdict.kind === "drop") return { ...quiet, end: this.#refuse(host, hook, table, skb, matched, verdict.by, verdict.chain) };
    if (verdict.kind === "reject") return { ...quiet, end: this.#reject(host, hook, table, skb, matched, verdict.by, verdict.with) };
    throw new Error(`table ${table} does not translate addresses`);
  }

  #filter(host: string, prepared: PreparedHost, hook: Hook, skb: SocketBuffer): { end: End | null; mark: number } {
    const context = { host: prepared, choose: this.#world.choose, recent: this.#world.recent(host) };
    const result = walkTable(context, "filter", hook, skb);
    const { verdict, matched } = result;
    if (verdict.kind === "drop") return { end: this.#refuse(host, hook, "filter", skb, matched, verdict.by, verdict.chain), mark: result.mark };
    if (verdict.kind === "reject") return { end: this.#reject(host, hook, "filter", skb, matched, verdict.by, verdict.with), mark: result.mark };
    if (matched.length > 0) {
      this.#step(host, "filter", hook, skb.inLink ?? skb.outLink, "passed", `filter ${hook} lets it pass`, skb.packet, acceptedBy(matched), matched);
    }
    return { end: null, mark: result.mark };
  }

  #refuse(host: string, hook: Hook, table: TableName, skb: SocketBuffer, matched: readonly MatchedRule[], by: MatchedRule | null, chain: string): End {
    const items = lineOf(by ?? undefined);
    this.#step(host, "filter", hook, skb.inLink ?? skb.outLink, "stopped", by === null ? `${table} ${chain} drops it: the chain's policy` : `${table} ${hook} drops it in ${by.chain}`, skb.packet, items, matched);
    return { kind: "dropped", host, reason: by === null ? "policy" : "rule", by, items };
  }

  #reject(host: string, hook: Hook, table: TableName, skb: SocketBuffer, matched: readonly MatchedRule[], by: MatchedRule, how: string): End {
    const items = lineOf(by);
    this.#step(host, "filter", hook, skb.inLink ?? skb.outLink, "stopped", `${table} ${hook} rejects it in ${by.chain}`, skb.packet, items, matched);
    if (how === "tcp-reset" && skb.packet.protocol === TCP) return { kind: "error", host, error: "tcp-reset", by, items, noticed: true };
    const errors: Readonly<Record<string, IcmpErrorKind>> = {
      "icmp-net-unreachable": "net-unreachable",
      "icmp-host-unreachable": "host-unreachable",
      "icmp-admin-prohibited": "admin-prohibited",
      "icmp6-no-route": "net-unreachable",
      "icmp6-addr-unreachable": "host-unreachable",
      "icmp6-adm-prohibited": "admin-prohibited",
    };
    return this.#sendError(host, skb, errors[how] ?? "port-unreachable", null, items, by);
  }

  /** The nat table for one half of a new connection, then the connection's translation of that half. */
  #nat(host: string, prepared: PreparedHost, hook: Hook, half: "source" | "destination", skb: SocketBuffer): { end: End | null; skb: SocketBuffer } {
    if (typeof skb.tracked === "string") return { end: null, skb };
    const tracking: Tracking = skb.tracked;
    const { connection } = tracking;
    const done = half === "destination" ? connection.destinationDone : connection.sourceDone;
    let mark = skb.mark;
    let matched: readonly MatchedRule[] = [];
    let by: MatchedRule | null = null;
    if (!done && tracking.state === "NEW") {
      const context = { host: prepared, choose: this.#world.choose, recent: this.#world.recent(host) };
      const result = walkTable(context, "nat", hook, skb);
      ({ mark, matched } = result);
      const { verdict } = result;
      if (half === "destination") connection.destinationDone = true;
      else connection.sourceDone = true;
      switch (verdict.kind) {
        case "drop":
          return { end: this.#refuse(host, hook, "nat", skb, matched, verdict.by, verdict.chain), skb };
        case "reject":
          return { end: this.#reject(host, hook, "nat", skb, matched, verdict.by, verdict.with), skb };
        case "dnat":
          ({ by } = verdict);
          connection.reply = { ...connection.reply, src: verdict.to, sport: verdict.port ?? connection.reply.sport };
          break;
        case "snat":
          ({ by } = verdict);
          connection.reply = { ...connection.reply, dst: verdict.to };
          break;
        case "masquerade": {
          ({ by } = verdict);
          const address = skb.outLink === null ? null : sourceAddress(prepared, skb.outLink, skb.packet.dst);
          if (address === null) return { end: this.#refuse(host, hook, "nat", skb, matched, by, by.chain), skb };
          connection.reply = { ...connection.reply, dst: address };
          break;
        }
        case "accept":
          break;
      }
    }
    const translated = translate(skb.packet, tracking, half);
    const changed = compareIp(translated.src, skb.packet.src) !== 0 || compareIp(translated.dst, skb.packet.dst) !== 0 || translated.sport !== skb.packet.sport || translated.dport !== skb.packet.dport;
    const after: SocketBuffer = { ...skb, mark, packet: translated };
    if (changed) {
      const back = tracking.direction === "reply" ? " back" : "";
      const did =
        half === "destination"
          ? `translates the destination${back} to ${formatDestination(translated)}${errorName(translated)}`
          : `translates the source${back} to ${formatSource(translated)}${errorName(translated)}`;
      this.#step(host, "nat", hook, skb.inLink ?? skb.outLink, "changed", did, translated, by === null ? [] : wayTo(by, matched), matched);
    } else if (matched.length > 0) {
      this.#step(host, "filter", hook, skb.inLink ?? skb.outLink, "passed", `nat ${hook} changes nothing`, translated, [], matched);
    }
    return { end: null, skb: after };
  }
}

/** Whether both decisions send a packet the same way. */
function leadsAlike(x: RouteDecision, y: RouteDecision): boolean {
  if (x.kind !== "unicast" || y.kind !== "unicast") return x.kind === y.kind;
  return x.link === y.link && equalIp(x.nextHop, y.nextHop);
}

/** An error about the outer packet goes to the tunnel's end: whoever sent the packet inside never hears of it. */
function lostInTunnel(end: End): End {
  switch (end.kind) {
    case "error":
      return { ...end, noticed: false };
    case "local-error": {
      const error = end.error === "too-big" || end.error === "host-unreachable" ? end.error : "net-unreachable";
      return { kind: "error", host: end.host, error, by: end.by, items: [], noticed: false };
    }
    default:
      return end;
  }
}

/** Which error it is, behind an address that has no port to go with it. */
function errorName({ icmp }: Packet): string {
  return icmp === null ? "" : ` (${icmp.kind})`;
}

type Unroutable = "no-route" | "unreachable" | "prohibit" | "blackhole";

function unroutableWords(kind: Unroutable, dst: Ip): string {
  switch (kind) {
    case "no-route":
      return `has no route to ${formatIp(dst)}`;
    case "unreachable":
      return `refuses it: ${formatIp(dst)} is routed as unreachable`;
    case "prohibit":
      return `refuses it: ${formatIp(dst)} is routed as prohibited`;
    case "blackhole":
      return `drops it: ${formatIp(dst)} is routed to a blackhole`;
  }
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
  if (host.sysctl(`net/ipv4/conf/${link}/proxy_arp`) !== "1" || !forwards(host, 4, link)) return false;
  const decision = decideRoute(host, ip, 0, null, link);
  return decision.kind === "unicast" && decision.link !== link;
}

/** The kernel hashes the inner flow into its ephemeral range; any fixed function of the flow will do here. */
function tunnelSourcePort(packet: Packet): number {
  const mix = packet.src.d ^ packet.dst.d ^ (packet.sport << 16) ^ packet.dport ^ packet.protocol;
  return 32768 + ((Math.imul(mix >>> 0, 2654435761) >>> 16) % 28232);
}

