import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyEdits } from "@knet/language";
import type { Diagnostic } from "@knet/language";
import { checkSource } from "../compilation/compilation.ts";
import { fixText } from "./fix.ts";

const folder = new URL("../../../language/src/diagnostics/explain/", import.meta.url);
const file = "page.knet";

/** What an example leaves out, as its page's reader would complete it. */
const rest: readonly (readonly [RegExp, string])[] = [
  [/^cluster /m, "cluster demo {\n  service-cidr = 172.16.0.0/16\n  cni calico {\n    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }\n  }\n}\n"],
  [/^network /m, "network dc {\n  subnet blue { cidr = 192.168.1.0/24 }\n}\n"],
  [/^node |^network /m, "node node-a in blue\nnode node-b in blue\n"],
];

const check = (text: string): readonly Diagnostic[] => checkSource(file, text, null).diagnostics;

/** The failing example of each page, in a whole program. */
const failing = readdirSync(folder)
  .toSorted()
  .map((page) => {
    const code = page.slice(0, -".md".length);
    const example = /```knet\n([\s\S]*?)```/.exec(readFileSync(new URL(page, folder), "utf8"))?.[1] ?? "";
    const text = rest.flatMap(([declared, part]) => (declared.test(example) ? [] : [part])).join("") + example.replaceAll("␀", "\0");
    return { code, text };
  });

const countOf = (diagnostics: readonly Diagnostic[], code: string): number => diagnostics.filter((diagnostic) => diagnostic.code === code).length;

describe("every fix that is offered", () => {
  const offered = failing.flatMap(({ code, text }) =>
    check(text)
      .filter((diagnostic) => diagnostic.code === code)
      .flatMap(({ fixes }) => fixes)
      .map((fix) => [`${code}: ${fix.title}`, code, text, fix] as const),
  );

  it("is some of them", () => {
    expect(offered.length).toBeGreaterThanOrEqual(25);
  });

  it.each(offered)("%s", (_title, code, text, fix) => {
    const before = check(text);
    const after = check(applyEdits(text, fix.edits, file));
    expect(countOf(after, code)).toBeLessThan(countOf(before, code));
    // Nothing new: neither another kind of finding nor one more of a kind.
    const fresh = after.filter((diagnostic) => countOf(after, diagnostic.code) > countOf(before, diagnostic.code));
    expect(fresh.map(({ code: other, message }) => `${other} ${message}`)).toEqual([]);
  });
});

describe("fixText", () => {
  const safe = failing.filter(({ code, text }) => check(text).some((diagnostic) => diagnostic.code === code && diagnostic.fixes.length === 1 && diagnostic.fixes[0]?.safe === true));

  it.each(safe.map(({ code, text }) => [code, text] as const))("leaves nothing of %s, and does nothing more when asked again", (code, text) => {
    const fixed = fixText(file, text);
    expect(fixed.applied).toBeGreaterThan(0);
    expect(countOf(check(fixed.text), code)).toBe(0);
    expect(fixText(file, fixed.text)).toEqual({ text: fixed.text, applied: 0 });
  });

  it("leaves alone what only the author can decide", () => {
    const { text } = failing.find(({ code }) => code === "KN8027") ?? { text: "" };
    expect(fixText(file, text)).toEqual({ text, applied: 0 });
  });
});
