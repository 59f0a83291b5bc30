/**
 * Connection tracking of one network namespace, as far as it decides the way of a packet: which state a
 * packet is in, and which translation belongs to its connection.
 */
import type { ConntrackState } from "../dataplane/netfilter/types.ts";
import { equalTuple, invert, TCP } from "./packet.ts";
import type { Packet, Tuple } from "./packet.ts";

/** One connection. `original` and `reply` are what arrives in each direction, before this host translates it. */
export interface Connection {
  readonly original: Tuple;
  reply: Tuple;
  /** The nat table was asked for this half; it is asked only once a connection. */
  destinationDone: boolean;
  sourceDone: boolean;
  confirmed: boolean;
  seenReply: boolean;
}

export type Direction = "original" | "reply";

/** What conntrack attached to a packet. */
export interface Tracking {
  readonly connection: Connection;
  readonly direction: Direction;
  /** NEW, ESTABLISHED or RELATED. */
  readonly state: "NEW" | "ESTABLISHED" | "RELATED";
}

/** `untracked`: a NOTRACK rule said so. `invalid`: no connection, and the packet cannot start one. */
export type Tracked = Tracking | "untracked" | "invalid";

export class ConntrackTable {
  readonly #connections: Connection[] = [];

  /** What the packet belongs to; a packet that can start a connection gets a new, unconfirmed one. */
  track(packet: Packet): Tracked {
    if (packet.icmp !== null) return this.#trackError(packet.icmp.about);
    for (const connection of this.#connections) {
      if (equalTuple(packet, connection.original)) {
        return { connection, direction: "original", state: connection.seenReply ? "ESTABLISHED" : "NEW" };
      }
      if (equalTuple(packet, connection.reply)) {
        connection.seenReply = true;
        return { connection, direction: "reply", state: "ESTABLISHED" };
      }
    }
    // A TCP connection starts with a SYN: nf_conntrack calls a lone SYN-ACK or RST INVALID.
    if (packet.protocol === TCP && packet.tcp !== "syn") return "invalid";
    const original: Tuple = { src: packet.src, dst: packet.dst, protocol: packet.protocol, sport: packet.sport, dport: packet.dport };
    const connection: Connection = {
      original,
      reply: invert(original),
      destinationDone: false,
      sourceDone: false,
      confirmed: false,
      seenReply: false,
    };
    return { connection, direction: "original", state: "NEW" };
  }

  /** An ICMP error belongs to the connection of the packet that it quotes, in the other direction. */
  #trackError(about: Tuple): Tracked {
    const back = invert(about);
    for (const connection of this.#connections) {
      if (equalTuple(back, connection.reply)) return { connection, direction: "reply", state: "RELATED" };
      if (equalTuple(back, connection.original)) return { connection, direction: "original", state: "RELATED" };
    }
    return "invalid";
  }

  /** The packet left or was delivered: its connection is kept. */
  confirm(tracked: Tracked): void {
    if (typeof tracked === "string" || tracked.connection.confirmed) return;
    tracked.connection.confirmed = true;
    this.#connections.push(tracked.connection);
  }
}

/** Whether `-m conntrack --ctstate` with this one state matches. */
export function inState(tracked: Tracked, state: ConntrackState): boolean {
  if (tracked === "untracked") return state === "UNTRACKED";
  if (tracked === "invalid") return state === "INVALID";
  switch (state) {
    case "SNAT":
      return isSourceTranslated(tracked.connection);
    case "DNAT":
      return isDestinationTranslated(tracked.connection);
    default:
      return tracked.state === state;
  }
}

export function isDestinationTranslated(connection: Connection): boolean {
  const { original, reply } = connection;
  return !(sameEnd(original.dst, reply.src) && original.dport === reply.sport);
}

export function isSourceTranslated(connection: Connection): boolean {
  const { original, reply } = connection;
  return !(sameEnd(original.src, reply.dst) && original.sport === reply.dport);
}

function sameEnd(x: Tuple["src"], y: Tuple["src"]): boolean {
  return x.family === y.family && x.a === y.a && x.b === y.b && x.c === y.c && x.d === y.d;
}

/**
 * The packet with one half translated as its connection says. In the original direction the destination
 * becomes where replies come from; in the reply direction the ends go back to what the client used.
 */
export function translate(packet: Packet, tracking: Tracking, half: "source" | "destination"): Packet {
  const { connection, direction } = tracking;
  const wanted = direction === "original" ? invert(connection.reply) : invert(connection.original);
  if (packet.icmp !== null) return translateError(packet, wanted, half);
  if (half === "destination") return { ...packet, dst: wanted.dst, dport: wanted.dport };
  return { ...packet, src: wanted.src, sport: wanted.sport };
}

/** Of an ICMP error the outer address changes, and the quoted packet becomes the one its sender knows. */
function translateError(packet: Packet, wanted: Tuple, half: "source" | "destination"): Packet {
  if (packet.icmp === null) return packet;
  const about = packet.icmp.about;
  if (half === "destination") {
    return { ...packet, dst: wanted.dst, icmp: { ...packet.icmp, about: { ...about, src: wanted.dst, sport: wanted.dport } } };
  }
  const fromEnd = sameEnd(packet.src, about.dst);
  return {
    ...packet,
    src: fromEnd ? wanted.src : packet.src,
    icmp: { ...packet.icmp, about: { ...about, dst: wanted.src, dport: wanted.sport } },
  };
}
