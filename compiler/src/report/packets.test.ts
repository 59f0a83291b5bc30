import { describe, expect, it } from "vitest";
import { formatPacket } from "./packets.ts";
import { inVxlan, packet } from "./story.testing.ts";

describe("formatPacket", () => {
  it("should write ends, protocol and what kind of packet it is", () => {
    expect(formatPacket(packet("10.10.0.1", 40000, "10.10.1.3", 8080, "syn"))).toBe("10.10.0.1:40000 → 10.10.1.3:8080 tcp syn");
    expect(formatPacket(packet("10.10.0.1", 40000, "172.16.0.10", 53, null, "udp"))).toBe("10.10.0.1:40000 → 172.16.0.10:53 udp");
  });

  it("should put IPv6 addresses with ports in brackets", () => {
    expect(formatPacket(packet("fd00::1", 40000, "fd00:0:0:1::3", 8080, "syn"))).toBe("[fd00::1]:40000 → [fd00:0:0:1::3]:8080 tcp syn");
  });

  it("should name the outer packet of a tunnel without its source port", () => {
    expect(formatPacket(inVxlan(packet("10.10.0.1", 40000, "10.10.1.3", 8080, "syn"), "192.168.1.10", "192.168.2.10"))).toBe(
      "10.10.0.1:40000 → 10.10.1.3:8080 tcp syn [in 192.168.1.10 → 192.168.2.10 udp 4789]",
    );
  });

  it("should write no ports for ICMP, and the type where it has no name", () => {
    expect(formatPacket(packet("192.168.1.1", 3, "192.168.1.10", 1, "host-unreachable", "icmp"))).toBe(
      "192.168.1.1 → 192.168.1.10 icmp host-unreachable",
    );
    expect(formatPacket(packet("fd00::1", 128, "fd00::2", 0, null, "icmp6"))).toBe("fd00::1 → fd00::2 icmp6 type 128 code 0");
  });
});
