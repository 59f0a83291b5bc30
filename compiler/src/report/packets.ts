/** Packets of a story in words. */
import { formatIp } from "@knet/language/values";
import { formatSocket } from "../simulate/packet.ts";
import type { StoryPacket } from "./types.ts";

type Layer = Omit<StoryPacket, "outer">;

function hasPorts(packet: Layer): boolean {
  return packet.protocol === "tcp" || packet.protocol === "udp" || packet.protocol === "sctp";
}

/** `10.10.0.1:40000`; `10.10.0.1` of a packet without ports. */
export function formatSource(packet: Layer): string {
  return hasPorts(packet) ? formatSocket(packet.src, packet.sport) : formatIp(packet.src);
}

export function formatDestination(packet: Layer): string {
  return hasPorts(packet) ? formatSocket(packet.dst, packet.dport) : formatIp(packet.dst);
}

/** `10.10.0.1:40000 → 10.10.1.3:8080`. */
export function formatEnds(packet: Layer): string {
  return `${formatSource(packet)} → ${formatDestination(packet)}`;
}

/** `tcp syn`, `udp`, `icmp port-unreachable`, `icmp type 8 code 0`. */
export function formatKind(packet: Layer): string {
  if (packet.note !== null) return `${packet.protocol} ${packet.note}`;
  return packet.protocol === "icmp" || packet.protocol === "icmp6"
    ? `${packet.protocol} type ${packet.sport} code ${packet.dport}`
    : packet.protocol;
}

/** `192.168.1.10 → 192.168.2.10 udp 4789`: a tunnel's source port says nothing, so it is left out. */
export function formatOuter(packet: Layer): string {
  const port = hasPorts(packet) ? ` ${packet.dport}` : "";
  return `${formatIp(packet.src)} → ${formatIp(packet.dst)} ${packet.protocol}${port}`;
}

/** `10.10.0.1:40000 → 10.10.1.3:8080 tcp syn [in 192.168.1.10 → 192.168.2.10 udp 4789]`. */
export function formatPacket(packet: StoryPacket): string {
  const inner = `${formatEnds(packet)} ${formatKind(packet)}`;
  return packet.outer === null ? inner : `${inner} [in ${formatOuter(packet.outer)}]`;
}
