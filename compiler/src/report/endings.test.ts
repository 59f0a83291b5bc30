import { describe, expect, it } from "vitest";
import { checkGithub } from "./check-github.ts";
import { checkJson } from "./check-json.ts";
import { checkJunit } from "./check-junit.ts";
import { checkPretty } from "./check-pretty.ts";
import { checkSarif } from "./check-sarif.ts";
import { delivered, dropped, errorOnTheWay, noSuchName } from "./story.testing.ts";
import { traceHtml } from "./trace-html.ts";
import { traceJson } from "./trace-json.ts";
import { traceMermaid } from "./trace-mermaid.ts";
import { traceSvg } from "./trace-svg.ts";
import { traceText } from "./trace-text.ts";
import { verifyGithub } from "./verify-github.ts";
import { verifyJson } from "./verify-json.ts";
import { verifyJunit } from "./verify-junit.ts";
import { verifyMarkdown } from "./verify-markdown.ts";
import { verifyPretty } from "./verify-pretty.ts";
import { verifySarif } from "./verify-sarif.ts";
import { clean, disagreeing, findings, holding, verdicts } from "./views.testing.ts";

const tool = { toolVersion: "0.1.0" };
const stories = { delivered, dropped, noSuchName, errorOnTheWay, "no summary": { ...dropped, summary: "" } };
const checks = { findings, clean };
const results = { verdicts, disagreeing, nothing: { ...verdicts, assertions: [], compared: 0 }, holding: { ...verdicts, assertions: [holding] } };

const traceReporters = {
  traceText,
  "traceText brief": (story: typeof delivered) => traceText(story, { brief: true }),
  "traceText all": (story: typeof delivered) => traceText(story, { all: true, dns: true }),
  traceJson,
  traceMermaid,
  traceSvg,
  traceHtml,
};
const checkReporters = { checkPretty, checkJson, checkJunit, checkSarif: (view: typeof findings) => checkSarif(view, tool) };
const verifyReporters = {
  verifyPretty,
  verifyJson,
  verifyJunit,
  verifyMarkdown,
  verifySarif: (view: typeof verdicts) => verifySarif(view, tool),
};

const oneLineBreak = /[^\n]\n$/u;

describe("every reporter ends its text in one line break", () => {
  it.each(Object.entries(traceReporters))("%s", (_name, report) => {
    for (const story of Object.values(stories)) expect(report(story)).toMatch(oneLineBreak);
  });

  it.each(Object.entries(checkReporters))("%s", (_name, report) => {
    for (const view of Object.values(checks)) expect(report(view)).toMatch(oneLineBreak);
  });

  it.each(Object.entries(verifyReporters))("%s", (_name, report) => {
    for (const view of Object.values(results)) expect(report(view)).toMatch(oneLineBreak);
  });

  it("but annotations, which are nothing at all when there is nothing to say", () => {
    expect(checkGithub(findings)).toMatch(oneLineBreak);
    expect(verifyGithub(disagreeing)).toMatch(oneLineBreak);
    expect([checkGithub(clean), verifyGithub(results.holding)]).toEqual(["", ""]);
  });
});
