import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGithub } from "./check-github.ts";
import { annotation, escapeData, escapeProperty } from "./github.ts";
import { at, clean, disagreeing, findings, journeySources, verdicts } from "./views.testing.ts";
import { verifyGithub } from "./verify-github.ts";

describe("escaping of workflow commands", () => {
  it("should escape per cent signs before anything else", () => {
    expect(escapeData("50% done\r\nnext")).toBe("50%25 done%0D%0Anext");
    expect(escapeData("%0A")).toBe("%250A");
  });

  it("should also escape what separates properties", () => {
    expect(escapeProperty("a:b,c%d\n")).toBe("a%3Ab%2Cc%25d%0A");
    expect(escapeData("a:b,c")).toBe("a:b,c");
  });

  it("should keep every message on one line and give it back unescaped", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const escaped = escapeProperty(text);
        expect(escaped).not.toMatch(/[\r\n:,]/u);
        expect(
          escaped.replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%25", "%"),
        ).toBe(text);
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});

describe("annotation", () => {
  it("should give columns only when they are on one line", () => {
    expect(annotation("error", at("selects app"), "t", "m", journeySources)).toBe(
      "::error file=journey.knet,line=49,endLine=49,col=5,endColumn=16,title=t::m",
    );
    const { start } = at("service myapp");
    const span = { file: "journey.knet", start, end: at("selects app").end };
    expect(annotation("warning", span, "t", "m", journeySources)).toBe("::warning file=journey.knet,line=48,endLine=49,title=t::m");
  });
});

describe("checkGithub", () => {
  it("should annotate each finding under its code", () => {
    expect(checkGithub(findings)).toBe(
      "::error file=journey.knet,line=6,endLine=6,col=18,endColumn=31,title=KN3003::`172.16.0.1/16` has bits set behind its prefix length\n" +
        '::warning file=journey.knet,line=49,endLine=49,col=13,endColumn=28,title=KN8001::this selects no pods%0Ahelp: did you mean `app == "myapp"`?\n',
    );
  });

  it("should print nothing when there is nothing to say", () => {
    expect(checkGithub(clean)).toBe("");
  });
});

describe("verifyGithub", () => {
  it("should annotate the broken statement, and say nothing of what holds", () => {
    const lines = verifyGithub(verdicts).trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, line.indexOf("::", 2)))).toEqual([
      "::error file=journey.knet,line=61,endLine=61,col=3,endColumn=60,title=the client%2C and only the client%2C reaches myapp",
      "::notice file=journey.knet,line=66,endLine=66,col=1,endColumn=49,title=any two lost pods",
      "::warning file=journey.knet,line=66,endLine=66,col=1,endColumn=49,title=the batch name resolves",
    ]);
    expect(lines[0]).toContain("%0Athe line to change: journey.knet:54  policy namespace001/only-the-client");
  });

  it("should report a disagreement without a place", () => {
    expect(verifyGithub(disagreeing)).toBe(
      "::error title=internal disagreement::internal disagreement on namespace001/pod-2 → namespace001/pod-3  8080/tcp, without node node-a: the rules say dropped at node-b, the specifications say delivered to namespace001/pod-3: no policy applies to it\n",
    );
  });
});
