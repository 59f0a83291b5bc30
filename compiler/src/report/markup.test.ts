import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { block, element, escapeText, textElement } from "./markup.ts";
import { parseXml } from "./xml.testing.ts";

const parameters = { seed: 20261122, numRuns: 200 };

describe("escapeText", () => {
  it("should write the characters that open markup as entities", () => {
    expect(escapeText(`<script>"a" & 'b'</script>`)).toBe("&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
  });

  it("should replace what XML 1.0 cannot hold", () => {
    expect(escapeText("a\u0000b\u001Bc\uFFFEd\uD800e")).toBe("a\uFFFDb\uFFFDc\uFFFDd\uFFFDe");
  });
});

describe("elements", () => {
  it("should close an element without children at once", () => {
    expect(element("rect", { x: 1, y: 2.5 })).toBe('<rect x="1" y="2.5"/>');
  });

  it("should leave out attributes that are null", () => {
    expect(element("text", { x: 1, "text-anchor": null }, ["a"])).toBe('<text x="1">a</text>');
  });

  it("should indent the children of a block", () => {
    expect(block("a", {}, ["<b/>", "<c/>"])).toBe("<a>\n  <b/>\n  <c/>\n</a>");
  });

  it("should give any legal text back to an XML reader", () => {
    // Everything that XML 1.0 allows, line breaks and tabs included.
    const legal = fc
      .string({ unit: "binary", maxLength: 40 })
      .map((text) => text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ""));
    fc.assert(
      fc.property(legal, legal, (attribute, content) => {
        const read = parseXml(textElement("t", { a: attribute }, content));
        expect(read.attributes["a"]).toBe(attribute);
        expect(read.text).toBe(content);
      }),
      parameters,
    );
  });

  it("should be well-formed around any text at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(parseXml(element("a", { b: text }, [textElement("c", {}, text)])).children).toHaveLength(1);
      }),
      parameters,
    );
  });
});
