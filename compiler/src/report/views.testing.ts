/** Findings and verdicts for tests, about a program of which only the lines that matter are written. */
import type { Span } from "@knet/language";
import type { CheckView } from "./check-view.ts";
import { sourcesOf } from "./diagnostics.ts";
import type { Diagnostic, Sources } from "./diagnostics.ts";
import { dropped } from "./story.testing.ts";
import type { AssertionView, VerifyView } from "./verify-view.ts";

const lines = new Map([
  [6, "  service-cidr = 172.16.0.1/16"],
  [25, "  subnet blue  { cidr = 192.168.1.0/24 }"],
  [48, "  service myapp {"],
  [49, '    selects app == "my-app"'],
  [54, "  policy only-the-client {"],
  [60, 'assert "the client, and only the client, reaches myapp" {'],
  [61, "  namespace001/pod-2 reaches namespace001/pod-3 on 8080/tcp"],
  [66, 'assert "one lost node does not lose the service" {'],
]);

export const journeyText = Array.from({ length: 68 }, (_, index) => `${lines.get(index + 1) ?? ""}\n`).join("");

export const journeySources: Sources = sourcesOf(new Map([["journey.knet", journeyText]]));

/** The first place of `text` in the program. */
export function at(text: string): Span {
  const start = journeyText.indexOf(text);
  if (start < 0) throw new Error(`${text} is not in the program`);
  return { file: "journey.knet", start, end: start + text.length };
}

const hostBits: Diagnostic = {
  code: "KN3003",
  name: "host-bits-set",
  severity: "error",
  message: "`172.16.0.1/16` has bits set behind its prefix length",
  span: at("172.16.0.1/16"),
  label: null,
  related: [],
  notes: [],
  help: null,
  fixes: [{ title: "write `172.16.0.0/16`", edits: [{ span: at("172.16.0.1/16"), text: "172.16.0.0/16" }], safe: true }],
};

const selectsNothing: Diagnostic = {
  code: "KN8001",
  name: "selects-nothing",
  severity: "warning",
  message: "this selects no pods",
  span: at('app == "my-app"'),
  label: "no pod has this label",
  related: [{ span: at("service myapp"), text: "the service that would have no endpoints" }],
  notes: [],
  help: 'did you mean `app == "myapp"`?',
  fixes: [],
};

/** One error with a safe fix, one warning with a related place; given in the wrong order. */
export const findings: CheckView = { files: ["journey.knet"], diagnostics: [selectsNothing, hostBits], sources: journeySources };

export const clean: CheckView = { files: ["journey.knet"], diagnostics: [], sources: journeySources };

export const failing: AssertionView = {
  title: "the client, and only the client, reaches myapp",
  span: at('assert "the client, and only the client, reaches myapp"'),
  verdict: "fails",
  method: "enumerated",
  flows: 18,
  runs: null,
  seed: null,
  reason: null,
  witness: {
    flow: { from: "namespace001/pod-2", to: "namespace001/pod-3", protocol: "tcp", port: 8080 },
    failures: null,
    summary: "namespace001/pod-2 does not reach namespace001/pod-3: node-b drops the request.",
    reason: "policy namespace001/only-the-client isolates ingress of pod namespace001/pod-3 and no rule admits 10.10.1.2 on 8080/tcp",
    cause: { name: "policy namespace001/only-the-client", span: at("policy only-the-client") },
    statement: at("namespace001/pod-2 reaches namespace001/pod-3 on 8080/tcp"),
    story: dropped,
  },
};

export const holding: AssertionView = {
  title: "one lost node does not lose the service",
  span: at('assert "one lost node does not lose the service"'),
  verdict: "holds",
  method: "enumerated",
  flows: 2,
  runs: null,
  seed: null,
  reason: null,
  witness: null,
};

export const sampled: AssertionView = {
  ...holding,
  title: "any two lost pods",
  verdict: "not-refuted",
  method: "sampled",
  flows: 800,
  runs: 200,
  seed: 42,
};

export const unknown: AssertionView = {
  ...holding,
  title: "the batch name resolves",
  verdict: "unknown",
  flows: 0,
  reason: "an upstream name server decides corp.example",
};

export const verdicts: VerifyView = {
  assertions: [holding, failing, sampled, unknown],
  disagreements: [],
  compared: 340,
  sources: journeySources,
};

export const disagreeing: VerifyView = {
  assertions: [holding],
  disagreements: [
    {
      flow: { from: "namespace001/pod-2", to: "namespace001/pod-3", protocol: "tcp", port: 8080 },
      failures: { nodes: ["node-a"], pods: [] },
      simulated: "dropped at node-b",
      intended: "delivered to namespace001/pod-3: no policy applies to it",
      stories: [dropped],
    },
  ],
  compared: 341,
  sources: journeySources,
};
