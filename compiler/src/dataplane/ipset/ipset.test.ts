import { ip4, parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileIpSet } from "./compile.ts";
import { IpSetError } from "./member.ts";
import { IpSetSyntaxError, normaliseIpSet, parseIpSetSave } from "./parse.ts";
import { printIpSets } from "./print.ts";
import type { IpSet } from "./types.ts";

const origin = { name: "test", span: null };

function set(type: IpSet["type"], family: 4 | 6, ...members: readonly string[]): IpSet {
  return { name: "s", type, family, maxElements: 1048576, members: members.map((text) => ({ text, origin })), owner: "test", origin };
}

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

describe("printing for ipset restore", () => {
  it("creates each set and adds its members, each line joined to its record", () => {
    const given = set("hash:net", 4, "10.0.0.1", "10.0.0.0/8");
    const lines = printIpSets([given, { ...set("hash:ip,port", 6, "fd00::1,tcp:80"), name: "t", maxElements: 65536 }]);
    expect(lines.map((line) => line.text)).toEqual([
      "create s hash:net family inet maxelem 1048576",
      "add s 10.0.0.1",
      "add s 10.0.0.0/8",
      "create t hash:ip,port family inet6 maxelem 65536",
      "add t fd00::1,tcp:80",
    ]);
    expect(lines.slice(0, 3).map((line) => line.item)).toEqual([given, given.members[0], given.members[1]]);
  });

  it("writes everything as its two halves, and nothing twice", () => {
    const text = (given: IpSet): readonly string[] =>
      printIpSets([given])
        .slice(1)
        .map((line) => line.text);
    expect(text(set("hash:net", 4, "0.0.0.0/0", "128.0.0.0/1", "10.0.0.1", "10.0.0.1"))).toEqual([
      "add s 0.0.0.0/1",
      "add s 128.0.0.0/1",
      "add s 10.0.0.1",
    ]);
    expect(text(set("hash:net", 6, "::/0"))).toEqual(["add s ::/1", "add s 8000::/1"]);
  });
});

describe("membership", () => {
  it("in hash:net is lying in any of its prefixes", () => {
    const compiled = compileIpSet(set("hash:net", 4, "10.1.0.0/16", "10.2.3.4", "192.168.7.9/24"));
    expect(["10.1.255.255", "10.2.3.4", "192.168.7.1"].map((text) => compiled.has(ip(text)))).toEqual([true, true, true]);
    expect(["10.0.255.255", "10.2.3.5", "192.168.8.0", "fd00::1"].map((text) => compiled.has(ip(text)))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it("in a set with everything is true for the whole family", () => {
    const four = compileIpSet(set("hash:net", 4, "0.0.0.0/0"));
    expect([four.has(ip("255.255.255.255")), four.has(ip("0.0.0.0")), four.has(ip("::1"))]).toEqual([true, true, false]);
    const six = compileIpSet(set("hash:net", 6, "::/1", "8000::/1"));
    expect([six.has(ip("::1")), six.has(ip("fd00::1")), six.has(ip("10.0.0.1"))]).toEqual([true, true, false]);
  });

  it("in hash:ip,port needs address, protocol and port", () => {
    const compiled = compileIpSet(set("hash:ip,port", 4, "10.0.0.1,tcp:80", "10.0.0.2,udp:8000-8001", "10.0.0.3,443"));
    expect(compiled.has(ip("10.0.0.1"), { protocol: 6, port: 80 })).toBe(true);
    expect(compiled.has(ip("10.0.0.1"), { protocol: 17, port: 80 })).toBe(false);
    expect(compiled.has(ip("10.0.0.1"))).toBe(false);
    expect(compiled.has(ip("10.0.0.2"), { protocol: 17, port: 8001 })).toBe(true);
    expect(compiled.has(ip("10.0.0.2"), { protocol: 17, port: 8002 })).toBe(false);
    expect(compiled.has(ip("10.0.0.3"), { protocol: 6, port: 443 })).toBe(true);
  });

  it("agrees with masking, whatever the prefixes", () => {
    const member = fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1, max: 32 }));
    fc.assert(
      fc.property(fc.array(member, { maxLength: 20 }), fc.integer({ min: 0, max: 0xffffffff }), fc.nat(19), (members, other, pick) => {
        const dotted = (n: number): string => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");
        const compiled = compileIpSet(set("hash:net", 4, ...members.map(([address, prefix]) => `${dotted(address)}/${prefix}`)));
        const near = members[pick] === undefined ? other : ((members[pick][0] & 0xffffff00) | (other & 255)) >>> 0;
        const inside = members.some(([address, prefix]) => BigInt(address) >> BigInt(32 - prefix) === BigInt(near) >> BigInt(32 - prefix));
        expect(compiled.has(ip4(near))).toBe(inside);
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it("cannot be asked of a set with a member that ipset would refuse", () => {
    expect(() => compileIpSet(set("hash:net", 4, "10.0.0.0/33"))).toThrow(IpSetError);
    expect(() => compileIpSet(set("hash:net", 6, "10.0.0.1"))).toThrow("not of IPv6: 10.0.0.1");
    expect(() => compileIpSet(set("hash:ip,port", 4, "10.0.0.1,icmp:8"))).toThrow("tcp, udp, sctp");
  });
});

describe("reading ipset save", () => {
  it("gives the sets with family, size and members, whatever the kernel adds", () => {
    const text =
      "create a hash:net family inet hashsize 1024 maxelem 1048576 bucketsize 12 initval 0x0ad6dfe5\nadd a 10.0.0.0/8\nadd a 10.0.0.1\ncreate b hash:ip,port family inet6 hashsize 1024 maxelem 65536\nadd b fd00::1,tcp:80\n";
    expect(
      parseIpSetSave(text).map(({ name, type, family, maxElements, members }) => ({
        name,
        type,
        family,
        maxElements,
        members: members.map((member) => member.text),
      })),
    ).toEqual([
      { name: "a", type: "hash:net", family: 4, maxElements: 1048576, members: ["10.0.0.0/8", "10.0.0.1"] },
      { name: "b", type: "hash:ip,port", family: 6, maxElements: 65536, members: ["fd00::1,tcp:80"] },
    ]);
  });

  it("normalises members to one spelling and order", () => {
    const texts = (given: IpSet): readonly string[] => normaliseIpSet(given).members.map((member) => member.text);
    expect(texts(set("hash:net", 4, "10.1.2.3/16", "10.0.0.1/32", "10.0.0.1", "0.0.0.0/0"))).toEqual([
      "0.0.0.0/1",
      "10.0.0.1",
      "10.1.0.0/16",
      "128.0.0.0/1",
    ]);
    expect(texts(set("hash:ip", 4, "10.0.0.0/30"))).toEqual(["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    expect(texts(set("hash:ip,port", 4, "10.0.0.1,80-81"))).toEqual(["10.0.0.1,tcp:80", "10.0.0.1,tcp:81"]);
    expect(() => texts(set("hash:ip", 4, "10.0.0.0/8"))).toThrow("too many members");
  });

  it.each([
    ["create a bitmap:port range 0-100\n", 1, "does not model the type"],
    ["create a hash:ip family inet timeout 5\n", 1, "does not model the option: timeout"],
    ["create a hash:ip\ncreate a hash:ip\n", 2, "created twice"],
    ["add a 10.0.0.1\n", 1, "there is no set a"],
    ["create a hash:net\nadd a 10.0.0.1 nomatch\n", 2, "option nomatch"],
    ["create a hash:net\nadd a 10.0.0\n", 2, "not an address"],
    ["destroy a\n", 1, "unknown command destroy"],
  ])("names the line it cannot read: %j", (text, line, reason) => {
    let caught: unknown = null;
    try {
      parseIpSetSave(text);
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof IpSetSyntaxError)) throw new Error("not refused");
    expect([caught.line, caught.message]).toEqual([line, expect.stringContaining(reason)]);
  });
});
