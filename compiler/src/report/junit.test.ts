import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkJunit } from "./check-junit.ts";
import { junitXml } from "./junit.ts";
import { clean, disagreeing, failing, findings, verdicts } from "./views.testing.ts";
import { verifyJunit } from "./verify-junit.ts";
import { allNamed, parseXml } from "./xml.testing.ts";

describe("junitXml", () => {
  it("should count what passed, failed and was skipped", () => {
    const base = { className: "f.knet", place: { file: "f.knet", line: 3 } };
    expect(
      junitXml([
        {
          name: "s",
          cases: [
            { ...base, name: "a", outcome: { kind: "passed", output: null } },
            { ...base, name: "b", outcome: { kind: "failed", type: "error", message: "1 < 2", text: "two\nlines" } },
            { ...base, name: "c", place: null, outcome: { kind: "skipped", message: "why" } },
          ],
        },
      ]),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="knet" tests="3" failures="1" errors="0" skipped="1">
  <testsuite name="s" tests="3" failures="1" errors="0" skipped="1">
    <testcase name="a" classname="f.knet" file="f.knet" line="3"/>
    <testcase name="b" classname="f.knet" file="f.knet" line="3"><failure message="1 &lt; 2" type="error">two
lines</failure></testcase>
    <testcase name="c" classname="f.knet"><skipped message="why"/></testcase>
  </testsuite>
</testsuites>
`);
  });

  it("should be well-formed, and keep the text, whatever a title holds", () => {
    const title = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(title, (text) => {
        const xml = parseXml(verifyJunit({ ...verdicts, assertions: [{ ...failing, title: text }] }));
        expect(allNamed(xml, "testcase")).toHaveLength(1);
        const legal = text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
        expect(allNamed(xml, "testcase")[0]?.attributes["name"]).toBe(legal);
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});

describe("checkJunit", () => {
  const failed = (xml: string): readonly (string | undefined)[] => {
    const cases = allNamed(parseXml(xml), "testcase");
    return cases.filter((one) => allNamed(one, "failure").length > 0).map((one) => one.attributes["name"]);
  };

  it("should fail on errors and, when asked, on warnings", () => {
    expect(failed(checkJunit(findings))).toEqual(["KN3003 at 6:18"]);
    expect(failed(checkJunit(findings, { denyWarnings: true }))).toEqual(["KN3003 at 6:18", "KN8001 at 49:13"]);
  });

  it("should keep the code frame as it is", () => {
    const [failure] = allNamed(parseXml(checkJunit(findings)), "failure");
    expect(failure?.text).toContain("\n6 |   service-cidr = 172.16.0.1/16\n  |                  ^^^^^^^^^^^^^\n");
  });

  it("should have one case that passed for a file without findings", () => {
    expect(allNamed(parseXml(checkJunit(clean)), "testcase").map((one) => one.attributes)).toEqual([
      { name: "no problems", classname: "journey.knet", file: "journey.knet", line: "1" },
    ]);
  });
});

describe("verifyJunit", () => {
  it("should pass what holds, fail what fails and skip the rest", () => {
    const outcomes = allNamed(parseXml(verifyJunit(verdicts)), "testcase").map(
      (one) => `${one.attributes["line"] ?? ""} ${one.children[0]?.name ?? ""}`,
    );
    expect(outcomes).toEqual(["66 system-out", "60 failure", "66 skipped", "66 skipped"]);
  });

  it("should put the witness and its trace into the failure", () => {
    const [failure] = allNamed(parseXml(verifyJunit(verdicts)), "failure");
    expect(failure?.attributes["message"]).toBe(
      'assertion "the client, and only the client, reaches myapp" fails: namespace001/pod-2 does not reach namespace001/pod-3: node-b drops the request.',
    );
    expect(failure?.text).toContain("  │ filter FORWARD drops it in cali-tw-cali3d2c1b0a9f8\n");
  });

  it("should have a suite of its own for disagreements", () => {
    expect(
      allNamed(parseXml(verifyJunit(disagreeing)), "testsuite").map(
        (suite) => `${suite.attributes["name"] ?? ""} ${suite.attributes["failures"] ?? ""}`,
      ),
    ).toEqual(["assertions 0", "internal disagreements 1"]);
  });
});
