import { describe, expect, it } from "vitest";
import { delivered, dropped } from "./story.testing.ts";
import { disagreeing, failing, verdicts } from "./views.testing.ts";
import { verifyPretty } from "./verify-pretty.ts";
import { decidingOf, failuresText, howOf, verifySummary } from "./verify-view.ts";

describe("verifyPretty", () => {
  it("should have a line an assertion, the witness below the one that fails, and a summary", () => {
    expect(verifyPretty(verdicts)).toBe(`✓ holds  one lost node does not lose the service (enumerated, 2 flows)
✗ fails  the client, and only the client, reaches myapp (enumerated, 18 flows)
    namespace001/pod-2 does not reach namespace001/pod-3: node-b drops the request.
    because policy namespace001/only-the-client isolates ingress of pod namespace001/pod-3 and no
    rule admits 10.10.1.2 on 8080/tcp

      --> journey.knet:61:3
       |
    54 |   policy only-the-client {
       |   ---------------------- the line to change: policy namespace001/only-the-client
    ...
    61 |   namespace001/pod-2 reaches namespace001/pod-3 on 8080/tcp
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this does not hold

    the rule that decided
      nodes/node-b/felix.iptables:94  -A cali-tw-cali3d2c1b0a9f8 -m comment --comment "Drop… -j DROP

    witness  namespace001/pod-2 → namespace001/pod-3  8080/tcp

    request
      ● namespace001/pod-2
      │ sends TCP 10.10.1.2:40000 → 10.10.1.3:8080
      │ routes 10.10.1.3 via 169.254.1.1 out of eth0
      │   nodes/node-b/pods/namespace001.pod-2/routes.ip:2  route add default via 169.254.1.1 dev e…
      │   journey.knet:8  cluster demo · cni calico
      ▼ veth
      ● node-b
      │ filter FORWARD drops it in cali-tw-cali3d2c1b0a9f8
      │   nodes/node-b/felix.iptables:94  -A cali-tw-cali3d2c1b0a9f8 -m comment --comment "… -j DROP
      │   journey.knet:54  policy namespace001/only-the-client

    ✗ dropped: node-b drops the request: no policy that applies to namespace001/pod-3 allows it.

? not refuted  any two lost pods (sampled, 200 runs, seed 42)
? unknown  the batch name resolves (enumerated)
    an upstream name server decides corp.example

1 holds, 1 fails, 1 not refuted, 1 unknown of 4 assertions
rules and specifications compared on 340 flows: they agree
`);
  });

  it("should show a disagreement as a defect of knet, with both sides and the trace", () => {
    const text = verifyPretty(disagreeing);
    expect(text).toContain(`internal disagreement
The generated rules do not do what the specifications say. This is a defect of knet, not of the
program: please report it with what follows.

  namespace001/pod-2 → namespace001/pod-3  8080/tcp, without node node-a
    rules           dropped at node-b
    specifications  delivered to namespace001/pod-3: no policy applies to it

    namespace001/pod-2 → namespace001/pod-3  8080/tcp
`);
    expect(text.endsWith("1 holds of 1 assertion\nrules and specifications compared on 341 flows: they disagree on 1\n")).toBe(true);
  });

  it("should tell a request that must not arrive without its reply", () => {
    const witness = failing.witness === null ? null : { ...failing.witness, story: delivered };
    const text = verifyPretty({ ...verdicts, assertions: [{ ...failing, witness }] });
    expect(text).toContain("      ● namespace001/pod-3\n      │ delivers to 10.10.1.3:8080\n");
    expect(text).toContain("\n    reply: comes back\n");
    expect(text).not.toContain("answers 10.10.1.3:8080");
  });

  it("should do without a reason, and change the declaration behind the rule, when the specifications leave it open", () => {
    const witness = failing.witness === null ? null : { ...failing.witness, reason: null, cause: null, story: dropped };
    const text = verifyPretty({ ...verdicts, assertions: [{ ...failing, witness }] });
    expect(text).not.toContain("because");
    expect(text).toContain("   ------------------------ the line to change: policy namespace001/only-the-client\n");
  });

  it("should do without a trace when the target no longer exists", () => {
    const witness = failing.witness === null ? null : { ...failing.witness, story: null, failures: { nodes: ["node-b"], pods: [] } };
    expect(verifyPretty({ ...verdicts, assertions: [{ ...failing, witness }], compared: 0 }))
      .toBe(`✗ fails  the client, and only the client, reaches myapp (enumerated, 18 flows)
    namespace001/pod-2 does not reach namespace001/pod-3: node-b drops the request.
    because policy namespace001/only-the-client isolates ingress of pod namespace001/pod-3 and no
    rule admits 10.10.1.2 on 8080/tcp

      --> journey.knet:61:3
       |
    54 |   policy only-the-client {
       |   ---------------------- the line to change: policy namespace001/only-the-client
    ...
    61 |   namespace001/pod-2 reaches namespace001/pod-3 on 8080/tcp
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this does not hold

    witness  namespace001/pod-2 → namespace001/pod-3  8080/tcp, without node node-b

1 fails of 1 assertion
`);
  });

  it("should say that there was nothing to verify", () => {
    expect(verifyPretty({ ...verdicts, assertions: [], compared: 0 })).toBe("no assertions\n");
  });
});

describe("decidingOf", () => {
  it("should name the last rule that let a request pass when it should not have arrived", () => {
    expect(decidingOf({ ...delivered, decidedBy: null })).toMatchObject({
      artifact: { file: "nodes/node-b/felix.iptables", line: 88 },
      source: { name: "policy namespace001/only-the-client" },
    });
  });

  it("should not take a firewall for it, which only lets the packet around it pass", () => {
    const unisolated = delivered.steps.filter((step) => step.source?.name !== "policy namespace001/only-the-client");
    expect(decidingOf({ ...delivered, steps: unisolated })).toMatchObject({
      artifact: { file: "nodes/node-a/felix.iptables", line: 61 },
      source: { name: "cluster demo · cni calico" },
    });
  });

  it("should be null without a story or a rule", () => {
    expect(decidingOf(null)).toBeNull();
    expect(decidingOf({ ...delivered, steps: [] })).toBeNull();
  });
});

describe("words", () => {
  it("should say how a verdict came about", () => {
    expect(howOf({ ...failing, flows: 1 })).toBe("enumerated, 1 flow");
    expect(howOf({ ...failing, method: "exact", flows: 0 })).toBe("exact");
  });

  it("should list what had failed", () => {
    expect(failuresText({ nodes: ["a", "b"], pods: ["shop/x"] })).toBe("without nodes a, b and pod shop/x");
    expect(failuresText({ nodes: [], pods: [] })).toBeNull();
    expect(failuresText(null)).toBeNull();
  });

  it("should count only the verdicts that there are", () => {
    expect(verifySummary({ ...verdicts, assertions: [failing, failing] })).toBe("2 fails of 2 assertions");
  });
});
