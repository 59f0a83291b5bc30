import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../testing/fixtures.ts";
import { quote, stringValue, tokenize } from "./lexer.ts";

const kinds = (text: string): string[] => tokenize("t.knet", text).tokens.map((token) => `${token.kind} ${token.text}`);
const said = (text: string): string[] =>
  tokenize("t.knet", text).diagnostics.map((diagnostic) => `${diagnostic.code} ${diagnostic.message}`);

describe("tokenize", () => {
  it("loses no character of any text: tokens and trivia together are the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { tokens, trivia } = tokenize("t.knet", text);
        const parts = [...tokens, ...trivia].sort((x, y) => x.start - y.start);
        expect(parts.map((part) => part.text).join("")).toBe(text);
        for (const part of parts) expect(text.slice(part.start, part.end)).toBe(part.text);
      }),
      { seed: 20261122, numRuns: 400 },
    );
  });

  it("reads every literal as one token", () => {
    expect(kinds("172.16.0.0/16 10.0.0.1 fd00::/64 fd00::1 02:42:ac:11:00:02 80/tcp 80 pod-0 namespace001/pod-0 namespace001/*")).toEqual([
      "cidr 172.16.0.0/16",
      "address 10.0.0.1",
      "cidr fd00::/64",
      "address fd00::1",
      "mac 02:42:ac:11:00:02",
      "port 80/tcp",
      "number 80",
      "word pod-0",
      "path namespace001/pod-0",
      "path namespace001/*",
    ]);
  });

  it("reads durations and sizes as one token", () => {
    expect(kinds("500ms 30s 10m 1h30m 2d12h 1500B 64KiB 10MiB 1GB 2kB")).toEqual([
      "duration 500ms",
      "duration 30s",
      "duration 10m",
      "duration 1h30m",
      "duration 2d12h",
      "size 1500B",
      "size 64KiB",
      "size 10MiB",
      "size 1GB",
      "size 2kB",
    ]);
  });

  it.each([
    ["10mb", "sizes are written with B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", "10MB"],
    ["10KIB", "sizes are written with B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", "10KiB"],
    ["1.5s", "durations and sizes are whole numbers of a unit", null],
    ["30m1h", "the parts of a duration stand from the greatest unit to the smallest, each once: `1h30m`", null],
    ["1h1h", "the parts of a duration stand from the greatest unit to the smallest, each once: `1h30m`", null],
  ])("says what is wrong with %s", (text, reason, repaired) => {
    const [diagnostic] = tokenize("t.knet", text).diagnostics;
    expect(diagnostic?.message).toBe(`\`${text}\` is not a number or a port: ${reason}`);
    expect(diagnostic?.fixes.flatMap((fix) => fix.edits.map((edit) => edit.text))).toEqual(repaired === null ? [] : [repaired]);
  });

  it("reads operators, and a dot behind a bracket", () => {
    expect(kinds("a[0].b f(x).c 1 <= 2 >= 3 < 4 > 5 != 6 == 7 + 8 * 9").filter((kind) => kind.startsWith("punctuation"))).toEqual(
      ["[", "]", ".", "(", ")", ".", "<=", ">=", "<", ">", "!=", "==", "+", "*"].map((sign) => `punctuation ${sign}`),
    );
  });

  it("takes a string with values apart, each token where it stands in the file", () => {
    const text = 'x = "a-${i + 1}\\t\\${no}"';
    const [[start, pieces] = []] = [...tokenize("t.knet", text).interpolations];
    expect(start).toBe(4);
    const written = pieces?.map((piece) =>
      typeof piece === "string" ? piece : piece.tokens.map(({ startOffset, image }) => text.slice(startOffset, startOffset + image.length)),
    );
    expect(written).toEqual(["a-", ["i", "+", "1"], "\t${no}"]);
  });

  it("reads operators of other languages as what they mean", () => {
    expect(said("a && b || !c === d !== e")).toEqual([
      "KN1020 `&&` is written `and`",
      "KN1020 `||` is written `or`",
      "KN1020 `!` is written `not`",
      "KN1020 `===` is written `==`",
      "KN1020 `!==` is written `!=`",
    ]);
    expect(said("a / b % c")).toEqual(["KN1020 there is no division", "KN1020 there is no remainder"]);
  });

  it("takes a range apart, so that its ends have places of their own", () => {
    expect(kinds("30000..32767/tcp")).toEqual(["number 30000", "punctuation ..", "port 32767/tcp"]);
  });

  it("reads IPv6 in its odd spellings", () => {
    expect(kinds(":: ::1 ::/0 2001:db8::8:800:200c:417a ::ffff:10.0.0.1 a::b")).toEqual([
      "address ::",
      "address ::1",
      "cidr ::/0",
      "address 2001:db8::8:800:200c:417a",
      "address ::ffff:10.0.0.1",
      "address a::b",
    ]);
  });

  it("joins a hyphen only between letters and digits", () => {
    expect(kinds("node-port a->b")).toEqual(["word node-port", "word a", "punctuation ->", "word b"]);
    expect(kinds("a -b")).toEqual(["word a", "punctuation -", "word b"]);
    expect(kinds("a - b a-b 3-i")).toEqual(["word a", "punctuation -", "word b", "word a-b", "malformed 3-i"]);
  });

  it("keeps comments as trivia and tells documentation from remarks", () => {
    const { trivia } = tokenize("t.knet", "/// says what\n// aside\n//// rule\n");
    expect(trivia.filter((piece) => piece.kind !== "space").map((piece) => piece.kind)).toEqual(["doc", "comment", "comment"]);
  });

  it.each([
    ["10.0.0.256", "256 is greater than 255"],
    ["1.2.3", "an IPv4 address has four numbers, this has three"],
    ["10.0.0.0/33", "the prefix length is at most 32, not 33"],
    ["300.1.1.1/8", "300 is greater than 255"],
    ["010.0.0.1", "`010` has a leading zero, which other programs read as octal"],
    ["10.0.0.1/", "the prefix length behind `/` is missing"],
    ["10.0.0.1:53", "an address stands without a port here"],
    ["10/8", "an IPv4 address has four numbers, this has one"],
    ["fd00::1::2", "`::` may stand once"],
    ["fd00:1:2", "an IPv6 address has eight groups, this has three"],
    ["fd00::12345", "the group `12345` has more than four digits"],
    ["fd00::/129", "the prefix length is at most 128, not 129"],
    ["fe80::1%eth0", "a zone such as `%eth0` has no meaning in a cluster"],
    ["fd00::g", "an IPv6 address holds hexadecimal digits and colons only"],
  ])("reads %s as one malformed address and says why", (text, reason) => {
    expect(kinds(text)).toEqual([`malformed ${text}`]);
    expect(said(text)).toEqual([`KN1003 \`${text}\` is not an address: ${reason}`]);
  });

  it("says that a protocol does not exist, and that a name with a digit in front is quoted", () => {
    expect(said("80/http")).toEqual(["KN1004 `80/http` is not a number or a port: `http` is no transport protocol"]);
    expect(said("3scale")).toEqual(["KN1004 `3scale` is not a number or a port: a name that begins with a digit must be quoted"]);
  });

  it("offers the protocol that was probably meant", () => {
    const [diagnostic] = tokenize("t.knet", "80/TCP").diagnostics;
    expect(diagnostic?.fixes.map((fix) => fix.edits.map((edit) => edit.text))).toEqual([["80/tcp"]]);
  });

  it("merges a run of foreign characters into one finding", () => {
    expect(said("a @@€€@ b")).toEqual(["KN1001 `@@€€@` has no meaning here"]);
    expect(said("a\u00a0b")).toEqual(["KN1001 the character U+00A0 has no meaning here"]);
  });

  it("takes a byte order mark for white space", () => {
    expect(said("\uFEFFcluster")).toEqual([]);
  });

  it("refuses binary files with one message", () => {
    expect(said("\u007fELF\u0002\0\0\0\u0001")).toEqual(["KN1012 this is not a text file: it holds NUL characters"]);
  });

  it("reads comments of other languages as one finding each", () => {
    expect(said("a # one\n/* two\n lines */ b")).toEqual([
      "KN1013 comments begin with `//` and end with the line",
      "KN1013 comments begin with `//` and end with the line",
    ]);
    expect(kinds("a /* two\n lines */ b")).toEqual(["word a", "unknown /* two\n lines */", "word b"]);
  });

  it("ends an unclosed string at the end of its line, in front of the bracket there", () => {
    expect(kinds('assert "x reaches y {\n')).toEqual(["word assert", 'string "x reaches y', "punctuation {"]);
  });

  it("names unknown escapes and reads known ones", () => {
    expect(said(String.raw`"a\db"`)).toEqual([String.raw`KN1015 ${"`"}\d${"`"} is not an escape sequence`]);
    expect(stringValue(String.raw`"a\"b\\c\n\u{1F600}"`)).toBe('a"b\\c\n😀');
  });

  it("reads back what it quotes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(stringValue(quote(value))).toBe(value);
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });
});
