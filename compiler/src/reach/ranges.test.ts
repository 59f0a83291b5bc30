import * as fc from "fast-check";
import { contains, formatCidr, formatIp, ipFromBigInt, ipToBigInt, parseCidr, parseIp, rangeOf } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { cidrsOf, externalRanges } from "./ranges.ts";

const ip = (text: string): Ip => parseIp(text) ?? ipFromBigInt(4, 0n);
const cidr = (text: string): Cidr => parseCidr(text) ?? { ip: ip("0.0.0.0"), prefix: 0 };

describe("cidrsOf", () => {
  it.each([
    ["0.0.0.0", "255.255.255.255", ["0.0.0.0/0"]],
    ["10.0.0.0", "10.0.0.255", ["10.0.0.0/24"]],
    ["10.0.0.1", "10.0.0.6", ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]],
    ["10.0.0.255", "10.0.1.0", ["10.0.0.255/32", "10.0.1.0/32"]],
    ["255.255.255.255", "255.255.255.255", ["255.255.255.255/32"]],
    ["2001:db8::", "2001:db8::2:ffff", ["2001:db8::/111", "2001:db8::2:0/112"]],
    ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["::/0"]],
  ])("%s to %s", (first, last, expected) => {
    expect(cidrsOf(ip(first), ip(last)).map(formatCidr)).toEqual(expected);
  });

  it("should cover the range exactly, without an overlap, and no two neighbours could be one", () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffff), (x, y) => {
        const [first, last] = x < y ? [x, y] : [y, x];
        const parts = cidrsOf(ipFromBigInt(4, BigInt(first)), ipFromBigInt(4, BigInt(last))).map(rangeOf);
        expect(ipToBigInt(parts[0]?.first ?? ip("9.9.9.9"))).toBe(BigInt(first));
        expect(ipToBigInt(parts.at(-1)?.last ?? ip("9.9.9.9"))).toBe(BigInt(last));
        parts.slice(1).forEach((part, index) => expect(ipToBigInt(part.first)).toBe(ipToBigInt(parts[index]?.last ?? part.first) + 1n));
        const sizes = parts.map((part) => ipToBigInt(part.last) - ipToBigInt(part.first) + 1n);
        sizes.slice(1).forEach((size, index) => {
          const before = parts[index];
          const joined = size === sizes[index] && before !== undefined && ipToBigInt(before.first) % (2n * size) === 0n;
          expect(joined).toBe(false);
        });
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});

describe("externalRanges", () => {
  const inside = [cidr("10.0.0.0/8"), cidr("192.168.0.0/16")];
  const text = (told: readonly Cidr[], group: (at: Ip) => string | null): readonly string[] =>
    externalRanges(4, told, inside, group).map(({ group: name, range }) => `${name} ${formatIp(range.first)}-${formatIp(range.last)}`);

  it("should be everything when nothing is told apart: declared ranges are nobody's", () => {
    expect(text([], () => "all")).toEqual(["all 0.0.0.0-255.255.255.255"]);
  });

  it("should cut where a prefix is told apart, and only there", () => {
    const told = [cidr("198.51.100.0/24")];
    expect(text(told, (at) => (told.some((range) => contains(range, at)) ? "provider" : "rest"))).toEqual([
      "rest 0.0.0.0-198.51.99.255",
      "provider 198.51.100.0-198.51.100.255",
      "rest 198.51.101.0-255.255.255.255",
    ]);
  });

  it("should join neighbours of one group, over what is declared between them", () => {
    const told = [cidr("9.0.0.0/8"), cidr("11.0.0.0/8")];
    expect(text(told, (at) => (told.some((range) => contains(range, at)) ? "partner" : "rest"))).toEqual([
      "rest 0.0.0.0-8.255.255.255",
      "partner 9.0.0.0-11.255.255.255",
      "rest 12.0.0.0-255.255.255.255",
    ]);
  });

  it("should leave declared ranges out between two groups", () => {
    const told = [cidr("8.0.0.0/7")];
    expect(text(told, (at) => (told.some((range) => contains(range, at)) ? "partner" : "rest"))).toEqual([
      "rest 0.0.0.0-7.255.255.255",
      "partner 8.0.0.0-9.255.255.255",
      "rest 11.0.0.0-255.255.255.255",
    ]);
  });

  it("should ignore prefixes of the other family, and have nothing where no group has an address", () => {
    expect(text([cidr("2001:db8::/32")], () => "all")).toEqual(["all 0.0.0.0-255.255.255.255"]);
    expect(text([], () => null)).toEqual([]);
  });
});
