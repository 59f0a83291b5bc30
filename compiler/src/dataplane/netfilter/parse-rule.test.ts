import { ip4, parseIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { parseRule, RuleSyntaxError } from "./parse-rule.ts";
import { saveRule } from "./print.ts";
import { saved4, saved6 } from "./spellings.testing.ts";
import { quoteWord, splitWords } from "./words.ts";

describe("a rule in the spelling of its owner becomes the rule that iptables-save prints", () => {
  it.each(saved4)("%s", (text, expected) => {
    expect(saveRule(parseRule(text, 4), 4)).toBe(expected);
    expect(parseRule(expected, 4)).toEqual(parseRule(text, 4));
  });

  it.each(saved6)("IPv6: %s", (text, expected) => {
    expect(saveRule(parseRule(text, 6), 6)).toBe(expected);
    expect(parseRule(expected, 6)).toEqual(parseRule(text, 6));
  });
});

describe("the parts of a rule", () => {
  it("stand in kernel order: addresses, interfaces, protocol, then extensions as written", () => {
    const rule = parseRule(
      '-m comment --comment "x y" -j ACCEPT -p udp -o eth1 --dport 53 -i eth0 -d 10.0.0.1 ! -s 10.0.0.0/8 -m mark --mark 0x1/0xf',
      4,
    );
    expect(rule).toEqual({
      matches: [
        { kind: "source", cidr: { ip: ip4(0x0a000000), prefix: 8 }, negated: true },
        { kind: "destination", cidr: { ip: ip4(0x0a000001), prefix: 32 }, negated: false },
        { kind: "in-interface", name: "eth0", negated: false },
        { kind: "out-interface", name: "eth1", negated: false },
        { kind: "protocol", protocol: 17, negated: false },
        { kind: "comment", text: "x y" },
        { kind: "port", side: "destination", first: 53, last: 53, negated: false },
        { kind: "mark", value: 1, mask: 15, negated: false },
      ],
      target: { kind: "accept" },
    });
  });

  it("keep the probability as the kernel does, in 2^31ths", () => {
    expect(parseRule("-m statistic --mode random --probability 0.5000000000", 4).matches).toEqual([
      { kind: "statistic", threshold: 0x40000000, negated: false },
    ]);
    expect(parseRule("-m statistic --mode random ! --probability 0.29999999981", 4).matches).toEqual([
      { kind: "statistic", threshold: 644245094, negated: true },
    ]);
  });

  it("give -m tcp without options as every destination port, and a jump to any other word as a chain", () => {
    expect(parseRule("-p tcp -m tcp -j KUBE-X", 4)).toEqual({
      matches: [
        { kind: "protocol", protocol: 6, negated: false },
        { kind: "port", side: "destination", first: 0, last: 65535, negated: false },
      ],
      target: { kind: "jump", chain: "KUBE-X" },
    });
  });

  it("give DNAT its address and port", () => {
    expect(parseRule("-p tcp -j DNAT --to-destination [fd00::5]:80", 6).target).toEqual({ kind: "dnat", to: parseIp("fd00::5"), port: 80 });
    expect(parseRule("-j DNAT --to-destination 10.0.0.1", 4).target).toEqual({ kind: "dnat", to: ip4(0x0a000001), port: null });
  });
});

describe("what cannot be read is refused by its word", () => {
  it.each([
    ["-m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP", "nfacct", "accounting objects"],
    ["-m limit --limit 5/min", "limit", "unknown match"],
    ["-ptcp --dport 80", "-ptcp", "unknown option"],
    ["-p tcp --dport 80 --frobnicate 3", "--frobnicate", "unknown option"],
    ["-j ACCEPT surplus", "surplus", "unexpected word"],
    ["-m tcp --dport 80", "tcp", "needs its protocol"],
    ["--dport 80", "--dport", "needs -m"],
    ["-p udp -m tcp --dport 80", "tcp", "needs its protocol"],
    ["! -p tcp -m tcp --dport 80", "tcp", "needs its protocol"],
    ["-p tcp --dport 70000", "70000", "not a port"],
    ["-p tcp --dport 90:80", "90:80", "ends before"],
    ["-p tcp --dport", "--dport", "lacks its value"],
    ["-p icmp --icmp-type 300", "300", "unknown ICMP type"],
    ["-m multiport --dports 80", "multiport", "has ports"],
    ["-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15:16", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15:16", "15 ports"],
    ["-p nonsense", "nonsense", "unknown protocol"],
    ["! -p all", "all", "no packet"],
    ["-s 10.0.0.1 -s 10.0.0.2", "-s", "twice"],
    ["-s 10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2", "several rules"],
    ["-s fd00::1", "fd00::1", "not an IPv4 address"],
    ["-s example.com", "example.com", "not an address"],
    ["-s 10.0.0.0/33", "10.0.0.0/33", "prefix length"],
    ["-s 10.0.0.0/255.0.255.0", "10.0.0.0/255.0.255.0", "contiguous"],
    ["-i averylonginterface", "averylonginterface", "15 characters"],
    ["! -j DROP", "-j", "cannot be negated"],
    ["-m comment ! --comment x", "--comment", "cannot be negated"],
    ["-j ACCEPT !", "!", "negation"],
    ["! ! -s 10.0.0.1", "!", "negation"],
    ["--set-mark 5 -j ACCEPT", "--set-mark", "belongs to -j MARK"],
    ["-j MARK", "MARK", "needs"],
    ["-j MARK --set-mark 0x1ffffffff", "0x1ffffffff", "32 bits"],
    ["-j DNAT --to-destination 10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9", "one address"],
    ["-j DNAT --to-destination 10.0.0.1:80", "10.0.0.1:80", "a port needs"],
    ["-j REJECT --reject-with icmp6-no-route", "icmp6-no-route", "IPv4 has no such"],
    ["-j REJECT --reject-with tcp-reset", "tcp-reset", "needs -p tcp"],
    ["-m conntrack --ctstate NEW,OLD", "OLD", "connection state"],
    ["-m state --state DNAT", "DNAT", "connection state"],
    ["-m statistic --mode nth --every 3", "--every", "unknown option"],
    ["-m statistic --mode random --probability 1.5", "1.5", "between 0 and 1"],
    ["-m recent --name x", "recent", "needs --set"],
    ["-m recent --set --rcheck", "--rcheck", "one action"],
    ["-m recent --rcheck --reap", "--reap", "needs --seconds"],
    ["-m set --match-set x source", "source", "src and dst"],
    ["-m addrtype --src-type LOCAL,UNICAST", "LOCAL,UNICAST", "one address type"],
    ["-p tcp -m tcp --tcp-flags SYN,FOO SYN", "FOO", "unknown TCP flag"],
    ['-m comment --comment "never closed', '"never closed', "never closed"],
    ["-j LOG --log-prefix abcdefghijklmnopqrstuvwxyzabcd", "abcdefghijklmnopqrstuvwxyzabcd", "29 bytes"],
  ])("%s", (text, word, reason) => {
    let caught: unknown = null;
    try {
      parseRule(text, 4);
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof RuleSyntaxError)) throw new Error(`not refused: ${text}`);
    expect(caught.word).toBe(word);
    expect(caught.message).toContain(reason);
  });
});

describe("words", () => {
  it("are split at blanks, and quotes end a word", () => {
    expect(splitWords('  a\tb  "c d" "" e\\f "g\\"h\\\\i"j')).toEqual(["a", "b", "c d", "", "e\\f", 'g"h\\i', "j"]);
  });

  it("are quoted only where iptables-save quotes", () => {
    expect(["abc-D_9", "a b", "a:b", "", "it's", 'say "x"', "back\\slash"].map(quoteWord)).toEqual([
      "abc-D_9",
      '"a b"',
      '"a:b"',
      '""',
      '"it\\\'s"',
      '"say \\"x\\""',
      '"back\\\\slash"',
    ]);
  });
});
