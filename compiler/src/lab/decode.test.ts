import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { decodeFrame, frameSummary } from "./decode.ts";
import type { IpPacket } from "./decode.ts";

/** Bytes written by hand, with spaces where a field ends. */
function bytes(...parts: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(parts.join("").replaceAll(" ", ""), "hex"));
}

const ethernet = "020000000002 020000000001";
// 10.10.0.1:40000 > 10.10.0.65:8080, SYN, whole packet 40 bytes, DF, TTL 63.
const syn = ["45 00 0028 0001 4000 3f 06 0000 0a0a0001 0a0a0041", "9c40 1f90 00000001 00000000 50 02 ffff 0000 0000"];
// [fd10::1]:5000 > [fd10::41]:53, 4 bytes of data.
const datagram6 = ["60000000 000c 11 40 fd100000000000000000000000000001 fd100000000000000000000000000041", "1388 0035 000c 0000 6b6e6574"];

function ipOf(frame: Uint8Array, ports: readonly number[] = []): IpPacket {
  const ip = decodeFrame(frame, ports)?.ip;
  if (ip === null || ip === undefined) throw new Error("no IP packet");
  return ip;
}

describe("a captured frame", () => {
  it("shows the fields of IPv4 and TCP", () => {
    const ip = ipOf(bytes(ethernet, "0800", ...syn));
    expect([formatIp(ip.src), ip.sport, formatIp(ip.dst), ip.dport]).toEqual(["10.10.0.1", 40000, "10.10.0.65", 8080]);
    expect({ ttl: ip.ttl, size: ip.size, dontFragment: ip.dontFragment, tcp: ip.tcp }).toEqual({
      ttl: 63,
      size: 40,
      dontFragment: true,
      tcp: ["syn"],
    });
  });

  it("shows the fields of IPv6 and UDP, whose size counts from the IP header", () => {
    const ip = ipOf(bytes(ethernet, "86dd", ...datagram6));
    expect([formatIp(ip.src), ip.sport, formatIp(ip.dst), ip.dport]).toEqual(["fd10::1", 5000, "fd10::41", 53]);
    expect({ protocol: ip.protocol, size: ip.size, tcp: ip.tcp }).toEqual({ protocol: 17, size: 52, tcp: null });
  });

  it("finds the transport behind IPv6 hop-by-hop options", () => {
    const options = "60000000 0014 00 40 fd100000000000000000000000000001 fd100000000000000000000000000041 1100 0104 00000000";
    const ip = ipOf(bytes(ethernet, "86dd", options, "1388 0035 000c 0000 6b6e6574"));
    expect([ip.protocol, ip.sport, ip.dport]).toEqual([17, 5000, 53]);
  });

  it("shows the packet inside VXLAN, IPv6 in IPv4 here", () => {
    const inner = bytes("66f937c37e94 662dbf44a68b 86dd", ...datagram6);
    const length = (8 + 8 + inner.length).toString(16).padStart(4, "0");
    const whole = (20 + 8 + 8 + inner.length).toString(16).padStart(4, "0");
    const frame = bytes(
      ethernet,
      "0800",
      `45 00 ${whole} 0001 0000 40 11 0000 c0a8010a c0a8020a`,
      `a123 12b5 ${length} 0000`,
      "08 000000 001000 00",
      Buffer.from(inner).toString("hex"),
    );
    const ip = ipOf(frame, [4789]);
    expect(ip.vxlan?.vni).toBe(4096);
    expect(ip.vxlan?.frame.destination).toBe("66:f9:37:c3:7e:94");
    const decoded = decodeFrame(frame, [4789]);
    expect(decoded === null ? "" : frameSummary(decoded)).toBe(
      "192.168.1.10:41251 > 192.168.2.10:4789 udp vxlan 4096 ([fd10::1]:5000 > [fd10::41]:53 udp)",
    );
    expect(ipOf(frame, [8472]).vxlan).toBeNull();
  });

  it("shows type and code of ICMP: fragmentation needed", () => {
    const frame = bytes(ethernet, "0800", "45 00 001c 0001 0000 40 01 0000 0a0a0001 0a0a0041", "03 04 0000 000005aa");
    expect(ipOf(frame).icmp).toEqual({ type: 3, code: 4 });
  });

  it("has no ports in a later fragment", () => {
    const frame = bytes(ethernet, "0800", "45 00 001c 0001 00b9 40 11 0000 0a0a0001 0a0a0041", "9c401f9000080000");
    expect(ipOf(frame).sport).toBeNull();
  });

  it("is no IP packet when it is ARP, or when the header promises more than is there", () => {
    const arp = decodeFrame(bytes("ffffffffffff 020000000001 0806 0001"), []);
    expect(arp?.ip).toBeNull();
    expect(arp === null ? "" : frameSummary(arp)).toBe("02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff 0x0806");
    expect(decodeFrame(bytes(ethernet, "0800", "45 00 05dc 0001 4000 3f 06 0000 0a0a0001 0a0a0041"), [])?.ip).toBeNull();
    expect(decodeFrame(bytes("0200"), [])).toBeNull();
  });
});
