import { describe, expect, it } from "vitest";
import { delivered, dropped, noSuchName } from "./story.testing.ts";
import { traceHtml } from "./trace-html.ts";
import { allNamed, parseXml } from "./xml.testing.ts";

describe("traceHtml", () => {
  const page = parseXml(traceHtml(delivered));

  it("should load and run nothing", () => {
    for (const name of ["script", "link", "img", "iframe", "object"]) expect(allNamed(page, name)).toEqual([]);
    const text = traceHtml(delivered);
    expect(text).not.toMatch(/\b(?:href|src)=/u);
    expect(text.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:/u);
    expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  });

  it("should hold the picture and a row for every step", () => {
    expect(allNamed(page, "svg")).toHaveLength(1);
    const numbers = allNamed(page, "td").filter((cell) => cell.attributes["class"] === "number");
    expect(numbers).toHaveLength((delivered.lookup?.steps.length ?? 0) + delivered.steps.length);
  });

  it("should give each step its artifact line and its source line in full", () => {
    const row = allNamed(page, "tr").find((one) => one.text.includes("translates the destination to 10.10.1.3:8080"));
    expect(row?.text).toContain(
      "nodes/node-a/kube-proxy.iptables:37 -A KUBE-SEP-BDXBYDLSV7ZMEQNV -m comment --comment namespace001/myapp:http -m tcp -p tcp -j DNAT --to-destination 10.10.1.3:8080",
    );
    expect(row?.text).toContain("journey.knet:48 service namespace001/myapp service myapp {");
  });

  it("should say where to look when the request failed, and what was asked when the name does not exist", () => {
    expect(allNamed(parseXml(traceHtml(dropped)), "p").map((paragraph) => paragraph.text)[1]).toContain(
      "journey.knet:54 policy namespace001/only-the-client",
    );
    expect(allNamed(parseXml(traceHtml(noSuchName)), "td").map((cell) => cell.text)).toContain("myap.svc.cluster.local");
  });

  it("should escape whatever comes from outside", () => {
    const text = traceHtml({ ...dropped, from: "<img src=x onerror=alert(1)>", summary: "</style><script>alert(1)</script>" });
    expect(text).not.toContain("<img");
    expect(text).not.toContain("<script");
    expect(allNamed(parseXml(text), "h1")[0]?.text).toBe("<img src=x onerror=alert(1)> → namespace001/pod-3, 8080/tcp");
  });
});
