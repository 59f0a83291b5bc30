import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnsOf, cut, cutRule, printable, wrap } from "./columns.ts";

const parameters = { seed: 20261122, numRuns: 200 };
const anyText = fc.string({ unit: "binary", maxLength: 60 });

describe("printable", () => {
  it("should show what would move the cursor or turn the text as a replacement character", () => {
    expect(printable("a\u001B[31mb\u0007")).toBe("a\uFFFD[31mb\uFFFD");
    expect(printable("safe\u202Etxt.exe")).toBe("safe\uFFFDtxt.exe");
  });

  it("should make one line of several", () => {
    expect(printable("one\r\ntwo\nthree\tfour")).toBe("one two three four");
  });

  it("should replace half a surrogate pair", () => {
    expect(printable("a\uD800b")).toBe("a\uFFFDb");
  });

  it("should leave no control character in any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
      parameters,
    );
  });
});

describe("columnsOf", () => {
  it("should count wide characters twice and combining marks not at all", () => {
    expect(columnsOf("node-a")).toBe(6);
    expect(columnsOf("節点")).toBe(4);
    expect(columnsOf("e\u0301")).toBe(1);
    expect(columnsOf("→…")).toBe(2);
  });
});

describe("cut", () => {
  it("should leave a text that fits as it is", () => {
    expect(cut("-j DNAT", 7)).toBe("-j DNAT");
  });

  it("should end a text that does not fit in an ellipsis", () => {
    expect(cut("-A KUBE-SEP", 8)).toBe("-A KUBE…");
    expect(cut("節点節点", 5)).toBe("節点…");
    expect(cut("節点節点", 4)).toBe("節…");
  });

  it("should never exceed the width", () => {
    fc.assert(
      fc.property(anyText.map(printable), fc.integer({ min: 0, max: 70 }), (text, width) => {
        expect(columnsOf(cut(text, width))).toBeLessThanOrEqual(width);
      }),
      parameters,
    );
  });
});

describe("cutRule", () => {
  const rule =
    "kube-proxy.iptables:37  -A KUBE-SEP-BDXBYDLSV7ZMEQNV -m comment --comment namespace001/myapp:http -j DNAT --to-destination 10.10.1.3:8080";

  it("should keep what the rule does", () => {
    expect(cutRule(rule, 100)).toBe("kube-proxy.iptables:37  -A KUBE-SEP-BDXBYDLSV7ZMEQNV -m com… -j DNAT --to-destination 10.10.1.3:8080");
  });

  it("should keep the beginning when both do not fit", () => {
    expect(cutRule(rule, 60)).toBe("kube-proxy.iptables:37  -A KUBE-SEP-BDXBYDLSV7ZMEQNV -m com…");
  });

  it("should cut what is no rule at its end", () => {
    expect(cutRule("routes.ip:5  route add 10.10.1.0/26 via 10.10.1.0 dev vxlan.calico proto 80 onlink", 50)).toBe(
      "routes.ip:5  route add 10.10.1.0/26 via 10.10.1.0…",
    );
  });
});

describe("wrap", () => {
  it("should break at blanks", () => {
    expect(wrap("translates the destination to 10.10.1.3:8080", 26)).toEqual(["translates the destination", "to 10.10.1.3:8080"]);
  });

  it("should keep the blanks of a line that fits", () => {
    expect(wrap("a  b", 10)).toEqual(["a  b"]);
  });

  it("should break a long name behind one of its own signs", () => {
    expect(wrap("policy namespace001/only-the-client", 26)).toEqual(["policy", "namespace001/", "only-the-client"]);
    expect(wrap("a".repeat(7), 3)).toEqual(["aaa", "aaa", "a"]);
  });

  it("should lose nothing but blanks, and stay within the width", () => {
    fc.assert(
      fc.property(anyText.map(printable), fc.integer({ min: 2, max: 40 }), (text, width) => {
        const lines = wrap(text, width);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      }),
      parameters,
    );
  });
});
