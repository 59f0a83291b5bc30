import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import { commandErrors, compilerCatalogue } from "./catalogue.ts";

const folder = new URL("./explain/", import.meta.url);
const pages = readdirSync(folder).toSorted();
const names = new Map([...Object.entries(compilerCatalogue.entries).map(([name, { code }]) => [code as string, name] as const), ...Object.entries(commandErrors).map(([name, code]) => [code as string, name] as const)]);

const rest = `
cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
  }
}
`;

describe("explanation pages of the compiler's codes", () => {
  it("there is one for every code, and none for anything else", () => {
    expect(pages).toEqual([...names.keys()].toSorted().map((code) => `${code}.md`));
  });

  it.each(pages)("%s is headed by its code and name", (page) => {
    const code = page.slice(0, -".md".length);
    expect(readFileSync(new URL(page, folder), "utf8").split("\n")[0]).toBe(`# ${code} ${names.get(code) ?? ""}`);
  });

  it("KN5001.md: the failing example raises that code alone, the repaired one raises nothing", () => {
    const [fails = "", repaired = ""] = [...readFileSync(new URL("KN5001.md", folder), "utf8").matchAll(/```knet\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    expect(checkSource("page.knet", fails + rest, null).diagnostics.map(({ code }) => code)).toEqual(["KN5001"]);
    expect(checkSource("page.knet", repaired + rest, null).diagnostics.map(({ code }) => code)).toEqual([]);
  });
});
