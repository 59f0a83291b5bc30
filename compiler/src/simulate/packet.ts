/** Packets as the simulator carries them. */
import { equalIp, formatIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";

/** IANA protocol numbers that the simulator tells apart. */
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMP6 = 58;
export const SCTP = 132;

/** The five values that identify one direction of a connection. */
export interface Tuple {
  readonly src: Ip;
  readonly dst: Ip;
  readonly protocol: number;
  readonly sport: number;
  readonly dport: number;
}

export interface Packet extends Tuple {
  /** Null unless TCP. */
  readonly tcp: "syn" | "syn-ack" | "rst" | null;
  readonly icmp: IcmpError | null;
  /** Whole IP packet in bytes. */
  readonly size: number;
  readonly dontFragment: boolean;
  readonly ttl: number;
  /** The packet inside, when this is a VXLAN packet. */
  readonly inner: { readonly packet: Packet; readonly vni: number; readonly destinationMac: string } | null;
}

export type IcmpErrorKind = "port-unreachable" | "host-unreachable" | "net-unreachable" | "admin-prohibited" | "ttl-exceeded" | "too-big";

/** An ICMP error and the packet it is about, as that packet was when the error was made. */
export interface IcmpError {
  readonly kind: IcmpErrorKind;
  /** Next-hop MTU of a `too-big`. */
  readonly mtu: number | null;
  readonly about: Tuple;
}

export function familyOf(packet: Tuple): Family {
  return packet.dst.family;
}

/** Whether `--sport` and `--dport` can be asked of the packet. */
export function hasPorts(packet: Packet): boolean {
  return packet.icmp === null && (packet.protocol === TCP || packet.protocol === UDP || packet.protocol === SCTP);
}

export function invert(tuple: Tuple): Tuple {
  return { src: tuple.dst, dst: tuple.src, protocol: tuple.protocol, sport: tuple.dport, dport: tuple.sport };
}

export function equalTuple(x: Tuple, y: Tuple): boolean {
  return x.protocol === y.protocol && x.sport === y.sport && x.dport === y.dport && equalIp(x.src, y.src) && equalIp(x.dst, y.dst);
}

/** `10.10.0.1:40000`, `[fd00::1]:40000`. */
export function formatSocket(ip: Ip, port: number): string {
  return ip.family === 6 ? `[${formatIp(ip)}]:${port}` : `${formatIp(ip)}:${port}`;
}

/** Where the packet comes from: address and port; of an ICMP error, which has no ports, the address. */
export function formatSource({ src, sport, icmp }: Packet): string {
  return icmp === null ? formatSocket(src, sport) : formatIp(src);
}

/** Where the packet goes: address and port; of an ICMP error, which has no ports, the address. */
export function formatDestination({ dst, dport, icmp }: Packet): string {
  return icmp === null ? formatSocket(dst, dport) : formatIp(dst);
}

/** ICMP types and codes of the errors, RFC 792 and RFC 4443. */
export function icmpTypeCode(kind: IcmpErrorKind, family: Family): { readonly type: number; readonly code: number } {
  const table: Readonly<Record<IcmpErrorKind, readonly [number, number, number, number]>> = {
    "port-unreachable": [3, 3, 1, 4],
    "host-unreachable": [3, 1, 1, 3],
    "net-unreachable": [3, 0, 1, 0],
    "admin-prohibited": [3, 13, 1, 1],
    "ttl-exceeded": [11, 0, 3, 0],
    "too-big": [3, 4, 2, 0],
  };
  const [type4, code4, type6, code6] = table[kind];
  return family === 4 ? { type: type4, code: code4 } : { type: type6, code: code6 };
}
