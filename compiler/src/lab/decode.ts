/** Captured Ethernet frames as data: Ethernet, IPv4, IPv6, TCP, UDP, ICMP, and what VXLAN carries (RFC 7348). */
import { formatIp, ip4, ip6 } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";

export interface Frame {
  readonly source: string;
  readonly destination: string;
  /** 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP. */
  readonly etherType: number;
  /** Null for anything but a whole IPv4 or IPv6 packet. */
  readonly ip: IpPacket | null;
}

export interface IpPacket {
  readonly family: Family;
  readonly src: Ip;
  readonly dst: Ip;
  /** IANA number of what follows, behind IPv6 extension headers. */
  readonly protocol: number;
  readonly ttl: number;
  /** Whole IP packet in bytes, from its header. */
  readonly size: number;
  /** IPv6 routers never fragment. */
  readonly dontFragment: boolean;
  /** Of TCP, UDP and SCTP; null otherwise and in a later fragment. */
  readonly sport: number | null;
  readonly dport: number | null;
  /** `syn`, `ack`, … in the order of RFC 9293's bits from the right; null unless TCP. */
  readonly tcp: readonly string[] | null;
  readonly icmp: { readonly type: number; readonly code: number } | null;
  readonly vxlan: { readonly vni: number; readonly frame: Frame } | null;
}

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const tcpFlags = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"] as const;
/** Hop-by-hop, routing, destination options: next header, then length in units of 8 bytes without the first. */
const optionHeaders: ReadonlySet<number> = new Set([0, 43, 60]);
const fragmentHeader = 44;

/** Null when the bytes are no whole Ethernet header. `vxlanPorts`: destination ports that carry VXLAN. */
export function decodeFrame(bytes: Uint8Array, vxlanPorts: readonly number[]): Frame | null {
  if (bytes.length < 14) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const etherType = view.getUint16(12);
  const payload = bytes.subarray(14);
  const ip = etherType === 0x0800 ? decodeIp4(payload, vxlanPorts) : etherType === 0x86dd ? decodeIp6(payload, vxlanPorts) : null;
  return { destination: mac(bytes.subarray(0, 6)), source: mac(bytes.subarray(6, 12)), etherType, ip };
}

function mac(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function decodeIp4(bytes: Uint8Array, vxlanPorts: readonly number[]): IpPacket | null {
  if (bytes.length < 20) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = (view.getUint8(0) & 0x0f) * 4;
  const size = view.getUint16(2);
  if (view.getUint8(0) >>> 4 !== 4 || header < 20 || size < header || bytes.length < size) return null;
  const fragment = view.getUint16(6);
  const protocol = view.getUint8(9);
  return {
    family: 4,
    src: ip4(view.getUint32(12)),
    dst: ip4(view.getUint32(16)),
    protocol,
    ttl: view.getUint8(8),
    size,
    dontFragment: (fragment & 0x4000) !== 0,
    ...decodeTransport(protocol, (fragment & 0x1fff) === 0 ? bytes.subarray(header, size) : new Uint8Array(), vxlanPorts),
  };
}

function decodeIp6(bytes: Uint8Array, vxlanPorts: readonly number[]): IpPacket | null {
  if (bytes.length < 40) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint16(4) + 40;
  if (view.getUint8(0) >>> 4 !== 6 || bytes.length < size) return null;
  let protocol = view.getUint8(6);
  let at = 40;
  let later = false;
  while (at + 8 <= size && (optionHeaders.has(protocol) || protocol === fragmentHeader)) {
    const isFragment: boolean = protocol === fragmentHeader;
    if (isFragment && (view.getUint16(at + 2) & 0xfff8) !== 0) later = true;
    protocol = view.getUint8(at);
    at += isFragment ? 8 : (view.getUint8(at + 1) + 1) * 8;
  }
  const address = (start: number): Ip =>
    ip6(view.getUint32(start), view.getUint32(start + 4), view.getUint32(start + 8), view.getUint32(start + 12));
  return {
    family: 6,
    src: address(8),
    dst: address(24),
    protocol,
    ttl: view.getUint8(7),
    size,
    dontFragment: true,
    ...decodeTransport(protocol, later ? new Uint8Array() : bytes.subarray(Math.min(at, size), size), vxlanPorts),
  };
}

type Above = Pick<IpPacket, "sport" | "dport" | "tcp" | "icmp" | "vxlan">;

function decodeTransport(protocol: number, bytes: Uint8Array, vxlanPorts: readonly number[]): Above {
  const nothing: Above = { sport: null, dport: null, tcp: null, icmp: null, vxlan: null };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((protocol === 1 || protocol === 58) && bytes.length >= 2) {
    return { ...nothing, icmp: { type: view.getUint8(0), code: view.getUint8(1) } };
  }
  if ((protocol !== TCP && protocol !== UDP && protocol !== SCTP) || bytes.length < 8) return nothing;
  const ports = { sport: view.getUint16(0), dport: view.getUint16(2) };
  if (protocol === TCP && bytes.length >= 14) {
    return { ...nothing, ...ports, tcp: tcpFlagNames(view.getUint8(13)) };
  }
  if (protocol === UDP && vxlanPorts.includes(ports.dport))
    return { ...nothing, ...ports, vxlan: decodeVxlan(bytes.subarray(8), vxlanPorts) };
  return { ...nothing, ...ports };
}

/** Names of the flags in the 14th byte of a TCP header. */
export function tcpFlagNames(bits: number): readonly string[] {
  return tcpFlags.filter((_, bit) => (bits & (1 << bit)) !== 0);
}

/** Eight bytes: a flag that says the identifier is valid, and the identifier in bytes 4 to 6. */
function decodeVxlan(bytes: Uint8Array, vxlanPorts: readonly number[]): IpPacket["vxlan"] {
  if (bytes.length < 8 || ((bytes[0] ?? 0) & 0x08) === 0) return null;
  const frame = decodeFrame(bytes.subarray(8), vxlanPorts);
  return frame === null ? null : { vni: ((bytes[4] ?? 0) << 16) | ((bytes[5] ?? 0) << 8) | (bytes[6] ?? 0), frame };
}

const protocolNames: Readonly<Record<number, string>> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp" };

/** `192.168.1.10:47211 > 192.168.2.10:4789 udp vxlan 4096 (10.10.0.2:40000 > 10.10.0.66:8080 tcp syn)`. */
export function frameSummary(frame: Frame): string {
  const { ip } = frame;
  if (ip === null) return `${frame.source} > ${frame.destination} 0x${frame.etherType.toString(16).padStart(4, "0")}`;
  const end = (address: Ip, port: number | null): string =>
    port === null ? formatIp(address) : address.family === 6 ? `[${formatIp(address)}]:${port}` : `${formatIp(address)}:${port}`;
  const words = [end(ip.src, ip.sport), ">", end(ip.dst, ip.dport), protocolNames[ip.protocol] ?? `protocol ${ip.protocol}`];
  if (ip.tcp !== null) words.push(ip.tcp.join(","));
  if (ip.icmp !== null) words.push(`type ${ip.icmp.type} code ${ip.icmp.code}`);
  if (ip.vxlan !== null) words.push(`vxlan ${ip.vxlan.vni} (${frameSummary(ip.vxlan.frame)})`);
  return words.join(" ");
}
