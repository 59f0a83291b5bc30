/** Transport protocols and ports. */

export type Transport = "tcp" | "udp" | "sctp";

export const transports: readonly Transport[] = ["tcp", "udp", "sctp"];

/** IANA protocol numbers of the transports. */
export const transportNumbers: Readonly<Record<Transport, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** An inclusive range of ports of one protocol; a single port has `first === last`. All ports: 0..65535. */
export interface PortRange {
  readonly protocol: Transport;
  readonly first: number;
  readonly last: number;
}

export function isTransport(text: string): text is Transport {
  return text === "tcp" || text === "udp" || text === "sctp";
}

/** `80/tcp`, `30000..32767/tcp`, or `tcp` for all its ports. */
export function formatPortRange(range: PortRange): string {
  if (range.first === 0 && range.last === 65535) return range.protocol;
  if (range.first === range.last) return `${range.first}/${range.protocol}`;
  return `${range.first}..${range.last}/${range.protocol}`;
}
