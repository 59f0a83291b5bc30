import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropped, noSuchName } from "./story.testing.ts";
import { escapeMermaid, traceMermaid } from "./trace-mermaid.ts";

describe("traceMermaid", () => {
  it("should draw pods inside their node, packets as arrows and the rest as notes", () => {
    expect(traceMermaid(dropped)).toBe(`sequenceDiagram
  autonumber
  box transparent node-b
    participant h0 as namespace001/pod-2
    participant h1 as node-b
  end
  h0->>h1: 10.10.1.2:40000 → 10.10.1.3:8080 tcp syn
  Note over h1: filter FORWARD drops it in cali-tw-cali3d2c1b0a9f8
  Note over h1: dropped: node-b drops the request: no policy that applies to namespace001/pod-3 allows it.
`);
  });

  it("should still have somebody to speak about when nothing was sent", () => {
    expect(traceMermaid(noSuchName)).toBe(`sequenceDiagram
  autonumber
  participant h0 as namespace001/pod-0
  Note over h0: myap has no address, says the name server 172.16.0.10
  Note over h0: no such name: 172.16.0.10 knows no name that namespace001/pod-0 asks for as myap.
`);
  });
});

describe("escapeMermaid", () => {
  it("should write what ends a statement or starts a comment as entity codes", () => {
    expect(escapeMermaid("a; b %% c # d <br>")).toBe("a#59; b #37;#37; c #35; d #60;br#62;");
  });

  it("should leave no character that Mermaid would read, in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(escapeMermaid(text).replaceAll(/#\d+;/gu, "")).not.toMatch(/[\n\r#;<>%"&{}\\]/u);
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});
