import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ProgramHost } from "../expand/types.ts";
import { checkProgram } from "../program/check.ts";
import type { CheckResult } from "../program/check.ts";
import { applyEdits } from "../text/edit.ts";
import { hasErrors } from "./diagnostic.ts";
import { languageCatalogue } from "./language.ts";

const folder = new URL("./explain/", import.meta.url);
const pages = readdirSync(folder).sort();

const rack = 'template rack {\n  param index integer\n  node "rack-${index}" in blue\n}\n';
/** The files that examples import. */
const files: Readonly<Record<string, string>> = {
  "racks.knet": rack,
  "more-racks.knet": rack,
  "tenants.knet": 'param count integer = 1\nfor i in 1..count { namespace "tenant-${i}" {} }\n',
  "circle.knet": 'import "circle.knet"\n',
};
const host: ProgramHost = {
  load: (specifier) => {
    const text = files[specifier];
    if (text !== undefined) return { kind: "file", path: specifier, text };
    if (specifier === "locked.knet") return { kind: "unreadable", path: specifier, reason: "permission denied" };
    return { kind: "missing", path: specifier, nearest: "racks.knet" };
  },
};
const check = (page: string, text: string): CheckResult => checkProgram(page, text, { host });

/** The smallest cluster around an example, less what the example declares itself. */
function complete(example: string): string {
  const parts = [
    [
      /^cluster /m,
      "cluster demo {\n  service-cidr = 172.16.0.0/16\n  cni calico {\n    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }\n  }\n}\n",
    ],
    [/^network /m, "network dc {\n  subnet blue { cidr = 192.168.1.0/24 }\n}\n"],
    [/^node node-a |^network /m, "node node-a in blue\nnode node-b in blue\n"],
  ] as const;
  return parts.flatMap(([declared, text]) => (declared.test(example) ? [] : [text])).join("") + example;
}

function sections(page: string): { readonly fails: string; readonly repaired: string } {
  const text = readFileSync(new URL(page, folder), "utf8");
  const [fails, repaired] = [...text.matchAll(/```knet\n([\s\S]*?)\n```/g)].map((match) => match[1] ?? "");
  return { fails: (fails ?? "").replaceAll("␀", "\0"), repaired: repaired ?? "" };
}

/** The page about a program without a cluster, and the one about a cluster without nodes, must stay incomplete. */
const whole: ReadonlySet<string> = new Set(["KN4001.md"]);

describe("explanation pages", () => {
  it("there is one for every code, and none for anything else", () => {
    expect(pages).toEqual(languageCatalogue.codes.map((code) => `${code}.md`));
  });

  it.each(pages)("%s says its code's name, what it is and what it does on the wire", (page) => {
    const text = readFileSync(new URL(page, folder), "utf8");
    const [name] = Object.entries(languageCatalogue.entries).find(([, entry]) => `${entry.code}.md` === page) ?? [""];
    expect(text.split("\n")[0]).toBe(`# ${page.slice(0, -3)} ${name}`);
    expect(text).toMatch(
      /^# .*\n\n\S[\s\S]*\n\n## On the wire\n\n\S[\s\S]*\n\n## Fails\n\n```knet\n[\s\S]*```\n\n## Repaired\n\n```knet\n[\s\S]*```\n$/,
    );
  });

  it.each(pages)("%s: the failing example raises that code alone, the repaired one raises nothing", (page) => {
    const { fails, repaired } = sections(page);
    const text = (example: string): string => (whole.has(page) ? example : complete(example));
    const codes = new Set(check(page, text(fails)).diagnostics.map((diagnostic) => diagnostic.code));
    if (page === "KN1011.md") codes.delete("KN1007");
    expect([...codes]).toEqual([page.slice(0, -3)]);
    expect(check(page, text(repaired)).diagnostics.map((diagnostic) => diagnostic.message)).toEqual([]);
  });

  it.each(pages)("%s: what a fix offers removes the finding and brings no error", (page) => {
    const { fails } = sections(page);
    const text = whole.has(page) ? fails : complete(fails);
    const { diagnostics } = check(page, text);
    for (const fix of diagnostics[0]?.fixes ?? []) {
      const after = check(page, applyEdits(text, fix.edits)).diagnostics;
      const same = after.filter((diagnostic) => diagnostic.code === diagnostics[0]?.code);
      expect(same.length).toBeLessThan(diagnostics.length);
      expect(hasErrors(after.filter((diagnostic) => diagnostic.code !== diagnostics[0]?.code))).toBe(false);
    }
  });
});
