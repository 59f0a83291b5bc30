import { describe, expect, it } from "vitest";
import { thrownBy } from "../dump/testing.ts";
import { parseRules } from "./parse-rules.ts";
import { printRules } from "./print.ts";

function wordsOf(family: 4 | 6, ...entries: readonly object[]): readonly string[] {
  return printRules(parseRules(JSON.stringify(entries), family)).map(({ text }) => text);
}

describe("parseRules", () => {
  it("should tell the kernel's own rules from others", () => {
    const entries = [
      { priority: 0, src: "all", table: "local" },
      { priority: 100, src: "all", table: "local" },
      { priority: 32_765, src: "all", table: "main", protocol: "80" },
      { priority: 32_766, src: "all", table: "main" },
      { priority: 32_767, src: "all", table: "default" },
    ];
    expect(parseRules(JSON.stringify(entries), 4).map(({ priority, table, owner }) => [priority, table, owner])).toEqual([
      [0, 255, "kernel"],
      [100, 255, "unknown"],
      [32_765, 254, "felix"],
      [32_766, 254, "kernel"],
      [32_767, 253, "kernel"],
    ]);
  });

  it("should not take a rule with a condition for the kernel's", () => {
    expect(parseRules(JSON.stringify([{ priority: 32_766, src: "10.0.0.0", srclen: 8, table: "main" }]), 4)).toMatchObject([
      { owner: "unknown" },
    ]);
  });

  it.each([
    [
      { priority: 50, src: "10.1.0.0", srclen: 16, dst: "10.2.0.0", dstlen: 16, fwmark: "0x10", fwmask: "0xf0", table: "100" },
      "rule add priority 50 from 10.1.0.0/16 to 10.2.0.0/16 fwmark 0x10/0xf0 lookup 100",
    ],
    [{ priority: 51, not: null, src: "10.9.0.1", table: "100" }, "rule add priority 51 not from 10.9.0.1/32 lookup 100"],
    [{ priority: 56, src: "all", fwmark: "0x5", table: "100" }, "rule add priority 56 from all fwmark 0x5/0xffffffff lookup 100"],
    [{ priority: 52, src: "all", iif: "e0", table: "100" }, "rule add priority 52 from all iif e0 lookup 100"],
    [{ priority: 54, src: "all", action: "blackhole" }, "rule add priority 54 from all blackhole"],
    [
      { priority: 57, src: "all", ipproto: "tcp", dport: 80, table: "100" },
      "rule add priority 57 from all ipproto tcp dport 80 lookup 100",
    ],
    [
      { priority: 57, src: "all", ipproto: "udp", sport_start: 1000, sport_end: 2000, table: "100" },
      "rule add priority 57 from all ipproto udp sport 1000-2000 lookup 100",
    ],
    [{ priority: 58, src: "all", uid_start: 0, uid_end: 5, table: "100" }, "rule add priority 58 from all uidrange 0-5 lookup 100"],
    [
      { priority: 59, src: "all", table: "main", suppress_prefixlen: 0 },
      "rule add priority 59 from all suppress_prefixlength 0 lookup 254",
    ],
    [{ priority: 60, src: "all", goto: 32_766 }, "rule add priority 60 from all goto 32766"],
    [{ priority: 70, src: "all", l3mdev: null }, "rule add priority 70 from all l3mdev"],
  ])("should read %j", (entry, words) => {
    expect(wordsOf(4, entry)).toEqual([words]);
  });

  it("should read IPv6", () => {
    expect(wordsOf(6, { priority: 50, src: "fd00::", srclen: 8, dst: "fd09::1", table: "100" })).toEqual([
      "rule add priority 50 from fd00::/8 to fd09::1/128 lookup 100",
    ]);
  });

  it.each([
    [{ src: "all", table: "main" }, "priority"],
    [{ priority: 5, src: "fd00::1", table: "main" }, "src"],
    [{ priority: 5, src: "10.0.0.0", srclen: 40, table: "main" }, "srclen"],
    [{ priority: 5, src: "all", fwmark: "red", table: "main" }, "fwmark"],
    [{ priority: 5, src: "all", fwmark: "0x1ffffffff", table: "main" }, "fwmark"],
    [{ priority: 5, src: "all", table: "vpn" }, "table"],
    [{ priority: 5, src: "all" }, "table"],
  ])("should name entry and field of %j", (entry, field) => {
    expect(thrownBy(() => wordsOf(4, entry))).toMatchObject({
      name: "DumpError",
      file: "ip -j rule",
      place: { unit: "entry", number: 1 },
      field,
    });
  });
});
