/** One packet's way through hosts and wires, hook by hook, as the kernel would take it. */
import { equalIp, formatIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Link } from "../dataplane/links/types.ts";
import type { Tracked } from "./conntrack.ts";
import { errorName, Hooks } from "./hooks.ts";
import type { Refusal } from "./hooks.ts";
import { forwards, sourceAddress } from "./host.ts";
import type { PreparedHost } from "./host.ts";
import { isBroadcast } from "./netfilter.ts";
import type { Hook, MatchedRule, SocketBuffer } from "./netfilter.ts";
import { familyOf, formatDestination, formatSocket, icmpTypeCode, ICMP, ICMP6, TCP, UDP } from "./packet.ts";
import type { IcmpErrorKind, Packet } from "./packet.ts";
import { receiverOf } from "./receiver.ts";
import { decideRoute, mtuOf } from "./routing.ts";
import type { RouteDecision } from "./routing.ts";
import { routeBehind } from "./step-items.ts";
import type { DropReason, End, Layer, Outcome, Step } from "./steps.ts";
import { UnsupportedError } from "./unsupported.ts";
import type { World } from "./world.ts";

/** Beyond this the packet circles without losing TTL, which only broken imported dumps can do. */
const hopLimit = 128;

/** Bytes that VXLAN adds: outer IP, UDP 8, VXLAN 8, inner Ethernet 14. */
const vxlanOverhead = { 4: 50, 6: 70 } as const;

export class PacketWalk {
  readonly steps: Step[] = [];
  readonly #world: World;
  readonly #hooks: Hooks;
  #hops = 0;
  #decapsulations = 0;

  constructor(world: World) {
    this.#world = world;
    this.#hooks = new Hooks(world, this.steps);
  }

  /** A local process of `host` sends. `attached` is the connection that an ICMP error inherits. */
  send(host: string, packet: Packet, attached: Tracked | null = null, mark = 0): End {
    return this.#output(host, packet, attached, mark);
  }

  #step(host: string, layer: Layer, hook: Hook | null, link: string | null, outcome: Outcome, did: string, packet: Packet, items: readonly object[] = []): void {
    this.steps.push({ host, layer, hook, link, outcome, did, packet, items, matched: [] });
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

    const raw = this.#hooks.table(host, prepared, "raw", "OUTPUT", skb);
    if (raw.refusal !== null) return this.#refused(host, raw.refusal);
    skb = { ...skb, mark: raw.mark, tracked: attached ?? (raw.notrack ? "untracked" : this.#world.conntrack(host).track(packet)) };
    const mangle = this.#hooks.table(host, prepared, "mangle", "OUTPUT", skb);
    if (mangle.refusal !== null) return this.#refused(host, mangle.refusal);
    skb = { ...skb, mark: mangle.mark };
    const nat = this.#hooks.nat(host, prepared, "OUTPUT", "destination", skb);
    if (nat.refusal !== null) return this.#refused(host, nat.refusal);
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
    const filter = this.#hooks.table(host, prepared, "filter", "OUTPUT", skb);
    if (filter.refusal !== null) return this.#refused(host, filter.refusal);
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
    const raw = this.#hooks.table(host, prepared, "raw", "PREROUTING", skb);
    if (raw.refusal !== null) return this.#refused(host, raw.refusal);
    skb = { ...skb, mark: raw.mark, tracked: carried ?? (raw.notrack ? "untracked" : this.#world.conntrack(host).track(arrived)) };
    const mangle = this.#hooks.table(host, prepared, "mangle", "PREROUTING", skb);
    if (mangle.refusal !== null) return this.#refused(host, mangle.refusal);
    skb = { ...skb, mark: mangle.mark };
    const nat = this.#hooks.nat(host, prepared, "PREROUTING", "destination", skb);
    if (nat.refusal !== null) return this.#refused(host, nat.refusal);
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
    const mangle = this.#hooks.table(host, prepared, "mangle", "FORWARD", skb);
    if (mangle.refusal !== null) return this.#refused(host, mangle.refusal);
    skb = { ...skb, mark: mangle.mark };
    const filter = this.#hooks.table(host, prepared, "filter", "FORWARD", skb);
    if (filter.refusal !== null) return this.#refused(host, filter.refusal);
    skb = { ...skb, mark: filter.mark };
    return this.#postrouting(host, prepared, skb, decision, false);
  }

  #input(host: string, prepared: PreparedHost, arrived: SocketBuffer): End {
    const mangle = this.#hooks.table(host, prepared, "mangle", "INPUT", arrived);
    if (mangle.refusal !== null) return this.#refused(host, mangle.refusal);
    const filter = this.#hooks.table(host, prepared, "filter", "INPUT", { ...arrived, mark: mangle.mark });
    if (filter.refusal !== null) return this.#refused(host, filter.refusal);
    const nat = this.#hooks.nat(host, prepared, "INPUT", "source", { ...arrived, mark: filter.mark });
    if (nat.refusal !== null) return this.#refused(host, nat.refusal);
    const { skb } = nat;
    this.#world.conntrack(host).confirm(skb.tracked);
    const tunnel = this.#tunnelFor(prepared, skb.packet);
    if (tunnel !== null) return this.#decapsulate(host, tunnel, skb);
    const device = vxlanDeviceAt(prepared, skb.packet);
    if (device !== undefined) return this.#dropped(host, "no-tunnel", skb.packet, `hands it to ${device.name}, which finds no packet of its network in it and drops it`, null, [device]);
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
    const neighbour = prepared.neighbour(link.name, nextHop);
    if (neighbour === undefined) {
      // Without learning there is no flood entry, so the ARP request itself goes nowhere and resolution fails.
      return this.#unresolved(host, skb, nextHop, link.name, local);
    }
    const entry = prepared.forwardingEntry(link.name, neighbour.mac);
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
    const mangle = this.#hooks.table(host, prepared, "mangle", "POSTROUTING", routed);
    if (mangle.refusal !== null) return this.#refused(host, mangle.refusal);
    const nat = this.#hooks.nat(host, prepared, "POSTROUTING", "source", { ...routed, mark: mangle.mark });
    if (nat.refusal !== null) return this.#refused(host, nat.refusal);
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
    const permanent = prepared.neighbour(link.name, nextHop);
    const receiver = segment === undefined ? undefined : receiverOf(this.#world, segment, { host, link: link.name }, nextHop, permanent?.mac ?? null);
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

  /** What the host does for a rule that stops a packet. */
  #refused(host: string, refusal: Refusal): End {
    if (refusal.kind === "drop") return refusal.end;
    const { error, by, items, skb } = refusal;
    if (error === "tcp-reset") return { kind: "error", host, error, by, items, noticed: true };
    return this.#sendError(host, skb, error, null, items, by);
  }

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

/** The kernel hashes the inner flow into its ephemeral range; any fixed function of the flow will do here. */
function tunnelSourcePort(packet: Packet): number {
  const mix = packet.src.d ^ packet.dst.d ^ (packet.sport << 16) ^ packet.dport ^ packet.protocol;
  return 32768 + ((Math.imul(mix >>> 0, 2654435761) >>> 16) % 28232);
}

/** The VXLAN device whose socket takes everything that comes for its UDP port, whatever is in it. */
function vxlanDeviceAt(prepared: PreparedHost, packet: Packet): Link | undefined {
  if (packet.protocol !== UDP || packet.icmp !== null) return undefined;
  return [...prepared.links.values()].find((link) => link.kind.type === "vxlan" && link.kind.port === packet.dport);
}
