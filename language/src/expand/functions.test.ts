import { describe, expect, it } from "vitest";
import { valueOf } from "../testing/expressions.ts";
import { functionGroups, functionNames, signatureOf } from "./functions.ts";

const rows = functionGroups.flatMap((group) => group.rows);

describe("the table of functions", () => {
  it.each(rows.map((row) => [signatureOf(row), row] as const))("%s gives what its example says", (_, { example: [call, gives] }) => {
    expect(valueOf(call)).toBe(gives);
  });

  it("has each name once, and an example that calls it", () => {
    expect(new Set(functionNames).size).toBe(rows.length);
    for (const { name, example } of rows) expect(example[0].startsWith(`${name}(`)).toBe(true);
  });
});

describe("addresses", () => {
  it.each([
    ["subnet(10.0.0.0/8, 16, 65535)", "10.255.255.0/24"],
    ["subnet(fd00::/8, 120, 0)", "fd00::/128"],
    ["subnet(10.0.0.0/24, 0, 0)", "10.0.0.0/24"],
    ["host(10.0.0.0/24, -1)", "10.0.0.255"],
    ["host(10.0.0.0/24, -256)", "10.0.0.0"],
    ["host(fd00::/64, 9007199254740991)", "fd00::1f:ffff:ffff:ffff"],
    ["host(fd00::/64, -1)", "fd00::ffff:ffff:ffff:ffff"],
    ["first(10.0.3.0/24)", "10.0.3.0"],
    ["last(10.0.3.0/24)", "10.0.3.255"],
    ["netmask(fd00::/20)", "ffff:f000::"],
    ["netmask(0.0.0.0/0)", "0.0.0.0"],
    ["size(fd00::/76)", "4503599627370496"],
    ["contains(10.0.0.0/8, 10.255.0.1)", "true"],
    ["contains(10.1.0.0/16, 10.0.0.0/8)", "false"],
    ["contains(10.0.0.0/8, fd00::1)", "false"],
    ["overlaps(fd00::/8, fd00:1::/64)", "true"],
    ["family(10.0.0.0/8)", "4"],
    ['cidr("10.0.3.7/24")', "10.0.3.0/24"],
    ["cidr(fd00::1)", "fd00::1/128"],
    ['cidr("fd00::1", 64)', "fd00::/64"],
    ['[port(53, udp), port(9899, "sctp")]', "[53/udp, 9899/sctp]"],
    ["subnets(10.0.0.0/30, 2)", "[10.0.0.0/32, 10.0.0.1/32, 10.0.0.2/32, 10.0.0.3/32]"],
  ])("%s is %s", (call, gives) => {
    expect(valueOf(call)).toBe(gives);
  });

  it.each([
    ["subnet(10.0.0.0/24, 9, 0)", "a /24 has no room for 9 more bits: /32 is the longest prefix"],
    ["subnet(10.0.0.0/24, -1, 0)", "-1 bits are less than none"],
    ["subnet(10.0.0.0/24, 1, 2)", "there are 2 subnets, 0 to 1, and no subnet 2"],
    ["subnet(fd00::/64, 64, -1)", "there are 18446744073709551616 subnets, 0 to 18446744073709551615, and no subnet -1"],
    ["host(10.0.0.0/30, 4)", "`10.0.0.0/30` has 4 addresses, 0 to 3"],
    ["host(10.0.0.0/30, -5)", "`10.0.0.0/30` has 4 addresses, 0 to 3"],
    ["broadcast(fd00::/64)", "IPv6 has no broadcast addresses"],
    ["size(fd00::/64)", "18446744073709551616 is beyond the largest number, 2^53 - 1"],
    ["offset(10.0.0.0/24, 10.0.1.0)", "`10.0.1.0` does not lie in `10.0.0.0/24`"],
    ['ip("10.0.0.256")', "the string is not an address"],
    ['cidr("10.0.0.0/33")', "the string is not a CIDR"],
    ["cidr(10.0.0.1, 33)", "a prefix length is 0 to 32, not 33"],
    ["port(65536, tcp)", "a port is 1 to 65535, not 65536"],
    ["port(80, icmp)", "a protocol is tcp, udp, sctp, not `icmp`"],
  ])("%s has no value: %s", (call, reason) => {
    expect(valueOf(call)).toBe(`KN3015 \`${call}\` has no value: ${reason}`);
  });
});

describe("strings", () => {
  it.each([
    ["string(true)", '"true"'],
    ["string(1..3)", '"1..3"'],
    ['number("-7")', "-7"],
    ['join([], ", ")', '""'],
    ['split("a", "-")', '["a"]'],
    ['format("{{{}}} {:3}|{:03}", 1, 2, -3)', '"{1}   2|-03"'],
    ['format("{:2}", "west")', '"west"'],
    ['replace("aaa", "aa", "b")', '"ba"'],
    ['upper("straße")', '"STRASSE"'],
    // FNV-1a of the empty text is its offset basis, 0x811c9dc5.
    ['hash("", 1000000000)', "166136261"],
  ])("%s is %s", (call, gives) => {
    expect(valueOf(call)).toBe(gives);
  });

  it.each([
    ["string([1])", "a list or a map has no one text"],
    ['number("1.5")', "the string is not a whole number within ±(2^53 - 1)"],
    ['number("9007199254740992")', "the string is not a whole number within ±(2^53 - 1)"],
    ['split("a", "")', "the separator is empty"],
    ['format("{}", 1, 2)', "the pattern has 1 holes for 2 values"],
    ['format("{x}", 1)', "`{` stands alone: a hole is `{}` or `{:02}`, a brace `{{` or `}}`"],
    ['format("{:101}", 1)', "a width is at most 100"],
    ["hash(a, 4294967297)", "`n` is at most 2^32, not 4294967297"],
    ["hash(a, 0)", "`n` is at least 1, not 0"],
  ])("%s has no value: %s", (call, reason) => {
    expect(valueOf(call)).toBe(`KN3015 \`${call}\` has no value: ${reason}`);
  });
});

describe("lists, maps and numbers", () => {
  it.each([
    ["length({ a = 1, b = 2 })", "2"],
    ['length("héé")', "3"],
    ["length(5..1)", "0"],
    ["min([4, 2], 3, 1..2)", "1"],
    ["sum([])", "0"],
    ["range(3, 1)", "[]"],
    ["merge()", "{}"],
    ["get({ west = 1 }, west, 0)", "1"],
    ["sort([10.0.0.2, 10.0.0.10])", "[10.0.0.2, 10.0.0.10]"],
    ['sort([b, "a"])', '["a", b]'],
    ['distinct([10.0.0.1, 10.0.0.1, 1, "1"])', '[10.0.0.1, 1, "1"]'],
    ["flatten([[[1]], 2])", "[[1], 2]"],
    ['slice("rack-12", -2)', '"12"'],
    ["slice(1..5, 1, -1)", "[2, 3, 4]"],
    ["index-of([a, b], c)", "-1"],
    ['index-of("shop/web", "/")', "4"],
    ["any([])", "false"],
    ["all([])", "true"],
  ])("%s is %s", (call, gives) => {
    expect(valueOf(call)).toBe(gives);
  });

  it.each([
    ["first([])", "the list is empty"],
    ["min()", "there are no numbers"],
    ["min([a])", "the list holds something else than numbers"],
    ["sort([1, a])", "the items have no order among them"],
    ["sort([10.0.0.1, fd00::1])", "the items have no order among them"],
    ["any([1])", "the list holds something else than `true` and `false`"],
  ])("%s has no value: %s", (call, reason) => {
    expect(valueOf(call)).toBe(`KN3015 \`${call}\` has no value: ${reason}`);
  });

  it("refuses an argument of another kind", () => {
    expect(valueOf("host(10.0.0.1, 3)")).toBe("KN3001 `host: cidr` wants a CIDR, not the address `10.0.0.1`");
    expect(valueOf("family(3)")).toBe("KN3001 `family: x` wants an address or a CIDR, not the number 3");
    expect(valueOf("length(80/tcp)")).toBe("KN3001 `length: x` wants a list or a map or a string, not the port `80/tcp`");
  });
});
