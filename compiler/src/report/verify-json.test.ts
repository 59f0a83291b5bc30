import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { verifySchema } from "./schemas.ts";
import { disagreeing, verdicts } from "./views.testing.ts";
import { verifyJson } from "./verify-json.ts";
import type { VerifyJson } from "./verify-json.ts";

const validate = new Ajv({ allErrors: true }).compile<VerifyJson>(verifySchema);

function read(text: string): VerifyJson {
  const document: unknown = JSON.parse(text);
  if (!validate(document)) throw new Error(JSON.stringify(validate.errors));
  return document;
}

describe("verifyJson", () => {
  it("should have one entry an assertion, in their order, with what its verdict rests on", () => {
    const { assertions } = read(verifyJson(verdicts));
    expect(
      assertions.map(({ assertion, verdict, method, runs, seed, reason }) => ({ assertion, verdict, method, runs, seed, reason })),
    ).toEqual([
      { assertion: "one lost node does not lose the service", verdict: "holds", method: "enumerated" },
      { assertion: "the client, and only the client, reaches myapp", verdict: "fails", method: "enumerated" },
      { assertion: "any two lost pods", verdict: "not-refuted", method: "sampled", runs: 200, seed: 42 },
      {
        assertion: "the batch name resolves",
        verdict: "unknown",
        method: "enumerated",
        reason: "an upstream name server decides corp.example",
      },
    ]);
  });

  it("should give the witness with its statement, its trace and what decided", () => {
    const witness = read(verifyJson(verdicts)).assertions[1]?.witness;
    expect(witness).toMatchObject({
      from: "namespace001/pod-2",
      to: "namespace001/pod-3",
      protocol: "tcp",
      port: 8080,
      reason: "policy namespace001/only-the-client isolates ingress of pod namespace001/pod-3 and no rule admits 10.10.1.2 on 8080/tcp",
      cause: {
        name: "policy namespace001/only-the-client",
        file: "journey.knet",
        range: { start: { line: 54, column: 3 }, end: { line: 54, column: 25 } },
      },
      statement: { file: "journey.knet", range: { start: { line: 61, column: 3 } } },
      decidedBy: { artifact: { file: "nodes/node-b/felix.iptables", line: 94 }, source: { file: "journey.knet", line: 54 } },
      trace: { version: 1, verdict: "dropped" },
    });
  });

  it("should list disagreements with their failures and traces", () => {
    const document = read(verifyJson(disagreeing));
    expect(document.compared).toBe(341);
    expect(document.disagreements[0]).toMatchObject({
      failures: { nodes: ["node-a"], pods: [] },
      simulated: "dropped at node-b",
      traces: [{ verdict: "dropped" }],
    });
  });
});
