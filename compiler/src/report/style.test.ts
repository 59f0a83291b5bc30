import { describe, expect, it } from "vitest";
import { checkPretty } from "./check-pretty.ts";
import { delivered, dropped } from "./story.testing.ts";
import { colouredReportStyle } from "./style.ts";
import { traceText } from "./trace-text.ts";
import { findings, verdicts } from "./views.testing.ts";
import { verifyPretty } from "./verify-pretty.ts";

// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replaceAll(/\u001B\[[0-9;]*m/gu, "");

describe("colouredReportStyle", () => {
  it("should add colours and change nothing else", () => {
    const style = colouredReportStyle;
    expect(plain(traceText(delivered, { style }))).toBe(traceText(delivered));
    expect(plain(traceText(dropped, { style, width: 60, all: true }))).toBe(traceText(dropped, { width: 60, all: true }));
    expect(plain(checkPretty(findings, style))).toBe(checkPretty(findings));
    expect(plain(verifyPretty(verdicts, { style }))).toBe(verifyPretty(verdicts));
  });

  it("should colour even where no terminal is", () => {
    expect(colouredReportStyle.good("ok")).toBe("\u001B[1m\u001B[32mok\u001B[39m\u001B[22m");
  });

  it("should close its colours on every line", () => {
    for (const line of verifyPretty(verdicts, { style: colouredReportStyle }).split("\n")) {
      // eslint-disable-next-line no-control-regex
      const codes = [...line.matchAll(/\u001B\[([0-9;]*)m/gu)].map((match) => Number(match[1]));
      const open = codes.filter((code) => code < 22 || (code >= 30 && code < 39)).length;
      expect(codes.length - open).toBe(open);
    }
  });
});
