import { describe, expect, it } from "vitest";
import { valueOf } from "../testing/expressions.ts";

describe("operators", () => {
  it.each([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["10 - 2 - 3", "5"],
    ["-3 + 5", "2"],
    ["2 - -3", "5"],
    ['"a" + "b" + c', '"abc"'],
    ["10.0.0.1 + 9", "10.0.0.10"],
    ["10.0.1.0 - 1", "10.0.0.255"],
    ["fd00:: + 65536", "fd00::1:0"],
    ["10.0.1.0 - 10.0.0.0", "256"],
    ["fd00::2 - fd00::5", "-3"],
    ["[1] + [2, 3]", "[1, 2, 3]"],
    ["{ a = 1, b = 1 } + { b = 2 }", "{ a = 1, b = 2 }"],
    ["1h + 30m", "1h30m"],
    ["2 * 90s", "3m"],
    ["64KiB * 16", "1MiB"],
    ["1GB - 500MB", "500MB"],
    ["8080/tcp + 1", "8081/tcp"],
    ["1 < 2", "true"],
    ["2 <= 1", "false"],
    ["10.0.0.2 < 10.0.0.10", "true"],
    ["1h > 59m", "true"],
    ['east == "east"', "true"],
    ['"a" != b', "true"],
    ["10.0.0.0/8 == 10.0.0.0/8", "true"],
    ['[1, a] == [1, "a"]', "true"],
    ["[1] == [a]", "false"],
    ["2 in [1, 2]", "true"],
    ["9 in 1..8", "false"],
    ["8080/tcp in 8000..8090/tcp", "true"],
    ["8080/udp in 8000..8090/tcp", "false"],
    ["a in { a = 1 }", "true"],
    ["10.1.2.3 in 10.0.0.0/8", "true"],
    ["fd00:1::/64 in fd00::/16", "true"],
    ["10.0.0.0/8 not in 10.0.0.0/16", "true"],
    ["not true or true", "true"],
    ["true or false and false", "true"],
    ["1 == 1 and 2 == 2", "true"],
    ["1..2 + 1", "1..3"],
  ])("%s is %s", (expression, value) => {
    expect(valueOf(expression)).toBe(value);
  });

  it("look at no more than decides", () => {
    expect(valueOf("false and nobody.knows")).toBe("false");
    expect(valueOf("true or 1")).toBe("true");
  });

  it("are taken from left to right in long chains", () => {
    expect(valueOf(`1000 - ${Array.from({ length: 100 }, () => "1").join(" - ")}`)).toBe("900");
  });

  it.each([
    ["1 + a", "KN3014 `+` has no meaning for the number 1 and `a`"],
    ["a + b", "KN3014 `+` has no meaning for `a` and `b`"],
    ["1 == a", "KN3014 `==` has no meaning for the number 1 and `a`"],
    ["10.0.0.1 < fd00::1", "KN3014 `<` has no meaning for the address `10.0.0.1` and the address `fd00::1`"],
    ["80/tcp in 1..90", "KN3014 `in` has no meaning for the port `80/tcp` and the range `1..90`"],
    ["1 and true", "KN3001 `and` wants `true` or `false`, not the number 1"],
    ["not 1", "KN3001 `not` wants `true` or `false`, not the number 1"],
    ["-a", "KN3001 `-` wants a number, not `a`"],
    ["a..3", "KN3001 `..` wants a number, not `a`"],
    ["9007199254740991 + 1", "KN3015 `9007199254740991 + 1` has no value: it is beyond the largest number, ±(2^53 - 1)"],
    ["9007199254740992 + 0", "KN3015 `9007199254740992` has no value: it is beyond the largest number, 2^53 - 1"],
    ["255.255.255.255 + 1", "KN3015 `255.255.255.255 + 1` has no value: there is no address 1 behind `255.255.255.255`"],
    [":: - 1", "KN3015 `:: - 1` has no value: there is no address 1 before `::`"],
    ["65535/tcp + 1", "KN3015 `65535/tcp + 1` has no value: a port is 1 to 65535, not 65536"],
    ["1s - 2s", "KN3015 `1s - 2s` has no value: a duration is never less than nothing"],
    ["prefix(10.0.0.1/8)", "KN3003 `10.0.0.1/8` has bits set behind its prefix length"],
  ])("%s: %s", (expression, message) => {
    expect(valueOf(expression)).toBe(message);
  });
});

describe("parts of values", () => {
  const sites = "const sites = { west = 10.0.0.0/24, east = { cidr = 10.0.1.0/24, ports = [80/tcp, 443/tcp] } }";

  it.each([
    ["sites.west", "10.0.0.0/24"],
    ["sites.east.cidr", "10.0.1.0/24"],
    ["sites[west]", "10.0.0.0/24"],
    ['sites["east"].ports[1]', "443/tcp"],
    ["sites.east.ports[-1]", "443/tcp"],
    ["[10, 20, 30][1]", "20"],
    ["(5..9)[2]", "7"],
    ["keys(sites)[0]", "west"],
  ])("%s is %s", (expression, value) => {
    expect(valueOf(expression, sites)).toBe(value);
  });

  it.each([
    ["sites.north", "KN3015 `north` has no value: the map has no such key"],
    ["sites.west.cidr", "KN3001 `.cidr` wants a map in front of it, not the CIDR `10.0.0.0/24`"],
    ["[1, 2][2]", "KN3015 `[1, 2][2]` has no value: the list has 2 items, 0 to 1, and no item 2"],
    ["[][0]", "KN3015 `[][0]` has no value: the list is empty"],
    ["[1][a]", "KN3001 `[…]` wants a number, not `a`"],
    ["sites[1]", "KN3001 `[…]` wants a key of the map, not the number 1"],
    ["nowhere.west + 1", "KN2001 there is no constant or parameter called `nowhere`"],
  ])("%s: %s", (expression, message) => {
    expect(valueOf(expression, sites)).toBe(message);
  });
});

describe("strings", () => {
  it.each([
    ['"rack-${1 + 1}"', '"rack-2"'],
    ['"${west}/${10.0.0.1}"', '"west/10.0.0.1"'],
    ['"\\${west}"', '"\\${west}"'],
    ['"${1h30m} ${64KiB} ${80/tcp} ${true}"', '"1h30m 64KiB 80/tcp true"'],
  ])("%s is %s", (expression, value) => {
    expect(valueOf(expression)).toBe(value);
  });

  it("hold no lists", () => {
    expect(valueOf('"x-${[1]}"')).toBe("KN3001 `${…}` wants a value with one text, not a list");
  });
});

describe("conditionals and comprehensions", () => {
  it.each([
    ["if 1 < 2 then a else b", "a"],
    ["if false then a else if false then b else c", "c"],
    ["[i * i for i in 1..4]", "[1, 4, 9, 16]"],
    ["[i for i in 1..6 if not (i in [2, 3])]", "[1, 4, 5, 6]"],
    ['["${a}${b}" for a in [x, y], b in 1..2]', '["x1", "x2", "y1", "y2"]'],
    ["[[i, v] for i, v in [a, b]]", "[[0, a], [1, b]]"],
    ["[k for k in { b = 1, a = 2 }]", "[b, a]"],
    ['["${k}=${v}" for k, v in { b = 1, a = 2 }]', '["b=1", "a=2"]'],
    ["[j for i in 1..3, j in i..3]", "[1, 2, 3, 2, 3, 3]"],
    ['{ a = 1, for i in [b, c] { "${i}" = 2 } }', "{ a = 1, b = 2, c = 2 }"],
    ["{ if 1 < 2 { a = 1 } else { b = 1 } }", "{ a = 1 }"],
    ["{ const two = 2, a = two }", "{ a = 2 }"],
  ])("%s is %s", (expression, value) => {
    expect(valueOf(expression)).toBe(value);
  });

  it.each([
    ["if 1 then a else b", "KN3001 `if` wants `true` or `false`, not the number 1"],
    ["[i for i in 5]", "KN3001 `for` wants a list, a range or a map, not the number 5"],
    ["[i for i in 80..90/tcp]", "KN3001 `for` wants a list, a range or a map, not the range `80..90/tcp`"],
    ['{ a = 1, for i in [a] { "${i}" = 2 } }', "KN2012 `a` is given twice"],
  ])("%s: %s", (expression, message) => {
    expect(valueOf(expression)).toBe(message);
  });
});

describe("constants", () => {
  it("may stand in any order, and be made of each other", () => {
    expect(valueOf("a", "const a = b + 1\nconst b = c * 2\nconst c = 3")).toBe("7");
  });

  it("are told when they go round in a circle, once", () => {
    expect(valueOf("[a, b]", "const a = b\nconst b = a")).toBe("KN2020 this constant depends on itself: `a` → `b` → `a`");
  });

  it("may not be piled up without end", () => {
    const pile = Array.from({ length: 5000 }, (_, i) => `const c-${i} = c-${i + 1}`).join("\n");
    expect(valueOf("c-0", `${pile}\nconst c-5000 = 1`)).toBe(
      "KN3015 this has no value: it is made of too many definitions, one from another",
    );
    const nested = Array.from({ length: 100 }, (_, i) => `const c-${i + 1} = [c-${i}]`).join("\n");
    expect(valueOf("c-100", `const c-0 = 1\n${nested}`)).toBe(
      "KN3015 `[c-64]` has no value: lists and maps stand in each other 64 deep, not deeper",
    );
  });
});
