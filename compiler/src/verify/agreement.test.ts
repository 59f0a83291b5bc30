import { parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Journey } from "../simulate/steps.ts";
import { describe, expect, it } from "vitest";
import { agree, endWords, simulatedEnd } from "./agreement.ts";
import type { FlowEnd } from "./agreement.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}

function journey(
  verdict: Journey["verdict"],
  server: string | null = null,
  source: string | null = null,
  words: Partial<Journey> = {},
): Journey {
  return {
    verdict,
    observed: verdict === "delivered" ? "ok" : verdict === "refused" || verdict === "rejected" ? "refused" : "timeout",
    request: [],
    reply: [],
    requestEnd: { kind: "dropped", host: "node/a", reason: "rule", by: null, items: [] },
    replyEnd: null,
    server,
    serverPort: server === null ? null : 8080,
    sourceSeen: source === null ? null : ip(source),
    probability: 1,
    choices: [],
    ...words,
  };
}

function end(kind: FlowEnd["kind"], server: string | null = null, ...sources: readonly string[]): FlowEnd {
  return { kind, server, port: server === null ? null : 8080, sources: sources.map(ip) };
}

describe("agree", () => {
  const intended = [end("delivered", "pod/a", "10.0.0.1"), end("delivered", "pod/b", "10.0.0.1")];

  it("should want each intended end to be met and no other to happen", () => {
    const [a, b, c] = ["pod/a", "pod/b", "pod/c"].map((server) => journey("delivered", server, "10.0.0.1"));
    if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
    expect([agree(intended, [a, b]), agree(intended, [a, b, a]), agree(intended, [a]), agree(intended, [a, b, c])]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("should want the port and one of the sources", () => {
    const wanted = [end("delivered", "pod/a", "10.0.0.1", "10.0.0.2")];
    const by = (source: string, port = 8080): boolean => agree(wanted, [journey("delivered", "pod/a", source, { serverPort: port })]);
    expect([by("10.0.0.1"), by("10.0.0.2"), by("10.0.0.3"), by("10.0.0.1", 80)]).toEqual([true, true, false, false]);
  });

  it("should tell silence from no way, and both from a lost answer", () => {
    const ends = [journey("dropped"), journey("no-route"), journey("reply-lost", "pod/a", "10.0.0.1")];
    const wanted = [end("dropped"), end("unreachable"), end("unanswered", "pod/a", "10.0.0.1")];
    expect(wanted.map((one) => ends.map((other) => agree([one], [other])))).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });
});

describe("simulatedEnd", () => {
  it("should be silence where the sender hears nothing of a refusal", () => {
    expect(simulatedEnd(journey("rejected")).kind).toBe("rejected");
    expect(simulatedEnd(journey("rejected", null, null, { observed: "timeout" })).kind).toBe("dropped");
  });
});

describe("endWords", () => {
  it("should name server, port and sources, sorted and without repeats", () => {
    const ends = [end("refused", "node/a", "10.0.0.1", "10.0.0.2"), end("dropped"), end("delivered", "pod/b", "fd00::1"), end("dropped")];
    expect(endWords(ends)).toEqual(["delivered pod/b:8080 from fd00::1", "dropped", "refused node/a:8080 from 10.0.0.1 or 10.0.0.2"]);
  });
});
